//! The laws of growth, over messages that grow at random and over any two of them. It also writes and checks
//! `tests/contract/support/growths.psql`: every two of some messages, and how they relate. The contract suite compares
//! the rule in SQL with it. After a change of the rule, write it again with
//! `CHATKEEP_WRITE_VECTORS=1 cargo test -p chatkeep-core --test growth`.

use chatkeep_core::chats::growth::{Growth, Said, growth};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::Path;

const FILE: &str = "../tests/contract/support/growths.psql";

/// Messages: content and parts. Each pair of them is a vector.
const MESSAGES: [(&str, Option<&str>); 45] = [
    ("", None),
    ("", Some("[]")),
    ("a", None),
    ("ab", None),
    ("ä", Some("[]")),
    ("b", Some("[]")),
    ("ab", Some("[]")),
    ("a\nb", Some("[]")),
    ("a\n", None),
    ("", Some("[1]")),
    ("", Some("[1, 2]")),
    ("", Some("[null]")),
    ("", Some("[[]]")),
    ("", Some("[{}]")),
    ("", Some(r#"[{"type": 1}]"#)),
    ("", Some(r#"[{"type": 1, "a": 1}]"#)),
    ("", Some(r#"[{"type": "file", "url": "u"}]"#)),
    ("", Some(r#"[{"type": "file", "url": "v"}]"#)),
    ("", Some(r#"[{"type": "text"}]"#)),
    ("", Some(r#"[{"type": "text", "text": ""}]"#)),
    ("", Some(r#"[{"type": "text", "text": 1}]"#)),
    ("", Some(r#"[{"type": "text", "text": "a\\"}]"#)),
    ("", Some(r#"[{"type": "text", "text": "a\\b\"c"}]"#)),
    (
        "",
        Some(r#"[{"type": "text", "text": "a", "state": "streaming"}]"#),
    ),
    (
        "",
        Some(r#"[{"type": "text", "text": "ab", "state": "streaming"}]"#),
    ),
    (
        "",
        Some(r#"[{"type": "text", "text": "ab", "state": "done"}]"#),
    ),
    (
        "",
        Some(r#"[{"type": "text", "text": "ab", "state": "done", "id": "i"}]"#),
    ),
    (
        "",
        Some(r#"[{"type": "text", "text": "abc", "state": "done", "id": "j"}]"#),
    ),
    (
        "",
        Some(r#"[{"type": "text", "text": "ab", "providerMetadata": {"x": 1}}]"#),
    ),
    ("", Some(r#"[{"type": "reasoning", "text": "ab"}]"#)),
    (
        "",
        Some(r#"[{"type": "text", "text": "ab"}, {"type": "step-start"}]"#),
    ),
    (
        "",
        Some(
            r#"[{"type": "tool-a", "toolCallId": "c", "state": "input-streaming", "input": {"q": 1}}]"#,
        ),
    ),
    (
        "",
        Some(r#"[{"type": "tool-a", "toolCallId": "c", "state": "input-streaming"}]"#),
    ),
    (
        "",
        Some(
            r#"[{"type": "tool-a", "toolCallId": "c", "state": "input-streaming", "input": {"q": 1}, "rawInput": "{\"q\": 1"}]"#,
        ),
    ),
    (
        "",
        Some(
            r#"[{"type": "tool-a", "toolCallId": "c", "state": "input-available", "input": {"q": 2}}]"#,
        ),
    ),
    (
        "",
        Some(
            r#"[{"type": "tool-a", "toolCallId": "d", "state": "input-available", "input": {"q": 2}}]"#,
        ),
    ),
    (
        "",
        Some(
            r#"[{"type": "tool-a", "toolCallId": "c", "state": "approval-requested", "input": {"q": 2}, "approval": {"id": "p"}}]"#,
        ),
    ),
    (
        "",
        Some(
            r#"[{"type": "tool-a", "toolCallId": "c", "state": "approval-responded", "input": {"q": 2}, "approval": {"id": "p", "approved": true}}]"#,
        ),
    ),
    (
        "",
        Some(
            r#"[{"type": "tool-a", "toolCallId": "c", "state": "approval-responded", "input": {"q": 2}, "approval": {"id": "p", "approved": false}}]"#,
        ),
    ),
    (
        "",
        Some(
            r#"[{"type": "tool-a", "toolCallId": "c", "state": "output-available", "input": {"q": 2}, "output": 1, "preliminary": true}]"#,
        ),
    ),
    (
        "",
        Some(
            r#"[{"type": "tool-a", "toolCallId": "c", "state": "output-available", "input": {"q": 2}, "output": 2}]"#,
        ),
    ),
    (
        "",
        Some(
            r#"[{"type": "tool-a", "toolCallId": "c", "state": "output-available", "input": {"q": 2}, "output": 2, "approval": {"id": "p", "approved": true}}]"#,
        ),
    ),
    (
        "",
        Some(
            r#"[{"type": "tool-a", "toolCallId": "c", "state": "output-error", "input": {"q": 2}, "errorText": "e"}]"#,
        ),
    ),
    (
        "",
        Some(r#"[{"type": "tool-a", "toolCallId": "c", "state": "odd", "input": {"q": 2}}]"#),
    ),
    (
        "",
        Some(
            r#"[{"type": "dynamic-tool", "toolName": "a", "toolCallId": "c", "state": "output-denied", "input": {"q": 2}}]"#,
        ),
    ),
];

fn verdict(stored: (&str, Option<&str>), copy: (&str, Option<&str>)) -> &'static str {
    let said = |(content, parts)| Said { content, parts };
    match growth(said(stored), said(copy)) {
        Growth::Same => "same",
        Growth::Stale => "stale",
        Growth::Grown => "grown",
        Growth::Conflict => "conflict",
    }
}

fn vectors() -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let messages: Vec<String> = MESSAGES
        .iter()
        .enumerate()
        .map(|(place, (content, parts))| {
            let parts = parts.map_or_else(|| "null".to_owned(), quoted);
            format!("  ({place}, {}, {parts})", quoted(content))
        })
        .collect();
    let rows: Vec<String> = MESSAGES
        .iter()
        .map(|stored| MESSAGES.map(|copy| verdict(*stored, copy)).join(" "))
        .enumerate()
        .map(|(place, verdicts)| format!("  ({place}, '{verdicts}')"))
        .collect();
    format!(
        "-- Written by core/tests/growth.rs: messages, and for each of them how every one of them relates to it as a copy.\n\
         create temporary table messages_said (n integer, content text, parts jsonb) on commit drop;\n\
         insert into messages_said values\n{};\n\
         create temporary table growths (n integer, verdicts text) on commit drop;\n\
         insert into growths values\n{};\n",
        messages.join(",\n"),
        rows.join(",\n")
    )
}

#[test]
fn the_vectors_are_those_of_the_rule() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if std::env::var_os("CHATKEEP_WRITE_VECTORS").is_some() {
        std::fs::write(&file, vectors()).expect("the vectors can be written");
    }
    let written = std::fs::read_to_string(&file).expect("the vectors can be read");
    assert!(written == vectors(), "{FILE} is not what the rule says");
}

/// A message: its content and its parts.
type Message = (String, Option<Vec<Value>>);

/// One step in the life of a message. A step that does not fit the message leaves it as it is.
#[derive(Clone, Debug)]
enum Step {
    Content(String),
    /// The text is joined without line breaks.
    Join,
    Begin(u8),
    Text(usize, String),
    Forward(usize, u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        "[a\"\\\\é\n]{1,3}".prop_map(Step::Content),
        Just(Step::Join),
        (0..4u8).prop_map(Step::Begin),
        (0..3usize, "[a\"\\\\\n]{1,3}").prop_map(|(place, text)| Step::Text(place, text)),
        (0..3usize, 0..8u8).prop_map(|(place, to)| Step::Forward(place, to)),
    ]
}

const STATES: [&str; 5] = [
    "input-available",
    "approval-requested",
    "approval-responded",
    "output-available",
    "output-error",
];

fn apply((mut content, parts): Message, step: &Step) -> Message {
    // Text alone comes without parts.
    if let (Step::Content(more), None) = (step, &parts) {
        return (content + more, None);
    }
    let mut parts = parts.unwrap_or_default();
    match step {
        Step::Content(more) => content.push_str(more),
        Step::Join => content.retain(|character| character != '\n'),
        Step::Begin(kind) => parts.push(match kind {
            0 => json!({"type": "text", "text": "", "state": "streaming"}),
            1 => json!({"type": "reasoning", "text": ""}),
            2 => json!({"type": "tool-a", "toolCallId": "c", "state": "input-streaming", "input": null, "rawInput": ""}),
            _ => json!({"type": "file", "url": "u"}),
        }),
        Step::Text(place, more) => {
            if let Some(text) = parts.get_mut(*place).and_then(|part| part.get_mut("text")) {
                let longer = format!("{}{more}", text.as_str().unwrap_or_default());
                *text = json!(longer);
            }
        }
        Step::Forward(place, to) => {
            if let Some(part) = parts.get_mut(*place) {
                forward(part, usize::from(*to));
            }
        }
    }
    (content, Some(parts))
}

fn forward(part: &mut Value, to: usize) {
    let state = part.get("state").and_then(Value::as_str).map(str::to_owned);
    match part.get("type").and_then(Value::as_str) {
        Some("text") => part["state"] = json!("done"),
        Some("tool-a") => {
            let rank = |state: &str| match state {
                "output-available" | "output-error" => 4,
                other => STATES
                    .iter()
                    .position(|known| *known == other)
                    .map_or(0, |at| at + 1),
            };
            let Some(next) = STATES.get(to % STATES.len()) else {
                return;
            };
            if rank(next) <= rank(state.as_deref().unwrap_or_default()) {
                return;
            }
            if state.as_deref() == Some("input-streaming") {
                part["input"] = json!({"n": to});
                if let Some(keys) = part.as_object_mut() {
                    keys.remove("rawInput");
                }
            }
            part["state"] = json!(next);
            match *next {
                "approval-requested" => part["approval"] = json!({"id": "a"}),
                "approval-responded" => part["approval"] = json!({"id": "a", "approved": true}),
                "output-available" => part["output"] = json!(to),
                "output-error" => part["errorText"] = json!("e"),
                _ => {}
            }
        }
        _ => {}
    }
}

fn life(steps: &[Step]) -> Message {
    steps.iter().fold((String::new(), None), apply)
}

fn compare(stored: &Message, copy: &Message) -> Growth {
    let text = |message: &Message| message.1.as_ref().map(|parts| json!(parts).to_string());
    let (stored_parts, copy_parts) = (text(stored), text(copy));
    growth(
        Said {
            content: &stored.0,
            parts: stored_parts.as_deref(),
        },
        Said {
            content: &copy.0,
            parts: copy_parts.as_deref(),
        },
    )
}

fn is_before(a: &Message, b: &Message) -> bool {
    matches!(compare(a, b), Growth::Same | Growth::Grown)
}

/// What is stored after a copy arrives; `None` for a conflict.
fn store(stored: &Message, copy: &Message) -> Option<Message> {
    match compare(stored, copy) {
        Growth::Same | Growth::Stale => Some(stored.clone()),
        Growth::Grown => Some(copy.clone()),
        Growth::Conflict => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_message_is_the_same_as_itself(steps in prop::collection::vec(step(), 0..12)) {
        let message = life(&steps);
        prop_assert_eq!(compare(&message, &message), Growth::Same);
    }

    #[test]
    fn every_step_is_a_growth_or_nothing(steps in prop::collection::vec(step(), 1..12)) {
        for end in 0..steps.len() {
            let (before, after) = (life(&steps[..end]), life(&steps[..=end]));
            prop_assert!(is_before(&before, &after), "{before:?} {after:?}");
            prop_assert!(matches!(compare(&after, &before), Growth::Same | Growth::Stale));
        }
    }

    #[test]
    fn the_order_is_transitive(
        common in prop::collection::vec(step(), 0..5),
        tails in prop::array::uniform3(prop::collection::vec(step(), 0..4)),
    ) {
        let [a, b, c] = tails.map(|tail| life(&[common.clone(), tail].concat()));
        if is_before(&a, &b) && is_before(&b, &c) {
            prop_assert!(is_before(&a, &c), "{a:?} {b:?} {c:?}");
        }
    }

    #[test]
    fn two_writers_commute_or_one_conflicts(
        common in prop::collection::vec(step(), 0..6),
        tails in prop::array::uniform2(prop::collection::vec(step(), 0..5)),
    ) {
        let base = life(&common);
        let [one, other] = tails.map(|tail| life(&[common.clone(), tail].concat()));
        let in_order = |first: &Message, second: &Message| store(&store(&base, first)?, second);
        match (in_order(&one, &other), in_order(&other, &one)) {
            (Some(left), Some(right)) => prop_assert_eq!(compare(&left, &right), Growth::Same),
            (None, None) => {}
            (left, right) => prop_assert!(false, "{left:?} {right:?}"),
        }
    }
}
