//! What was released never changes: a migration that databases have applied is not applied again, and an extension that servers
//! have installed moves on by its scripts alone. The newest release is the newest tag `v1.2.3` before this commit.

use anyhow::{Result, bail};
use local_postgres::console::{say, step};
use local_postgres::{MIGRATIONS, Workspace, advice, sql_files};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Upgrade scripts `chatkeep--FROM--TO.sql`, and of every release what it installed, `chatkeep--VERSION.sql`.
const SCRIPTS: &str = "extension/sql";

/// Compares the migrations and the extension's scripts with the newest release.
pub fn check(workspace: &Workspace) -> Result<()> {
    step("Comparing with what was released", || {
        let Some(tag) = newest(&workspace.root)? else {
            say("There is no release yet.");
            return Ok(());
        };
        let complaints = complaints(&workspace.root, &tag, env!("CARGO_PKG_VERSION"))?;
        if complaints.is_empty() {
            return Ok(());
        }
        bail!(advice(complaints.join("\n"), "take it back, and say what is to change in a new file."))
    })
}

/// The newest release that this commit comes after.
pub fn newest(root: &Path) -> Result<Option<String>> {
    // 1.0.0-rc.1 comes before 1.0.0.
    let list = git(root, &["tag", "--list", "v[0-9]*", "--merged", "HEAD", "--sort=-version:refname"])?;
    if let Some(tag) = list.lines().next() {
        return Ok(Some(tag.to_owned()));
    }
    if git(root, &["rev-parse", "--is-shallow-repository"])?.trim() == "true" {
        bail!(advice(
            "This clone holds neither tags nor history, so what was released cannot be told.",
            "run `git fetch --unshallow --tags`.",
        ));
    }
    Ok(None)
}

/// The extension's scripts that are there now, whether git knows them or not.
fn scripts(root: &Path) -> Result<Vec<PathBuf>> {
    let folder = root.join(SCRIPTS);
    if folder.is_dir() { sql_files(&folder) } else { Ok(vec![]) }
}

/// What has become of the files that a release holds, and what stands in the way of upgrading from it.
fn complaints(root: &Path, tag: &str, version: &str) -> Result<Vec<String>> {
    let list = git(root, &["ls-tree", "-r", "-z", "--name-only", tag, "--", MIGRATIONS, SCRIPTS])?;
    let released: BTreeSet<&str> = list.split_terminator('\0').collect();
    let files = sql_files(&root.join(MIGRATIONS))?.into_iter().chain(scripts(root)?);
    let present: BTreeSet<String> =
        files.filter_map(|path| Some(path.strip_prefix(root).ok()?.to_string_lossy().into_owned())).collect();
    let mut complaints = Vec::new();
    let changes = git(root, &["diff", "--no-renames", "--name-status", "-z", tag, "--", MIGRATIONS, SCRIPTS])?;
    let words: Vec<&str> = changes.split_terminator('\0').collect();
    for [status, path] in words.as_chunks().0.iter().filter(|[status, _]| *status != "A") {
        let fate = if *status == "D" { "is gone" } else { "has changed" };
        complaints.push(format!("{path}: {tag} released it, and it {fate}"));
    }
    // A database that has the later migration refuses the earlier one.
    let is_migration = |path: &&str| path.starts_with(MIGRATIONS);
    if let Some(last) = released.iter().copied().rfind(is_migration) {
        let new = present.iter().map(String::as_str).filter(is_migration).filter(|path| !released.contains(path));
        for early in new.filter(|path| *path < last) {
            complaints.push(format!("{early}: it sorts before {last}, which {tag} released"));
        }
    }
    // What a server that has the release installed needs to get to this version.
    let from = tag.trim_start_matches('v');
    let installed = format!("{SCRIPTS}/chatkeep--{from}.sql");
    if from != version && !present.contains(&installed) {
        complaints.push(format!("{installed}: it is not there, and holds what {tag} installed"));
    }
    if !leads(from, version, &present) {
        complaints.push(format!("{SCRIPTS}: no script leads from {from}, which {tag} released, to {version}"));
    }
    Ok(complaints)
}

/// Whether upgrade scripts lead from one version to another, in one step or several.
fn leads(from: &str, to: &str, present: &BTreeSet<String>) -> bool {
    let steps = present.iter().filter_map(|path| {
        path.strip_prefix(SCRIPTS)?.strip_prefix("/chatkeep--")?.strip_suffix(".sql")?.split_once("--")
    });
    from == to || steps.filter(|(origin, _)| *origin == from).any(|(_, next)| leads(next, to, present))
}

