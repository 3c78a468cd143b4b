//! `cargo xtask generate`: writes what is derived from other files. First the migrations, from sql/supabase/schemas: until the first
//! release the schemas may change in place, since no database has applied a released migration. Then what a database says that
//! the migrations have made.

use crate::release_guard;
use anyhow::{Context, Result, bail};
use fs_err as fs;
use local_postgres::{MIGRATIONS, Workspace, advice, sql_files};
use sql_lint::schema_files;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The version of the migration before the first. Each folder adds a hundred.
const START: u64 = 20_261_123_000_000;
/// PostgREST reads its schema cache again.
const RELOAD: &str = "\nnotify pgrst, 'reload schema';\n";

/// Writes all of it.
pub fn run(workspace: &Workspace) -> Result<()> {
    match release_guard::newest(&workspace.root)? {
        Some(tag) => eprintln!("{tag} has released the migrations: write new ones by hand."),
        None => write_migrations(workspace)?,
    }
    sql_lint::check_databases(workspace, true)?;
    eprintln!("Look at the difference before you commit it.");
    Ok(())
}

fn write_migrations(workspace: &Workspace) -> Result<()> {
    let (wanted, stale) = compare(workspace)?;
    for path in &stale {
        match wanted.get(path) {
            Some(text) => fs::write(path, text)?,
            None => fs::remove_file(path)?,
        }
    }
    eprintln!("{} migrations, {} files changed.", wanted.len(), stale.len());
    Ok(())
}

/// Fails where a migration is not what `generate` would write.
pub fn check(workspace: &Workspace) -> Result<()> {
    if release_guard::newest(&workspace.root)?.is_some() {
        return Ok(());
    }
    let (wanted, stale) = compare(workspace)?;
    if stale.is_empty() {
        return Ok(());
    }
    let complaints = stale.iter().map(|path| {
        let what = if wanted.contains_key(path) { "is not up to date" } else { "comes from no folder of schemas" };
        format!("{} {what}", path.display())
    });
    bail!(advice(
        complaints.collect::<Vec<_>>().join("\n"),
        "change the file in sql/supabase/schemas, then run `cargo xtask generate`.",
    ))
}

/// The migrations that the schemas make, and the paths of those that are not so, or that no folder makes.
fn compare(workspace: &Workspace) -> Result<(BTreeMap<PathBuf, String>, Vec<PathBuf>)> {
    let wanted = migrations(&workspace.root.join("sql/supabase"))?;
    let is_written = |path: &PathBuf, text: &String| fs::read_to_string(path).is_ok_and(|found| found == *text);
    let mut stale: Vec<PathBuf> =
        wanted.iter().filter(|(path, text)| !is_written(path, text)).map(|(path, _)| path.clone()).collect();
    let present = sql_files(&workspace.root.join(MIGRATIONS))?;
    stale.extend(present.into_iter().filter(|path| !wanted.contains_key(path)));
    Ok((wanted, stale))
}

/// The migrations that the schemas make: path and text.
fn migrations(folder: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let mut families: Vec<(String, String)> = Vec::new();
    for file in schema_files(folder)? {
        let part = |path: Option<&std::ffi::OsStr>| path.unwrap_or_default().to_string_lossy().into_owned();
        let (family, name) = (part(file.parent().and_then(Path::file_name)), part(file.file_name()));
        if families.last().is_none_or(|(last, _)| *last != family) {
            if families.iter().any(|(known, _)| *known == family) {
                let what = format!("schema_paths come back to the folder {family} after another one.");
                bail!(advice(what, "keep the paths of a folder together in sql/supabase/config.toml."));
            }
            let source = format!("sql/supabase/schemas/{family}");
            let head = format!("-- Chatkeep: {family}. Written by `cargo xtask generate` from {source}.\n");
            families.push((family.clone(), head));
        }
        let (_, migration) = families.last_mut().context("there is no folder of schemas")?;
        let rule = "-".repeat(60);
        migration.extend(["\n-- ", &family, "/", &name, " ", &rule, "\n\n", &fs::read_to_string(&file)?]);
    }
    if let Some((_, last)) = families.last_mut() {
        last.push_str(RELOAD);
    }
    let mut version = START;
    let mut migrations = BTreeMap::new();
    for (family, text) in families {
        version += 100;
        let name = format!("{version}_chatkeep_{family}.sql");
        migrations.insert(folder.join("migrations").join(name), text);
    }
    let schema_version = folder.join("schemas/foundation/schema_version.sql");
    if !fs::read_to_string(&schema_version)?.contains(&format!("'{version}'")) {
        let what = format!("{} does not name the newest migration.", schema_version.display());
        bail!(advice(what, format_args!("write '{version}' there.")));
    }
    Ok(migrations)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A workdir with these files in schemas, whose newest migration is of the folder `chats`.
    fn workdir(paths: &[&str], files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let config = format!("[db.migrations]\nschema_paths = {paths:?}\n");
        fs::write(folder.path().join("config.toml"), config).unwrap();
        for (name, text) in files {
            let path = folder.path().join("schemas").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    const VERSION: (&str, &str) = ("foundation/schema_version.sql", "select '20261123000200';\n");

    #[test]
    fn a_folder_becomes_a_migration_and_the_last_one_has_the_cache_read_again() {
        let work = workdir(
            &["./schemas/foundation/*.sql", "./schemas/chats/b.sql", "./schemas/chats/*.sql"],
            &[VERSION, ("chats/a.sql", "select 'a';\n"), ("chats/b.sql", "select 'b';\n")],
        );
        let made = migrations(work.path()).unwrap();
        let names: Vec<_> = made.keys().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(names, ["20261123000100_chatkeep_foundation.sql", "20261123000200_chatkeep_chats.sql"]);
        let last = made.values().last().unwrap();
        assert!(last.find("select 'b'").unwrap() < last.find("select 'a'").unwrap());
        assert!(last.ends_with(RELOAD));
        assert!(!made.values().next().unwrap().contains("notify"));
    }

    #[test]
    fn a_file_that_no_path_names_is_told() {
        let work = workdir(&["./schemas/foundation/*.sql"], &[VERSION, ("chats/a.sql", "")]);
        let told = migrations(work.path()).unwrap_err().to_string();
        assert!(told.contains("No path names") && told.contains("chats/a.sql"), "{told}");
    }

    #[test]
    fn a_path_without_a_file_and_a_folder_in_two_places_are_told() {
        let work = workdir(&["./schemas/chats/*.sql"], &[VERSION]);
        assert!(migrations(work.path()).unwrap_err().to_string().contains("names no file"));
        let paths = ["./schemas/chats/a.sql", "./schemas/foundation/*.sql", "./schemas/chats/*.sql"];
        let work = workdir(&paths, &[VERSION, ("chats/a.sql", ""), ("chats/b.sql", "")]);
        let told = migrations(work.path()).unwrap_err().to_string();
        assert!(told.contains("come back to the folder chats"), "{told}");
    }

    #[test]
    fn a_schema_version_that_is_not_the_newest_migration_is_told() {
        let work = workdir(&["./schemas/foundation/*.sql"], &[VERSION]);
        let told = migrations(work.path()).unwrap_err().to_string();
        assert!(told.contains("'20261123000100'"), "{told}");
    }
}
