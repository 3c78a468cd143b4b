//! What is derived from the declarations of the calls in a database: the signatures that the npm package reads, the table in
//! README and the reference.

use crate::marks::renew;
use crate::schemas::Family;
use anyhow::{Context, Result};
use local_postgres::advice;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

/// The files of declarations, in folders by family.
pub const SCHEMAS: &str = "sql/supabase/schemas";
/// The contract tests, in the same folders.
pub const CONTRACT: &str = "tests/contract";
const BEGIN: &str = "<!-- calls: written by `cargo xtask generate` -->\n";
const END: &str = "<!-- end of calls -->\n";

/// A call as its declaration has it.
#[derive(Deserialize)]
pub struct Call {
    name: String,
    arguments: Vec<Argument>,
    result: String,
    comment: Option<String>,
    roles: Vec<String>,
}

#[derive(Deserialize)]
struct Argument {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    default: Option<String>,
}

impl Call {
    /// `append_message(chat_id, role, ...)`.
    fn signature(&self) -> String {
        let names: Vec<&str> = self.arguments.iter().map(|one| one.name.as_str()).collect();
        format!("{}({})", self.name, names.join(", "))
    }

    fn is_in(&self, family: &Family, root: &Path) -> bool {
        root.join(SCHEMAS).join(&family.folder).join(format!("{}.sql", self.name)).is_file()
    }

    /// The comment without its codes, and the codes.
    fn comment(&self) -> (&str, Option<&str>) {
        let comment = self.comment.as_deref().unwrap_or_default();
        match comment.rsplit_once(" Errors: ") {
            Some((text, errors)) => (text, Some(errors)),
            None => (comment, None),
        }
    }

    /// `setof chatkeep.chats` is rows of `chats`.
    fn result(&self) -> String {
        match self.result.strip_prefix("SETOF ") {
            Some(rows) => format!("rows of `{}`", rows.trim_start_matches("chatkeep.")),
            None => format!("`{}`", self.result),
        }
    }
}

impl Argument {
    /// The default as JSON; `None` where the argument has to be given.
    fn fallback(&self) -> Result<Option<Value>> {
        let Some(default) = self.default.as_deref() else {
            return Ok(None);
        };
        let (value, _) = default.split_once("::").unwrap_or((default, ""));
        if value == "NULL" {
            return Ok(Some(Value::Null));
        }
        let read = match value.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
            Some(text) if self.kind == "interval" => seconds(text).map(|seconds| json!(seconds)),
            Some(text) => Some(json!(text)),
            None => value.parse::<i64>().ok().map(|number| json!(number)),
        };
        read.map(Some).ok_or_else(|| {
            let what = format!("The default {default} of {} cannot be read.", self.name);
            advice(what, "write a literal, or teach tools/sql_lint/src/calls.rs to read it.")
        })
    }
}

/// An interval as PostgreSQL prints it by default: `30 days`, `00:15:00`.
fn seconds(interval: &str) -> Option<i64> {
    if let Some(days) = interval.strip_suffix(" days").or(interval.strip_suffix(" day")) {
        return Some(days.parse::<i64>().ok()? * 86_400);
    }
    let parts: Option<Vec<i64>> = interval.split(':').map(|part| part.parse().ok()).collect();
    match parts?.as_slice() {
        [hours, minutes, seconds] => Some(hours * 3_600 + minutes * 60 + seconds),
        _ => None,
    }
}

/// Reads what calls.sql answers.
pub fn read(answer: &str) -> Result<Vec<Call>> {
    serde_json::from_str(answer).context("calls.sql")
}

