//! A message that is saved again under its id: the same, a stale copy, a growth, or a conflict.
//!
//! The rule is an order on what a message says. `a` comes before `b` if all of these are true:
//!
//! - The content of `b` begins with that of `a`. If `b` has parts, line breaks do not count, because the parts hold the text
//!   and a client chooses how it joins them.
//! - The parts of `b` begin with parts that each come after the part of `a` at its place, by the order of parts below. No
//!   parts come before any parts.
//!
//! The stored message only ever moves up in this order. Two writers therefore end with the same message in whatever
//! order their copies arrive, or the second one gets a conflict. Metadata has no order: a growth adds and replaces its
//! keys, and a copy that adds nothing else changes none.
//!
//! The order of parts:
//!
//! | Part | What may change |
//! |---|---|
//! | `text`, `reasoning` | `text` is extended, `state` becomes `done`, `providerMetadata` is added or replaced |
//! | `tool-…`, `dynamic-tool` | `state` moves forward; `input` and what belongs to it may change until it is available; the keys of later states are added |
//! | any other | nothing |
//!
//! Every other key of a part keeps its value; new keys may come. Values are compared as `jsonb` prints them.

use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What a message says. JSON is passed as the text that `jsonb` prints.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Its text.
    pub content: &'a str,
    /// A JSON array, or nothing.
    pub parts: Option<&'a str>,
}

/// How a copy of a message relates to what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// It says the same.
    Same,
    /// The stored message has grown out of it.
    Stale,
    /// It has grown out of the stored message.
    Grown,
    /// Neither.
    Conflict,
}

/// Compares a copy with what is stored.
pub fn growth(stored: Said, copy: Said) -> Growth {
    match (comes_before(stored, copy), comes_before(copy, stored)) {
        (true, true) => Growth::Same,
        (true, false) => Growth::Grown,
        (false, true) => Growth::Stale,
        (false, false) => Growth::Conflict,
    }
}

/// A part, with its values as they are written.
type Part<'a> = BTreeMap<String, &'a RawValue>;

fn comes_before(earlier: Said, later: Said) -> bool {
    content_comes_before(earlier.content, later)
        && match (earlier.parts, later.parts) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(earlier), Some(later)) => parts_come_before(earlier, later),
        }
}

/// Whether line breaks count depends on the later copy alone. By both copies the order would not be transitive.
fn content_comes_before(earlier: &str, later: Said) -> bool {
    if later.parts.is_none() {
        return later.content.starts_with(earlier);
    }
    let mut more = without_line_breaks(later.content);
    without_line_breaks(earlier).all(|byte| more.next() == Some(byte))
}

fn without_line_breaks(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(|byte| *byte != b'\n')
}

fn parts_come_before(earlier: &str, later: &str) -> bool {
    let (Ok(earlier), Ok(later)) = (
        serde_json::from_str::<Vec<&RawValue>>(earlier),
        serde_json::from_str::<Vec<&RawValue>>(later),
    ) else {
        return false;
    };
    earlier.len() <= later.len()
        && earlier
            .iter()
            .zip(&later)
            .all(|(earlier, later)| part_comes_before(earlier.get(), later.get()))
}

fn part_comes_before(earlier: &str, later: &str) -> bool {
    if earlier == later {
        return true;
    }
    // An element that is no object never changes.
    let (Ok(earlier), Ok(later)) = (
        serde_json::from_str::<Part>(earlier),
        serde_json::from_str::<Part>(later),
    ) else {
        return false;
    };
    let kind = string(&earlier, "type");
    if kind.is_none() || kind != string(&later, "type") {
        return false;
    }
    match kind.unwrap_or_default() {
        "text" | "reasoning" => {
            is_extended(&earlier, &later)
                && prose_rank(&earlier) <= prose_rank(&later)
                && keeps(&earlier, &later, &["text", "state", "providerMetadata"])
        }
        kind if kind == "dynamic-tool" || kind.starts_with("tool-") => {
            tool_moves_forward(&earlier, &later)
                && approval_comes_before(&earlier, &later)
                && keeps(&earlier, &later, &may_change(&earlier))
        }
        _ => false,
    }
}

