//! Calls on chats and messages.

use super::call::{Argument, Kind, Statement};
use super::maker::Maker;
use super::values;
use crate::literal;

pub fn next(maker: &mut Maker) -> Statement {
    match maker.dice.below(30) {
        0..4 => create_chat(maker),
        4..11 => append_message(maker),
        11..14 => append_messages(maker),
        14..17 => finish_message(maker),
        17..19 => {
            let arguments = [
                ("chat_id", Some(maker.chat())),
                ("leaf_id", Some(maker.message())),
            ];
            Statement::rows("select_branch", arguments, None)
        }
        19..22 => {
            let arguments = [
                ("chat_id", Some(maker.chat())),
                ("before", maker.perhaps(Maker::time)),
                ("after", maker.perhaps(Maker::time)),
                (
                    "page_size",
                    maker.perhaps(|maker| maker.number([1, 5, 50, 200])),
                ),
            ];
            Statement::rows("list_messages", arguments, None)
        }
        22..24 => search(maker),
        24 => {
            let arguments = [("chat_id", Some(maker.chat()))];
            Statement::rows("delete_chat", arguments, None)
        }
        25..27 => {
            let arguments = [("chat_id", Some(maker.chat()))];
            Statement::rows("restore_chat", arguments, None)
        }
        27..29 => import_chat(maker),
        _ => attach(maker),
    }
}

fn create_chat(maker: &mut Maker) -> Statement {
    let arguments = [
        ("title", maker.perhaps(Maker::text)),
        ("metadata", maker.perhaps(Maker::object)),
        ("chat_id", (!maker.dice.once_in(4)).then(|| maker.chat())),
        (
            "language",
            maker.perhaps(|maker| maker.word(["simple", "english", "german"])),
        ),
    ];
    Statement::rows("create_chat", arguments, Some(Kind::Chat))
}

fn append_message(maker: &mut Maker) -> Statement {
    let arguments = [
        ("chat_id", Some(maker.chat())),
        ("role", Some(role(maker))),
        ("content", Some(content(maker))),
        ("message_id", maker.perhaps(Maker::message)),
        ("parts", maker.perhaps(Maker::array)),
        ("metadata", maker.perhaps(Maker::object)),
        ("parent_id", maker.dice.once_in(6).then(|| maker.message())),
        (
            "status",
            maker.perhaps(|maker| maker.word(["complete", "streaming", "failed", "stopped"])),
        ),
        ("model", maker.perhaps(Maker::text)),
        (
            "token_count",
            maker.perhaps(|maker| maker.number([0, 1, 100, 2_147_483_647])),
        ),
        ("expected_leaf", expected_leaf(maker)),
        ("reply_to", maker.dice.once_in(6).then(|| maker.message())),
        ("usage", maker.perhaps(usage)),
    ];
    Statement::rows("append_message", arguments, Some(Kind::Message))
}

fn append_messages(maker: &mut Maker) -> Statement {
    let items: Vec<String> = (0..maker.dice.below(5))
        .map(|_| item(maker, "message_id"))
        .collect();
    let mut messages = format!("[{}]", items.join(", "));
    if maker.dice.once_in(15) {
        messages = values::bad_json(maker.dice);
    }
    let arguments = [
        ("chat_id", Some(maker.chat())),
        ("messages", Some(literal::text(&messages))),
        ("expected_leaf", expected_leaf(maker)),
    ];
    Statement::rows("append_messages", arguments, Some(Kind::Message))
}

