//! No circle of imports: a module may not need, over however many others, a module that needs it.
//!
//! The lines that import are read as text: `crate::` and `super::` paths of Rust, relative `import` and `export … from` of
//! JavaScript and TypeScript.

use anyhow::{Result, bail};
use fs_err as fs;
use local_postgres::{Workspace, advice};
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
        let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
        let module = parts.join("::");
        if !matches!(module.as_str(), "lib" | "main") && !module.starts_with("bin::") {
            texts.insert(module, fs::read_to_string(&file)?);
        }
    }
    let mut needs = Needs::new();
    for (module, text) in &texts {
        let here: Vec<&str> = module.split("::").collect();
        let text = code(text);
        let mut mentioned = paths(&text, &here);
        let children = texts.keys().filter_map(|other| other.strip_prefix(&format!("{module}::")));
        mentioned.extend(
            children
                .filter(|child| !child.contains("::") && mentions(&text, child))
                .map(|child| format!("{module}::{child}").split("::").map(str::to_owned).collect()),
        );
        let found = mentioned
            .into_iter()
            .filter_map(|path| longest(&path, |module| texts.contains_key(module)))
            .filter(|needed| needed != module)
            .map(|needed| format!("{name} {needed}"))
            .collect();
        needs.insert(format!("{name} {module}"), found);
    }
    Ok(needs)
}

/// A file without its comments and without the tests at its end.
fn code(text: &str) -> String {
    let before = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let lines = before.lines().map(|line| line.split("//").next().unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// All paths in a module's text that begin with `crate` or `super`, from the crate's root on.
fn paths(text: &str, here: &[&str]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        tree(&text[at + "crate::".len()..], &[], &mut found);
    }
    let above: Vec<String> = here.iter().map(|&part| part.to_owned()).collect();
    for (at, _) in text.match_indices("super::") {
        if let Some((_, parents)) = above.split_last() {
            tree(&text[at + "super::".len()..], parents, &mut found);
        }
    }
    found
}

/// Whether a module's text has a path that begins with its child.
fn mentions(text: &str, child: &str) -> bool {
    text.match_indices(&format!("{child}::")).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == ':'))
    })
}

/// Reads a path, or a group of paths in braces, that continues `before`. Returns how much of the text it took.
fn tree(text: &str, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    let mut taken = 0;
    loop {
        let rest = &text[taken..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut inside = taken + 1;
            loop {
                inside += group_gap(&text[inside..]);
                match text[inside..].chars().next() {
                    Some('}') | None => return inside + 1,
                    Some(_) => {
                        let step = tree(&text[inside..], &path, found);
                        if step == 0 {
                            return inside + group.len();
                        }
                        inside += step;
                    }
                }
            }
        }
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if end == 0 {
            break;
        }
        path.push(rest[..end].to_owned());
        taken += end;
        match text[taken..].strip_prefix("::") {
            Some(_) => taken += 2,
            None => break,
        }
    }
    if taken > 0 {
        found.push(path);
    }
    taken
}

/// Blanks, commas and `as Name` between the paths of a group.
fn group_gap(text: &str) -> usize {
    let trimmed = text.trim_start_matches(|c: char| c.is_whitespace() || c == ',' || c == '*');
    let gap = text.len() - trimmed.len();
    match trimmed.strip_prefix("as ") {
        Some(name) => {
            let end = name.find([',', '}']).unwrap_or(name.len());
            gap + "as ".len() + end + group_gap(&name[end..])
        }
        None => gap,
    }
}

/// The module that a path leads to: a type or function is in the longest part of the path that is a module.
fn longest(path: &[String], is_module: impl Fn(&str) -> bool) -> Option<String> {
    (1..=path.len()).rev().map(|length| path[..length].join("::")).find(|module| is_module(module))
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
    let mut told: BTreeSet<String> = BTreeSet::new();
    let mut lines = Vec::new();
    for start in needs.keys() {
        if told.contains(start) {
            continue;
        }
        if let Some(way) = way_back(needs, start) {
            told.extend(way.iter().cloned());
            lines.push(format!("a circle of imports: {} -> {start}", way.join(" -> ")));
        }
    }
    lines
}

/// The shortest way from a module over others back to it; the last step is left out.
fn way_back(needs: &Needs, start: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![start.to_owned()]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let last = way.last()?;
            for next in needs.get(last).into_iter().flatten() {
                if next == start {
                    return Some(way);
                }
                if seen.insert(next.clone()) {
                    longer.push([way.clone(), vec![next.clone()]].concat());
                }
            }
        }
        ways = longer;
    }
    None
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
