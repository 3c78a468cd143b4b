//! What readers see of the calls: the reference, and the tables in README and in the README of the npm package.

use crate::calls::{Answer, Call, Catalog, without_words};
use crate::javascript::{answer_type, camel, in_javascript};
use crate::marks::renew;
use crate::schemas::Family;
use anyhow::Result;
use std::fmt::Write as _;
use std::path::Path;

const BEGIN: &str = "<!-- calls: written by `cargo xtask generate` -->\n";
const END: &str = "<!-- end of calls -->\n";

/// docs/reference.md.
pub fn reference(catalog: &Catalog, families: &[Family], root: &Path) -> Result<String> {
    let mut text = "\
# Reference

Every call is a function in the schema `chatkeep`. Pass arguments by name. An argument with a default may be left out. This page is
written by `cargo xtask generate` from the declarations in `sql/supabase/schemas`.
"
    .to_owned();
    for family in families {
        let _ = write!(text, "\n## {}\n\nSee [the guide]({}).\n", family.title, family.guide);
        for call in catalog.calls.iter().filter(|call| call.is_in(family, root)) {
            let lines: Vec<&str> = [call.summary()].into_iter().chain(call.text()).collect();
            let _ = write!(text, "\n### {}\n\n{}\n", call.name, lines.join(" "));
            if !call.arguments.is_empty() {
                text.push_str("\n| Argument | Type | Default | Meaning |\n|---|---|---|---|\n");
            }
            for argument in &call.arguments {
                let default = argument.default_literal();
                let default = default.map_or_else(|| "required".to_owned(), |default| format!("`{default}`"));
                let words: Vec<_> = catalog.words_of(call, argument).iter().map(|word| format!("`{word}`")).collect();
                let list = if words.is_empty() { String::new() } else { format!("One of {}. ", words.join(", ")) };
                let meaning = format!("{list}{}", without_words(call.tag(&argument.name).unwrap_or_default()));
                let kind = argument.kind.trim_start_matches("chatkeep.");
                let (name, meaning) = (&argument.name, cell(&meaning));
                let _ = writeln!(text, "| `{name}` | {kind} | {default} | {meaning} |");
            }
            let answer = match call.answer()? {
                Answer::One(row) => format!("one row of `{row}`"),
                Answer::OneOrNone(row) => format!("one row of `{row}` or none"),
                Answer::Many(row) => format!("rows of `{row}`"),
                Answer::Value(kind) => format!("`{kind}`"),
            };
            let _ = write!(text, "\nReturns {answer}. For {}.", call.roles.join(", "));
            if let Some(errors) = call.tag("Errors") {
                let _ = write!(text, " Errors: {errors}");
            }
            text.push('\n');
        }
    }
    Ok(text)
}

/// README with its table of calls.
pub fn readme(text: &str, catalog: &Catalog, families: &[Family], root: &Path) -> Result<String> {
    let table = table(["Call", "What it does"], catalog, families, root, |call| {
        let names: Vec<&str> = call.arguments.iter().map(|one| one.name.as_str()).collect();
        let signature = format!("{}({})", call.name, names.join(", "));
        Ok([format!("[`{signature}`](docs/reference.md#{})", call.name), cell(call.summary())])
    })?;
    renew("README.md", text, (BEGIN, END), &table)
}

/// The README of the npm package with its table of calls.
pub fn package_readme(text: &str, catalog: &Catalog, families: &[Family], root: &Path) -> Result<String> {
    let table = table(["Call", "`data`", "What it does"], catalog, families, root, |call| {
        let names = call.arguments.iter();
        let names = names.map(|one| camel(&one.name) + if one.default.is_some() { "?" } else { "" });
        let names: Vec<String> = names.collect();
        let given = if names.is_empty() { String::new() } else { format!("{{ {} }}", names.join(", ")) };
        let data = format!("`{}`", answer_type(call)?);
        Ok([
            format!("`{}({given})`", camel(&call.name)),
            cell(&data),
            cell(&in_javascript(catalog, Some(call), call.summary())),
        ])
    })?;
    renew("edge/js/README.md", text, (BEGIN, END), &table)
}

/// A table with a row for each call, by family.
fn table<const COLUMNS: usize>(
    head: [&str; COLUMNS],
    catalog: &Catalog,
    families: &[Family],
    root: &Path,
    row: impl Fn(&Call) -> Result<[String; COLUMNS]>,
) -> Result<String> {
    let mut table = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(COLUMNS));
    for family in families {
        let _ = writeln!(table, "| **{}** |{}", family.title, " |".repeat(COLUMNS - 1));
        for call in catalog.calls.iter().filter(|call| call.is_in(family, root)) {
            let _ = writeln!(table, "| {} |", row(call)?.join(" | "));
        }
    }
    Ok(table)
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::tests::{catalog, chats, root};

    #[test]
    fn the_reference_tells_what_is_required_and_who_may_call() {
        let text = reference(&catalog(), &chats(), root().path()).unwrap();
        assert!(text.contains("### create_chat\n\nMakes a chat | one. Again the same.\n"), "{text}");
        let rows = "| `chat_id` | uuid | required | The key. |\n| `title` | text | `NULL` |  |";
        assert!(text.contains(rows), "{text}");
        assert!(text.contains("| `kind` | text | required | One of `a`, `b`. The kind. |"), "{text}");
        assert!(text.contains("Returns one row of `chats`. For authenticated. Errors: 22023."), "{text}");
    }

    #[test]
    fn the_tables_replace_what_is_between_their_marks_alone() {
        let (catalog, chats, root) = (catalog(), chats(), root());
        let before = format!("a\n{BEGIN}old\n{END}b\n");
        let text = readme(&before, &catalog, &chats, root.path()).unwrap();
        assert!(text.starts_with("a\n") && text.ends_with("b\n") && !text.contains("old"));
        let row = r"(chat_id, title, metadata, ttl, grace, page_size, kind)`](docs/reference.md#create_chat) | Makes a chat \| one. |";
        assert!(text.contains(row), "{text}");
        let text = package_readme(&before, &catalog, &chats, root.path()).unwrap();
        let row = r"`createChat({ chatId, title?, metadata?, ttl?, grace?, pageSize?, kind })` | `Chat` | Makes a chat \| one. |";
        assert!(text.contains(row), "{text}");
        assert!(readme("nothing", &catalog, &chats, root.path()).is_err());
    }
}
