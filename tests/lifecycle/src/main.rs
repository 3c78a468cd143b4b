//! What happens to a whole database: installation, upgrade, dump and restore, a crash of its server. `cargo xtask test` runs
//! this program once for each of them, on a database that it throws away; `cargo xtask demo` runs `backup`.
//!
//! It adds databases to the server of the one that it is given, and closes with `3 passed, 1 failed`.

mod backup;
mod counts;
mod crash;
mod facts;
mod installation;
mod upgrade;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use counts::Counts;
use local_postgres::{Database, Workspace, console};
use std::process::ExitCode;

#[derive(Parser)]
struct Arguments {
    test: Test,
    /// A database of `cargo xtask db start`
    #[arg(long)]
    database: String,
    /// The tag that `upgrade` begins with; without it, it begins with the migrations of today
    #[arg(long)]
    release: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Test {
    Installation,
    Upgrade,
    Backup,
    Crash,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(counts) => {
            println!("{} passed, {} failed", counts.passed, counts.failed);
            if counts.failed == 0 {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(failure) => {
            eprintln!("{failure:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<Counts> {
    let workspace = &Workspace::find()?;
    console::open(workspace.base.join("logs"))?;
    let database = &Database::open(workspace, &arguments.database)?;
    console::step(
        format!("Lifecycle of {}", database.name),
        || match arguments.test {
            Test::Installation => installation::test(database),
            Test::Upgrade => upgrade::test(database, arguments.release.as_deref()),
            Test::Backup => backup::test(database),
            Test::Crash => crash::test(database),
        },
    )
}
