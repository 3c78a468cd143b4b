//! Calls on documents.

use super::call::{Kind, Statement};
use super::maker::Maker;
use super::values;
use crate::literal;

/// The number of different bytes: few, so that registrations meet.
const BYTES: usize = 15;

pub fn next(maker: &mut Maker) -> Statement {
    match maker.dice.below(20) {
        0..7 => register_document(maker),
        7..11 => register_documents(maker),
        11 => register_content(maker),
        12 => {
            let arguments = [("content", Some(content(maker)))];
            Statement::scalar("document_checksum", arguments)
        }
        13..15 => {
            let arguments = [
                ("document_id", Some(maker.document())),
                ("tags", Some(maker.object())),
                (
                    "namespace",
                    maker.perhaps(|maker| maker.word(["default", "a", "b"])),
                ),
            ];
            Statement::rows("tag_document", arguments, None)
        }
        15..18 => {
            let statuses = ["pending", "processing", "ready", "failed", "archived"];
            let arguments = [
                ("document_id", Some(maker.document())),
                ("status", Some(maker.word(statuses))),
                ("error", maker.dice.once_in(6).then(|| maker.text())),
            ];
            Statement::rows("set_document_status", arguments, None)
        }
        _ => {
            let arguments = [("document_id", Some(maker.document()))];
            Statement::rows("delete_document", arguments, None)
        }
    }
}

fn register_document(maker: &mut Maker) -> Statement {
    let arguments = [
        (
            "source_uri",
            Some(literal::text(&values::source(maker.dice))),
        ),
        ("checksum", Some(literal::text(&checksum(maker)))),
        ("title", maker.perhaps(Maker::text)),
        ("mime_type", maker.perhaps(Maker::text)),
        (
            "byte_size",
            maker.perhaps(|maker| maker.number([0, 1, 100, 5_000_000_000])),
        ),
        ("tags", maker.perhaps(Maker::object)),
        ("visibility", maker.perhaps(visibility)),
        ("properties", maker.perhaps(Maker::object)),
    ];
    Statement::rows("register_document", arguments, Some(Kind::Document))
}

fn register_documents(maker: &mut Maker) -> Statement {
    let items: Vec<String> = (0..maker.dice.below(7)).map(|_| item(maker)).collect();
    let mut documents = format!("[{}]", items.join(", "));
    if maker.dice.once_in(15) {
        documents = values::bad_json(maker.dice);
    }
    let arguments = [("documents", Some(literal::text(&documents)))];
    Statement::rows("register_documents", arguments, Some(Kind::Document))
}

fn item(maker: &mut Maker) -> String {
    let mut fields = vec![
        format!(
            r#""source_uri": {}"#,
            literal::json(&values::source(maker.dice))
        ),
        format!(r#""checksum": {}"#, literal::json(&checksum(maker))),
    ];
    if maker.dice.once_in(3) {
        let visibility = maker.dice.of(["private", "tenant", "tenant"]);
        fields.push(format!(r#""visibility": "{visibility}""#));
    }
    let odd = [
        r#""title": "A title""#,
        r#""title": 1"#,
        r#""title": null"#,
        r#""mime_type": "text/plain""#,
        r#""byte_size": 12"#,
        r#""byte_size": -1"#,
        r#""byte_size": 1e3"#,
        r#""byte_size": 99999999999999999999"#,
        r#""tags": {"a": "b"}"#,
        r#""tags": []"#,
        r#""properties": {"pages": 3}"#,
        r#""properties": null"#,
        r#""visibility": "public""#,
        r#""unknown": 1"#,
    ];
    if maker.dice.once_in(5) {
        fields.push(maker.dice.of(odd).to_owned());
    }
    format!("{{{}}}", fields.join(", "))
}

fn register_content(maker: &mut Maker) -> Statement {
    let arguments = [
        (
            "source_uri",
            Some(literal::text(&values::source(maker.dice))),
        ),
        ("content", Some(content(maker))),
        ("title", maker.perhaps(Maker::text)),
        ("mime_type", maker.perhaps(Maker::text)),
        ("tags", maker.perhaps(Maker::object)),
        ("visibility", maker.perhaps(visibility)),
        ("properties", maker.perhaps(Maker::object)),
    ];
    Statement::rows("register_content", arguments, Some(Kind::Document))
}

fn visibility(maker: &mut Maker) -> String {
    maker.word(["private", "tenant", "tenant"])
}

fn checksum(maker: &mut Maker) -> String {
    if maker.dice.once_in(15) {
        return values::bad_checksum(maker.dice);
    }
    literal::checksum(maker.dice.below(BYTES))
}

fn content(maker: &mut Maker) -> String {
    let contents = [
        r"'\x'",
        r"'\x00ff'",
        r"'\x6162'",
        r"'\x0'",
        "'plain'",
        "null",
    ];
    maker.dice.of(contents).to_owned()
}
