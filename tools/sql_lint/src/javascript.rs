//! What the npm package knows of the calls: signatures.js, and the types of arguments, rows and calls in edge/js/types. The
//! catalog has defaults, which make an argument optional, and NOT NULL. Allowed words and the type of JSON come from constraints
//! and comments.

use crate::calls::{Answer, Argument, Call, Catalog, Column, Row, without_words};
use anyhow::{Result, bail};
use local_postgres::advice;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Calls whose answer has a type by hand, in edge/js/types/sessions.d.ts: which columns are null depends on the status.
const ANSWERS_BY_HAND: [(&str, &str); 4] = [
    ("create_session", "CreatedSession"),
    ("rotate_session", "RotatedSession"),
    ("validate_session", "SessionStatus"),
    ("elevate_session", "SessionStatus"),
];
/// The rows that these calls return.
const ROWS_BY_HAND: [&str; 2] = ["session_token", "session_status"];
/// The call whose arguments have a type by hand, in edge/js/types/batches.d.ts: no declaration has the keys of an import.
const ARGUMENTS_BY_HAND: &str = "import_chat";
/// What the modules by hand export to those that are generated.
const MODULES: [(&str, &[&str]); 4] = [
    ("batches", &["ImportChat"]),
    ("result", &["CallOptions", "Result"]),
    ("sessions", &["CreatedSession", "RotatedSession", "SessionStatus"]),
    ("values", &["Bytes", "Interval", "Json", "JsonObject", "Timestamp", "Uuid"]),
];
/// A longer list, such as the text search configurations, stays `string`.
const MOST_WORDS: usize = 10;

/// `append_message` as `appendMessage`.
pub fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| name + &capital(part))
}

fn pascal(name: &str) -> String {
    capital(&camel(name))
}

fn capital(word: &str) -> String {
    word.get(..1).map_or_else(String::new, |first| first.to_uppercase() + &word[1..])
}

/// The name of a row's type: that of one of its rows.
fn row_type(row: &str) -> String {
    match row {
        "my_sessions" => "Session".to_owned(),
        "engine_info" => "Engine".to_owned(),
        row => pascal(
            &row.strip_suffix("ies")
                .map_or_else(|| row.strip_suffix('s').unwrap_or(row).to_owned(), |stem| format!("{stem}y")),
        ),
    }
}

/// The type of a call's `data`.
pub fn answer_type(call: &Call) -> Result<String> {
    let by_hand = ANSWERS_BY_HAND.iter().find(|(name, _)| *name == call.name);
    let name = |row: &str| by_hand.map_or_else(|| row_type(row), |(_, name)| (*name).to_owned());
    Ok(match call.answer()? {
        Answer::One(row) => name(row),
        Answer::OneOrNone(row) => format!("{} | null", name(row)),
        Answer::Many(row) => format!("{}[]", name(row)),
        Answer::Value(kind) => plain(kind, &call.name)?.to_owned(),
    })
}

/// Text of a comment with the names that JavaScript has for calls and arguments, and for NULL.
pub fn in_javascript(catalog: &Catalog, call: Option<&Call>, text: &str) -> String {
    let is_argument = |word: &str| call.is_some_and(|call| call.arguments.iter().any(|one| one.name == word));
    let is_call = |word: &str| catalog.calls.iter().any(|call| call.name == word);
    let ends_word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let pieces = text.split_inclusive(ends_word).map(|piece| {
        let word = piece.trim_end_matches(ends_word);
        let new = match word {
            "NULL" => "null".to_owned(),
            word if is_argument(word) || is_call(word) => camel(word),
            word => word.to_owned(),
        };
        new + &piece[word.len()..]
    });
    pieces.collect()
}

