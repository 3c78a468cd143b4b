//! An upgrade must end where a fresh install begins: the same catalog, to the last comment and grant, and every row as it
//! was. From the newest release, or, before there is one, from the migrations of today; to the migrations of today, and to
//! those with a made-up later one, which shows that the test sees a change.

use crate::arguments::Engine;
use crate::backup::compare;
use crate::counts::Counts;
use crate::database::{Database, sql_files};
use crate::failure::{AtPath, Failure, Result};
use crate::places::{Places, make_folder, remove_folder, write_file};
use crate::released;
use crate::server::SUPERUSER;
use crate::step::Step;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const UPGRADED: &str = "chatkeep_upgraded";
const INSTALLED: &str = "chatkeep_installed";
/// The version of the extension in this work tree.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// A version before every release.
const OLDEST: &str = "0.0.0";

/// Upgrades databases of a server and compares: rows, catalog, and whether each change is noticed are a test each.
pub fn test(places: &Places, database: &Database, title: &str) -> Result<Counts> {
    let folder = places.database(&database.name).join("upgrade");
    remove_folder(&folder)?;
    let upgrade = Upgrade {
        places,
        database,
        folder,
    };
    Step::start(places, title).count(|step| {
        let today = upgrade.today(step, "today")?;
        let later = upgrade.today(step, "later")?;
        let fixture = upgrade.file("later_release.sql");
        let migration = later
            .sql
            .join("supabase/migrations/99991231235959_later_release.sql");
        fs::copy(&fixture, &migration).at("copy", &fixture)?;
        let first = match released::newest(&places.root)? {
            Some(tag) => upgrade.released(step, &tag)?,
            None => upgrade.today(step, "first")?,
        };
        let mut counts = upgrade.journey(step, &first, &today)?;
        counts += upgrade.journey(step, &first, &later)?;
        counts += upgrade.changes(step)?;
        if database.settings.engine == Engine::Native {
            counts += upgrade.extension(step)?;
        }
        for name in [UPGRADED, INSTALLED] {
            database.drop_added(step, name)?;
        }
        remove_folder(&upgrade.folder)?;
        Ok(counts)
    })
}

/// What is installed: folder `sql` of the repository, and the rows that a client makes there.
struct Release {
    sql: PathBuf,
    data: PathBuf,
}

struct Upgrade<'a> {
    places: &'a Places,
    database: &'a Database,
    folder: PathBuf,
}

