//! `cargo xtask load`: calls under load, against each other, on both engines side by side and across crashes. The program is
//! `tests/load`; here is the database that it runs on.

use crate::arguments::{Server, list};
use crate::counts::{Counts, judge};
use anyhow::{Result, bail};
use local_postgres::console::{Ran, judged_step, say, try_run};
use local_postgres::{Database, Durability, Engine, SUPERUSER, Temporary, Wanted, Workspace, advice};

/// The parts, and what each of them does.
const PARTS: &[(&str, &str)] = &[
    ("mixed", "12 clients make calls of every kind while users are disabled, moved and deleted"),
    ("pairs", "every pair of calls on shared rows, stopped at every lock; less time takes a sample"),
    (ENGINES, "5,000 random calls on a native and on a portable database, with equal answers"),
    ("kill", "what was acknowledged outlives backends and servers that are killed"),
];
const ENGINES: &str = "engines";
/// How long each part runs unless told otherwise, and in the suite.
const SECONDS: u64 = 10;
/// The database beside the native one, which the migrations alone have made.
const PORTABLE: &str = "chatkeep_portable";

#[derive(clap::Args)]
pub struct Options {
    /// How long each part runs
    #[arg(long, default_value_t = SECONDS, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    seed: Option<u64>,
    /// All that the engine allows unless given
    #[arg(long, value_name = "PART,PART", value_delimiter = ',',
        value_parser = clap::builder::PossibleValuesParser::new(PARTS.iter().map(|(part, _)| *part)))]
    only: Vec<String>,
}

/// What `load --help` says of the parts.
pub fn parts() -> String {
    list(PARTS)
}

/// Runs the parts, and shows what they say. False where a test has failed.
pub fn run(workspace: &Workspace, server: &Server, options: &Options) -> Result<bool> {
    let Server { pg, engine } = *server;
    if engine == Engine::Portable && options.only.iter().any(|part| part == ENGINES) {
        bail!(advice(
            "--only: `engines` compares the native engine with the portable one.",
            "use --engine native, which is meant when --engine is left out.",
        ));
    }
    let counts = judged_step(
        format!("Load on PostgreSQL {pg}, {engine}"),
        |counts: &Counts| counts.failed == 0,
        || play(workspace, pg, engine, options, show),
    )?;
    Ok(counts.failed == 0)
}

/// Runs every part for the suite, which has a server like this one, and says the seed.
pub fn test(like: &Database) -> Result<Counts> {
    let options = Options { seconds: SECONDS, seed: None, only: vec![] };
    play(like.workspace(), like.settings.major, like.settings.engine, &options, |ran| {
        if let Some(seed) = ran.stdout.lines().find(|line| line.contains(": seed ")) {
            say(format_args!("  {seed}"));
        }
        judge(ran)
    })
}

/// Counts what the parts came to, and shows all that they say.
fn show(ran: &Ran) -> Result<Counts> {
    print!("{}", ran.stdout);
    let counts = Counts::read(&ran.stdout)?;
    if counts == Counts::default() {
        // It did not even begin.
        say(ran.tail.join("\n"));
    }
    Ok(counts.judged(ran.status.success()))
}

fn play(
    workspace: &Workspace,
    major: u16,
    engine: Engine,
    options: &Options,
    judge: fn(&Ran) -> Result<Counts>,
) -> Result<Counts> {
    let wanted = Wanted::temporary("load", major, engine, Durability::Full);
    let database = &Temporary(Database::start(workspace, &wanted)?).0;
    let mut cargo = workspace.cargo(&["run", "--quiet", "--release", "--package", "chatkeep-load", "--"]);
    let parts = parts_of(engine, options);
    cargo.args(["--only", &parts.join(","), "--seconds", &options.seconds.to_string()]);
    cargo.args(options.seed.map(|seed| format!("--seed={seed}")));
    cargo.env("CHATKEEP_API_DB", database.url_of("authenticator"));
    cargo.env("CHATKEEP_SUPERUSER_DB", database.url_of(SUPERUSER));
    // What starts the server again: this program, since the server may run under another user. The program and its arguments,
    // one a line.
    let (program, name) = (std::env::current_exe()?.display().to_string(), &database.name);
    let again = format!("{program}\ndb\nstart\n--pg\n{major}\n--engine\n{engine}\n--name\n{name}");
    cargo.env("CHATKEEP_SERVER_START", again);
    if parts.contains(&ENGINES) {
        database.add(PORTABLE)?;
        database.supply_platform(PORTABLE)?;
        database.migrate(&workspace.root.join("sql/supabase"), PORTABLE)?;
        cargo.env("CHATKEEP_PORTABLE_API_DB", database.url_in("authenticator", PORTABLE));
        cargo.env("CHATKEEP_PORTABLE_SUPERUSER_DB", database.url_in(SUPERUSER, PORTABLE));
    }
    judge(&try_run(&mut cargo)?)
}

/// The parts that `--only` names; all that the engine allows where it is absent.
fn parts_of(engine: Engine, Options { only, .. }: &Options) -> Vec<&str> {
    if !only.is_empty() {
        return only.iter().map(String::as_str).collect();
    }
    PARTS.iter().map(|(part, _)| *part).filter(|part| *part != ENGINES || engine == Engine::Native).collect()
}
