//! The calls with a native body, from their declarations in extension/src: the list that the extension returns, and the files
//! that `sql/engines/portable.sql` runs.

use crate::marks::renew;
use anyhow::{Result, bail};
use fs_err as fs;
use local_postgres::advice;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const SOURCES: &str = "extension/src";
/// The macros of extension/src/call.rs.
const DECLARATIONS: [&str; 2] = ["declare_call!(", "declare_answer!("];
/// The one file with several calls: what policies ask. Each answer is a line or two, and most ask the same two modules.
const SHARED: &str = "policies/answers.rs";
const BEGIN: &str =
    "-- The calls with a native body: written by `cargo xtask generate` from the declarations in extension/src.\n";
const END: &str = "-- End of the calls.\n";

/// The calls with a native body, in the order of their files.
pub fn calls(root: &Path) -> Result<Vec<String>> {
    let mut calls = Vec::new();
    for file in glob::glob(&root.join(SOURCES).join("**/*.rs").to_string_lossy())?.flatten() {
        for call in declared(&fs::read_to_string(&file)?) {
            if !file.ends_with(SHARED) && file.file_stem() != Some(OsStr::new(&call)) {
                let what = format!("{} declares the call {call}.", file.display());
                bail!(advice(what, format_args!("move it to a file {call}.rs.")));
            }
            calls.push(call);
        }
    }
    Ok(calls)
}

fn declared(source: &str) -> Vec<String> {
    let declared = source.lines().filter_map(|line| DECLARATIONS.iter().find_map(|start| line.strip_prefix(start)));
    declared.map(|rest| rest.trim_end_matches(");").to_owned()).collect()
}

/// extension/src/native_calls.txt.
pub fn list(calls: &[String]) -> String {
    calls.iter().fold(String::new(), |list, call| list + call + "\n")
}

/// portable.sql with the file of each call between its marks, in the order of the schemas.
pub fn portable(text: &str, calls: &[String], schema_files: &[PathBuf]) -> Result<String> {
    let file_of = |call: &String| schema_files.iter().position(|file| file.file_stem() == Some(OsStr::new(call)));
    if let Some(call) = calls.iter().find(|call| file_of(call).is_none()) {
        let what = format!("The native call {call} has no file of its name in sql/supabase/schemas.");
        bail!(advice(what, "declare it there, with its portable body."));
    }
    let mut places: Vec<usize> = calls.iter().filter_map(file_of).collect();
    places.sort_unstable();
    let files = places.iter().filter_map(|place| schema_files.get(*place));
    let included = files.fold(String::new(), |mut included, file| {
        let name = |part: Option<&OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let (family, file) = (name(file.parent().and_then(Path::file_name)), name(file.file_name()));
        let _ = writeln!(included, "\\ir ../supabase/schemas/{family}/{file}");
        included
    });
    renew("sql/engines/portable.sql", text, (BEGIN, END), &included)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = root.path().join(SOURCES).join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        root
    }

    #[test]
    fn a_native_call_has_a_file_of_its_name_or_is_one_of_the_answers() {
        let answers = "declare_answer!(uid);\ndeclare_answer!(writer);\n";
        let good = root(&[("chats/attach.rs", "declare_call!(attach);\n"), ("policies/answers.rs", answers)]);
        assert_eq!(calls(good.path()).unwrap(), ["attach", "uid", "writer"]);
        let bad = root(&[("chats/other.rs", "declare_call!(attach);\n")]);
        assert!(calls(bad.path()).unwrap_err().to_string().contains("other.rs declares the call attach."));
    }

    #[test]
    fn the_files_of_the_calls_stand_between_the_marks_in_the_order_of_the_schemas() {
        let files = ["b/two.sql", "a/one.sql", "a/not_native.sql"].map(PathBuf::from);
        let calls = ["one", "two"].map(str::to_owned);
        let text = portable(&format!("x\n{BEGIN}old\n{END}y\n"), &calls, &files).unwrap();
        let lines = "\\ir ../supabase/schemas/b/two.sql\n\\ir ../supabase/schemas/a/one.sql\n";
        assert_eq!(text, format!("x\n{BEGIN}{lines}{END}y\n"));
        let told = portable(&text, &["three".to_owned()], &files).unwrap_err().to_string();
        assert!(told.contains("three has no file"), "{told}");
    }
}
