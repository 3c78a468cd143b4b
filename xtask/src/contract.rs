//! The contract: pgTAP files, run as the non-superuser who owns the tables.

use crate::counts::Counts;
use crate::database::sql_files;
use crate::failure::{AtPath, Failure, Result};
use crate::places::Places;
use crate::server::SUPERUSER;
use crate::step::Step;
use crate::tap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files of `tests/contract`, by their paths in it, in the order in which they run.
pub fn files(places: &Places) -> Result<Vec<PathBuf>> {
    let folder = folder(places);
    let mut files = Vec::new();
    collect(&folder, &mut files)?;
    files.sort();
    let relative = files
        .iter()
        .filter_map(|file| file.strip_prefix(&folder).ok());
    Ok(relative.map(Path::to_path_buf).collect())
}

/// The files that a name means: the file of a call, or all files of a folder.
pub fn named(places: &Places, name: &str) -> Result<Vec<PathBuf>> {
    let all = files(places)?;
    let found: Vec<PathBuf> = all
        .iter()
        .filter(|file| is_named(file, name))
        .cloned()
        .collect();
    if found.is_empty() {
        return Err(
            Failure::new(format!("tests/contract has no file or folder `{name}`.")).advise(
                format!("use the name of a folder or of a file:\n{}", list(&all)),
            ),
        );
    }
    Ok(found)
}

/// Runs files of `tests/contract` on the database that `psql` reaches as a role.
pub fn test(
    places: &Places,
    title: &str,
    files: &[PathBuf],
    psql: impl Fn(&str) -> Command,
) -> Result<Counts> {
    let folder = folder(places);
    Step::start(places, title).count(|step| {
        let create = "create extension if not exists pgtap with schema extensions";
        step.run(psql(SUPERUSER).args(["--command", create]))?;
        let mut counts = Counts::default();
        for file in files {
            let ran = step.try_run(
                psql("postgres")
                    .args(["--no-align", "--tuples-only", "--file"])
                    .arg(folder.join(file)),
            )?;
            let tap = tap::read(&ran.stdout, ran.status.success());
            if tap.counts.failed > 0 {
                let name = file.display();
                eprintln!("\n{name}: {} of its tests failed", tap.counts.failed);
                tap.problems
                    .iter()
                    .for_each(|problem| eprintln!("  {problem}"));
                let errors = ran.tail.iter().filter(|line| line.starts_with("psql:"));
                errors.for_each(|line| eprintln!("  {line}"));
            }
            counts += tap.counts;
        }
        Ok(counts.judged(true))
    })
}

fn folder(places: &Places) -> PathBuf {
    places.root.join("tests").join("contract")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    files.extend(sql_files(folder)?);
    for entry in fs::read_dir(folder).at("read", folder)? {
        let path = entry.at("read", folder)?.path();
        if path.is_dir() {
            collect(&path, files)?;
        }
    }
    Ok(())
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
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let folder = file.parent();
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
        for name in [
            "append_message",
            "append_message.sql",
            "chats/append_message",
            "chats",
        ] {
            assert!(is_named(file, name), "{name}");
        }
        for name in ["append", "message", "chat", "chats/append", "sessions", ""] {
            assert!(!is_named(file, name), "{name}");
        }
    }

    #[test]
    fn files_of_all_folders_are_found_in_the_order_of_their_paths() {
        let places = Places::find().unwrap();
        let files = files(&places).unwrap();
        assert!(files.is_sorted());
        assert!(files.contains(&PathBuf::from("chats/append_message.sql")));
        assert!(files.contains(&PathBuf::from("sessions/my_sessions.sql")));
    }

    #[test]
    fn an_unknown_name_is_told_which_names_there_are() {
        let places = Places::find().unwrap();
        let text = named(&places, "apend_message").unwrap_err().to_string();
        assert!(text.contains("apend_message"), "{text}");
        assert!(text.contains("  chats: append_message, "), "{text}");
        assert_eq!(named(&places, "append_message").unwrap().len(), 1);
        assert!(named(&places, "documents").unwrap().len() > 1);
    }
}
