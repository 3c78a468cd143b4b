//! An upgrade must end where a fresh install begins: the same catalog, to the last comment and grant, and every row as it was.
//! From the newest release, or, before there is one, from the migrations of today; to the migrations of today, and to those
//! with a made-up later one, which shows that the test sees a change.

use crate::counts::Counts;
use crate::facts::same;
use anyhow::{Result, bail, ensure};
use fs_err as fs;
use local_postgres::console::{run, say};
use local_postgres::{Database, Engine, advice, remove_folder, sql_files, write_file};
use std::path::{Path, PathBuf};
use std::process::Command;

const UPGRADED: &str = "chatkeep_upgraded";
const INSTALLED: &str = "chatkeep_installed";
/// The version of the extension in this work tree.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// A version before every release.
const OLDEST: &str = "0.0.0";
/// Stands between two outputs of one script.
const MARK: &str = "== changed";

/// Upgrades databases of a server and compares: rows, catalog, and whether each change is noticed are a test each.
pub fn test(database: &Database, release: Option<&str>) -> Result<Counts> {
    let upgrade = Upgrade {
        database,
        folder: database.folder().join("upgrade"),
    };
    remove_folder(&upgrade.folder)?;
    fs::create_dir_all(&upgrade.folder)?;
    let (today, later) = (upgrade.today("today")?, upgrade.today("later")?);
    let migration = later
        .sql
        .join("supabase/migrations/99991231235959_later_release.sql");
    fs::copy(upgrade.file("later_release.sql"), migration)?;
    let first = match release {
        Some(tag) => upgrade.released(tag)?,
        None => upgrade.today("first")?,
    };
    let mut counts = upgrade.journey(&first, &today)?;
    counts += upgrade.journey(&first, &later)?;
    counts += upgrade.changes()?;
    if database.settings.engine == Engine::Native {
        counts += upgrade.extension()?;
    }
    database.drop_added(UPGRADED)?;
    database.drop_added(INSTALLED)?;
    remove_folder(&upgrade.folder)?;
    Ok(counts)
}

/// What is installed: folder `sql` of the repository, and the rows that a client makes there.
struct Release {
    sql: PathBuf,
    data: PathBuf,
}

struct Upgrade<'a> {
    database: &'a Database,
    folder: PathBuf,
}

