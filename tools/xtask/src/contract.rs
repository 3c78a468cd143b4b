//! The contract: pgTAP files, run as the non-superuser who owns the tables.

use crate::counts::{Counts, read_tap};
use anyhow::{Result, bail};
use local_postgres::console::{run, say, try_run};
use local_postgres::{SUPERUSER, Workspace, advice};
use sql_lint::CONTRACT;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Publishes the rows of one tenant. Writes fail beside this publication if a table's replica identity lacks the tenant.
const PUBLISHED: &str = "support/published.sql";

/// The files of `tests/contract`, by their paths in it, in the order in which they run.
pub fn files(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let folder = folder(workspace);
    let found = glob::glob(&folder.join("**/*.sql").to_string_lossy())?.flatten();
    let mut files: Vec<PathBuf> = found.filter_map(|file| Some(file.strip_prefix(&folder).ok()?.to_owned())).collect();
    files.retain(|file| file != Path::new(PUBLISHED));
    files.sort();
    Ok(files)
}

/// The files that a name means: the file of a call, or all files of a folder.
pub fn named(workspace: &Workspace, name: &str) -> Result<Vec<PathBuf>> {
    let all = files(workspace)?;
    let found: Vec<PathBuf> = all.iter().filter(|file| is_named(file, name)).cloned().collect();
    if found.is_empty() {
        let what = format!("tests/contract has no file or folder `{name}`.");
        bail!(advice(what, format_args!("use the name of a folder or of a file:\n{}", list(&all))));
    }
    Ok(found)
}

/// Runs files of `tests/contract` on the database that `psql` reaches as a role.
pub fn test(workspace: &Workspace, files: &[PathBuf], psql: impl Fn(&str) -> Command) -> Result<Counts> {
    let folder = folder(workspace);
    let create = "create extension if not exists pgtap with schema extensions";
    run(psql(SUPERUSER).args(["--command", create]))?;
    run(psql(SUPERUSER).arg("--file").arg(folder.join(PUBLISHED)))?;
    let mut sum = Counts::default();
    for file in files {
        let mut test = psql("postgres");
        // A file may read another one of the repository: psql finds it by its path from the root.
        test.current_dir(&workspace.root).args(["--no-align", "--tuples-only", "--file"]).arg(folder.join(file));
        let ran = try_run(&mut test)?;
        let (counts, problems) = read_tap(&ran.stdout, ran.status.success());
        if counts.failed > 0 {
            say(format_args!("\n{}: {} of its tests failed", file.display(), counts.failed));
            let errors = ran.tail.iter().filter(|line| line.starts_with("psql:"));
            for line in problems.iter().chain(errors) {
                say(format_args!("  {line}"));
            }
        }
        sum += counts;
    }
    run(psql(SUPERUSER).args(["--command", "drop publication one_tenant"]))?;
    Ok(sum.judged(true))
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root.join(CONTRACT)
}

/// Whether a name means a file: `append_message`, `chats/append_message` or `chats`, with or without `.sql`.
fn is_named(file: &Path, name: &str) -> bool {
    let name = Path::new(name.strip_suffix(".sql").unwrap_or(name));
    let path = file.with_extension("");
    !name.as_os_str().is_empty() && (path.ends_with(name) || path.starts_with(name))
}

/// One line for each folder, with the names of its files.
fn list(files: &[PathBuf]) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut last = None;
    for file in files {
        let (name, folder) = (file.file_stem().unwrap_or_default().to_string_lossy(), file.parent());
        match lines.last_mut() {
            Some(line) if last == folder => line.extend([", ", &name]),
            _ => lines.push(format!("  {}: {name}", folder.unwrap_or(file).display())),
        }
        last = folder;
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_a_file_or_a_folder() {
        let file = Path::new("chats/append_message.sql");
        for name in ["append_message", "append_message.sql", "chats/append_message", "chats"] {
            assert!(is_named(file, name), "{name}");
        }
        for name in ["append", "message", "chat", "chats/append", "sessions", ""] {
            assert!(!is_named(file, name), "{name}");
        }
    }

    #[test]
    fn an_unknown_name_is_told_which_names_there_are() {
        let workspace = Workspace::find().unwrap();
        assert!(files(&workspace).unwrap().is_sorted());
        let text = named(&workspace, "apend_message").unwrap_err().to_string();
        assert!(text.contains("apend_message") && text.contains("  chats: append_message, "), "{text}");
        assert_eq!(named(&workspace, "append_message").unwrap().len(), 1);
        assert!(named(&workspace, "documents").unwrap().len() > 1);
    }
}
