//! Where things lie. Everything generated is under `target/chatkeep`, except what the servers'
//! user could not read there: that goes to a folder of its own under the system's temporary one.

use crate::account::Account;
use crate::failure::{AtPath, Failure, Result};
use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders of one clone of the repository.
#[derive(Debug, Clone)]
pub struct Places {
    /// The repository.
    pub root: PathBuf,
    /// `target/chatkeep`.
    pub base: PathBuf,
    /// Where servers and their data lie: `base`, or the temporary folder.
    pub shelf: PathBuf,
    /// Who runs the servers.
    pub account: Account,
}

impl Places {
    /// Finds the folders and makes those that everything needs.
    pub fn find() -> Result<Self> {
        let crate_folder = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = crate_folder
            .ancestors()
            .nth(2)
            .map(Path::to_path_buf)
            .unwrap_or_default();
        let root = root.canonicalize().at("find", &root)?;
        let base = root.join("target").join("chatkeep");
        make_folder(&base)?;
        let account = Account::find()?;
        let shelf = if account.can_reach(&base) {
            base.clone()
        } else {
            let hash = fingerprint(root.as_os_str().as_encoded_bytes());
            let name = format!("chatkeep-{}-{hash:016x}", account.caller_uid());
            let shelf = std::env::temp_dir().join(name);
            own_folder(&shelf, &account)?;
            shelf
        };
        if account.is_other {
            for name in ["servers", "db"] {
                let folder = shelf.join(name);
                make_folder(&folder)?;
                let permissions = fs::Permissions::from_mode(0o755);
                fs::set_permissions(&folder, permissions).at("open up", &folder)?;
            }
        }
        Ok(Self {
            root,
            base,
            shelf,
            account,
        })
    }

    /// Programs installed by `cargo install`.
    pub fn tool(&self, name: &str) -> PathBuf {
        self.base.join("tools").join("bin").join(name)
    }

    /// A program from the npm packages of `tools/xtask/npm`.
    pub fn npm_tool(&self, name: &str) -> PathBuf {
        self.base
            .join("npm")
            .join("node_modules")
            .join(".bin")
            .join(name)
    }

    /// `PGRX_HOME` of release builds, which databases use. One per version: a home that changes
    /// when a version joins would have the bindings of all others generated again.
    pub fn pgrx(&self, major: u16) -> PathBuf {
        self.base.join("pgrx").join(major.to_string())
    }

    /// `PGRX_HOME` of debug builds (clippy and `cargo pgrx test`). A home of its own keeps the two
    /// from rebuilding each other's bindings, and points at servers that no database runs on.
    pub fn pgrx_test(&self, major: u16) -> PathBuf {
        self.base.join("pgrx").join(format!("{major}-test"))
    }

    /// The folder of the server of one version.
    pub fn server(&self, major: u16) -> PathBuf {
        self.shelf.join("servers").join(major.to_string())
    }

    /// The folder of the server that `cargo pgrx test` installs its test build into.
    pub fn test_server(&self, major: u16) -> PathBuf {
        self.shelf.join("servers").join(format!("{major}-test"))
    }

    /// What is remembered of a database: settings and password, for the caller's eyes only.
    pub fn database(&self, name: &str) -> PathBuf {
        self.base.join("db").join(name)
    }

    /// What the server owns of a database: data and log.
    pub fn database_server(&self, name: &str) -> PathBuf {
        self.shelf.join("db").join(name).join("server")
    }

    /// The full output of a step.
    pub fn log(&self, step: &str) -> PathBuf {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        };
        let name: String = step.chars().map(plain).collect();
        self.base.join("logs").join(format!("{name}.log"))
    }

    /// The same for a program that writes its log itself: the folder is there.
    pub fn log_of(&self, program: &str) -> Result<PathBuf> {
        make_folder(&self.base.join("logs"))?;
        Ok(self.log(program))
    }

    /// The npm package `chatkeep`, ready for `npm pack`.
    pub fn package(&self) -> PathBuf {
        self.base.join("package")
    }

    /// The compiler that cargo uses.
    pub fn rustc(&self) -> Command {
        let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        command.current_dir(&self.root);
        command
    }

    /// Cargo, run in the repository.
    pub fn cargo(&self) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        // Set by the `cargo run` around this program; a build script would see another crate's.
        for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
            command.env_remove(name);
        }
        command.current_dir(&self.root);
        command
    }

    /// Waits until no other `cargo xtask` changes tools or servers; the lock ends with the file.
    pub fn lock(&self) -> Result<File> {
        let path = self.base.join("lock");
        let file = File::create(&path).at("create", &path)?;
        if file.try_lock().is_err() {
            eprintln!("Another `cargo xtask` is setting up in this repository; waiting for it.");
            file.lock().at("lock", &path)?;
        }
        Ok(file)
    }
}

/// Makes a folder and those above it.
pub fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).at("create the folder", path)
}

/// Removes a folder and all below it; one that is not there is as good as removed.
pub fn remove_folder(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).at("remove the folder", path)
        }
        _ => Ok(()),
    }
}

/// Writes a file, making its folder first.
pub fn write_file(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    fs::write(path, text).at("write", path)
}

/// Makes a folder under the temporary one, and refuses it if somebody else has put it there.
fn own_folder(path: &Path, account: &Account) -> Result<()> {
    let made = fs::DirBuilder::new().mode(0o755).create(path);
    if let Err(error) = made
        && error.kind() != std::io::ErrorKind::AlreadyExists
    {
        return Err(error).at("create the folder", path);
    }
    let found = fs::symlink_metadata(path).at("look at", path)?;
    if !found.is_dir() || found.uid() != account.caller_uid() {
        return Err(
            Failure::new(format!("{} belongs to somebody else.", path.display())).advise(
                "remove it, or set TMPDIR to a folder of your own, then repeat the command.",
            ),
        );
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).at("open up", path)
}

/// FNV-1a, 64 bits: stable between builds, which std's hasher does not promise.
pub fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_fnv_1a() {
        // Test vectors of the FNV reference (draft-eastlake-fnv).
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_folder_of_somebody_else_is_refused() {
        let account = Account::find().unwrap();
        let file = std::env::temp_dir().join(format!("xtask-own-{}", std::process::id()));
        fs::write(&file, "").unwrap();
        assert!(own_folder(&file, &account).is_err(), "a file is no folder");
        fs::remove_file(&file).unwrap();
        own_folder(&file, &account).unwrap();
        own_folder(&file, &account).unwrap();
        remove_folder(&file).unwrap();
        remove_folder(&file).unwrap();
    }
}