/// edge/js/lib/signatures.js, before it is laid out.
pub fn signatures(catalog: &Catalog) -> Result<String> {
    let mut text = "\
// The arguments of each call in the order of its declaration: name, type and, where it may be left out, default; a default
// interval in seconds. Written by `cargo xtask generate` from the declarations in sql/supabase/schemas.

export const SIGNATURES = {\n"
        .to_owned();
    let mut answers = String::new();
    for call in &catalog.calls {
        let _ = writeln!(text, "{}: [", call.name);
        for argument in &call.arguments {
            let mut parts = vec![json!(argument.name), json!(argument.kind)];
            parts.extend(argument.fallback()?);
            let _ = writeln!(text, "{},", Value::Array(parts));
        }
        text.push_str("],\n");
        let answer = match call.answer()? {
            Answer::One(_) => "row",
            Answer::OneOrNone(_) => "row or none",
            Answer::Many(_) => "rows",
            Answer::Value(kind) => plain(kind, &call.name)?,
        };
        let _ = writeln!(answers, "{}: {},", call.name, json!(answer));
    }
    let _ = write!(text, "}};\n\n// What each call answers.\nexport const ANSWERS = {{\n{answers}}};\n");
    Ok(text)
}

fn calls_with_arguments(catalog: &Catalog) -> impl Iterator<Item = &Call> {
    catalog.calls.iter().filter(|call| !call.arguments.is_empty() && call.name != ARGUMENTS_BY_HAND)
}

fn generated_rows(catalog: &Catalog) -> impl Iterator<Item = &Row> {
    catalog.rows.iter().filter(|row| !ROWS_BY_HAND.contains(&row.name.as_str()))
}

/// edge/js/types/arguments.d.ts, before it is laid out.
pub fn arguments(catalog: &Catalog) -> Result<String> {
    let mut text = String::new();
    for call in calls_with_arguments(catalog) {
        let _ = write!(text, "\nexport interface {} {{\n", pascal(&call.name));
        for argument in &call.arguments {
            let kind = argument_type(catalog, call, argument)?;
            let meaning = without_words(call.tag(&argument.name).unwrap_or_default()).to_owned();
            let default = argument.default_literal().map(|default| default.trim_matches('\''));
            let default = default.filter(|default| !matches!(*default, "NULL" | "{}"));
            let default = default.map_or_else(String::new, |default| format!(" `{default}` when left out."));
            document(&mut text, &[in_javascript(catalog, Some(call), format!("{meaning}{default}").trim_start())]);
            let optional = if argument.default.is_some() { "?" } else { "" };
            let _ = writeln!(text, "{}{optional}: {kind};", camel(&argument.name));
        }
        text.push_str("}\n");
    }
    let rows = generated_rows(catalog).map(|row| row_type(&row.name)).collect();
    Ok(module("The arguments of the calls.", &[("rows", rows)], &text))
}

fn argument_type(catalog: &Catalog, call: &Call, argument: &Argument) -> Result<String> {
    let meaning = call.tag(&argument.name).unwrap_or_default();
    let words = catalog.words_of(call, argument);
    let column = catalog.column_of(call, argument);
    let literal = argument.default_literal();
    let kind = if let Some(union) = union(&words) {
        union
    } else if let Some((_, item)) = meaning.split_once("the arguments of ") {
        // A batch: what all its items share is an argument of the call itself.
        let item = item.split(['.', ' ']).next().unwrap_or_default();
        let shared: Vec<_> = call.arguments.iter().filter(|one| one.name != argument.name).collect();
        let shared: Vec<String> = shared.iter().map(|one| json!(camel(&one.name)).to_string()).collect();
        let item = pascal(item);
        if shared.is_empty() { format!("{item}[]") } else { format!("Omit<{item}, {}>[]", shared.join(" | ")) }
    } else if let Some(row) = meaning.strip_prefix("A row of ") {
        row_type(row.split([',', '.', ' ']).next().unwrap_or_default())
    } else {
        match argument.kind.as_str() {
            "jsonb" if literal == Some("'{}'") || column.is_some_and(|column| column.holds("object")) => "JsonObject",
            "jsonb" if column.is_some_and(|column| column.holds("array")) => "Json[]",
            "timestamp with time zone" => "Timestamp | Date",
            "interval" => "Interval",
            kind => plain(kind, &argument.name)?,
        }
        .to_owned()
    };
    let is_nullable = literal == Some("NULL") || (!matches!(literal, Some("'{}'")) && meaning.contains("NULL"));
    Ok(if is_nullable { format!("{kind} | null") } else { kind })
}

/// edge/js/types/rows.d.ts, before it is laid out.
pub fn rows(catalog: &Catalog) -> Result<String> {
    let mut text = String::new();
    for row in generated_rows(catalog) {
        let table = catalog.table_within(row).filter(|_| !row.is_table);
        let of = if row.is_table { format!("A row of `chatkeep.{}`. ", row.name) } else { String::new() };
        let comment = format!("{of}{}", row.comment.as_deref().unwrap_or_default());
        text.push('\n');
        document(&mut text, &[in_javascript(catalog, None, &comment)]);
        let extends = table.map_or_else(String::new, |table| format!("extends {} ", row_type(&table.name)));
        let _ = writeln!(text, "export interface {} {extends}{{", row_type(&row.name));
        let is_own =
            |column: &&Column| !table.is_some_and(|table| table.columns.iter().any(|one| one.name == column.name));
        for column in row.columns.iter().filter(is_own) {
            let comment = without_words(column.comment.as_deref().unwrap_or_default());
            document(&mut text, &[in_javascript(catalog, None, comment)]);
            let _ = writeln!(text, "{}: {};", column.name, column_type(row, column)?);
        }
        text.push_str("}\n");
    }
    Ok(module("The rows that the calls answer, as the gateway gives them, by the names of their columns.", &[], &text))
}

fn column_type(row: &Row, column: &Column) -> Result<String> {
    let kind = match union(&column.words()) {
        Some(union) => union,
        None => match column.kind.as_str() {
            "jsonb" if column.holds("object") => "JsonObject",
            "jsonb" if column.holds("array") => "Json[]",
            "interval" => "string",
            kind => plain(kind, &column.name)?,
        }
        .to_owned(),
    };
    Ok(if column.is_nullable(row) { format!("{kind} | null") } else { kind })
}

/// edge/js/types/calls.d.ts, before it is laid out.
pub fn calls(catalog: &Catalog) -> Result<String> {
    let mut text = "\n/** The calls that are functions of the database. */\nexport interface Calls {\n".to_owned();
    for call in &catalog.calls {
        let lines = [call.summary()].into_iter().chain(call.text());
        let lines: Vec<String> = lines.map(|line| in_javascript(catalog, Some(call), line)).collect();
        document(&mut text, &lines);
        let is_required = call.arguments.iter().any(|argument| argument.default.is_none());
        let kind = if call.arguments.is_empty() { "Record<string, never>".to_owned() } else { pascal(&call.name) };
        let given = if is_required { "given" } else { "given?" };
        let (name, data) = (camel(&call.name), answer_type(call)?);
        let _ = writeln!(text, "{name}: ({given}: {kind}, options?: CallOptions) => Promise<Result<{data}>>;");
    }
    text.push_str("}\n");
    let arguments = calls_with_arguments(catalog).map(|call| pascal(&call.name)).collect();
    let rows = generated_rows(catalog).map(|row| row_type(&row.name)).collect();
    Ok(module("The calls.", &[("arguments", arguments), ("rows", rows)], &text))
}

/// A module of types with the imports that its text needs.
fn module(what: &str, others: &[(&str, Vec<String>)], text: &str) -> String {
    let head = "Written by `cargo xtask generate` from the declarations in sql/supabase/schemas.";
    let mut module = format!("// {what}\n// {head}\n\n");
    let by_hand = MODULES.iter().map(|(name, types)| (*name, types.iter().map(|one| (*one).to_owned()).collect()));
    let mut modules: Vec<(&str, Vec<String>)> = others.iter().cloned().chain(by_hand).collect();
    modules.sort();
    for (name, types) in modules {
        let is_used = |name: &String| text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == name);
        let mut used: Vec<String> = types.into_iter().filter(is_used).collect();
        used.sort();
        if !used.is_empty() {
            let _ = writeln!(module, "import type {{ {} }} from \"./{name}.d.ts\";", used.join(", "));
        }
    }
    module + text
}

