//! What was released never changes: a migration that databases have applied is not applied again, and an extension that
//! servers have installed moves on by its scripts alone. The newest release is the newest tag `v1.2.3` before this commit.

use crate::database::sql_files;
use crate::failure::{Failure, Result};
use crate::places::Places;
use crate::step::Step;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const MIGRATIONS: &str = "sql/supabase/migrations";
/// Upgrade scripts `chatkeep--FROM--TO.sql`, and of every release what it installed, `chatkeep--VERSION.sql`.
pub const SCRIPTS: &str = "extension/sql";

/// Compares the migrations and the extension's scripts with the newest release.
pub fn check(places: &Places) -> Result<()> {
    Step::start(places, "Comparing with what was released").work(|_| {
        let Some(tag) = newest(&places.root)? else {
            eprintln!("There is no release yet.");
            return Ok(());
        };
        let complaints = complaints(&places.root, &tag, env!("CARGO_PKG_VERSION"))?;
        if complaints.is_empty() {
            return Ok(());
        }
        Err(Failure::new(complaints.join("\n"))
            .advise("take it back, and say what is to change in a new file."))
    })
}

/// The newest release that this commit comes after.
pub fn newest(root: &Path) -> Result<Option<String>> {
    // 1.0.0-rc.1 comes before 1.0.0.
    let list = "tag --list v[0-9]* --merged HEAD --sort=-version:refname";
    let list = git(root, &list.split(' ').collect::<Vec<_>>())?;
    if let Some(tag) = list.lines().next() {
        return Ok(Some(tag.to_owned()));
    }
    if git(root, &["rev-parse", "--is-shallow-repository"])?.trim() == "true" {
        return Err(Failure::new(
            "This clone holds neither tags nor history, so what was released cannot be told.",
        )
        .advise("run `git fetch --unshallow --tags`."));
    }
    Ok(None)
}

/// What has become of the files that a release holds, and what stands in the way of upgrading from it.
fn complaints(root: &Path, tag: &str, version: &str) -> Result<Vec<String>> {
    let list = git(
        root,
        &[
            "ls-tree",
            "-r",
            "-z",
            "--name-only",
            tag,
            "--",
            MIGRATIONS,
            SCRIPTS,
        ],
    )?;
    let released: BTreeSet<&str> = list.split_terminator('\0').collect();
    let present = present(root)?;
    let changes = git(
        root,
        &[
            "diff",
            "--no-renames",
            "--name-status",
            "-z",
            tag,
            "--",
            MIGRATIONS,
            SCRIPTS,
        ],
    )?;
    let mut complaints = changed(tag, &changes);
    complaints.extend(too_early(tag, &released, &present));
    complaints.extend(upgrade(tag, version, &present));
    Ok(complaints)
}

/// The files that are there now, whether git knows them or not.
fn present(root: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for folder in [MIGRATIONS, SCRIPTS] {
        if !root.join(folder).is_dir() {
            continue;
        }
        for path in sql_files(&root.join(folder))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            names.insert(format!("{folder}/{name}"));
        }
    }
    Ok(names)
}

/// Files of the release that are not what they were, from the output of `git diff --name-status -z`.
fn changed(tag: &str, changes: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut words = changes.split_terminator('\0');
    while let (Some(status), Some(path)) = (words.next(), words.next()) {
        match status {
            "A" => {}
            "D" => complaints.push(format!("{path}: {tag} released it, and it is gone")),
            _ => complaints.push(format!("{path}: {tag} released it, and it has changed")),
        }
    }
    complaints
}

/// New migrations that sort before a released one: a database that has the later one refuses them.
fn too_early(tag: &str, released: &BTreeSet<&str>, present: &BTreeSet<String>) -> Vec<String> {
    let is_migration = |path: &&str| path.starts_with(MIGRATIONS);
    let Some(last) = released.iter().copied().rfind(is_migration) else {
        return vec![];
    };
    let new = present
        .iter()
        .map(String::as_str)
        .filter(is_migration)
        .filter(|path| !released.contains(path));
    new.filter(|path| *path < last)
        .map(|path| format!("{path}: it sorts before {last}, which {tag} released"))
        .collect()
}

