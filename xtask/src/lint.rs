//! `cargo xtask lint`: what a reviewer should not have to look for.

use crate::arguments::{Arguments, DEFAULT_MAJOR};
use crate::database::sql_files;
use crate::failure::{AtPath, Failure, Result};
use crate::places::Places;
use crate::step::Step;
use crate::toolchain;
use crate::tree::Tree;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Formatting, clippy, SQL files.
pub fn run(places: &Places, arguments: &Arguments) -> Result<ExitCode> {
    arguments.allow(&[], 0)?;
    Step::start(places, "Checking the formatting").work(|step| {
        // The fuzz targets are a workspace of their own.
        for which in [&["--all"][..], &["--manifest-path", "fuzz/Cargo.toml"]] {
            let mut format = places.cargo();
            format.arg("fmt").args(which);
            step.run(format.arg("--check")).map_err(|failure| {
                if failure.is_interruption() {
                    failure
                } else {
                    failure.advise(format!("run `cargo fmt {}`.", which.join(" ")))
                }
            })?;
        }
        Ok(())
    })?;
    Step::start(places, "Checking the SQL files").work(|_| sql(places))?;
    clippy(places)?;
    eprintln!("No complaints.");
    Ok(ExitCode::SUCCESS)
}

/// clippy on every crate; the extension's bindings need a Postgres.
fn clippy(places: &Places) -> Result<()> {
    let lock = places.lock()?;
    toolchain::cargo_pgrx(places)?;
    let tree = Tree::ensure_test_copy(places, DEFAULT_MAJOR)?;
    let home = places.pgrx_test(DEFAULT_MAJOR);
    toolchain::pgrx_home(places, &home, &tree)?;
    drop(lock);
    Step::start(places, "Running clippy on all crates").work(|step| {
        let mut clippy = places.cargo();
        clippy.args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ]);
        step.run(clippy.env("PGRX_HOME", home)).map(drop)
    })
}

fn sql(places: &Places) -> Result<()> {
    let folder = places.root.join("sql");
    let migrations = sql_files(&folder.join("supabase").join("migrations"))?;
    let mut files: Vec<PathBuf> = migrations.clone();
    for part in ["platform", "engines"] {
        files.extend(sql_files(&folder.join(part))?);
    }
    let mut complaints: Vec<String> = migrations
        .iter()
        .filter_map(|path| bad_name(path))
        .collect();
    for file in &files {
        let text = fs::read_to_string(file).at("read", file)?;
        let name = file
            .strip_prefix(&places.root)
            .unwrap_or(file)
            .display()
            .to_string();
        complaints.extend(
            bad_lines(&text)
                .into_iter()
                .map(|found| format!("{name}:{found}")),
        );
    }
    if complaints.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(complaints.join("\n")))
    }
}

/// The CLI applies only files that are called so, and silently leaves out the others.
fn bad_name(path: &Path) -> Option<String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (digits, rest) = name.split_once('_').unwrap_or((&name, ""));
    let is_stamp = digits.len() == 14 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
    let is_good = is_stamp && rest.len() > ".sql".len() && rest.chars().all(plain);
    (!is_good).then(|| format!("{name}: a migration is called YYYYMMDDHHMMSS_snake_case.sql"))
}

fn bad_lines(text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line
            .split("--")
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let complaint = if line.contains('\t') {
            "a tab"
        } else if line.ends_with(' ') {
            "a blank at the end of the line"
        } else if code.contains("security definer") {
            "every function is security invoker, so that row level security stays in force"
        } else {
            continue;
        };
        complaints.push(format!("{}: {complaint}", index + 1));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_called_as_the_cli_expects() {
        for (name, is_good) in [
            ("20261123100000_schema.sql", true),
            ("20261123100000_Schema.sql", false),
            ("2026_schema.sql", false),
            ("20261123100000_.sql", false),
            ("schema.sql", false),
        ] {
            assert_eq!(bad_name(Path::new(name)).is_none(), is_good, "{name}");
        }
    }

    #[test]
    fn tabs_blanks_and_definer_functions_are_found_by_line() {
        let found =
            bad_lines("select 1;\n\tselect 2;\nselect 3; \nSecurity Definer\n-- security definer");
        let lines: Vec<&str> = found
            .iter()
            .filter_map(|line| line.split(':').next())
            .collect();
        assert_eq!(lines, ["2", "3", "4"]);
    }
}
