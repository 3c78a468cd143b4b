//! `cargo xtask test`: every test there is, and one table of how they went.

use crate::arguments::{Arguments, Engine};
use crate::backup;
use crate::clients;
use crate::contract;
use crate::counts::Counts;
use crate::crash;
use crate::database::Database;
use crate::debian;
use crate::edge;
use crate::extension;
use crate::failure::Result;
use crate::gateway::Rest;
use crate::installation;
use crate::lite;
use crate::load;
use crate::pglite;
use crate::places::{Places, make_folder, remove_folder};
use crate::safeupdate;
use crate::server::SUPERUSER;
use crate::step::{Ran, Step};
use crate::throwaway::Throwaway;
use crate::toolchain;
use crate::tree::Tree;
use crate::upgrade;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// One line of the final table.
struct Row {
    suite: String,
    counts: Counts,
    time: Duration,
}

/// Runs the suite.
pub fn run(places: &Places, arguments: &Arguments) -> Result<ExitCode> {
    arguments.allow(&["pg", "engine"], 0)?;
    let (majors, engines) = (arguments.majors()?, arguments.engines()?);
    let mut suite = Suite {
        places,
        rows: Vec::new(),
    };
    suite.check("unit tests", units)?;
    suite.check("npm package", edge::test)?;
    if let (Some(major), true) = (majors.first(), engines.contains(&Engine::Portable)) {
        suite.pglite(*major)?;
    }
    let mut is_first = true;
    for major in majors {
        if engines.contains(&Engine::Native) {
            let title = format!("cargo pgrx test pg{major}");
            suite.check(&title, |places| pgrx(places, major))?;
        }
        for engine in &engines {
            suite.database(major, *engine, is_first)?;
            is_first = false;
        }
    }
    Ok(suite.report())
}

struct Suite<'a> {
    places: &'a Places,
    rows: Vec<Row>,
}