/// What a server that has the release installed needs to get to this version.
fn upgrade(tag: &str, version: &str, present: &BTreeSet<String>) -> Vec<String> {
    let from = tag.trim_start_matches('v');
    if from == version {
        return vec![];
    }
    let mut complaints = Vec::new();
    let installed = format!("{SCRIPTS}/chatkeep--{from}.sql");
    if !present.contains(&installed) {
        complaints.push(format!(
            "{installed}: it is not there, and holds what {tag} installed"
        ));
    }
    if !leads(from, version, present) {
        complaints.push(format!(
            "{SCRIPTS}: no script leads from {from}, which {tag} released, to {version}"
        ));
    }
    complaints
}

/// Whether upgrade scripts lead from one version to another, in one step or several.
fn leads(from: &str, to: &str, present: &BTreeSet<String>) -> bool {
    let steps: Vec<(&str, &str)> = present
        .iter()
        .filter_map(|path| {
            path.strip_prefix(SCRIPTS)?
                .strip_prefix("/chatkeep--")?
                .strip_suffix(".sql")?
                .split_once("--")
        })
        .collect();
    let mut reached = vec![from];
    let mut next = 0;
    while let Some(version) = reached.get(next).copied() {
        for (_, target) in steps.iter().filter(|(origin, _)| *origin == version) {
            if !reached.contains(target) {
                reached.push(target);
            }
        }
        next += 1;
    }
    reached.contains(&to)
}