/// The place of the state of text. Without a state the text is whole.
fn prose_rank(part: &Part) -> u8 {
    u8::from(string(part, "state") != Some("streaming"))
}

/// The place of the state of a tool call.
fn tool_rank(part: &Part) -> Option<u8> {
    match string(part, "state")? {
        "input-streaming" => Some(0),
        "input-available" => Some(1),
        "approval-requested" => Some(2),
        "approval-responded" => Some(3),
        "output-available" | "output-error" | "output-denied" => Some(4),
        _ => None,
    }
}

/// Whether the state is the same, or one with a later place. Two ends of a call never follow each other.
fn tool_moves_forward(earlier: &Part, later: &Part) -> bool {
    match (tool_rank(earlier), tool_rank(later)) {
        (Some(before), Some(after)) => {
            before < after || string(earlier, "state") == string(later, "state")
        }
        _ => false,
    }
}

/// The keys of a tool call that later copies may change.
fn may_change(earlier: &Part) -> Vec<&'static str> {
    let mut keys = vec!["state", "approval"];
    if tool_rank(earlier) == Some(0) {
        // The AI SDK keeps the text of the input so far, and takes it away when the input is whole.
        keys.extend(["input", "rawInput", "inputEncoding", "callProviderMetadata"]);
    }
    if value(earlier, "preliminary") == Some("true") {
        keys.extend(["output", "preliminary"]);
    }
    keys
}

/// Whether an approval is the same, or the answer to the one before.
fn approval_comes_before(earlier: &Part, later: &Part) -> bool {
    let Some(asked) = value(earlier, "approval") else {
        return true;
    };
    let (Ok(asked), Some(Ok(answered))) = (
        serde_json::from_str::<Part>(asked),
        value(later, "approval").map(serde_json::from_str::<Part>),
    ) else {
        return false;
    };
    keeps(&asked, &answered, &[])
}

/// Whether the text begins with that of the earlier part.
fn is_extended(earlier: &Part, later: &Part) -> bool {
    let texts = (value(earlier, "text"), value(later, "text"));
    let (Some(earlier), Some(later)) = texts else {
        return texts.0 == texts.1;
    };
    // Both are written as JSON. Without its closing quote a text ends between two characters, also between two escapes.
    earlier == later
        || (later.starts_with('"')
            && earlier
                .strip_suffix('"')
                .is_some_and(|begun| later.starts_with(begun)))
}

/// Whether the later part has every key of the earlier one with its value, except for some.
fn keeps(earlier: &Part, later: &Part, except: &[&str]) -> bool {
    earlier
        .iter()
        .all(|(key, kept)| except.contains(&key.as_str()) || value(later, key) == Some(kept.get()))
}

fn value<'a>(part: &Part<'a>, key: &str) -> Option<&'a str> {
    part.get(key).map(|value| value.get())
}

