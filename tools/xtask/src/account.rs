//! Who runs the Postgres servers. Postgres refuses to run as root, so root hands them to another user.

use crate::failure::{AtPath, Failure, Result};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The operating system's user that runs servers and owns their data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The login name.
    pub name: String,
    uid: u32,
    gid: u32,
    /// True when this is another user than the one running the command (which is then root).
    pub is_other: bool,
}

impl Account {
    /// The caller's own account, or for root `postgres`, else `nobody`.
    pub fn find() -> Result<Self> {
        let uid = own_id("-u")?;
        if uid != 0 {
            let users = read_users()?;
            let known = users
                .lines()
                .find_map(|line| entry(line, |_, id| id == uid));
            return Ok(known.unwrap_or(Account {
                name: uid.to_string(),
                uid,
                gid: own_id("-g")?,
                is_other: false,
            }));
        }
        let users = read_users()?;
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|wanted| {
                users
                    .lines()
                    .find_map(|line| entry(line, |name, _| name == wanted))
            })
            .map(|account| Account {
                is_other: true,
                ..account
            })
            .ok_or_else(|| {
                Failure::new("Postgres refuses to run as root, and there is no other user for it.")
                    .advise("run `useradd --system postgres`, then repeat the command.")
            })
    }

    /// True when the command itself runs as root.
    pub fn caller_is_root(&self) -> bool {
        self.is_other
    }

    /// The user id of whoever runs the command.
    pub fn caller_uid(&self) -> u32 {
        if self.is_other { 0 } else { self.uid }
    }

    /// Makes the command run as this account, in a folder that every account may enter.
    /// Supplementary groups of root are dropped by the standard library.
    pub fn run_as(&self, command: &mut Command) {
        if self.is_other {
            command
                .uid(self.uid)
                .gid(self.gid)
                .env("HOME", "/")
                .env("USER", &self.name);
        }
        command.current_dir("/");
    }

    /// Gives a folder or file to this account.
    pub fn give(&self, path: &Path) -> Result<()> {
        if !self.is_other {
            return Ok(());
        }
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid)).at("give away", path)
    }

    /// Whether this account may pass through every folder down to `path`.
    pub fn can_reach(&self, path: &Path) -> bool {
        path.ancestors()
            .filter_map(|folder| fs::metadata(folder).ok())
            .all(|folder| {
                may_enter(
                    folder.mode(),
                    folder.uid(),
                    folder.gid(),
                    self.uid,
                    self.gid,
                )
            })
    }
}

/// The execute bit that applies to a user, by POSIX's rule: owner, else group, else others.
fn may_enter(mode: u32, owner: u32, group: u32, uid: u32, gid: u32) -> bool {
    let shift = if uid == owner {
        6
    } else if gid == group {
        3
    } else {
        0
    };
    uid == 0 || (mode >> shift) & 1 == 1
}

/// Reads `name:x:uid:gid:…`, if it is the wanted one.
fn entry(line: &str, wanted: impl Fn(&str, u32) -> bool) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next()?;
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    wanted(name, uid).then(|| Account {
        name: name.to_owned(),
        uid,
        gid,
        is_other: false,
    })
}

fn read_users() -> Result<String> {
    fs::read_to_string("/etc/passwd").at("read", Path::new("/etc/passwd"))
}

fn own_id(which: &str) -> Result<u32> {
    let output = Command::new("id").arg(which).output();
    output
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(|| Failure::new("could not tell who runs this command (`id` failed)."))
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
            (0o40710, 20, 20, false),
            // The owner's own bit decides, even where others could pass.
            (0o40011, 10, 10, false),
            (0o40000, 0, 0, true),
        ] {
            assert_eq!(
                may_enter(mode, 10, 10, uid, gid),
                expected,
                "{mode:o} {uid} {gid}"
            );
        }
    }

    #[test]
    fn a_user_is_read_from_its_line() {
        let line = "postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash";
        let account = entry(line, |name, _| name == "postgres").unwrap();
        assert_eq!((account.uid, account.gid), (101, 104));
        assert!(entry(line, |_, uid| uid == 102).is_none());
        assert!(entry("broken", |_, _| true).is_none());
    }
}
