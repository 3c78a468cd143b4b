//! A server that was killed leaves traces of one that runs. `cargo xtask db start` sees through them.

use crate::counts::Counts;
use anyhow::Result;
use fs_err as fs;
use local_postgres::console::run;
use local_postgres::{Database, SUPERUSER, Wanted};
use std::path::Path;
use std::process::Command;

/// Kills the server, starts the database again, and asks it something.
pub fn test(database: &Database) -> Result<Counts> {
    kill(database)?;
    let settings = &database.settings;
    let wanted = Wanted::kept(Some(database.name.clone()), settings.major, settings.engine);
    let again = Database::start(database.workspace(), &wanted)?;
    let answers = again.execute("postgres", "select").is_ok();
    Ok(Counts::one(
        "a database whose server was killed starts again",
        answers,
    ))
}

/// Kills the server as a crash would: it has no time to tidy up.
fn kill(database: &Database) -> Result<()> {
    let mut ask = database.psql(SUPERUSER);
    ask.args([
        "--no-align",
        "--tuples-only",
        "--command",
        "show data_directory",
    ]);
    let notes = Path::new(run(&mut ask)?.trim()).join("postmaster.pid");
    let notes = fs::read_to_string(notes)?;
    let process = notes.lines().next().unwrap_or_default();
    let mut pg_ctl = Command::new(database.program("pg_ctl"));
    database.workspace().user.run_as(&mut pg_ctl);
    run(pg_ctl.args(["kill", "KILL", process])).map(drop)
}
