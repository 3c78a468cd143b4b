//! Builds the native engine and puts it into a server's folders.

use crate::console::{run, step};
use crate::toolchain::use_our_rust;
use crate::workspace::open_up;
use crate::{Installation, Workspace, debian, remove_folder, write_file};
use anyhow::{Result, ensure};
use fs_err as fs;
use std::path::Path;
use std::process::Command;

/// The library is installed under this name, the control and SQL files under names that begin so.
const NAME: &str = "chatkeep";

impl Installation {
    /// Builds the extension for this server and installs it here, unless nothing has changed.
    pub fn install_extension(&self) -> Result<()> {
        let workspace = &self.workspace;
        let wanted = workspace.stamp(&["core", "extension"])?;
        let (library, share) = (self.folder("--pkglibdir")?, self.folder("--sharedir")?.join("extension"));
        let stamp = share.join(format!("{NAME}.stamp"));
        let is_current = fs::read_to_string(&stamp).is_ok_and(|found| found == wanted);
        if is_current && library.join(format!("{NAME}.so")).is_file() {
            return Ok(());
        }
        workspace.install_cargo_pgrx()?;
        debian::ensure(&[debian::BUILD])?;
        let stage = workspace.base.join("stage").join(self.major.to_string());
        let features = format!("pg{}", self.major);
        let mut package = cargo_pgrx(workspace, &self.pgrx_home("")?);
        package.args(["package", "--package", NAME, "--no-default-features", "--features", &features, "--pg-config"]);
        package.arg(self.program("pg_config")).arg("--out-dir").arg(&stage);
        step(format!("Building the extension for PostgreSQL {}", self.major), || {
            remove_folder(&stage)?;
            run(&mut package)?;
            // `cargo pgrx package` repeats the server's absolute folders below the one it is given.
            for folder in [&library, &share] {
                copy_all(&stage.join(folder.strip_prefix("/").unwrap_or(folder)), folder)?;
            }
            remove_folder(&stage)?;
            write_file(&stamp, &wanted)
        })
    }
}

/// cargo-pgrx with the home of a server's version; the caller adds the subcommand.
pub fn cargo_pgrx(workspace: &Workspace, home: &Path) -> Command {
    let mut command = Command::new(workspace.tool("cargo-pgrx"));
    command.arg("pgrx").current_dir(workspace.root.join("extension")).env("PGRX_HOME", home);
    use_our_rust(&mut command);
    command
}

/// Copies the extension's files, each by way of a rename: a server that runs keeps the library it has loaded, where
/// writing into that file would end its sessions.
fn copy_all(from: &Path, to: &Path) -> Result<()> {
    let mut count = 0;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let new = to.join(format!(".{}.new", entry.file_name().to_string_lossy()));
        fs::copy(entry.path(), &new)?;
        open_up(&new)?;
        fs::rename(&new, to.join(entry.file_name()))?;
        count += 1;
    }
    ensure!(count > 0, "The build left no file in {}.", from.display());
    Ok(())
}
