//! Who runs the Postgres servers. Postgres refuses to run as root, so root hands them to another user.

use crate::advice;
use anyhow::Result;
use nix::unistd::{User, getegid, geteuid};
use std::os::unix::{fs::MetadataExt, process::CommandExt};
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
        let known = if caller.is_root() {
            ["postgres", "nobody"].into_iter().find_map(|name| User::from_name(name).ok()?).ok_or_else(|| {
                advice(
                    "Postgres refuses to run as root, and there is no other user for it.",
                    "run `useradd --system postgres`, then repeat the command.",
                )
            })?
        } else if let Ok(Some(user)) = User::from_uid(caller) {
            user
        } else {
            return Ok(Self {
                name: caller.to_string(),
                uid: caller.as_raw(),
                gid: getegid().as_raw(),
                is_other: false,
            });
        };
        let (uid, gid) = (known.uid.as_raw(), known.gid.as_raw());
        Ok(Self { name: known.name, uid, gid, is_other: caller.is_root() })
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

    /// Whether this user may pass through every folder down to `path`.
    pub fn can_reach(&self, path: &Path) -> bool {
        let folders = path.ancestors().filter_map(|folder| std::fs::metadata(folder).ok());
        { folders }.all(|folder| may_enter(folder.mode(), (folder.uid(), folder.gid()), (self.uid, self.gid)))
    }
}

/// The execute bit that applies to a user, by POSIX's rule: owner, else group, else others.
fn may_enter(mode: u32, owner: (u32, u32), user: (u32, u32)) -> bool {
    let shift = if user.0 == owner.0 {
        6
    } else if user.1 == owner.1 {
        3
    } else {
        0
    };
    user.0 == 0 || (mode >> shift) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_entered_by_the_bit_of_owner_group_or_others() {
        for (mode, uid, gid, expected) in [
            (0o40700, 10, 10, true),
            (0o40700, 20, 10, false),
            (0o40710, 20, 10, true),
            (0o40701, 20, 20, true),
            // The owner's own bit decides, even where others could pass.
            (0o40011, 10, 10, false),
            (0o40000, 0, 0, true),
        ] {
            assert_eq!(may_enter(mode, (10, 10), (uid, gid)), expected, "{mode:o} {uid} {gid}");
        }
    }
}
