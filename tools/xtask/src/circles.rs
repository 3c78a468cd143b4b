//! No circle of imports: a module may not need, over however many others, a module that needs it.
//!
//! The lines that import are read as text: `crate::` and `super::` paths of Rust, relative `import` and `export … from` of
//! JavaScript and TypeScript.

use anyhow::{Result, bail};
use fs_err as fs;
use local_postgres::{Workspace, advice};
use pathfinding::prelude::bfs_loop;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Folders of Rust modules, each with its `lib.rs` or `main.rs`.
const CRATES: [&str; 10] = [
    "core/src",
    "extension/src",
    "edge/src",
    "tools/postgres/src",
    "tools/sql_lint/src",
    "tools/xtask/src",
    "bench/src",
    "tests/lifecycle/src",
    "tests/models/src",
    "tests/load/src",
];
/// Folders of JavaScript and TypeScript.
const SCRIPTS: [&str; 3] = ["edge/js", "examples/demo", "tests"];

/// Which module needs which.
type Needs = BTreeMap<String, BTreeSet<String>>;

/// Names every circle.
pub fn check(workspace: &Workspace) -> Result<()> {
    let mut complaints = Vec::new();
    for folder in CRATES {
        complaints.extend(circles(&rust(&workspace.root.join(folder), folder)?));
    }
    for folder in SCRIPTS {
        complaints.extend(circles(&scripts(&workspace.root.join(folder), folder)?));
    }
    if complaints.is_empty() {
        return Ok(());
    }
    bail!(advice(complaints.join("\n"), "move what both need into a module of its own."))
}

/// The modules of a crate, by their paths in it: `chats::append_message`.
fn rust(folder: &Path, name: &str) -> Result<Needs> {
    let mut texts = BTreeMap::new();
    for file in files(folder, &["rs"])? {
        let path = file.strip_prefix(folder).unwrap_or(&file).with_extension("");
        let module = path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("::");
        if !matches!(module.as_str(), "lib" | "main") && !module.starts_with("bin::") {
            texts.insert(module, code(&fs::read_to_string(&file)?));
        }
    }
    let path = Regex::new(r"(?:^|[^a-z0-9_:])([a-z0-9_]+)::([a-zA-Z0-9_]+(?:::[a-zA-Z0-9_]+)*)")?;
    let mut needs = Needs::new();
    for (module, text) in &texts {
        let mut found = BTreeSet::new();
        for (_, [first, rest]) in path.captures_iter(text).map(|captures| captures.extract()) {
            let full = match first {
                "crate" => rest.to_owned(),
                "super" => module.rsplit_once("::").map_or(rest.to_owned(), |(above, _)| format!("{above}::{rest}")),
                child => format!("{module}::{child}::{rest}"),
            };
            // A type or a function is in the longest part of its path that is a module.
            let parts: Vec<&str> = full.split("::").collect();
            let mut shorter = (1..=parts.len()).rev().map(|length| parts[..length].join("::"));
            let needed = shorter.find(|path| texts.contains_key(path)).filter(|needed| needed != module);
            found.extend(needed.map(|needed| format!("{name} {needed}")));
        }
        needs.insert(format!("{name} {module}"), found);
    }
    Ok(needs)
}

/// A file without its comments and the tests at its end, and with every group of imports written out: `crate::{a, b::{c, d}}`
/// becomes `crate::a,crate::b::c,crate::b::d`.
fn code(text: &str) -> String {
    let before = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let lines = before.lines().map(|line| line.split("//").next().unwrap_or(line));
    let mut text = lines.collect::<Vec<_>>().join("\n");
    // The last one has no other in it.
    while let Some(at) = text.rfind("::{") {
        let start = text[..at].trim_end_matches(|c: char| c.is_alphanumeric() || c == '_' || c == ':').len();
        let end = text[at..].find('}').map_or(text.len(), |length| at + length + 1);
        let (base, group) = (&text[start..at], text[at..end].trim_matches([':', '{', '}']));
        let items = group.split(',').map(str::trim).filter(|item| !item.is_empty());
        let written_out = items.map(|item| format!("{base}::{item}")).collect::<Vec<_>>().join(",");
        text.replace_range(start..end, &written_out);
    }
    text
}