impl Upgrade<'_> {
    /// A file of `tests/upgrade`.
    fn file(&self, name: &str) -> PathBuf {
        self.places.root.join("tests/upgrade").join(name)
    }

    /// What this work tree installs, to be added to.
    fn today(&self, step: &mut Step, name: &str) -> Result<Release> {
        make_folder(&self.folder)?;
        let sql = self.folder.join(name);
        let mut cp = Command::new("cp");
        step.run(cp.arg("-R").arg(self.places.root.join("sql")).arg(&sql))?;
        let data = self.file("data.sql");
        Ok(Release { sql, data })
    }

    /// What a release installed.
    fn released(&self, step: &mut Step, tag: &str) -> Result<Release> {
        let folder = self.folder.join("released");
        make_folder(&folder)?;
        let archive = self.folder.join("released.tar");
        let output = format!("--output={}", archive.display());
        let data = "tests/upgrade/data.sql";
        released::git(&self.places.root, &["archive", &output, tag, "sql", data])?;
        let mut tar = Command::new("tar");
        step.run(tar.arg("-xf").arg(&archive).arg("-C").arg(&folder))?;
        let data = folder.join(data);
        let sql = folder.join("sql");
        Ok(Release { sql, data })
    }

    /// One database goes from a release to another one with rows in it, a second begins with the other.
    fn journey(&self, step: &mut Step, from: &Release, to: &Release) -> Result<Counts> {
        self.install(step, UPGRADED, &from.sql)?;
        self.psql(step, UPGRADED, &from.data)?;
        let rows = self.folder.join("rows.sql");
        write_file(&rows, &self.psql(step, UPGRADED, &self.file("rows.sql"))?)?;
        let before = self.psql(step, UPGRADED, &rows)?;
        if let Some(empty) = before.lines().find(|line| line.contains(": 0 ")) {
            return Err(Failure::new(format!("There is nothing to keep in {empty}"))
                .advise("see that tests/upgrade/data.sql writes to every table."));
        }
        self.move_to(step, UPGRADED, &to.sql)?;
        let after = self.psql(step, UPGRADED, &rows)?;
        // The calls work, the old ones too.
        for data in [&from.data, &to.data] {
            self.psql(step, UPGRADED, data)?;
        }
        self.install(step, INSTALLED, &to.sql)?;
        let mut counts = report(&before, &after);
        counts += report(
            &self.fingerprint(step, INSTALLED)?,
            &self.fingerprint(step, UPGRADED)?,
        );
        Ok(counts)
    }

    /// A new database of a release.
    fn install(&self, step: &mut Step, name: &str, sql: &Path) -> Result<()> {
        self.database.add(step, name)?;
        for file in sql_files(&sql.join("platform"))? {
            self.psql(step, name, &file)?;
        }
        if name == UPGRADED {
            // Supabase makes one in every project, and plain Postgres has none: the migrations leave it at that.
            self.command(step, name, "create publication supabase_realtime")?;
        }
        self.move_to(step, name, sql)
    }

    /// What docs/supabase.md tells to do for an upgrade, once the packages are those of the new release.
    fn move_to(&self, step: &mut Step, name: &str, sql: &Path) -> Result<()> {
        self.database
            .migrate(self.places, step, &sql.join("supabase"), name)?;
        if self.database.settings.engine == Engine::Native {
            self.psql(step, name, &sql.join("engines/native.sql"))?;
        }
        Ok(())
    }

    /// Every change of the list is one that the fingerprint notices.
    fn changes(&self, step: &mut Step) -> Result<Counts> {
        let list = self.file("changes.sql");
        let text = fs::read_to_string(&list).at("read", &list)?;
        let statements: Vec<&str> = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with("--"))
            .collect();
        let fingerprint = self.file("fingerprint.sql").display().to_string();
        let mut script = String::new();
        for statement in &statements {
            script.extend(["begin;\n", statement, ";\n\\echo ", MARK, "\n"]);
            script.extend(["\\i '", &fingerprint, "'\nrollback;\n"]);
        }
        let file = self.folder.join("changes.sql");
        write_file(&file, &script)?;
        let unchanged = self.fingerprint(step, INSTALLED)?;
        let output = self.psql(step, INSTALLED, &file)?;
        let outputs: Vec<&str> = output.split(MARK).skip(1).collect();
        if outputs.len() != statements.len() {
            return Err(Failure::new("Not every change was tried."));
        }
        let mut counts = Counts::default();
        for (statement, changed) in statements.iter().zip(outputs) {
            if changed.trim() == unchanged.trim() {
                eprintln!("  the fingerprint is blind to: {statement}");
                counts.failed += 1;
            } else {
                counts.passed += 1;
            }
        }
        // It is the changes that it sees.
        counts += report(&unchanged, &self.fingerprint(step, INSTALLED)?);
        Ok(counts)
    }

    /// `alter extension chatkeep update` ends where `create extension` begins, from every release and from a made-up one
    /// whose only member is gone since.
    fn extension(&self, step: &mut Step) -> Result<Counts> {
        let share = self.database.extension_scripts()?;
        let current = share.join(format!("chatkeep--{VERSION}.sql"));
        let current = fs::read_to_string(&current).at("read", &current)?;
        let oldest = "create function @extschema@.older() returns text language sql as $$ select 'older' $$;\n";
        let leave = "drop function @extschema@.older();\n";
        let mut scripts = vec![
            (format!("chatkeep--{OLDEST}.sql"), oldest.to_owned()),
            (
                format!("chatkeep--{OLDEST}--{VERSION}.sql"),
                format!("{leave}{current}"),
            ),
        ];
        let mut versions = vec![OLDEST.to_owned()];
        for (version, path) in self.released_scripts()? {
            let text = fs::read_to_string(&path).at("read", &path)?;
            scripts.push((format!("chatkeep--{version}.sql"), text));
            versions.push(version);
        }
        for (name, text) in &scripts {
            write_file(&share.join(name), text)?;
        }
        let compared = self.updates(step, &versions);
        for (name, _) in &scripts {
            let path = share.join(name);
            fs::remove_file(&path).at("remove", &path)?;
        }
        compared
    }

    /// What each release before this version installed; upgrade scripts, which name two versions, come with the library.
    fn released_scripts(&self) -> Result<Vec<(String, PathBuf)>> {
        let folder = self.places.root.join(released::SCRIPTS);
        if !folder.is_dir() {
            return Ok(vec![]);
        }
        let scripts = sql_files(&folder)?.into_iter().filter_map(|path| {
            let name = path.file_name()?.to_str()?;
            let version = name.strip_prefix("chatkeep--")?.strip_suffix(".sql")?;
            let version = version.to_owned();
            let is_installed = !version.contains("--") && version != VERSION;
            is_installed.then_some((version, path))
        });
        Ok(scripts.collect())
    }

    /// Updates the extension from each of these versions.
    fn updates(&self, step: &mut Step, versions: &[String]) -> Result<Counts> {
        let create =
            "create schema chatkeep_native; create extension chatkeep with schema chatkeep_native";
        self.database.add(step, INSTALLED)?;
        self.command(step, INSTALLED, create)?;
        let fresh = self.fingerprint(step, INSTALLED)?;
        let mut counts = Counts::default();
        for version in versions {
            self.database.add(step, UPGRADED)?;
            self.command(step, UPGRADED, &format!("{create} version '{version}'"))?;
            if self.fingerprint(step, UPGRADED)? == fresh {
                eprintln!("  version {version} of the extension is not told from {VERSION}");
                counts.failed += 1;
            }
            self.command(step, UPGRADED, "alter extension chatkeep update")?;
            counts += report(&fresh, &self.fingerprint(step, UPGRADED)?);
        }
        Ok(counts)
    }

    fn fingerprint(&self, step: &mut Step, name: &str) -> Result<String> {
        self.psql(step, name, &self.file("fingerprint.sql"))
    }

    fn command(&self, step: &mut Step, name: &str, statement: &str) -> Result<()> {
        let mut psql = self.database.psql(SUPERUSER);
        step.run(psql.args(["--dbname", name, "--command", statement]))
            .map(drop)
    }

    fn psql(&self, step: &mut Step, name: &str, file: &Path) -> Result<String> {
        let mut psql = self.database.psql(SUPERUSER);
        step.run(psql.args(["--dbname", name, "--file"]).arg(file))
    }
}

/// Stands between two outputs of one script.
const MARK: &str = "== changed";

/// Compares two lists of facts, which is one test, and says where they differ.
fn report(before: &str, after: &str) -> Counts {
    let (facts, differences) = compare(before, after);
    differences
        .iter()
        .take(20)
        .for_each(|line| eprintln!("  {line}"));
    Counts::one(differences.is_empty() && facts.passed > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_the_same_where_there_are_some_and_none_differs() {
        let same = Counts {
            passed: 1,
            failed: 0,
        };
        let other = Counts {
            passed: 0,
            failed: 1,
        };
        assert_eq!(report("a\nb\n", "b\na\n"), same);
        assert_eq!(report("a\nb\n", "a\n"), other);
        assert_eq!(report("a\n", "a\nb\n"), other);
        assert_eq!(report("", ""), other);
    }
}