/// A message of a batch or of an import. `id` is the name of the key with its id.
fn item(maker: &mut Maker, id: &str) -> String {
    let role = maker
        .dice
        .of(["user", "assistant", "tool", "system", "developer"]);
    let content = literal::json(&values::text(maker.dice));
    let mut fields = vec![
        format!(r#""role": "{role}""#),
        format!(r#""content": {content}"#),
    ];
    if maker.dice.once_in(2) {
        fields.push(format!(r#""{id}": "{}""#, maker.chosen_message()));
    }
    if maker.dice.once_in(5) {
        fields.push(format!(r#""parent_id": "{}""#, maker.chosen_message()));
    }
    if maker.dice.once_in(5) {
        let status = maker
            .dice
            .of(["complete", "streaming", "failed", "stopped", "done"]);
        fields.push(format!(r#""status": "{status}""#));
    }
    if maker.dice.once_in(6) {
        fields.push(format!(r#""reply_to": "{}""#, maker.chosen_message()));
    }
    let odd = [
        r#""usage": {"input_tokens": 1}"#,
        r#""usage": {"cost": 0.1}"#,
        r#""usage": null"#,
        r#""usage": 1"#,
        r#""reply_to": 1"#,
        r#""metadata": {"a": null}"#,
        r#""metadata": []"#,
        r#""metadata": null"#,
        r#""parts": [1]"#,
        r#""parts": "x""#,
        r#""token_count": 5"#,
        r#""token_count": -1"#,
        r#""token_count": 1.5"#,
        r#""token_count": 99999999999"#,
        r#""model": "m""#,
        r#""model": 3"#,
        r#""role": null"#,
        r#""unknown": 1"#,
        r#""parent_id": "00000000-0000-0000-0000-000000000000""#,
    ];
    if maker.dice.once_in(5) {
        fields.push(maker.dice.of(odd).to_owned());
    }
    format!("{{{}}}", fields.join(", "))
}

fn finish_message(maker: &mut Maker) -> Statement {
    let arguments = [
        ("chat_id", Some(maker.chat())),
        ("message_id", Some(maker.message())),
        ("content", maker.perhaps(content)),
        ("parts", maker.perhaps(Maker::array)),
        (
            "status",
            maker.perhaps(|maker| maker.word(["complete", "failed", "streaming", "stopped"])),
        ),
        ("metadata", maker.perhaps(Maker::object)),
        (
            "token_count",
            maker.perhaps(|maker| maker.number([0, 1, 100, 1000])),
        ),
        ("usage", maker.perhaps(usage)),
    ];
    Statement::rows("finish_message", arguments, None)
}

fn search(maker: &mut Maker) -> Statement {
    let arguments = [
        ("query", Some(maker.text())),
        ("chat_id", maker.perhaps(Maker::chat)),
        (
            "page_size",
            maker.perhaps(|maker| maker.number([1, 5, 50, 200])),
        ),
        ("before", maker.perhaps(Maker::time)),
    ];
    Statement::rows("search_messages", arguments, None).in_any_order()
}

fn import_chat(maker: &mut Maker) -> Statement {
    let items: Vec<String> = (0..maker.dice.below(5))
        .map(|_| {
            let mut item = item(maker, "id");
            if maker.dice.once_in(3) {
                let time = maker.dice.of([
                    "2001-02-03T04:05:06.789012Z",
                    "2002-01-01 00:00:00+00",
                    "infinity",
                    "2001-02-30",
                    "2101-01-01T00:00:00Z",
                ]);
                item.pop();
                item.push_str(&format_time(time));
            }
            item
        })
        .collect();
    let mut fields = vec![format!(r#""messages": [{}]"#, items.join(", "))];
    if !maker.dice.once_in(5) {
        fields.push(format!(r#""id": "{}""#, maker.chosen_chat()));
    }
    let odd = [
        r#""active_leaf_id": "x""#,
        r#""active_leaf_id": {}"#,
        r#""active_leaf_id": null"#,
        r#""archived_at": "2001-01-01T00:00:00Z""#,
        r#""created_at": "2001-01-01T00:00:00Z""#,
        r#""created_at": "yesterday""#,
        r#""created_at": "infinity""#,
        r#""language": "english""#,
        r#""language": "klingon""#,
        r#""metadata": {"a": [1]}"#,
        r#""metadata": 1"#,
        r#""title": "ä""#,
        r#""title": 1"#,
        r#""unknown": 1"#,
        r#""id": 5"#,
    ];
    if maker.dice.once_in(2) {
        fields.push(maker.dice.of(odd).to_owned());
    }
    if maker.dice.once_in(6) {
        fields.push(format!(r#""active_leaf_id": "{}""#, maker.chosen_message()));
    }
    let mut chat = format!("{{{}}}", fields.join(", "));
    if maker.dice.once_in(20) {
        chat = values::bad_json(maker.dice);
    }
    let arguments = [("chat", Some(literal::text(&chat)))];
    Statement::rows("import_chat", arguments, Some(Kind::Chat))
}

fn format_time(time: &str) -> String {
    format!(r#", "created_at": "{time}"}}"#)
}

fn attach(maker: &mut Maker) -> Statement {
    let arguments = [
        ("chat_id", Some(maker.chat())),
        ("message_id", Some(maker.message())),
        ("document_id", maker.perhaps(Maker::document)),
        ("name", maker.perhaps(Maker::text)),
        ("mime_type", maker.perhaps(Maker::text)),
        (
            "byte_size",
            maker.perhaps(|maker| maker.number([0, 1, 100, 5_000_000_000])),
        ),
        (
            "storage_path",
            maker.perhaps(|maker| literal::text(&values::source(maker.dice))),
        ),
    ];
    Statement::rows("attach", arguments, None)
}

fn expected_leaf(maker: &mut Maker) -> Argument {
    maker.dice.once_in(8).then(|| maker.message())
}

fn usage(maker: &mut Maker) -> String {
    let good = maker.dice.of([
        "{}",
        r#"{"input_tokens": 12, "output_tokens": 0}"#,
        r#"{"cost": 0.001, "currency": "USD"}"#,
    ]);
    let bad = maker.dice.of([
        r#"{"inputTokens": 1}"#,
        r#"{"input_tokens": 1.0}"#,
        r#"{"reasoning_tokens": 99999999999}"#,
        r#"{"cached_input_tokens": null, "unknown": 1}"#,
        r#"{"cost": -1, "currency": "USD"}"#,
        r#"{"cost": 1, "currency": "usd"}"#,
        r#"{"currency": "EUR"}"#,
        "[]",
        "null",
    ]);
    literal::text(if maker.dice.once_in(4) { bad } else { good })
}

fn role(maker: &mut Maker) -> String {
    maker.word(["user", "assistant", "tool", "developer"])
}

fn content(maker: &mut Maker) -> String {
    if maker.dice.once_in(20) {
        return "null".to_owned();
    }
    maker.text()
}
