//! What the supabase CLI's configuration says: which schemas are exposed, and which files of sql/supabase/schemas, the source
//! of the migrations, there are.

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

fn matching(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>> {
    let found = glob::glob(&folder.join(pattern).to_string_lossy()).with_context(|| pattern.to_owned())?;
    Ok(found.flatten().collect())
}
