//! The files of sql/supabase/schemas, the source of the migrations.

use anyhow::{Context, Result, bail};
use fs_err as fs;
use local_postgres::advice;
use serde::Deserialize;
use std::path::{Path, PathBuf};

const CORRECT: &str = "correct schema_paths in sql/supabase/config.toml.";

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

/// All files of schemas in the order of `schema_paths`. As for Supabase's own tool, a file that several paths name comes where
/// the first of them stands.
pub fn schema_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let config = folder.join("config.toml");
    let read: Config = toml::from_str(&fs::read_to_string(&config)?).with_context(|| config.display().to_string())?;
    let mut files: Vec<PathBuf> = Vec::new();
    for pattern in &read.db.migrations.schema_paths {
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