/// What git prints.
pub fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let mut git = Command::new("git");
    // In a container the clone often belongs to another user, which git would refuse to read.
    git.args(["-c", &format!("safe.directory={}", root.display())]);
    git.args(["-c", "versionsort.suffix=-"]);
    let output = git
        .arg("-C")
        .arg(root)
        .args(arguments)
        .output()
        .map_err(|error| {
            Failure::new(format!("could not start `git`: {error}"))
                .advise("install git: it knows what was released.")
        })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(
        Failure::new(format!("git could not tell what was released: {why}"))
            .advise("run this in a clone of the repository."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::{remove_folder, write_file};
    use std::fs;
    use std::path::PathBuf;

    const FIRST: &str = "sql/supabase/migrations/20260101000000_first.sql";
    const SECOND: &str = "sql/supabase/migrations/20260102000000_second.sql";

    /// A repository of its own.
    struct Repository(PathBuf);

    impl Repository {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
            remove_folder(&folder).unwrap();
            fs::create_dir_all(&folder).unwrap();
            let repository = Self(folder.canonicalize().unwrap());
            repository.git(&["init", "--quiet"]);
            repository
        }

        fn git(&self, arguments: &[&str]) {
            let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
            git(&self.0, &[&identity[..], arguments].concat()).unwrap();
        }

        fn write(&self, path: &str, text: &str) {
            write_file(&self.0.join(path), text).unwrap();
        }

        fn release(&self, tag: &str) {
            self.git(&["add", "--all"]);
            self.git(&["commit", "--quiet", "--allow-empty", "--message", tag]);
            self.git(&["tag", tag]);
        }

        fn complaints(&self, version: &str) -> Vec<String> {
            let tag = newest(&self.0).unwrap().unwrap();
            complaints(&self.0, &tag, version).unwrap()
        }
    }

    impl Drop for Repository {
        fn drop(&mut self) {
            // A folder that stays behind harms no test.
            let _ = remove_folder(&self.0);
        }
    }

    #[test]
    fn before_the_first_release_everything_may_change() {
        let repository = Repository::new("unreleased");
        repository.write(FIRST, "select 1;");
        repository.git(&["commit", "--quiet", "--allow-empty", "--message", "none"]);
        assert_eq!(newest(&repository.0).unwrap(), None);
    }

    #[test]
    fn a_released_file_that_is_changed_deleted_or_renamed_is_named_with_its_tag() {
        let repository = Repository::new("changed");
        repository.write(FIRST, "select 1;");
        repository.write(SECOND, "select 2;");
        repository.release("v0.1.0");
        assert_eq!(repository.complaints("0.1.0"), [""; 0]);

        repository.write(FIRST, "select 1; -- better");
        assert_eq!(
            repository.complaints("0.1.0"),
            [format!("{FIRST}: v0.1.0 released it, and it has changed")]
        );
        // The same when it is committed.
        repository.git(&["commit", "--quiet", "--all", "--message", "better"]);
        assert_eq!(repository.complaints("0.1.0").len(), 1);

        repository.write(FIRST, "select 1;");
        let renamed = "sql/supabase/migrations/20260102000000_renamed.sql";
        fs::rename(repository.0.join(SECOND), repository.0.join(renamed)).unwrap();
        assert_eq!(
            repository.complaints("0.1.0"),
            [
                format!("{SECOND}: v0.1.0 released it, and it is gone"),
                format!("{renamed}: it sorts before {SECOND}, which v0.1.0 released"),
            ]
        );
    }

    #[test]
    fn a_new_migration_comes_after_the_released_ones() {
        let repository = Repository::new("order");
        repository.write(SECOND, "select 2;");
        repository.release("v0.1.0");
        repository.write(
            "sql/supabase/migrations/20260103000000_third.sql",
            "select 3;",
        );
        assert_eq!(repository.complaints("0.1.0"), [""; 0]);
        repository.write(FIRST, "select 1;");
        assert_eq!(
            repository.complaints("0.1.0"),
            [format!(
                "{FIRST}: it sorts before {SECOND}, which v0.1.0 released"
            )]
        );
    }

    #[test]
    fn a_new_version_needs_a_way_from_the_released_one() {
        let repository = Repository::new("scripts");
        repository.write(FIRST, "select 1;");
        repository.release("v0.1.0");
        assert_eq!(
            repository.complaints("0.3.0"),
            [
                "extension/sql/chatkeep--0.1.0.sql: it is not there, and holds what v0.1.0 installed",
                "extension/sql: no script leads from 0.1.0, which v0.1.0 released, to 0.3.0",
            ]
        );
        repository.write("extension/sql/chatkeep--0.1.0.sql", "");
        repository.write("extension/sql/chatkeep--0.1.0--0.2.0.sql", "");
        assert_eq!(repository.complaints("0.3.0").len(), 1);
        repository.write("extension/sql/chatkeep--0.2.0--0.3.0.sql", "");
        assert_eq!(repository.complaints("0.3.0"), [""; 0]);
    }

    #[test]
    fn the_newest_release_is_the_highest_version_before_this_commit() {
        let repository = Repository::new("newest");
        for tag in ["v0.9.0", "v0.10.0-rc.1", "v0.10.0", "nightly"] {
            repository.release(tag);
        }
        repository.git(&["switch", "--quiet", "--create", "later"]);
        repository.release("v0.11.0");
        repository.git(&["switch", "--quiet", "-"]);
        assert_eq!(newest(&repository.0).unwrap().as_deref(), Some("v0.10.0"));
    }

    #[test]
    fn a_clone_without_tags_and_history_cannot_tell() {
        let repository = Repository::new("deep");
        repository.release("v0.1.0");
        repository.release("v0.1.1");
        let shallow = std::env::temp_dir().join(format!("xtask-shallow-{}", std::process::id()));
        remove_folder(&shallow).unwrap();
        let url = format!("file://{}", repository.0.display());
        let target = shallow.display().to_string();
        repository.git(&[
            "clone",
            "--quiet",
            "--depth",
            "1",
            "--no-tags",
            &url,
            &target,
        ]);
        let failure = newest(&shallow.canonicalize().unwrap()).unwrap_err();
        assert!(failure.to_string().contains("--unshallow"), "{failure}");
        remove_folder(&shallow).unwrap();
    }
}
