//! What the supabase CLI's configuration says: which schemas are exposed, and which files of sql/supabase/schemas, the source
//! of the migrations, there are. A folder of theirs with a guide in docs is a family of calls.

use anyhow::{Context, Result, bail, ensure};
use fs_err as fs;
use local_postgres::advice;
use serde::Deserialize;
use std::path::{Path, PathBuf};

const CORRECT: &str = "correct schema_paths in sql/supabase/config.toml.";

/// What is read of config.toml.
#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    api: Api,
    db: Db,
}

#[derive(Deserialize, Default)]
struct Api {
    schemas: Vec<String>,
}

#[derive(Deserialize)]
struct Db {
    migrations: Migrations,
}

#[derive(Deserialize)]
struct Migrations {
    schema_paths: Vec<String>,
}

/// Reads the configuration of a Supabase working directory.
fn read(folder: &Path) -> Result<Config> {
    let path = folder.join("config.toml");
    toml::from_str(&fs::read_to_string(&path)?).with_context(|| path.display().to_string())
}

/// The schemas of `[api]`.
pub fn exposed_schemas(folder: &Path) -> Result<Vec<String>> {
    let schemas = read(folder)?.api.schemas;
    ensure!(!schemas.is_empty(), "config.toml has no line `schemas = [\"…\"]` under [api].");
    Ok(schemas)
}

/// All files of schemas in the order of `schema_paths`. As for Supabase's own tool, a file that several paths name comes where
/// the first of them stands.
pub fn schema_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for pattern in &read(folder)?.db.migrations.schema_paths {
        let before = files.len();
        for path in matching(folder, pattern.trim_start_matches("./"))? {
            if !files.contains(&path) {
                files.push(path);
            }
        }
        if files.len() == before {
            bail!(advice(format_args!("{} names no file.", folder.join(pattern).display()), CORRECT));
        }
    }
    for path in matching(folder, "schemas/**/*.sql")? {
        if !files.contains(&path) {
            bail!(advice(format_args!("No path names {}.", path.display()), CORRECT));
        }
    }
    Ok(files)
}

/// A family of calls.
pub struct Family {
    /// The folder of its files.
    pub folder: String,
    /// What a reader calls it.
    pub title: String,
    /// The file in docs that explains it.
    pub guide: String,
}

/// Titles and guides that do not follow from the folder's name.
const NAMED: [(&str, &str, &str); 2] =
    [("chats", "Chats", "conversations.md"), ("foundation", "The engine", "supabase.md")];

/// The families of calls in the order of `schema_paths`, and the engine's, which the others need not know, at the end.
pub fn families(root: &Path) -> Result<Vec<Family>> {
    let mut families: Vec<Family> = Vec::new();
    for file in schema_files(&root.join("sql/supabase"))? {
        let folder = file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        if families.iter().any(|known| known.folder == folder) {
            continue;
        }
        let named = NAMED.iter().find(|(name, ..)| *name == folder);
        let (title, guide) = match named {
            Some((_, title, guide)) => ((*title).to_owned(), (*guide).to_owned()),
            None => (folder[..1].to_uppercase() + &folder[1..], format!("{folder}.md")),
        };
        if root.join("docs").join(&guide).is_file() {
            families.push(Family { folder, title, guide });
        }
    }
    families.sort_by_key(|family| family.folder == "foundation");
    Ok(families)
}

fn matching(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>> {
    let found = glob::glob(&folder.join(pattern).to_string_lossy()).with_context(|| pattern.to_owned())?;
    Ok(found.flatten().collect())
}
