//! `cargo xtask lint`: what a reviewer should not have to look for.

mod advisors;
mod court;
mod difference;
mod judges;
mod policies;
mod sql;
mod statements;

use crate::arguments::{Arguments, DEFAULT_MAJOR};
use crate::failure::{Failure, Result};
use crate::places::Places;
use crate::released;
use crate::step::Step;
use crate::toolchain;
use crate::tree::Tree;
use std::process::ExitCode;

/// Formatting, clippy, SQL files, and the judges of a database.
pub fn run(places: &Places, arguments: &Arguments) -> Result<ExitCode> {
    arguments.allow(&[], 1)?;
    let renew = match arguments.words.first().map(String::as_str) {
        None => false,
        Some("renew") => true,
        Some(word) => {
            return Err(Failure::new(format!("`{word}` is not understood here."))
                .advise("write `cargo xtask lint`, or `cargo xtask lint renew`."));
        }
    };
    if renew {
        judges::run(places, true)?;
        eprintln!(
            "Privileges, fingerprints of policies and types are written down. Look at the difference before you commit it."
        );
        return Ok(ExitCode::SUCCESS);
    }
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
    released::check(places)?;
    clippy(places)?;
    judges::run(places, false)?;
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
