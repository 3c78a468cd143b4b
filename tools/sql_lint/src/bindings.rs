//! The rules of core that the WASM module exports for calls: `check_<call>` in edge/src/arguments.rs, whose parameters have the
//! names and the order of the call's arguments.

use crate::calls::{Call, Catalog};
use anyhow::Result;
use fs_err as fs;
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;

const SOURCE: &str = "edge/src/arguments.rs";
/// Rules that are not those of one call.
const SHARED: [&str; 4] = ["text", "upkeep", "message_count", "document_count"];
/// The calls whose arguments are judged in another way, which edge/js/lib/calls.js names.
const UNBOUND: [&str; 13] = [
    // Their items are judged, by the rules of one message, chat or document.
    "append_messages",
    "import_chat",
    "register_documents",
    "register_content",
    // Their largest batches differ, so they share a rule that takes it.
    "fail_stale_messages",
    "index_messages",
    "measure_usage",
    "purge_chats",
    "purge_sessions",
    "take_storage_deletions",
    // A token that was never issued is an answer, no refusal.
    "revoke_other_sessions",
    "rotate_session",
    "validate_session",
];
/// Types whose values have no rule beyond their form.
const FREE: [&str; 5] = ["bytea", "inet", "timestamp with time zone", "uuid", "uuid[]"];

/// A binding: the name of its call and its parameters.
pub struct Binding(String, Vec<String>);

/// Reads them.
pub fn read(root: &Path) -> Result<Vec<Binding>> {
    Ok(parse(&fs::read_to_string(root.join(SOURCE))?))
}

fn parse(source: &str) -> Vec<Binding> {
    let functions = source.split("\npub fn check_").skip(1);
    let bindings = functions.filter_map(|function| {
        let (name, rest) = function.split_once('(')?;
        let (parameters, _) = rest.split_once(')')?;
        let names = parameters.split(',').filter_map(|parameter| parameter.split_once(':'));
        Some(Binding(name.to_owned(), names.map(|(name, _)| name.trim().to_owned()).collect()))
    });
    bindings.filter(|Binding(name, _)| !SHARED.contains(&name.as_str())).collect()
}

/// Where bindings and declarations differ.
pub fn complaints(bindings: &[Binding], catalog: &Catalog) -> Vec<String> {
    let mut complaints = Vec::new();
    for Binding(name, parameters) in bindings {
        let Some(call) = catalog.calls.iter().find(|call| call.name == *name) else {
            complaints.push(format!("{SOURCE}: check_{name} is named after no call"));
            continue;
        };
        let mut declared = call.arguments.iter();
        if let Some(wrong) = parameters.iter().find(|name| !declared.any(|argument| argument.name == **name)) {
            complaints.push(format!("{SOURCE}: check_{name} takes {wrong}, no argument of {name} or out of its order"));
        }
    }
    let is_judged = |call: &Call| {
        UNBOUND.contains(&call.name.as_str())
            || bindings.iter().any(|Binding(name, _)| *name == call.name)
            || call.arguments.iter().all(|argument| FREE.contains(&argument.kind.as_str()))
    };
    let missing = catalog.calls.iter().filter(|call| !is_judged(call));
    complaints
        .extend(missing.map(|call| format!("{SOURCE}: there is no check_{}, the rule of its arguments", call.name)));
    complaints
}

/// What signatures.js says of them.
pub fn judged(bindings: &[Binding]) -> String {
    let mut text = "\n// The arguments that core's rule for a call takes, in the order of edge/src/arguments.rs.\n\
        export const JUDGED = {\n"
        .to_owned();
    for Binding(name, parameters) in bindings {
        let _ = writeln!(text, "{name}: {},", json!(parameters));
    }
    text + "};\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::tests::catalog;

    fn told(source: &str) -> Vec<String> {
        complaints(&parse(source), &catalog())
    }

    #[test]
    fn a_binding_has_the_arguments_of_its_call_in_their_order() {
        let good = "\npub fn check_create_chat(\n    title: Option<String>,\n    kind: Option<String>,\n) -> Option<Object> {}";
        assert!(told(good).is_empty());
        assert!(judged(&parse(good)).contains("create_chat: [\"title\",\"kind\"],"));
        let swapped = told("\npub fn check_create_chat(kind: A, title: B) {}");
        assert_eq!(
            swapped,
            ["edge/src/arguments.rs: check_create_chat takes title, no argument of create_chat or out of its order"]
        );
    }

    #[test]
    fn a_call_without_its_binding_and_a_binding_without_its_call_are_told() {
        let lines = told("\npub fn check_rename_chat(title: A) {}\npub fn check_text(value: A) {}");
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].ends_with("check_rename_chat is named after no call"), "{lines:?}");
        assert!(lines[1].ends_with("there is no check_create_chat, the rule of its arguments"), "{lines:?}");
    }
}