impl Upgrade<'_> {
    /// A file of `tests/lifecycle/sql`.
    fn file(&self, name: &str) -> PathBuf {
        self.database
            .workspace()
            .root
            .join("tests/lifecycle/sql")
            .join(name)
    }

    /// What this work tree installs, to be added to.
    fn today(&self, name: &str) -> Result<Release> {
        let sql = self.folder.join(name);
        run(Command::new("cp")
            .arg("-R")
            .arg(self.database.workspace().root.join("sql"))
            .arg(&sql))?;
        Ok(Release {
            sql,
            data: self.file("data.sql"),
        })
    }

    /// What a release installed.
    fn released(&self, tag: &str) -> Result<Release> {
        let (folder, archive) = (
            self.folder.join("released"),
            self.folder.join("released.tar"),
        );
        fs::create_dir_all(&folder)?;
        let (output, data) = (
            format!("--output={}", archive.display()),
            "tests/lifecycle/sql/data.sql",
        );
        let root = &self.database.workspace().root;
        // In a container the clone often belongs to another user, which git would refuse to read.
        let mut git = Command::new("git");
        git.args(["-c", &format!("safe.directory={}", root.display()), "-C"])
            .arg(root);
        run(git.args(["archive", &output, tag, "sql", data]))?;
        run(Command::new("tar")
            .arg("-xf")
            .arg(&archive)
            .arg("-C")
            .arg(&folder))?;
        Ok(Release {
            sql: folder.join("sql"),
            data: folder.join(data),
        })
    }

    /// One database goes from a release to another one with rows in it, a second begins with the other.
    fn journey(&self, from: &Release, to: &Release) -> Result<Counts> {
        self.install(UPGRADED, &from.sql)?;
        self.database.execute_file(UPGRADED, &from.data)?;
        let rows = self.folder.join("rows.sql");
        write_file(
            &rows,
            &self
                .database
                .execute_file(UPGRADED, &self.file("rows.sql"))?,
        )?;
        let before = self.database.execute_file(UPGRADED, &rows)?;
        if let Some(empty) = before.lines().find(|line| line.contains(": 0 ")) {
            let todo = "see that tests/lifecycle/sql/data.sql writes to every table.";
            bail!(advice(
                format_args!("There is nothing to keep in {empty}"),
                todo
            ));
        }
        self.move_to(UPGRADED, &to.sql)?;
        let after = self.database.execute_file(UPGRADED, &rows)?;
        // The calls work, the old ones too.
        self.database.execute_file(UPGRADED, &from.data)?;
        self.database.execute_file(UPGRADED, &to.data)?;
        self.install(INSTALLED, &to.sql)?;
        let mut counts = same("an upgrade keeps every row", &before, &after);
        let (installed, upgraded) = (self.fingerprint(INSTALLED)?, self.fingerprint(UPGRADED)?);
        counts += same(
            "an upgrade ends where an installation begins",
            &installed,
            &upgraded,
        );
        Ok(counts)
    }

    /// A new database of a release.
    fn install(&self, name: &str, sql: &Path) -> Result<()> {
        self.database.add(name)?;
        for file in sql_files(&sql.join("platform"))? {
            self.database.execute_file(name, &file)?;
        }
        if name == UPGRADED {
            // Supabase makes one in every project, and plain Postgres has none: the migrations leave it at that.
            self.database
                .execute(name, "create publication supabase_realtime")?;
        }
        self.move_to(name, sql)
    }

    /// What docs/supabase.md tells to do for an upgrade, once the packages are those of the new release.
    fn move_to(&self, name: &str, sql: &Path) -> Result<()> {
        self.database.migrate(&sql.join("supabase"), name)?;
        if self.database.settings.engine == Engine::Native {
            self.database
                .execute_file(name, &sql.join("engines/native.sql"))?;
        }
        Ok(())
    }

    /// Every change of the list is one that the fingerprint notices.
    fn changes(&self) -> Result<Counts> {
        let text = fs::read_to_string(self.file("changes.sql"))?;
        let statements: Vec<&str> = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with("--"))
            .collect();
        let fingerprint = self.file("fingerprint.sql");
        let tried = statements.iter().map(|statement| {
            format!(
                "begin;\n{statement};\n\\echo {MARK}\n\\i '{}'\nrollback;\n",
                fingerprint.display()
            )
        });
        let file = self.folder.join("changes.sql");
        write_file(&file, &tried.collect::<Vec<_>>().concat())?;
        let unchanged = self.fingerprint(INSTALLED)?;
        let output = self.database.execute_file(INSTALLED, &file)?;
        let outputs: Vec<&str> = output.split(MARK).skip(1).collect();
        ensure!(
            outputs.len() == statements.len(),
            "Not every change was tried."
        );
        let mut counts = Counts::default();
        for (statement, changed) in statements.iter().zip(outputs) {
            let sentence = format!("the fingerprint notices: {statement}");
            counts += Counts::one(&sentence, changed.trim() != unchanged.trim());
        }
        // It is the changes that it sees.
        let again = self.fingerprint(INSTALLED)?;
        counts += same("nothing else changes the fingerprint", &unchanged, &again);
        Ok(counts)
    }

    /// `alter extension chatkeep update` ends where `create extension` begins, from every release and from a made-up one whose
    /// only member is gone since.
    fn extension(&self) -> Result<Counts> {
        let share = self
            .database
            .installation
            .folder("--sharedir")?
            .join("extension");
        let current = fs::read_to_string(share.join(format!("chatkeep--{VERSION}.sql")))?;
        let oldest = "create function @extschema@.older() returns text language sql as $$ select 'older' $$;\n";
        let leave = format!("drop function @extschema@.older();\n{current}");
        let mut scripts = vec![(OLDEST.to_owned(), oldest.to_owned())];
        // What each release before this version installed; upgrade scripts, which name two versions, come with the library.
        let released = self.database.workspace().root.join("extension/sql");
        for path in if released.is_dir() {
            sql_files(&released)?
        } else {
            vec![]
        } {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let version = name
                .strip_prefix("chatkeep--")
                .and_then(|name| name.strip_suffix(".sql"));
            if let Some(version) =
                version.filter(|version| !version.contains("--") && *version != VERSION)
            {
                scripts.push((version.to_owned(), fs::read_to_string(&path)?));
            }
        }
        let versions: Vec<String> = scripts.iter().map(|(version, _)| version.clone()).collect();
        scripts.push((format!("{OLDEST}--{VERSION}"), leave));
        let file = |version: &str| share.join(format!("chatkeep--{version}.sql"));
        for (version, text) in &scripts {
            write_file(&file(version), text)?;
        }
        let compared = self.updates(&versions);
        for (version, _) in &scripts {
            fs::remove_file(file(version))?;
        }
        compared
    }

    /// Updates the extension from each of these versions.
    fn updates(&self, versions: &[String]) -> Result<Counts> {
        let create =
            "create schema chatkeep_native; create extension chatkeep with schema chatkeep_native";
        self.database.add(INSTALLED)?;
        self.database.execute(INSTALLED, create)?;
        let fresh = self.fingerprint(INSTALLED)?;
        let mut counts = Counts::default();
        for version in versions {
            self.database.add(UPGRADED)?;
            self.database
                .execute(UPGRADED, &format!("{create} version '{version}'"))?;
            if self.fingerprint(UPGRADED)? == fresh {
                say(format_args!(
                    "  version {version} of the extension is not told from {VERSION}"
                ));
                counts.failed += 1;
            }
            self.database
                .execute(UPGRADED, "alter extension chatkeep update")?;
            let updated = self.fingerprint(UPGRADED)?;
            counts += same(
                &format!("version {version} of the extension becomes {VERSION}"),
                &fresh,
                &updated,
            );
        }
        Ok(counts)
    }

    fn fingerprint(&self, name: &str) -> Result<String> {
        self.database
            .execute_file(name, &self.file("fingerprint.sql"))
    }
}