/// A text value without escapes, as all types and states are.
fn string<'a>(part: &Part<'a>, key: &str) -> Option<&'a str> {
    value(part, key)?.strip_prefix('"')?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stored: (&str, Option<&str>), copy: (&str, Option<&str>)) -> Growth {
        let said = |(content, parts)| Said { content, parts };
        growth(said(stored), said(copy))
    }

    fn of_parts(stored: &str, copy: &str) -> Growth {
        of(("", Some(stored)), ("", Some(copy)))
    }

    #[test]
    fn content_extends() {
        assert_eq!(of(("ab", None), ("ab", None)), Growth::Same);
        assert_eq!(of(("ab", None), ("abc", None)), Growth::Grown);
        assert_eq!(of(("abc", None), ("ab", None)), Growth::Stale);
        assert_eq!(of(("ab", None), ("ac", None)), Growth::Conflict);
        assert_eq!(of(("", None), ("", Some("[]"))), Growth::Grown);
        // More text with fewer parts is neither.
        assert_eq!(of(("a", Some("[]")), ("ab", None)), Growth::Conflict);
    }

    #[test]
    fn line_breaks_count_only_without_parts() {
        assert_eq!(of(("ab", None), ("a\nb", None)), Growth::Conflict);
        assert_eq!(of(("ab", Some("[]")), ("a\nb", Some("[]"))), Growth::Same);
        assert_eq!(
            of(("ab", Some("[]")), ("a\nb\nc", Some("[]"))),
            Growth::Grown
        );
        assert_eq!(of(("ab\n", Some("[]")), ("a", Some("[]"))), Growth::Stale);
        assert_eq!(of(("a\nb", None), ("ab", Some("[]"))), Growth::Grown);
        assert_eq!(
            of(("ab", Some("[]")), ("a\nc", Some("[]"))),
            Growth::Conflict
        );
    }

    #[test]
    fn a_tool_call_moves_forward() {
        let asked = r#"[{"type": "tool-weather", "input": {"city": "Rome"}, "state": "input-available", "toolCallId": "c1"}]"#;
        let told = r#"[{"type": "tool-weather", "input": {"city": "Rome"}, "state": "output-available", "output": 25, "toolCallId": "c1"}, {"type": "text", "text": "25"}]"#;
        let other = r#"[{"type": "tool-weather", "input": {"city": "Bonn"}, "state": "output-available", "output": 25, "toolCallId": "c1"}]"#;
        let failed = r#"[{"type": "tool-weather", "input": {"city": "Rome"}, "state": "output-error", "errorText": "x", "toolCallId": "c1"}]"#;
        assert_eq!(of_parts(asked, told), Growth::Grown);
        assert_eq!(of_parts(told, asked), Growth::Stale);
        assert_eq!(of_parts(asked, other), Growth::Conflict);
        assert_eq!(of_parts(asked, failed), Growth::Grown);
        assert_eq!(of_parts(told, failed), Growth::Conflict);
    }

    #[test]
    fn an_approval_is_answered_once() {
        let part = |state: &str, approval: &str| {
            format!(
                r#"[{{"type": "dynamic-tool", "state": "{state}", "approval": {approval}, "toolCallId": "c1"}}]"#
            )
        };
        let requested = part("approval-requested", r#"{"id": "a1"}"#);
        let granted = part("approval-responded", r#"{"id": "a1", "approved": true}"#);
        let denied = part("approval-responded", r#"{"id": "a1", "approved": false}"#);
        let other = part("approval-responded", r#"{"id": "a2", "approved": true}"#);
        assert_eq!(of_parts(&requested, &granted), Growth::Grown);
        assert_eq!(of_parts(&granted, &denied), Growth::Conflict);
        assert_eq!(of_parts(&requested, &other), Growth::Conflict);
    }

    #[test]
    fn odd_parts_only_stay() {
        for (stored, copy) in [
            ("[1]", "[2]"),
            (r#"[{"a": 1}]"#, r#"[{"a": 1, "b": 2}]"#),
            (
                r#"[{"type": "file", "url": "a"}]"#,
                r#"[{"type": "file", "url": "b"}]"#,
            ),
            (
                r#"[{"type": "tool-x", "state": "odd"}]"#,
                r#"[{"type": "tool-x", "state": "output-available"}]"#,
            ),
            (
                r#"[{"type": "text", "text": 1}]"#,
                r#"[{"type": "text", "text": 2}]"#,
            ),
        ] {
            assert_eq!(of_parts(stored, copy), Growth::Conflict, "{stored} {copy}");
            assert_eq!(of_parts(stored, stored), Growth::Same, "{stored}");
        }
    }
}
