//! The folders of one clone. Everything generated is under `target/chatkeep`, except what the servers' user could not
//! read there: that goes to a folder of its own under the system's temporary one.

use crate::server_user::ServerUser;
use crate::toolchain::use_our_rust;
use crate::{advice, console};
use anyhow::{Context, Result, bail};
use fs_err::{self as fs, File};
use nix::unistd::geteuid;
use sha2::{Digest, Sha256};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use walkdir::{DirEntry, WalkDir};

/// Where the migrations are, in the repository.
pub const MIGRATIONS: &str = "sql/supabase/migrations";

/// The folders of one clone of the repository.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// The repository.
    pub root: PathBuf,
    /// `target/chatkeep`.
    pub base: PathBuf,
    /// Servers and their data: `base`, or a folder under the temporary one.
    pub shelf: PathBuf,
    /// Who runs the servers.
    pub user: ServerUser,
}

impl Workspace {
    /// Finds the folders and makes those that everything needs.
    pub fn find() -> Result<Self> {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&package).ancestors().nth(2).context("the repository has no folder")?;
        let root = fs::canonicalize(root)?;
        let base = root.join("target/chatkeep");
        fs::create_dir_all(&base)?;
        let user = ServerUser::find()?;
        let shelf = if user.can_reach(&base) {
            base.clone()
        } else {
            let name = format!("chatkeep-{}-{:016x}", geteuid(), fingerprint(root.as_os_str().as_encoded_bytes()));
            let shelf = std::env::temp_dir().join(name);
            own_folder(&shelf)?;
            shelf
        };
        if user.is_other {
            for name in ["servers", "db"] {
                fs::create_dir_all(shelf.join(name))?;
                open_up(&shelf.join(name))?;
            }
        }
        Ok(Self { root, base, shelf, user })
    }

    /// A program installed by `cargo install`.
    pub fn tool(&self, name: &str) -> PathBuf {
        self.base.join("tools/bin").join(name)
    }

    /// Where the npm packages of the tools are.
    pub fn node_modules(&self) -> PathBuf {
        self.base.join("npm/node_modules")
    }

    /// A program of the npm packages.
    pub fn npm_tool(&self, name: &str) -> PathBuf {
        self.node_modules().join(".bin").join(name)
    }

    /// What is remembered of a database: settings and password, for the caller's eyes only.
    pub fn database(&self, name: &str) -> PathBuf {
        self.base.join("db").join(name)
    }

    /// The npm package `chatkeep`, ready for `npm pack`.
    pub fn package(&self) -> PathBuf {
        self.base.join("package")
    }

    /// The compiler of the release that the repository is built with.
    pub fn rustc(&self) -> Command {
        let mut command = Command::new("rustc");
        use_our_rust(&mut command);
        command.current_dir(&self.root);
        command
    }

    /// Cargo of the same release, run in the repository.
    pub fn cargo(&self, words: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        use_our_rust(&mut command);
        command.current_dir(&self.root).args(words);
        command
    }

    /// Waits until no other `cargo xtask` changes tools or servers; the lock ends with the file.
    pub fn lock(&self) -> Result<File> {
        let file = File::create(self.base.join("lock"))?;
        if file.try_lock().is_err() {
            console::say("Another `cargo xtask` is setting up in this repository; waiting for it.");
            file.lock()?;
        }
        Ok(file)
    }

    /// One line that changes with the content of these folders, the workspace's files or the compiler. An up-to-date
    /// result then costs no build.
    pub fn stamp(&self, folders: &[&str]) -> Result<String> {
        let mut files = ["Cargo.toml", "Cargo.lock"].map(|name| self.root.join(name)).to_vec();
        let is_source = |entry: &DirEntry| {
            let skipped = ["target", "tests", "test", "node_modules"];
            !(entry.file_type().is_dir() && skipped.iter().any(|name| entry.file_name() == *name))
        };
        for folder in folders {
            for entry in WalkDir::new(self.root.join(folder)).into_iter().filter_entry(is_source) {
                files.push(entry?.into_path());
            }
        }
        files.retain(|path| path.is_file());
        files.sort();
        let mut bytes = self.rustc().arg("--version").output().map(|output| output.stdout).unwrap_or_default();
        for file in &files {
            bytes.extend_from_slice(file.as_os_str().as_encoded_bytes());
            bytes.extend(fs::read(file)?);
        }
        Ok(format!("{:016x} {}\n", fingerprint(&bytes), files.len()))
    }
}

/// The first 64 bits of a SHA-256.
pub fn fingerprint(bytes: &[u8]) -> u64 {
    Sha256::digest(bytes).iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The files of a folder whose names have this ending, in order.
pub fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    let is_wanted = |path: &PathBuf| path.is_file() && path.extension().is_some_and(|found| found == ending);
    let mut files: Vec<PathBuf> = paths.filter(is_wanted).collect();
    files.sort();
    Ok(files)
}

/// The `.sql` files of a folder in order.
pub fn sql_files(folder: &Path) -> Result<Vec<PathBuf>> {
    files(folder, "sql")
}

/// Removes a folder and all below it; one that is not there is as good as removed.
pub fn remove_folder(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes a file, making its folder first.
pub fn write_file(path: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    Ok(fs::write(path, text)?)
}

/// Writes a new file that its owner alone may read.
pub(crate) fn write_secret(path: &Path, text: &str) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let file = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    file.with_context(|| format!("could not write {}", path.display()))
}

/// Lets every user read a file or enter a folder, whatever the caller's umask is.
pub(crate) fn open_up(path: &Path) -> Result<()> {
    Ok(fs::set_permissions(path, PermissionsExt::from_mode(0o755))?)
}

/// Makes a folder under the temporary one, and refuses it if somebody else has put it there.
fn own_folder(path: &Path) -> Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => bail!(error),
        _ => {}
    }
    let found = fs::symlink_metadata(path)?;
    if !found.is_dir() || found.uid() != geteuid().as_raw() {
        bail!(advice(
            format_args!("{} belongs to somebody else.", path.display()),
            "remove it, or set TMPDIR to a folder of your own, then repeat the command.",
        ));
    }
    open_up(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_somebody_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (file, own) = (folder.path().join("file"), folder.path().join("own"));
        write_file(&file, "").unwrap();
        assert!(own_folder(&file).is_err(), "a file is no folder");
        own_folder(&own).unwrap();
        own_folder(&own).unwrap();
    }

    #[test]
    fn the_stamp_changes_with_the_content_and_with_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace { root: folder.path().to_owned(), ..Workspace::find().unwrap() };
        let write = |name: &str, text: &str| write_file(&folder.path().join(name), text).unwrap();
        for name in ["Cargo.toml", "Cargo.lock", "core/src/lib.rs", "core/tests/a.rs"] {
            write(name, "1");
        }
        let stamp = || workspace.stamp(&["core"]).unwrap();
        let before = stamp();
        write("core/tests/a.rs", "2");
        assert_eq!(stamp(), before);
        write("core/src/lib.rs", "2");
        assert_ne!(stamp(), before);
    }
}
