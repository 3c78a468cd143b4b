//! Builds the native engine and puts it into a server's folders.

use crate::debian;
use crate::failure::{AtPath, Failure, Result};
use crate::places::{Places, remove_folder, write_file};
use crate::sources;
use crate::step::Step;
use crate::toolchain;
use crate::tree::Tree;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The library is installed under this name, the control and SQL files under names that begin so.
const NAME: &str = "chatkeep";

/// Builds the extension for a server and installs it there, unless nothing has changed.
pub fn install(places: &Places, tree: &Tree) -> Result<()> {
    let wanted = sources::stamp(places, &["core", "extension"])?;
    let library = tree.folder("--pkglibdir")?;
    let share = tree.folder("--sharedir")?.join("extension");
    let stamp = share.join(format!("{NAME}.stamp"));
    let is_current = fs::read_to_string(&stamp).is_ok_and(|found| found == wanted);
    if is_current && library.join(format!("{NAME}.so")).is_file() {
        return Ok(());
    }
    toolchain::cargo_pgrx(places)?;
    debian::ensure(places, &[debian::BUILD])?;
    let home = places.pgrx(tree.major);
    toolchain::pgrx_home(places, &home, tree)?;
    let stage = places.base.join("stage").join(tree.major.to_string());
    let title = format!("Building the extension for PostgreSQL {}", tree.major);
    Step::start(places, title).work(|step| {
        remove_folder(&stage)?;
        step.run(package(places, tree).arg("--out-dir").arg(&stage))?;
        copy_all(&staged(&stage, &library), &library)?;
        copy_all(&staged(&stage, &share), &share)?;
        remove_folder(&stage)?;
        write_file(&stamp, &wanted)
    })
}

/// cargo-pgrx with the home of a server's version; the caller adds the subcommand.
pub fn cargo_pgrx(places: &Places, home: &Path) -> Command {
    let mut command = Command::new(places.tool("cargo-pgrx"));
    command
        .arg("pgrx")
        .current_dir(places.root.join("extension"))
        .env("PGRX_HOME", home);
    for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        command.env_remove(name);
    }
    command
}

fn package(places: &Places, tree: &Tree) -> Command {
    let mut command = cargo_pgrx(places, &places.pgrx(tree.major));
    command.args(["package", "--package", NAME, "--no-default-features"]);
    command.args(["--features", &format!("pg{}", tree.major), "--pg-config"]);
    command.arg(tree.pg_config());
    command
}

/// `cargo pgrx package` repeats the server's absolute folders below the one it is given.
fn staged(stage: &Path, folder: &Path) -> PathBuf {
    stage.join(folder.strip_prefix("/").unwrap_or(folder))
}

/// Copies the extension's files, each by way of a rename: a server that runs keeps the library it
/// has loaded, where writing into that file would end its sessions.
fn copy_all(from: &Path, to: &Path) -> Result<()> {
    let mut count = 0;
    for entry in fs::read_dir(from).at("read", from)? {
        let entry = entry.at("read", from)?;
        let new = to.join(format!(".{}.new", entry.file_name().to_string_lossy()));
        fs::copy(entry.path(), &new).at("write", &new)?;
        // The server's user is another one, and the caller's umask may be strict.
        let readable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&new, readable).at("open up", &new)?;
        fs::rename(&new, to.join(entry.file_name())).at("move into place", &new)?;
        count += 1;
    }
    if count == 0 {
        return Err(Failure::new(format!(
            "The build left no file in {}.",
            from.display()
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staged_files_lie_under_the_servers_absolute_folder() {
        assert_eq!(
            staged(Path::new("/a"), Path::new("/b/c")),
            Path::new("/a/b/c")
        );
    }

    #[test]
    fn an_empty_build_is_an_error() {
        let folder = std::env::temp_dir().join(format!("xtask-stage-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        assert!(copy_all(&folder, &folder).is_err());
        remove_folder(&folder).unwrap();
    }
}
