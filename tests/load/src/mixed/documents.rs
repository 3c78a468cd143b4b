//! Calls on documents.

use super::turn::{By, Turn};
use super::world::World;
use crate::caller::Caller;
use crate::dice::Dice;
use crate::literal::checksum;

/// The number of sources and bytes: few, so that clients meet.
const SOURCES: usize = 10;
const BYTES: usize = 12;

pub fn next(world: &World, dice: &mut Dice, by: By) -> Turn {
    let document = world.document(dice);
    match dice.below(40) {
        0..14 => register(dice, by),
        14..20 => register_batch(dice, by),
        20..23 => Turn::new(
            "register_content",
            by,
            format!(
                "select * from chatkeep.register_content('{}', '\\x{:02x}', visibility => '{}')",
                source(dice),
                dice.below(BYTES),
                visibility(dice)
            ),
        )
        .keeping_documents(),
        23..28 => {
            let worker = if dice.once_in(2) {
                By {
                    caller: Caller::Service,
                    user: by.user,
                }
            } else {
                by
            };
            let status = dice.of(["processing", "ready", "failed", "pending", "archived"]);
            Turn::new(
                "set_document_status",
                worker,
                format!("select * from chatkeep.set_document_status('{document}', '{status}')"),
            )
        }
        28..34 => {
            let namespace = if dice.once_in(2) {
                "default".to_owned()
            } else {
                format!("of-{}", by.user)
            };
            let tags = dice.of([r#"{"kind": "note"}"#, r#"{"kind": null, "size": 3}"#]);
            Turn::new(
                "tag_document",
                by,
                format!(
                    "select * from chatkeep.tag_document('{document}', '{tags}', '{namespace}')"
                ),
            )
        }
        34..37 => Turn::new(
            "delete_document",
            by,
            format!("select * from chatkeep.delete_document('{document}')"),
        ),
        37 => Turn::new(
            "document_checksum",
            by,
            "select chatkeep.document_checksum('\\x00ff')".to_owned(),
        ),
        _ => Turn::new(
            "documents",
            by,
            "select id, status, access from chatkeep.documents limit 20".to_owned(),
        ),
    }
}

fn register(dice: &mut Dice, by: By) -> Turn {
    Turn::new(
        "register_document",
        by,
        format!(
            "select * from chatkeep.register_document('{}', '{}', tags => '{{\"from\": \"load\"}}', visibility => '{}')",
            source(dice),
            checksum(dice.below(BYTES)),
            visibility(dice)
        ),
    )
    .keeping_documents()
}

fn register_batch(dice: &mut Dice, by: By) -> Turn {
    let items: Vec<String> = (0..=dice.below(6))
        .map(|_| {
            format!(
                r#"{{"source_uri": "{}", "checksum": "{}", "visibility": "{}"}}"#,
                source(dice),
                checksum(dice.below(BYTES)),
                visibility(dice)
            )
        })
        .collect();
    Turn::new(
        "register_documents",
        by,
        format!(
            "select * from chatkeep.register_documents('[{}]')",
            items.join(", ")
        ),
    )
    .keeping_documents()
}

fn source(dice: &mut Dice) -> String {
    format!("https://files.test/{}", dice.below(SOURCES))
}

fn visibility(dice: &mut Dice) -> &'static str {
    dice.of(["private", "private", "tenant"])
}