/// The scripts of a folder, by their paths in it.
fn scripts(folder: &Path, name: &str) -> Result<Needs> {
    // What an import leads to is named without `..`, so the files are too.
    let folder = &folder.canonicalize()?;
    let mut needs = Needs::new();
    for file in files(folder, &["js", "mjs", "ts"])? {
        let text = fs::read_to_string(&file)?;
        let beside = file.parent().unwrap_or(folder);
        let found = text
            .lines()
            .filter(|line| line.contains("from \"") || line.starts_with("import \""))
            .filter_map(|line| line.split('"').nth(1))
            .filter(|target| target.starts_with('.'))
            // A file that is generated is not there, and imports nothing of ours.
            .filter_map(|target| beside.join(target).canonicalize().ok())
            .map(|target| label(&target, folder, name))
            .collect();
        needs.insert(label(&file, folder, name), found);
    }
    Ok(needs)
}

fn label(file: &Path, folder: &Path, name: &str) -> String {
    let path = file.strip_prefix(folder).unwrap_or(file);
    format!("{name}/{}", path.display())
}

/// The files of a folder, at any depth, with one of the endings.
fn files(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for ending in endings {
        let pattern = folder.join("**").join(format!("*.{ending}"));
        found.extend(glob::glob(&pattern.to_string_lossy())?.flatten());
    }
    Ok(found)
}

/// Each circle once, as a line: from a module back to itself, by the shortest way.
fn circles(needs: &Needs) -> Vec<String> {
    let mut told: BTreeSet<&String> = BTreeSet::new();
    let mut lines = Vec::new();
    for start in needs.keys() {
        let way = bfs_loop(&start, |module| needs.get(*module).into_iter().flatten());
        if let Some(way) = way.filter(|_| !told.contains(start)) {
            let names: Vec<&str> = way.iter().map(|module| module.as_str()).collect();
            lines.push(format!("a circle of imports: {}", names.join(" -> ")));
            told.extend(way);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn of_rust(files: &[(&str, &str)]) -> Vec<String> {
        circles(&rust(folder(files).path(), "x").unwrap())
    }

    #[test]
    fn modules_that_need_one_another_are_a_circle() {
        let found = of_rust(&[
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "use crate::b::Thing;"),
            ("b.rs", "use std::io;\nuse crate::{\n    c::{One, Two as Other},\n};"),
            ("c.rs", "fn f() { crate::a::g() }"),
        ]);
        assert_eq!(found, ["a circle of imports: x a -> x b -> x c -> x a"]);
    }

    #[test]
    fn a_child_that_needs_its_parent_is_one_where_the_parent_needs_it() {
        let child = ("a/b.rs", "use super::Thing;\n");
        assert_eq!(of_rust(&[("a.rs", "mod b;\nuse crate::a::b::f;"), child]).len(), 1);
        assert_eq!(of_rust(&[("a.rs", "mod b;\nfn g() { b::f() }"), child]).len(), 1);
        assert!(of_rust(&[("a.rs", "mod b;\nfn g() { sub::b::f() }"), child]).is_empty());
    }

    #[test]
    fn comments_and_tests_import_nothing() {
        let found = of_rust(&[
            ("a.rs", "// use crate::b::Thing;\n"),
            ("b.rs", "use crate::a::T;\n#[cfg(test)]\nmod tests {\n use crate::a::U; }"),
            ("c.rs", "#[cfg(test)]\nmod tests {\n use crate::d::U;\n}"),
            ("d.rs", "use crate::c::V;"),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn scripts_that_import_one_another_are_a_circle() {
        let work = folder(&[
            ("lib/a.js", "import { b } from \"./b.js\";\nimport fs from \"node:fs\";\n"),
            ("lib/b.js", "export { c } from \"../c.js\";\n"),
            ("c.js", "import \"./lib/a.js\";\n"),
        ]);
        let found = circles(&scripts(work.path(), "x").unwrap());
        assert_eq!(found, ["a circle of imports: x/c.js -> x/lib/a.js -> x/lib/b.js -> x/c.js"]);
    }
}
