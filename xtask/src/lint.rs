//! `cargo xtask lint`: what a reviewer should not have to look for.

mod sql;
mod statements;

use crate::arguments::{Arguments, DEFAULT_MAJOR};
use crate::failure::Result;
use crate::places::Places;
use crate::step::Step;
use crate::toolchain;
use crate::tree::Tree;
use std::process::ExitCode;

/// Formatting, clippy, SQL files.
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
    Step::start(places, "Checking the SQL files").work(|_| sql::check(places))?;
    clippy(places)?;
    eprintln!("No complaints.");
    Ok(ExitCode::SUCCESS)
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
