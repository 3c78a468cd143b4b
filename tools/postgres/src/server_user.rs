//! Who runs the Postgres servers. Postgres refuses to run as root, so root hands them to another user.

use crate::advice;
use crate::console::succeeds;
use anyhow::Result;
use nix::unistd::{User, getegid, geteuid};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The operating system's user that runs servers and owns their data.
#[derive(Debug, Clone)]
pub struct ServerUser {
    /// The login name.
    pub name: String,
    uid: u32,
    gid: u32,
    /// True when this is another user than the one running the command (which is then root).
    pub is_other: bool,
}

impl ServerUser {
    /// The caller, or for root `postgres`, else `nobody`.
    pub fn find() -> Result<Self> {
        let caller = geteuid();
        if !caller.is_root() {
            let name = User::from_uid(caller).ok().flatten().map_or_else(|| caller.to_string(), |user| user.name);
            return Ok(Self { name, uid: caller.as_raw(), gid: getegid().as_raw(), is_other: false });
        }
        let other = ["postgres", "nobody"].into_iter().find_map(|name| User::from_name(name).ok()?);
        let User { name, uid, gid, .. } = other.ok_or_else(|| {
            advice(
                "Postgres refuses to run as root, and there is no other user for it.",
                "run `useradd --system postgres`, then repeat the command.",
            )
        })?;
        Ok(Self { name, uid: uid.as_raw(), gid: gid.as_raw(), is_other: true })
    }

    /// Makes the command run as this user, in a folder that every user may enter. The standard library drops the
    /// supplementary groups of root.
    pub fn run_as(&self, command: &mut Command) {
        if self.is_other {
            command.uid(self.uid).gid(self.gid).env("HOME", "/").env("USER", &self.name);
        }
        command.current_dir("/");
    }

    /// Gives a folder or file to this user.
    pub fn give(&self, path: &Path) -> Result<()> {
        if self.is_other {
            fs_err::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))?;
        }
        Ok(())
    }

    /// Whether this user may pass through every folder down to `path`, which the system itself is asked.
    pub fn can_reach(&self, path: &Path) -> bool {
        let mut test = Command::new("test");
        self.run_as(&mut test);
        !self.is_other || succeeds(test.arg("-x").arg(path))
    }
}