/// edge/js/lib/signatures.js, before it is laid out.
pub fn signatures(calls: &[Call]) -> Result<String> {
    let mut text = "\
// The arguments of each call in the order of its declaration: name, type and, where it may be left out, default; a default
// interval in seconds. Written by `cargo xtask generate` from the declarations in sql/supabase/schemas.

export const SIGNATURES = {\n"
        .to_owned();
    for call in calls {
        let _ = writeln!(text, "{}: [", call.name);
        for argument in &call.arguments {
            let mut parts = vec![json!(argument.name), json!(argument.kind)];
            parts.extend(argument.fallback()?);
            let _ = writeln!(text, "{},", Value::Array(parts));
        }
        text.push_str("],\n");
    }
    text.push_str("};\n");
    Ok(text)
}

/// docs/reference.md.
pub fn reference(calls: &[Call], families: &[Family], root: &Path) -> String {
    let mut text = "\
# Reference

Every call is a function in the schema `chatkeep`. Pass arguments by name. An argument with a default may be left out. This page is
written by `cargo xtask generate` from the declarations in `sql/supabase/schemas`.
"
    .to_owned();
    for family in families {
        let Family { title, guide, .. } = family;
        let _ = write!(text, "\n## {title}\n\nSee [the guide]({guide}).\n");
        for call in calls.iter().filter(|call| call.is_in(family, root)) {
            let (comment, errors) = call.comment();
            let _ = write!(text, "\n### {}\n\n{comment}\n", call.name);
            if !call.arguments.is_empty() {
                text.push_str("\n| Argument | Type | Default |\n|---|---|---|\n");
            }
            for argument in &call.arguments {
                let default = argument.default.as_deref().map_or_else(
                    || "required".to_owned(),
                    |default| format!("`{}`", default.split("::").next().unwrap_or(default)),
                );
                let kind = argument.kind.trim_start_matches("chatkeep.");
                let _ = writeln!(text, "| `{}` | {kind} | {default} |", argument.name);
            }
            let _ = write!(text, "\nReturns {}. For {}.", call.result(), call.roles.join(", "));
            if let Some(errors) = errors {
                let _ = write!(text, " Errors: {errors}");
            }
            text.push('\n');
        }
    }
    text
}

/// README with the table of calls between its two marks.
pub fn readme(readme: &str, calls: &[Call], families: &[Family], root: &Path) -> Result<String> {
    let mut table = "| Call | What it does |\n|---|---|\n".to_owned();
    for family in families {
        let _ = writeln!(table, "| **{}** | |", family.title);
        for call in calls.iter().filter(|call| call.is_in(family, root)) {
            let (comment, _) = call.comment();
            let first = comment.split_inclusive(". ").next().unwrap_or(comment);
            let _ = writeln!(
                table,
                "| [`{}`](docs/reference.md#{}) | {} |",
                call.signature(),
                call.name,
                first.trim_end().replace('|', "\\|")
            );
        }
    }
    renew("README.md", readme, (BEGIN, END), &table)
}

/// The calls that have no SQL file in a family, or no contract test, of their name.
pub fn without_file(calls: &[Call], families: &[Family], root: &Path) -> Vec<String> {
    let mut complaints = Vec::new();
    for call in calls {
        if !families.iter().any(|family| call.is_in(family, root)) {
            let folders: Vec<&str> = families.iter().map(|family| family.folder.as_str()).collect();
            complaints.push(format!("{} has no file of its name in {SCHEMAS}/{{{}}}", call.name, folders.join(",")));
        }
        let test = root.join(CONTRACT).join("*").join(format!("{}.sql", call.name));
        if glob::glob(&test.to_string_lossy()).map_or(0, Iterator::count) == 0 {
            complaints.push(format!("{} has no file of its name in {CONTRACT}", call.name));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use fs_err as fs;

    const ANSWER: &str = r#"[{"name":"create_chat","arguments":[
        {"name":"chat_id","type":"uuid","default":null},
        {"name":"title","type":"text","default":"NULL::text"},
        {"name":"metadata","type":"jsonb","default":"'{}'::jsonb"},
        {"name":"ttl","type":"interval","default":"'30 days'::interval"},
        {"name":"grace","type":"interval","default":"'00:15:00'::interval"},
        {"name":"page_size","type":"integer","default":"50"}],
        "result":"SETOF chatkeep.chats","comment":"Makes a chat | one. Again the same. Errors: 22023.","roles":["authenticated"]}]"#;

    fn chats() -> Vec<Family> {
        vec![Family { folder: "chats".into(), title: "Chats".into(), guide: "conversations.md".into() }]
    }

    fn root() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(SCHEMAS).join("chats");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("create_chat.sql"), "").unwrap();
        root
    }

    #[test]
    fn a_signature_has_names_types_and_defaults() {
        let text = signatures(&read(ANSWER).unwrap()).unwrap();
        for line in [
            r#"["chat_id","uuid"],"#,
            r#"["title","text",null],"#,
            r#"["metadata","jsonb","{}"],"#,
            r#"["ttl","interval",2592000],"#,
            r#"["grace","interval",900],"#,
            r#"["page_size","integer",50],"#,
        ] {
            assert!(text.lines().any(|written| written == line), "{line}\n{text}");
        }
    }

    #[test]
    fn a_default_that_is_no_literal_is_told() {
        let answer = ANSWER.replace("\"50\"", "\"now()\"");
        let told = signatures(&read(&answer).unwrap()).unwrap_err().to_string();
        assert!(told.contains("now() of page_size"), "{told}");
    }

    #[test]
    fn the_reference_tells_what_is_required_and_who_may_call() {
        let text = reference(&read(ANSWER).unwrap(), &chats(), root().path());
        assert!(text.contains("### create_chat\n\nMakes a chat | one. Again the same.\n"), "{text}");
        assert!(text.contains("| `chat_id` | uuid | required |\n| `title` | text | `NULL` |"), "{text}");
        assert!(text.contains("Returns rows of `chats`. For authenticated. Errors: 22023."), "{text}");
    }

    #[test]
    fn the_table_replaces_what_is_between_its_marks_alone() {
        let calls = read(ANSWER).unwrap();
        let text = readme(&format!("a\n{BEGIN}old\n{END}b\n"), &calls, &chats(), root().path()).unwrap();
        assert!(text.starts_with("a\n") && text.ends_with("b\n") && !text.contains("old"));
        let row = r"(chat_id, title, metadata, ttl, grace, page_size)`](docs/reference.md#create_chat) | Makes a chat \| one. |";
        assert!(text.contains(row), "{text}");
        assert!(readme("nothing", &calls, &chats(), root().path()).is_err());
    }

    #[test]
    fn a_call_without_a_file_or_a_test_is_told() {
        let calls = read(ANSWER).unwrap();
        let nothing = tempfile::tempdir().unwrap();
        let no_file = "create_chat has no file of its name in sql/supabase/schemas/{chats}";
        let no_test = "create_chat has no file of its name in tests/contract";
        assert_eq!(without_file(&calls, &chats(), nothing.path()), [no_file, no_test]);
        let root = root();
        assert_eq!(without_file(&calls, &[], root.path()), [no_file.replace("chats", "").as_str(), no_test]);
        fs::create_dir_all(root.path().join(CONTRACT).join("chats")).unwrap();
        fs::write(root.path().join(CONTRACT).join("chats/create_chat.sql"), "").unwrap();
        assert!(without_file(&calls, &chats(), root.path()).is_empty());
    }
}
