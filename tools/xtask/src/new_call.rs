//! `cargo xtask new-call`: the files of a call that does not exist yet.

use anyhow::{Result, bail};
use fs_err as fs;
use local_postgres::{Workspace, advice};
use sql_lint::{CONTRACT, SCHEMAS};
use std::path::Path;

const NEXT: &str = "\
Next:
  1. Write the declaration, the body, the comment and the grants.
  2. Run `cargo xtask generate`, and look at what it wrote.
  3. Give the rule of core that judges its arguments a binding `check_<call>` in edge/src/arguments.rs.
  4. Run the contract test by the call's name: `cargo xtask test";

/// `chats/rename_chat` is a family and a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String, String);

/// Lays the files out.
pub fn run(workspace: &Workspace, address: &Address) -> Result<()> {
    let families = sql_lint::families(&workspace.root)?.into_iter().map(|family| family.folder);
    let families: Vec<String> = families.filter(|name| workspace.root.join(CONTRACT).join(name).is_dir()).collect();
    if !families.contains(&address.0) {
        let what = format!("{} is no family of calls.", address.0);
        bail!(advice(what, format_args!("write one of {}.", families.join(", "))));
    }
    for file in lay_out(&workspace.root, address)? {
        println!("{file}");
    }
    eprintln!("{NEXT} {}`.", address.1);
    Ok(())
}

/// Reads an address.
pub fn address(word: &str) -> Result<Address, String> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let is_name = |name: &str| name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(is_plain);
    match word.split_once('/') {
        Some((family, name)) if is_name(family) && is_name(name) => Ok(Address(family.into(), name.into())),
        _ => Err("write FAMILY/NAME, as chats/rename_chat".to_owned()),
    }
}

/// Writes the files, none where one of them exists, and returns their names.
fn lay_out(root: &Path, Address(family, name): &Address) -> Result<Vec<String>> {
    let files = [(SCHEMAS, include_str!("new_call/call.sql")), (CONTRACT, include_str!("new_call/contract.sql"))]
        .map(|(folder, text)| (format!("{folder}/{family}/{name}.sql"), text));
    if let Some((file, _)) = files.iter().find(|(file, _)| root.join(file).exists()) {
        bail!(advice(format_args!("{file} exists."), "choose another name."));
    }
    for (file, text) in &files {
        fs::write(root.join(file), text.replace("NAME", name))?;
    }
    Ok(files.into_iter().map(|(file, _)| file).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_a_family_and_a_name_of_sql() {
        assert_eq!(address("chats/rename_chat").unwrap(), Address("chats".into(), "rename_chat".into()));
        for word in ["", "rename_chat", "/x", "chats/", "chats/Rename", "chats/../x", "chats/1st"] {
            assert!(address(word).is_err(), "{word}");
        }
    }

    #[test]
    fn the_files_carry_the_name_and_replace_nothing() {
        let root = tempfile::tempdir().unwrap();
        for folder in [SCHEMAS, CONTRACT] {
            fs::create_dir_all(root.path().join(folder).join("chats")).unwrap();
        }
        let files = lay_out(root.path(), &address("chats/rename_chat").unwrap()).unwrap();
        assert_eq!(files, ["sql/supabase/schemas/chats/rename_chat.sql", "tests/contract/chats/rename_chat.sql"]);
        for file in files {
            let text = fs::read_to_string(root.path().join(file)).unwrap();
            assert!(text.contains("chatkeep.rename_chat(") && !text.contains("NAME"), "{text}");
        }
        assert!(lay_out(root.path(), &address("chats/rename_chat").unwrap()).is_err());
    }
}