/// What git prints.
fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let mut git = Command::new("git");
    // In a container the clone often belongs to another user, which git would refuse to read.
    git.args(["-c", &format!("safe.directory={}", root.display()), "-c", "versionsort.suffix=-", "-C"]);
    let output = git.arg(root).args(arguments).output().map_err(|error| {
        advice(format_args!("could not start `git`: {error}"), "install git: it knows what was released.")
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let what = format!("git could not tell what was released: {why}");
    bail!(advice(what, "run this in a clone of the repository."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use local_postgres::write_file;
    use tempfile::TempDir;

    const FIRST: &str = "sql/supabase/migrations/20260101000000_first.sql";
    const SECOND: &str = "sql/supabase/migrations/20260102000000_second.sql";

    /// A repository of its own.
    struct Repository(TempDir);

    impl Repository {
        fn new() -> Self {
            let repository = Self(tempfile::tempdir().unwrap());
            repository.git(&["init", "--quiet"]);
            repository.write(FIRST, "select 1;");
            repository
        }

        fn git(&self, arguments: &[&str]) {
            let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
            git(self.0.path(), &[&identity[..], arguments].concat()).unwrap();
        }

        fn write(&self, path: &str, text: &str) {
            write_file(&self.0.path().join(path), text).unwrap();
        }

        fn release(&self, tag: &str) {
            self.git(&["add", "--all"]);
            self.git(&["commit", "--quiet", "--allow-empty", "--message", tag]);
            self.git(&["tag", tag]);
        }

        fn newest(&self) -> Option<String> {
            newest(self.0.path()).unwrap()
        }

        fn complaints(&self, version: &str) -> Vec<String> {
            complaints(self.0.path(), &self.newest().unwrap(), version).unwrap()
        }
    }

    #[test]
    fn a_released_file_that_is_changed_deleted_or_renamed_is_named_with_its_tag() {
        let repository = Repository::new();
        repository.git(&["commit", "--quiet", "--allow-empty", "--message", "none"]);
        assert_eq!(repository.newest(), None, "before the first release everything may change");
        repository.write(SECOND, "select 2;");
        repository.release("v0.1.0");
        assert_eq!(repository.complaints("0.1.0"), [""; 0]);

        repository.write(FIRST, "select 1; -- better");
        assert_eq!(repository.complaints("0.1.0"), [format!("{FIRST}: v0.1.0 released it, and it has changed")]);
        repository.git(&["commit", "--quiet", "--all", "--message", "better"]);
        assert_eq!(repository.complaints("0.1.0").len(), 1, "committed or not");

        repository.write(FIRST, "select 1;");
        let renamed = "sql/supabase/migrations/20260101500000_renamed.sql";
        std::fs::rename(repository.0.path().join(SECOND), repository.0.path().join(renamed)).unwrap();
        let gone = format!("{SECOND}: v0.1.0 released it, and it is gone");
        let early = format!("{renamed}: it sorts before {SECOND}, which v0.1.0 released");
        assert_eq!(repository.complaints("0.1.0"), [gone, early]);
    }

    #[test]
    fn a_new_version_needs_a_way_from_the_released_one() {
        let repository = Repository::new();
        repository.release("v0.1.0");
        let not_there = "extension/sql/chatkeep--0.1.0.sql: it is not there, and holds what v0.1.0 installed";
        let no_way = "extension/sql: no script leads from 0.1.0, which v0.1.0 released, to 0.3.0";
        assert_eq!(repository.complaints("0.3.0"), [not_there, no_way]);
        repository.write("extension/sql/chatkeep--0.1.0.sql", "");
        repository.write("extension/sql/chatkeep--0.1.0--0.2.0.sql", "");
        assert_eq!(repository.complaints("0.3.0"), [no_way]);
        repository.write("extension/sql/chatkeep--0.2.0--0.3.0.sql", "");
        assert_eq!(repository.complaints("0.3.0"), [""; 0]);
    }

    #[test]
    fn the_newest_release_is_the_highest_version_before_this_commit() {
        let repository = Repository::new();
        for tag in ["v0.9.0", "v0.10.0-rc.1", "v0.10.0", "nightly"] {
            repository.release(tag);
        }
        repository.git(&["switch", "--quiet", "--create", "later"]);
        repository.release("v0.11.0");
        repository.git(&["switch", "--quiet", "-"]);
        assert_eq!(repository.newest().as_deref(), Some("v0.10.0"));

        let (shallow, url) = (tempfile::tempdir().unwrap(), format!("file://{}", repository.0.path().display()));
        let target = shallow.path().join("clone").display().to_string();
        repository.git(&["clone", "--quiet", "--depth", "1", "--no-tags", &url, &target]);
        let failure = newest(Path::new(&target)).unwrap_err().to_string();
        assert!(failure.contains("--unshallow"), "{failure}");
    }
}
