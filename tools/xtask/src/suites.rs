//! `cargo xtask test`: every test there is, and one table of how they went.

use crate::counts::Counts;
use crate::gateway::Rest;
use crate::test_programs::{
    connections, contract_on_pglite, functions, histories, lifecycle, pgrx, runtimes, through_gateway, through_lite,
    units,
};
use crate::{contract, edge, load};
use anyhow::Result;
use local_postgres::console::{judged_step, say};
use local_postgres::{DEFAULT_MAJOR, Database, Engine, Temporary, Workspace, is_interrupted, safeupdate};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What a suite runs on, and how often it so runs.
enum On {
    /// No server; once, beside the default version.
    Clone(fn(&Workspace) -> Result<Counts>),
    /// PGlite, which brings a Postgres; once, beside the default version, where the portable engine is tested.
    Pglite(fn(&Workspace) -> Result<Counts>),
    /// A server without a database of ours; for each version, where the native engine is tested.
    Server(fn(&Workspace, u16) -> Result<Counts>),
    /// A new database, of each version and engine.
    Database(fn(&Database) -> Result<Counts>),
    /// The same, but of the first version and engine alone.
    FirstDatabase(fn(&Database) -> Result<Counts>),
    /// The same, but of one engine alone.
    DatabaseOf(Engine, fn(&Database) -> Result<Counts>),
}

const SUITES: &[(&str, On)] = &[
    ("unit tests", On::Clone(units)),
    ("npm package", On::Clone(edge::test)),
    ("contract, PGlite, portable", On::Pglite(contract_on_pglite)),
    ("supabase-js, @supabase/lite on PGlite, portable", On::Pglite(|workspace| through_lite(workspace, None))),
    ("functions, @supabase/lite on PGlite, portable", On::Pglite(functions)),
    ("cargo pgrx test", On::Server(pgrx)),
    ("contract", On::Database(|database| contract_on(database, &contract::files(database.workspace())?))),
    ("supabase-js", On::Database(|database| through_gateway(database, Rest::Lite, "tests/journeys"))),
    ("gateway lite", On::Database(|database| through_gateway(database, Rest::Lite, "tests/protocol"))),
    ("gateway postrust", On::Database(|database| through_gateway(database, Rest::Postrust, "tests/protocol"))),
    (
        "supabase-js, @supabase/lite",
        On::DatabaseOf(Engine::Portable, |database| through_lite(database.workspace(), Some(database))),
    ),
    ("runtimes", On::FirstDatabase(runtimes)),
    ("connections", On::Database(|database| connections(database, "tests/concurrency"))),
    ("switching engines", On::DatabaseOf(Engine::Native, |database| connections(database, "tests/engine_switch"))),
    ("histories", On::Database(histories)),
    ("upgrade", On::Database(|database| lifecycle(database, "upgrade"))),
    ("installation", On::Database(|database| lifecycle(database, "installation"))),
    ("dump and restore", On::Database(|database| lifecycle(database, "backup"))),
    ("crash", On::FirstDatabase(|database| lifecycle(database, "crash"))),
    ("load", On::Database(load::test)),
];

/// Runs the suites, or the part of the contract that a name means. False where a test has failed.
pub fn run(workspace: &Workspace, majors: &[u16], engines: &[Engine], name: Option<&str>) -> Result<bool> {
    let mut runner = Runner { workspace, rows: Vec::new() };
    if let Some(name) = name {
        // An unknown name is refused before a server is started.
        let files = contract::named(workspace, name)?;
        for (major, engine) in majors.iter().flat_map(|major| engines.iter().map(move |engine| (*major, *engine))) {
            runner.check(&format!("contract of {name}, PostgreSQL {major}, {engine}"), || {
                contract_on(&Temporary::start(workspace, "contract", major, engine)?.0, &files)
            })?;
        }
        return Ok(runner.report());
    }
    for (name, on) in SUITES.iter().filter(|_| majors.contains(&DEFAULT_MAJOR)) {
        match on {
            On::Clone(test) => runner.check(name, || test(workspace))?,
            On::Pglite(test) if engines.contains(&Engine::Portable) => runner.check(name, || test(workspace))?,
            _ => {}
        }
    }
    let mut is_first = true;
    for major in majors {
        for (name, on) in SUITES {
            if let On::Server(test) = on
                && engines.contains(&Engine::Native)
            {
                runner.check(&format!("{name} pg{major}"), || test(workspace, *major))?;
            }
        }
        for engine in engines {
            runner.database(*major, *engine, is_first)?;
            is_first = false;
        }
    }
    Ok(runner.report())
}

fn contract_on(database: &Database, files: &[PathBuf]) -> Result<Counts> {
    contract::test(database.workspace(), files, |role| database.psql(role))
}

/// One line of the final table.
struct Row {
    suite: String,
    counts: Counts,
    time: Duration,
}

struct Runner<'a> {
    workspace: &'a Workspace,
    rows: Vec<Row>,
}

impl Runner<'_> {
    /// Runs one suite. A suite that breaks down is a failed test, and the others still run; only an interruption ends the
    /// command.
    fn check(&mut self, suite: &str, run: impl FnOnce() -> Result<Counts>) -> Result<()> {
        let start = Instant::now();
        let counts = match judged_step(suite, |counts: &Counts| counts.failed == 0, run) {
            Err(failure) if is_interrupted() => return Err(failure),
            Err(failure) => {
                say(format_args!("\n{suite}: {failure:#}\n"));
                Counts::one(false)
            }
            Ok(counts) => counts,
        };
        self.rows.push(Row { suite: suite.to_owned(), counts, time: start.elapsed() });
        Ok(())
    }

    /// Everything that needs a database, in one new database of this version and engine.
    fn database(&mut self, major: u16, engine: Engine, is_first: bool) -> Result<()> {
        let on = format!("PostgreSQL {major}, {engine}");
        let started = Temporary::start(self.workspace, "test", major, engine).and_then(|database| {
            // As on Supabase, the Data API's sessions are under it.
            safeupdate::turn_on(&database.0, "authenticator").map(|()| database)
        });
        let database = match started {
            Ok(database) => database,
            Err(failure) => return self.check(&format!("database, {on}"), || Err(failure)),
        };
        for (name, suite) in SUITES {
            let test = match suite {
                On::Database(test) => test,
                On::FirstDatabase(test) if is_first => test,
                On::DatabaseOf(wanted, test) if *wanted == engine => test,
                _ => continue,
            };
            self.check(&format!("{name}, {on}"), || test(&database.0))?;
        }
        Ok(())
    }

    /// Prints the table and the closing line.
    fn report(&self) -> bool {
        let width = self.rows.iter().map(|row| row.suite.len()).max().unwrap_or(0);
        let mut sum = Counts::default();
        println!("\n{:width$}  {:>7}  {:>7}  {:>9}", "suite", "passed", "failed", "time");
        for Row { suite, counts, time } in &self.rows {
            let (Counts { passed, failed }, seconds) = (counts, time.as_secs_f64());
            println!("{suite:width$}  {passed:>7}  {failed:>7}  {seconds:>7.1} s");
            sum += *counts;
        }
        println!("\n{} passed, {} failed", sum.passed, sum.failed);
        sum.failed == 0
    }
}
