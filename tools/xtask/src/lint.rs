//! `cargo xtask lint`: what a reviewer should not have to look for.

use crate::{circles, generate, release_guard};
use anyhow::{Result, bail};
use local_postgres::console::{run as run_program, step, try_run};
use local_postgres::{DEFAULT_MAJOR, Installation, Workspace, advice, is_interrupted};
use std::process::Command;

/// Formatting, clippy, SQL files, and the checks of a database.
pub fn run(workspace: &Workspace) -> Result<()> {
    step("Checking the formatting", || {
        // The fuzz targets are a workspace of their own.
        for which in [&["--all"][..], &["--manifest-path", "fuzz/Cargo.toml"]] {
            run_program(workspace.cargo(&["fmt"]).args(which).arg("--check")).map_err(|failure| {
                if is_interrupted() {
                    return failure;
                }
                advice(failure, format_args!("run `cargo fmt {}`.", which.join(" ")))
            })?;
        }
        Ok(())
    })?;
    step("Looking for conflict markers", || conflicts(workspace))?;
    step("Looking for circles of imports", || circles::check(workspace))?;
    step("Checking the SQL files", || {
        generate::check(workspace)?;
        sql_lint::check_files(workspace)
    })?;
    release_guard::check(workspace)?;
    clippy(workspace)?;
    sql_lint::check_databases(workspace, false)?;
    eprintln!("No complaints.");
    Ok(())
}

/// What a merge leaves in a file when nobody has decided.
fn conflicts(workspace: &Workspace) -> Result<()> {
    let mut search = Command::new("git");
    search.args(["grep", "--untracked", "--line-number", "-E", "^(<{7}|>{7}) "]);
    let ran = try_run(search.current_dir(&workspace.root))?;
    match ran.status.code() {
        Some(1) => Ok(()),
        Some(0) => bail!(advice(ran.stdout, "decide for one side of each conflict.")),
        _ => bail!(ran.tail.join("\n")),
    }
}

/// clippy on every crate; the extension's bindings need a Postgres.
fn clippy(workspace: &Workspace) -> Result<()> {
    let lock = workspace.lock()?;
    workspace.install_cargo_pgrx()?;
    let home = Installation::ensure_test_copy(workspace, DEFAULT_MAJOR)?.pgrx_home("-test")?;
    drop(lock);
    step("Running clippy on all crates", || {
        let words = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
        run_program(workspace.cargo(&words).env("PGRX_HOME", home)).map(drop)
    })
}
