//! Calls on chats and messages.

use super::turn::{By, Turn};
use super::world::{CHATS, World};
use crate::caller::Caller;
use crate::dice::Dice;

pub fn next(world: &World, dice: &mut Dice, by: By) -> Turn {
    let number = dice.below(CHATS);
    let chat = world.chat(by.user, number);
    let message = world.message(by.user, number, dice);
    let new = dice.uuid();
    // Services write answers too.
    let writer = if dice.once_in(8) {
        By {
            caller: Caller::Service,
            user: by.user,
        }
    } else {
        by.clone()
    };
    let turn = match dice.below(60) {
        0..5 => make_chat(dice, by, &chat),
        5..16 => Turn::new(
            "append_message",
            writer,
            format!(
                "select * from chatkeep.append_message('{chat}', 'user', 'words {new}', message_id => '{new}')"
            ),
        )
        .keeping_messages(),
        // A retry, or other content with the id of a stored message.
        16..18 => Turn::new(
            "append_message, repeated",
            writer,
            format!(
                "select * from chatkeep.append_message('{chat}', 'user', 'words {message}', message_id => '{message}')"
            ),
        )
        .keeping_messages(),
        18..22 => Turn::new(
            "append_message, branch",
            writer,
            format!(
                "select * from chatkeep.append_message('{chat}', 'assistant', 'again', message_id => '{new}', parent_id => '{message}')"
            ),
        )
        .keeping_messages(),
        22..27 => Turn::new(
            "append_message, streaming",
            writer,
            format!(
                "select * from chatkeep.append_message('{chat}', 'assistant', '', message_id => '{new}', status => 'streaming')"
            ),
        )
        .keeping_messages(),
        27..31 => append_messages(dice, writer, &chat, &message).keeping_messages(),
        31..38 => finish_message(dice, writer, &chat, &message),
        38..42 => Turn::new(
            "select_branch",
            by,
            format!("select * from chatkeep.select_branch('{chat}', '{message}')"),
        ),
        42..46 => Turn::new(
            "list_messages",
            by,
            format!("select * from chatkeep.list_messages('{chat}', page_size => 20)"),
        ),
        46..48 => Turn::new(
            "search_messages",
            by,
            "select * from chatkeep.search_messages('words', page_size => 5)".to_owned(),
        ),
        48..51 => import_chat(dice, by, &chat),
        51..53 if number > 0 => Turn::new(
            "delete_chat",
            by,
            format!("select * from chatkeep.delete_chat('{chat}')"),
        ),
        53..55 => Turn::new(
            "restore_chat",
            by,
            format!("select * from chatkeep.restore_chat('{chat}')"),
        ),
        55..57 => Turn::new(
            "attach",
            by,
            format!(
                "select * from chatkeep.attach('{chat}', '{message}', storage_path => 'files/{new}')"
            ),
        ),
        _ => Turn::new(
            "attach, document",
            by,
            format!(
                "select * from chatkeep.attach('{chat}', '{message}', '{}', name => 'notes')",
                world.document(dice)
            ),
        ),
    };
    turn.about_chat(number, chat)
}

fn make_chat(dice: &mut Dice, by: By, chat: &str) -> Turn {
    let language = dice.of(["simple", "english"]);
    Turn::new(
        "create_chat",
        by,
        format!(
            "select * from chatkeep.create_chat('A chat', chat_id => '{chat}', language => '{language}')"
        ),
    )
}

/// Mostly the end of a stream, and sometimes its progress or a stop by the user.
fn finish_message(dice: &mut Dice, by: By, chat: &str, message: &str) -> Turn {
    let (name, given) = match dice.below(7) {
        0..2 => (
            "finish_message, progress",
            "'the whole', status => 'streaming'",
        ),
        2 => ("finish_message, stopped", "status => 'stopped'"),
        _ => (
            "finish_message",
            r#"'the whole answer', metadata => '{"done": true}'"#,
        ),
    };
    Turn::new(
        name,
        by,
        format!("select * from chatkeep.finish_message('{chat}', '{message}', {given})"),
    )
}

fn append_messages(dice: &mut Dice, by: By, chat: &str, message: &str) -> Turn {
    let items: Vec<String> = (0..=dice.below(4))
        .map(|place| {
            let id = dice.uuid();
            let parent = if place == 1 && dice.once_in(4) {
                format!(r#", "parent_id": "{message}""#)
            } else {
                String::new()
            };
            format!(r#"{{"message_id": "{id}", "role": "user", "content": "words {id}"{parent}}}"#)
        })
        .collect();
    Turn::new(
        "append_messages",
        by,
        format!(
            "select * from chatkeep.append_messages('{chat}', '[{}]')",
            items.join(", ")
        ),
    )
}

fn import_chat(dice: &mut Dice, by: By, chat: &str) -> Turn {
    let ids: Vec<String> = (0..=dice.below(3)).map(|_| dice.uuid()).collect();
    let items: Vec<String> = ids
        .iter()
        .map(|id| format!(r#"{{"id": "{id}", "role": "user", "content": "words {id}"}}"#))
        .collect();
    Turn::new(
        "import_chat",
        by,
        format!(
            r#"select * from chatkeep.import_chat('{{"id": "{chat}", "messages": [{}]}}')"#,
            items.join(", ")
        ),
    )
    .keeping_imported(ids)
}
