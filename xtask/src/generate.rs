//! `cargo xtask generate`: writes what is derived from other files. First the migrations, from sql/supabase/schemas: until the first
//! release the schemas may change in place, since no database has applied a released migration. Then what a database says that
//! the migrations have made.

use crate::arguments::Arguments;
use crate::database::sql_files;
use crate::failure::{AtPath, Failure, Result};
use crate::lint;
use crate::places::Places;
use crate::released;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The version of the migration before the first. Each folder adds a hundred.
const START: u64 = 20_261_123_000_000;
/// PostgREST reads its schema cache again.
const RELOAD: &str = "\nnotify pgrst, 'reload schema';\n";

/// What is read of sql/supabase/config.toml.
#[derive(Deserialize)]
struct Config {
    db: Db,
}

#[derive(Deserialize)]
struct Db {
    migrations: Migrations,
}

#[derive(Deserialize)]
struct Migrations {
    schema_paths: Vec<String>,
}

/// Writes all of it.
pub fn run(places: &Places, arguments: &Arguments) -> Result<ExitCode> {
    arguments.allow(&[], 0)?;
    match released::newest(&places.root)? {
        Some(tag) => eprintln!("{tag} has released the migrations: write new ones by hand."),
        None => write_migrations(places)?,
    }
    lint::derive(places)?;
    eprintln!("Look at the difference before you commit it.");
    Ok(ExitCode::SUCCESS)
}

fn write_migrations(places: &Places) -> Result<()> {
    let folder = folder(places);
    let wanted = migrations(&folder)?;
    let mut written = 0;
    for path in sql_files(&folder.join("migrations"))? {
        if !wanted.contains_key(&path) {
            fs::remove_file(&path).at("remove", &path)?;
            written += 1;
        }
    }
    for (path, text) in &wanted {
        if fs::read_to_string(path).ok().as_ref() != Some(text) {
            fs::write(path, text).at("write", path)?;
            written += 1;
        }
    }
    eprintln!("{} migrations, {written} files changed.", wanted.len());
    Ok(())
}

/// Fails where a migration is not what `generate` would write.
pub fn check(places: &Places) -> Result<()> {
    if released::newest(&places.root)?.is_some() {
        return Ok(());
    }
    let folder = folder(places);
    let wanted = migrations(&folder)?;
    let mut complaints = Vec::new();
    for (path, text) in &wanted {
        if fs::read_to_string(path).ok().as_ref() != Some(text) {
            complaints.push(format!("{} is not up to date", path.display()));
        }
    }
    for path in sql_files(&folder.join("migrations"))? {
        if !wanted.contains_key(&path) {
            complaints.push(format!(
                "{} comes from no folder of schemas",
                path.display()
            ));
        }
    }
    if complaints.is_empty() {
        return Ok(());
    }
    Err(Failure::new(complaints.join("\n"))
        .advise("change the file in sql/supabase/schemas, then run `cargo xtask generate`."))
}

fn folder(places: &Places) -> PathBuf {
    places.root.join("sql/supabase")
}

