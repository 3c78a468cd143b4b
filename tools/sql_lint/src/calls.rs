//! The calls as the catalog of a database has them: declarations, comments, and the columns of the rows that they return.
//!
//! The comment of a call begins with a line that says what it does. Lines such as `content: At most 1 MiB.` explain its
//! arguments, `Returns:` counts its rows, and `Errors:` lists its codes.

use crate::schemas::Family;
use anyhow::{Context, Result, bail};
use local_postgres::advice;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;

/// The files of declarations, in folders by family.
pub const SCHEMAS: &str = "sql/supabase/schemas";
/// The contract tests, in the same folders.
pub const CONTRACT: &str = "tests/contract";

/// What calls.sql answers.
#[derive(Deserialize)]
pub struct Catalog {
    pub calls: Vec<Call>,
    pub rows: Vec<Row>,
}

/// A call as its declaration has it.
#[derive(Deserialize)]
pub struct Call {
    pub name: String,
    pub arguments: Vec<Argument>,
    pub result: String,
    comment: Option<String>,
    pub roles: Vec<String>,
}

#[derive(Deserialize)]
pub struct Argument {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub default: Option<String>,
}

/// A table, view or composite type that a call returns.
#[derive(Deserialize)]
pub struct Row {
    pub name: String,
    pub is_table: bool,
    pub comment: Option<String>,
    pub columns: Vec<Column>,
}

#[derive(Deserialize)]
pub struct Column {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    not_null: bool,
    pub comment: Option<String>,
    checks: Vec<String>,
}

