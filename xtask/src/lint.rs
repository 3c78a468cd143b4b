//! `cargo xtask lint`: what a reviewer should not have to look for.

mod advisors;
mod calls;
mod court;
mod difference;
mod judges;
mod policies;
mod sql;
mod statements;

use crate::arguments::{Arguments, DEFAULT_MAJOR};
use crate::failure::{Failure, Result};
use crate::generate;
use crate::places::Places;
use crate::released;
use crate::step::Step;
use crate::toolchain;
use crate::tree::Tree;
pub use calls::SCHEMAS;
use std::process::{Command, ExitCode};

/// Formatting, clippy, SQL files, and the judges of a database.
pub fn run(places: &Places, arguments: &Arguments) -> Result<ExitCode> {
    arguments.allow(&[], 0)?;
    Step::start(places, "Checking the formatting").work(|step| {
        // The fuzz targets are a workspace of their own.
        for which in [&["--all"][..], &["--manifest-path", "fuzz/Cargo.toml"]] {
            let mut format = places.cargo();
            format.arg("fmt").args(which);
            step.run(format.arg("--check")).map_err(|failure| {
                if failure.is_interruption() {
                    failure
                } else {
                    failure.advise(format!("run `cargo fmt {}`.", which.join(" ")))
                }
            })?;
        }
        Ok(())
    })?;
    Step::start(places, "Looking for conflict markers").work(|step| conflicts(places, step))?;
    Step::start(places, "Checking the SQL files").work(|_| {
        generate::check(places)?;
        sql::check(places)
    })?;
    released::check(places)?;
    clippy(places)?;
    judges::run(places, false)?;
    eprintln!("No complaints.");
    Ok(ExitCode::SUCCESS)
}

/// What a merge leaves in a file when nobody has decided.
fn conflicts(places: &Places, step: &mut Step) -> Result<()> {
    let mut search = Command::new("git");
    search.current_dir(&places.root);
    search.args([
        "grep",
        "--untracked",
        "--line-number",
        "-E",
        "^(<{7}|>{7}) ",
    ]);
    let ran = step.try_run(&mut search)?;
    match ran.status.code() {
        Some(1) => Ok(()),
        Some(0) => Err(Failure::new(ran.stdout).advise("decide for one side of each conflict.")),
        _ => Err(Failure::new(ran.tail.join("\n"))),
    }
}

/// Writes what is derived from a database that the migrations have made.
pub fn derive(places: &Places) -> Result<()> {
    judges::run(places, true)
}

/// clippy on every crate; the extension's bindings need a Postgres.
fn clippy(places: &Places) -> Result<()> {
    let lock = places.lock()?;
    toolchain::cargo_pgrx(places)?;
    let tree = Tree::ensure_test_copy(places, DEFAULT_MAJOR)?;
    let home = places.pgrx_test(DEFAULT_MAJOR);
    toolchain::pgrx_home(places, &home, &tree)?;
    drop(lock);
    Step::start(places, "Running clippy on all crates").work(|step| {
        let mut clippy = places.cargo();
        clippy.args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ]);
        step.run(clippy.env("PGRX_HOME", home)).map(drop)
    })
}