/// What an editor shows of what follows.
fn document(text: &mut String, lines: &[String]) {
    let _ = match lines {
        [line] if line.is_empty() => Ok(()),
        [line] => writeln!(text, "/** {line} */"),
        lines => writeln!(text, "/**\n * {}\n */", lines.join("\n * ")),
    };
}

fn union(words: &[String]) -> Option<String> {
    let words: Vec<String> = words.iter().map(|word| json!(word).to_string()).collect();
    (!words.is_empty() && words.len() <= MOST_WORDS).then(|| words.join(" | "))
}

/// The TypeScript of a type of SQL, where nothing else is known of the value.
fn plain(kind: &str, of: &str) -> Result<&'static str> {
    Ok(match kind {
        "boolean" => "boolean",
        "bytea" => "Bytes",
        "integer" | "bigint" | "real" => "number",
        "jsonb" => "Json",
        "text" | "inet" => "string",
        "text[]" => "string[]",
        "uuid[]" => "Uuid[]",
        "timestamp with time zone" => "Timestamp",
        "uuid" => "Uuid",
        "void" => "null",
        _ => bail!(advice(
            format_args!("{of} is of the type {kind}, which the npm package does not know."),
            "choose another type, or teach tools/sql_lint/src/javascript.rs to write it.",
        )),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::tests::{ANSWER, catalog};

    fn has_lines(text: &str, lines: &[&str]) {
        for line in lines {
            assert!(text.lines().any(|written| written == *line), "{line}\n{text}");
        }
    }

    #[test]
    fn a_signature_has_names_types_and_defaults() {
        let lines = [
            r#"["chat_id","uuid"],"#,
            r#"["title","text",null],"#,
            r#"["metadata","jsonb","{}"],"#,
            r#"["ttl","interval",2592000],"#,
            r#"["grace","interval",900],"#,
            r#"["page_size","integer",50],"#,
            r#"create_chat: "row","#,
        ];
        has_lines(&signatures(&catalog()).unwrap(), &lines);
    }

    #[test]
    fn a_default_that_is_no_literal_is_told() {
        let answer = ANSWER.replace("\"50\"", "\"now()\"");
        let told = signatures(&Catalog::read(&answer).unwrap()).unwrap_err().to_string();
        assert!(told.contains("now() of page_size"), "{told}");
    }

    #[test]
    fn arguments_have_what_may_be_left_out_what_may_be_null_and_the_words_of_their_column() {
        let text = arguments(&catalog()).unwrap();
        let lines = [
            "export interface CreateChat {",
            "/** The key. */",
            "chatId: Uuid;",
            "title?: string | null;",
            "metadata?: JsonObject;",
            "/** `30 days` when left out. */",
            "ttl?: Interval;",
            "kind: \"a\" | \"b\";",
        ];
        has_lines(&text, &lines);
        assert!(text.contains("import type { Interval, JsonObject, Uuid } from \"./values.d.ts\";"), "{text}");
    }

    #[test]
    fn rows_have_the_words_of_constraints_and_the_columns_of_the_table_within() {
        let lines = [
            "export interface Chat {",
            "/** The kind. */",
            "kind: \"a\" | \"b\" | null;",
            "export interface FoundChat extends Chat {",
            "outcome: \"new\" | \"old\";",
        ];
        has_lines(&rows(&catalog()).unwrap(), &lines);
    }

    #[test]
    fn a_call_takes_its_arguments_and_promises_its_rows() {
        let line = "createChat: (given: CreateChat, options?: CallOptions) => Promise<Result<Chat>>;";
        has_lines(&calls(&catalog()).unwrap(), &[line, " * Makes a chat | one.", " * Again the same."]);
    }
}
