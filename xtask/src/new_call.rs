//! `cargo xtask new-call`: the files of a call that does not exist yet.

use crate::arguments::Arguments;
use crate::failure::{AtPath, Failure, Result};
use crate::lint::SCHEMAS;
use crate::places::Places;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

/// Folders that hold calls, in `schemas` and in the contract alike.
const FAMILIES: [&str; 3] = ["chats", "sessions", "documents"];
const CONTRACT: &str = "tests/contract";
const NEXT: &str = "\
Next:
  1. Write the declaration, the body, the comment and the grants.
  2. Run `cargo xtask generate`, and look at what it wrote.
  3. Give the call its rule and the shape of its answer in edge/js/lib/calls.js, and its types in edge/js/types.
  4. Run the contract test by the call's name: `cargo xtask test";

/// Lays the files out.
pub fn run(places: &Places, arguments: &Arguments) -> Result<ExitCode> {
    arguments.allow(&[], 1)?;
    let (family, name) = address(arguments.words.first().map_or("", String::as_str))?;
    for file in lay_out(&places.root, family, name)? {
        println!("{file}");
    }
    eprintln!("{NEXT} {name}`.");
    Ok(ExitCode::SUCCESS)
}

/// `chats/rename_chat` is a family and a name.
fn address(word: &str) -> Result<(&str, &str)> {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    match word.split_once('/') {
        Some((family, name)) if FAMILIES.contains(&family) && is_name(name) => Ok((family, name)),
        _ => Err(
            Failure::new("new-call needs a family and a name.").advise(format!(
                "write `cargo xtask new-call chats/rename_chat`; the families are {}.",
                FAMILIES.join(", ")
            )),
        ),
    }
}

/// Writes the files, none where one of them exists, and returns their names.
fn lay_out(root: &Path, family: &str, name: &str) -> Result<Vec<String>> {
    let files = [
        (SCHEMAS, include_str!("new_call/call.sql")),
        (CONTRACT, include_str!("new_call/contract.sql")),
    ]
    .map(|(folder, text)| (format!("{folder}/{family}/{name}.sql"), text));
    if let Some((file, _)) = files.iter().find(|(file, _)| root.join(file).exists()) {
        return Err(Failure::new(format!("{file} exists.")).advise("choose another name."));
    }
    for (file, text) in &files {
        let path = root.join(file);
        fs::write(&path, text.replace("NAME", name)).at("write", &path)?;
    }
    Ok(files.into_iter().map(|(file, _)| file).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_a_family_and_a_name_of_sql() {
        assert_eq!(
            address("chats/rename_chat").unwrap(),
            ("chats", "rename_chat")
        );
        for word in [
            "",
            "rename_chat",
            "guards/x",
            "chats/",
            "chats/Rename",
            "chats/../x",
            "chats/1st",
        ] {
            assert!(address(word).is_err(), "{word}");
        }
    }

    #[test]
    fn the_files_carry_the_name_and_replace_nothing() {
        let root = tempfile::tempdir().unwrap();
        for folder in [SCHEMAS, CONTRACT] {
            fs::create_dir_all(root.path().join(folder).join("chats")).unwrap();
        }
        let files = lay_out(root.path(), "chats", "rename_chat").unwrap();
        assert_eq!(
            files,
            [
                "sql/supabase/schemas/chats/rename_chat.sql",
                "tests/contract/chats/rename_chat.sql"
            ]
        );
        for file in files {
            let text = fs::read_to_string(root.path().join(file)).unwrap();
            assert!(
                text.contains("chatkeep.rename_chat(") && !text.contains("NAME"),
                "{text}"
            );
        }
        assert!(lay_out(root.path(), "chats", "rename_chat").is_err());
    }
}