/// The migrations that the schemas make: path and text.
fn migrations(folder: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let files = schema_files(folder)?;
    let mut families: Vec<(String, String)> = Vec::new();
    for file in &files {
        let (family, name) = address(file)?;
        if families.last().is_none_or(|(last, _)| *last != family) {
            if families.iter().any(|(known, _)| *known == family) {
                return Err(Failure::new(format!(
                    "schema_paths come back to the folder {family} after another one."
                ))
                .advise("keep the paths of a folder together in sql/supabase/config.toml."));
            }
            let head = format!(
                "-- Chatkeep: {family}. Written by `cargo xtask generate` from sql/supabase/schemas/{family}.\n"
            );
            families.push((family.clone(), head));
        }
        let text = fs::read_to_string(file).at("read", file)?;
        if let Some((_, migration)) = families.last_mut() {
            let rule = "-".repeat(60);
            migration.extend(["\n-- ", &family, "/", &name, " ", &rule, "\n\n", &text]);
        }
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
    let text = fs::read_to_string(&schema_version).at("read", &schema_version)?;
    if !text.contains(&format!("'{version}'")) {
        return Err(Failure::new(format!(
            "{} does not name the newest migration.",
            schema_version.display()
        ))
        .advise(format!("write '{version}' there.")));
    }
    Ok(migrations)
}

/// All files of schemas in the order of `schema_paths`. As for Supabase's own tool, a file that several paths name comes where
/// the first of them stands.
pub fn schema_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let config = folder.join("config.toml");
    let text = fs::read_to_string(&config).at("read", &config)?;
    let read: Config = toml::from_str(&text)
        .map_err(|error| Failure::new(format!("{}: {error}", config.display())))?;
    let mut files: Vec<PathBuf> = Vec::new();
    for pattern in &read.db.migrations.schema_paths {
        let pattern = folder.join(pattern.trim_start_matches("./"));
        let found = glob::glob(&pattern.to_string_lossy())
            .map_err(|error| Failure::new(format!("{}: {error}", pattern.display())))?;
        let before = files.len();
        for path in found.flatten() {
            if !files.contains(&path) {
                files.push(path);
            }
        }
        if files.len() == before {
            return Err(
                Failure::new(format!("{} names no file.", pattern.display()))
                    .advise("correct schema_paths in sql/supabase/config.toml."),
            );
        }
    }
    let every = glob::glob(&folder.join("schemas/**/*.sql").to_string_lossy())
        .map_err(|error| Failure::new(error.to_string()))?;
    for path in every.flatten() {
        if !files.contains(&path) {
            return Err(Failure::new(format!("No path names {}.", path.display()))
                .advise("add it to schema_paths in sql/supabase/config.toml."));
        }
    }
    Ok(files)
}

/// The folder of a file in schemas, and its name.
fn address(file: &Path) -> Result<(String, String)> {
    let part =
        |path: Option<&std::ffi::OsStr>| path.map(|name| name.to_string_lossy().into_owned());
    match (
        part(file.parent().and_then(Path::file_name)),
        part(file.file_name()),
    ) {
        (Some(family), Some(name)) => Ok((family, name)),
        _ => Err(Failure::new(format!("{} has no folder.", file.display()))),
    }
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

    const VERSION: (&str, &str) = (
        "foundation/schema_version.sql",
        "select '20261123000200';\n",
    );

    #[test]
    fn a_folder_becomes_a_migration_and_the_last_one_has_the_cache_read_again() {
        let work = workdir(
            &[
                "./schemas/foundation/*.sql",
                "./schemas/chats/b.sql",
                "./schemas/chats/*.sql",
            ],
            &[
                VERSION,
                ("chats/a.sql", "select 'a';\n"),
                ("chats/b.sql", "select 'b';\n"),
            ],
        );
        let made = migrations(work.path()).unwrap();
        let names: Vec<_> = made.keys().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(
            names,
            [
                "20261123000100_chatkeep_foundation.sql",
                "20261123000200_chatkeep_chats.sql"
            ]
        );
        let last = made.values().last().unwrap();
        assert!(last.find("select 'b'").unwrap() < last.find("select 'a'").unwrap());
        assert!(last.ends_with(RELOAD));
        assert!(!made.values().next().unwrap().contains("notify"));
    }

    #[test]
    fn a_file_that_no_path_names_is_told() {
        let work = workdir(
            &["./schemas/foundation/*.sql"],
            &[VERSION, ("chats/a.sql", "")],
        );
        let told = migrations(work.path()).unwrap_err().to_string();
        assert!(
            told.contains("No path names") && told.contains("chats/a.sql"),
            "{told}"
        );
    }

    #[test]
    fn a_path_without_a_file_and_a_folder_in_two_places_are_told() {
        let work = workdir(&["./schemas/chats/*.sql"], &[VERSION]);
        assert!(
            migrations(work.path())
                .unwrap_err()
                .to_string()
                .contains("names no file")
        );
        let paths = [
            "./schemas/chats/a.sql",
            "./schemas/foundation/*.sql",
            "./schemas/chats/*.sql",
        ];
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
