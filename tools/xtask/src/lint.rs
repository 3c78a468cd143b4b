//! `cargo xtask lint`: what a reviewer should not have to look for.

use crate::release_guard;
use anyhow::Result;
use local_postgres::console::{run as run_program, step};
use local_postgres::{DEFAULT_MAJOR, Installation, Workspace, advice, is_interrupted};

/// Formatting, clippy, SQL files, and the checks of a database; or writes down what they hold the database to.
pub fn run(workspace: &Workspace, renew: bool) -> Result<()> {
    if renew {
        sql_lint::check_databases(workspace, true)?;
        eprintln!(
            "Privileges, fingerprints of policies and types are written down. Look at the difference before you commit it."
        );
        return Ok(());
    }
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
    step("Checking the SQL files", || sql_lint::check_files(workspace))?;
    release_guard::check(workspace)?;
    clippy(workspace)?;
    sql_lint::check_databases(workspace, false)?;
    eprintln!("No complaints.");
    Ok(())
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