impl Suite<'_> {
    /// Runs one part. A part that breaks down is a failed test, and the others still run; only an
    /// interruption ends the suite.
    fn check(&mut self, suite: &str, run: impl FnOnce(&Places) -> Result<Counts>) -> Result<()> {
        let start = Instant::now();
        let counts = match run(self.places) {
            Err(failure) if failure.is_interruption() => return Err(failure),
            Err(failure) => {
                eprintln!("\n{suite}: {failure}\n");
                Counts {
                    passed: 0,
                    failed: 1,
                }
            }
            Ok(counts) => counts,
        };
        self.rows.push(Row {
            suite: suite.to_owned(),
            counts,
            time: start.elapsed(),
        });
        Ok(())
    }

    /// Everything that needs a database, in one new database of this version and engine; what does not depend on either, in
    /// the first one only.
    fn database(&mut self, major: u16, engine: Engine, is_first: bool) -> Result<()> {
        let on = format!("PostgreSQL {major}, {engine}");
        let started = Throwaway::start(self.places, "test", major, engine).and_then(|database| {
            // As on Supabase, the Data API's sessions are under it.
            safeupdate::turn_on(self.places, &database.0, "authenticator").map(|()| database)
        });
        let database = match started {
            Ok(database) => database,
            Err(failure) => return self.check(&format!("database, {on}"), |_| Err(failure)),
        };
        let database = &database.0;
        let title = format!("contract, {on}");
        self.check(&title, |places| {
            contract::test(places, &title, |role| database.psql(role))
        })?;
        let title = format!("supabase-js, {on}");
        self.check(&title, |places| clients::test(places, database, &title))?;
        for rest in [Rest::Lite, Rest::Postrust] {
            let title = format!("gateway {}, {on}", rest.name());
            self.check(&title, |places| {
                clients::gateway(places, database, rest, &title)
            })?;
        }
        if engine == Engine::Portable {
            let title = format!("supabase-js, @supabase/lite, {on}");
            self.check(&title, |places| lite::on_postgres(places, database, &title))?;
        }
        if is_first {
            let title = format!("runtimes, {on}");
            self.check(&title, |places| clients::runtimes(places, database, &title))?;
        }
        let title = format!("connections, {on}");
        self.check(&title, |places| {
            clients::isolation(places, database, &title)
        })?;
        if engine == Engine::Native {
            let title = format!("switching engines, PostgreSQL {major}");
            self.check(&title, |places| clients::engines(places, database, &title))?;
        }
        let title = format!("histories, {on}");
        self.check(&title, |places| histories(places, database, &title))?;
        let title = format!("upgrade, {on}");
        self.check(&title, |places| upgrade::test(places, database, &title))?;
        let title = format!("installation, {on}");
        self.check(&title, |places| {
            installation::test(places, database, &title)
        })?;
        let title = format!("dump and restore, {on}");
        self.check(&title, |places| backup::test(places, database, &title))?;
        if is_first {
            let title = format!("crash, {on}");
            self.check(&title, |places| crash::test(places, database, &title))?;
        }
        let title = format!("load, {on}");
        self.check(&title, |places| load::test(places, major, engine, &title))
    }

    /// Everything on PGlite, which is its own version of Postgres; `major` is that of the psql.
    fn pglite(&mut self, major: u16) -> Result<()> {
        let title = "contract, PGlite, portable";
        self.check(title, |places| pglite::contract(places, major, title))?;
        let title = "supabase-js, @supabase/lite on PGlite, portable";
        self.check(title, |places| lite::on_pglite(places, title))?;
        let title = "functions, @supabase/lite on PGlite, portable";
        self.check(title, |places| lite::functions(places, title))
    }

    /// Prints the table and the closing line.
    fn report(&self) -> ExitCode {
        let width = self
            .rows
            .iter()
            .map(|row| row.suite.len())
            .max()
            .unwrap_or(0);
        let mut sum = Counts::default();
        println!(
            "\n{:width$}  {:>7}  {:>7}  {:>9}",
            "suite", "passed", "failed", "time"
        );
        for Row {
            suite,
            counts,
            time,
        } in &self.rows
        {
            let Counts { passed, failed } = counts;
            let seconds = time.as_secs_f64();
            println!("{suite:width$}  {passed:>7}  {failed:>7}  {seconds:>7.1} s");
            sum += *counts;
        }
        println!("\n{} passed, {} failed", sum.passed, sum.failed);
        if sum.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// Rules, xtask and the host side of the edge crate: no database.
fn units(places: &Places) -> Result<Counts> {
    Step::start(places, "Unit tests").count(|step| {
        let mut cargo = places.cargo();
        cargo.args(["test", "--no-fail-fast", "--package", "chatkeep-core"]);
        let ran = step.try_run(cargo.args(["--package", "chatkeep-edge", "--package", "xtask"]))?;
        Ok(judge(&ran))
    })
}

/// The extension's own tests, on a server of their own.
fn pgrx(places: &Places, major: u16) -> Result<Counts> {
    let lock = places.lock()?;
    toolchain::cargo_pgrx(places)?;
    debian::ensure(places, &[debian::BUILD])?;
    let tree = Tree::ensure_test_copy(places, major)?;
    let home = places.pgrx_test(major);
    toolchain::pgrx_home(places, &home, &tree)?;
    let data = places.shelf.join("pgrx-data");
    make_folder(&data)?;
    places.account.give(&data)?;
    discard(places, &tree, &data.join(major.to_string()))?;
    let mut test = extension::cargo_pgrx(places, &home);
    test.args([
        "test",
        &format!("pg{major}"),
        "--package",
        "chatkeep",
        "--pgdata",
    ])
    .arg(&data);
    if places.account.is_other {
        debian::ensure(places, &[debian::SUDO])?;
        test.args(["--runas", &places.account.name]);
    } else if std::env::var_os("USER").is_none() {
        // By this variable pgrx's tests name the database user; a bare container does not set it.
        test.env("USER", &places.account.name);
    }
    drop(lock);
    Step::start(places, format!("cargo pgrx test pg{major}")).count(|step| {
        let ran = step.try_run(&mut test)?;
        Ok(judge(&ran))
    })
}

/// Removes the data of an earlier run, whose server may have been left behind by an interruption:
/// as root, pgrx would try to make them anew in a folder that is not empty.
fn discard(places: &Places, tree: &Tree, data: &Path) -> Result<()> {
    let mut stop = Command::new(tree.program("pg_ctl"));
    places.account.run_as(&mut stop);
    stop.args(["stop", "--mode", "immediate", "--pgdata"])
        .arg(data);
    stop.stdout(Stdio::null())
        .stderr(Stdio::null())
        .stdin(Stdio::null());
    // Nearly always there is no such server, and pg_ctl says so.
    let _ = stop.status();
    remove_folder(data)
}

/// Random histories, held against the models in core.
fn histories(places: &Places, database: &Database, title: &str) -> Result<Counts> {
    Step::start(places, title).count(|step| {
        let mut cargo = places.cargo();
        cargo.args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "chatkeep-histories",
        ]);
        cargo.env("CHATKEEP_API_DB", database.url_of("authenticator"));
        cargo.env("CHATKEEP_SUPERUSER_DB", database.url_of(SUPERUSER));
        let ran = step.try_run(&mut cargo)?;
        Ok(judge(&ran))
    })
}

/// Counts a test program's results and repeats the end of a failed one.
pub fn judge(ran: &Ran) -> Counts {
    let counts = Counts::read(&ran.stdout).judged(ran.status.success());
    if counts.failed > 0 {
        eprintln!("\n{}", ran.tail.join("\n"));
        if counts.passed == 0 && ran.status.success() {
            eprintln!("No test was run.");
        }
    }
    counts
}