/// How many values a call returns.
pub enum Answer<'a> {
    One(&'a str),
    OneOrNone(&'a str),
    Many(&'a str),
    /// No row: a value of this type.
    Value(&'a str),
}

impl Catalog {
    /// Reads it.
    pub fn read(answer: &str) -> Result<Self> {
        serde_json::from_str(answer).context("calls.sql")
    }

    /// The table whose columns a composite type repeats.
    pub fn table_within(&self, row: &Row) -> Option<&Row> {
        let has = |name: &str| row.columns.iter().any(|column| column.name == name);
        let within = |table: &&Row| table.name != row.name && table.columns.iter().all(|column| has(&column.name));
        self.rows.iter().filter(|other| other.is_table).find(within)
    }

    /// The column that an argument fills: the one of its name in what the call returns.
    pub fn column_of(&self, call: &Call, argument: &Argument) -> Option<&Column> {
        let row = self.rows.iter().find(|row| row.name == call.rows_of())?;
        let columns = self.table_within(row).into_iter().chain([row]).flat_map(|row| &row.columns);
        columns.into_iter().find(|column| column.name == argument.name)
    }

    /// The words that an argument may be: those of its own line, else those of its column.
    pub fn words_of(&self, call: &Call, argument: &Argument) -> Vec<String> {
        let own = words(call.tag(&argument.name).unwrap_or_default());
        if own.is_empty() { self.column_of(call, argument).map(Column::words).unwrap_or_default() } else { own }
    }

    /// What a reviewer would otherwise have to look for.
    pub fn complaints(&self, families: &[Family], root: &Path) -> Vec<String> {
        let mut complaints = without_file(&self.calls, families, root);
        for call in &self.calls {
            let known = |name: &str| {
                matches!(name, "Returns" | "Errors") || call.arguments.iter().any(|argument| argument.name == name)
            };
            let strange = call.lines().skip(1).filter_map(tag).filter(|(name, _)| !known(name));
            complaints
                .extend(strange.map(|(name, _)| format!("{}: its comment explains {name}, no argument", call.name)));
        }
        complaints
    }
}

impl Call {
    fn lines(&self) -> impl Iterator<Item = &str> {
        self.comment.as_deref().unwrap_or_default().lines()
    }

    /// What it does, in a sentence.
    pub fn summary(&self) -> &str {
        self.lines().next().unwrap_or_default()
    }

    /// What else is to be known of it.
    pub fn text(&self) -> impl Iterator<Item = &str> {
        self.lines().skip(1).filter(|line| tag(line).is_none())
    }

    /// The line of an argument, or `Returns` or `Errors`.
    pub fn tag(&self, wanted: &str) -> Option<&str> {
        self.lines().skip(1).filter_map(tag).find_map(|(name, text)| (name == wanted).then_some(text))
    }

    pub fn answer(&self) -> Result<Answer<'_>> {
        let rows = self.rows_of();
        Ok(match (self.result.starts_with("SETOF "), self.tag("Returns")) {
            (false, None) => Answer::Value(rows),
            (true, None) => Answer::Many(rows),
            (true, Some("one row.")) => Answer::One(rows),
            (true, Some("one row or none.")) => Answer::OneOrNone(rows),
            (_, returns) => {
                let what = format!("{} returns {}: {}", self.name, self.result, returns.unwrap_or_default());
                bail!(advice(what, "write `Returns: one row.` or `Returns: one row or none.`, or nothing."))
            }
        })
    }

    /// `chats` of `SETOF chatkeep.chats`, and `text` of `text`.
    fn rows_of(&self) -> &str {
        self.result.trim_start_matches("SETOF ").trim_start_matches("chatkeep.")
    }

    pub fn is_in(&self, family: &Family, root: &Path) -> bool {
        root.join(SCHEMAS).join(&family.folder).join(format!("{}.sql", self.name)).is_file()
    }
}

impl Argument {
    /// The default as JSON; `None` where the argument has to be given.
    pub fn fallback(&self) -> Result<Option<Value>> {
        let Some(value) = self.default_literal() else {
            return Ok(None);
        };
        if value == "NULL" {
            return Ok(Some(Value::Null));
        }
        let read = match value.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
            Some(text) if self.kind == "interval" => seconds(text).map(|seconds| json!(seconds)),
            Some(text) => Some(json!(text)),
            None if self.kind == "boolean" => value.parse::<bool>().ok().map(|word| json!(word)),
            None => value.parse::<i64>().ok().map(|number| json!(number)),
        };
        read.map(Some).ok_or_else(|| {
            let what = format!("The default {value} of {} cannot be read.", self.name);
            advice(what, "write a literal, or teach tools/sql_lint/src/calls.rs to read it.")
        })
    }

    /// The default without its type: `'30 days'`.
    pub fn default_literal(&self) -> Option<&str> {
        self.default.as_deref().map(|default| default.split("::").next().unwrap_or(default))
    }
}

impl Column {
    /// The words that it may be, from its comment or its CHECK constraint.
    pub fn words(&self) -> Vec<String> {
        let said = words(self.comment.as_deref().unwrap_or_default());
        if !said.is_empty() {
            return said;
        }
        let listed = self.checks.iter().find_map(|check| check.split_once("= ANY (ARRAY[")).map(|(_, list)| list);
        listed.map(|list| list.split('\'').skip(1).step_by(2).map(str::to_owned).collect()).unwrap_or_default()
    }

    /// Whether it may be null. Only tables have NOT NULL; elsewhere the comment has to name NULL.
    pub fn is_nullable(&self, row: &Row) -> bool {
        let names_null = self.comment.as_deref().is_some_and(|comment| comment.contains("NULL"));
        if row.is_table { !self.not_null } else { names_null }
    }

    /// The type of JSON that it holds.
    pub fn holds(&self, json: &str) -> bool {
        self.checks.iter().any(|check| check.contains("jsonb_typeof") && check.contains(&format!("'{json}'")))
            || self.comment.as_deref().is_some_and(|comment| comment.starts_with(&format!("A JSON {json}.")))
    }
}

/// `content: At most 1 MiB.` is a name and what is said of it.
fn tag(line: &str) -> Option<(&str, &str)> {
    let (name, text) = line.split_once(": ")?;
    let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    (is_name || matches!(name, "Returns" | "Errors")).then_some((name, text))
}

/// The words of a text that begins with `One of private, tenant.`
fn words(text: &str) -> Vec<String> {
    let list = text.strip_prefix("One of ").and_then(|rest| rest.split_once('.')).map(|(list, _)| list);
    list.map(|list| list.split(", ").map(str::to_owned).collect()).unwrap_or_default()
}

/// The text without the words that it begins with.
pub fn without_words(text: &str) -> &str {
    match text.strip_prefix("One of ").and_then(|rest| rest.split_once('.')) {
        Some((_, rest)) => rest.trim_start(),
        None => text,
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

/// The calls that have no SQL file in a family, or no contract test, of their name.
fn without_file(calls: &[Call], families: &[Family], root: &Path) -> Vec<String> {
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
pub mod tests {
    use super::*;
    use fs_err as fs;

    pub const ANSWER: &str = r#"{"calls":[{"name":"create_chat","arguments":[
        {"name":"chat_id","type":"uuid","default":null},
        {"name":"title","type":"text","default":"NULL::text"},
        {"name":"metadata","type":"jsonb","default":"'{}'::jsonb"},
        {"name":"ttl","type":"interval","default":"'30 days'::interval"},
        {"name":"grace","type":"interval","default":"'00:15:00'::interval"},
        {"name":"page_size","type":"integer","default":"50"},
        {"name":"kind","type":"text","default":null}],
        "result":"SETOF chatkeep.chats","roles":["authenticated"],
        "comment":"Makes a chat | one.\nAgain the same.\nchat_id: The key.\nkind: The kind.\nReturns: one row.\nErrors: 22023."}],
        "rows":[{"name":"chats","is_table":true,"comment":"Chats.","columns":[
            {"name":"id","type":"uuid","not_null":true,"comment":null,"checks":[]},
            {"name":"kind","type":"text","not_null":false,"comment":"The kind.",
                "checks":["CHECK ((kind = ANY (ARRAY['a'::text, 'b'::text])))"]}]},
          {"name":"found_chats","is_table":false,"comment":null,"columns":[
            {"name":"outcome","type":"text","not_null":false,"comment":"One of new, old. What it was.","checks":[]},
            {"name":"id","type":"uuid","not_null":false,"comment":null,"checks":[]},
            {"name":"kind","type":"text","not_null":false,"comment":null,"checks":[]}]}]}"#;

    pub fn catalog() -> Catalog {
        Catalog::read(ANSWER).unwrap()
    }

    pub fn chats() -> Vec<Family> {
        vec![Family { folder: "chats".into(), title: "Chats".into(), guide: "conversations.md".into() }]
    }

    /// A repository with the file of the call.
    pub fn root() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(SCHEMAS).join("chats");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("create_chat.sql"), "").unwrap();
        root
    }

    #[test]
    fn a_call_without_a_file_or_a_test_is_told() {
        let catalog = catalog();
        let nothing = tempfile::tempdir().unwrap();
        let no_file = "create_chat has no file of its name in sql/supabase/schemas/{chats}";
        let no_test = "create_chat has no file of its name in tests/contract";
        assert_eq!(catalog.complaints(&chats(), nothing.path()), [no_file, no_test]);
        let root = root();
        assert_eq!(catalog.complaints(&[], root.path()), [no_file.replace("chats", "").as_str(), no_test]);
        fs::create_dir_all(root.path().join(CONTRACT).join("chats")).unwrap();
        fs::write(root.path().join(CONTRACT).join("chats/create_chat.sql"), "").unwrap();
        assert!(catalog.complaints(&chats(), root.path()).is_empty());
        let renamed = Catalog::read(&ANSWER.replace("chat_id: The key", "id: The key")).unwrap();
        assert_eq!(renamed.complaints(&chats(), root.path()), ["create_chat: its comment explains id, no argument"]);
    }

    #[test]
    fn rows_that_are_counted_in_other_words_are_told() {
        let catalog = Catalog::read(&ANSWER.replace("Returns: one row.", "Returns: a chat.")).unwrap();
        assert!(catalog.calls[0].answer().is_err());
    }
}
