//! Calls on shared chats: of owners who share and revoke, and of those who read and write through a share.

use super::ledger::Share;
use super::turn::{By, Turn};
use super::watch::Watch;
use super::world::{CHATS, STEADY, USERS, World, locked};
use crate::caller::Caller;
use crate::dice::Dice;

pub fn next(world: &World, dice: &mut Dice, by: By) -> Turn {
    let owner = by.user;
    let number = dice.below(CHATS);
    let chat = world.chat(owner, number);
    let reader = (owner + dice.of([1, 3])) % USERS;
    let new = dice.uuid();
    match dice.below(24) {
        0..6 => share_chat(world, dice, by, &chat, reader).about_chat(number, chat),
        6..12 => revoke_share(world, dice).unwrap_or_else(|| read(world, owner, chat, reader)),
        12..16 => open_share(world, dice).unwrap_or_else(|| read(world, owner, chat, reader)),
        16..20 => read(world, owner, chat, reader),
        20..23 => append(
            world,
            owner,
            reader,
            &chat,
            "append_message, through a share",
            format!(
                "select * from chatkeep.append_message('{chat}', 'user', 'words {new}', message_id => '{new}')"
            ),
        ),
        _ => append(
            world,
            owner,
            reader,
            &chat,
            "append_messages, through a share",
            format!(
                r#"select * from chatkeep.append_messages('{chat}', '[{{"role": "user", "content": "one"}}, {{"role": "user", "content": "words {new}", "message_id": "{new}"}}]')"#
            ),
        ),
    }
}

fn share_chat(world: &World, dice: &mut Dice, by: By, chat: &str, reader: usize) -> Turn {
    let permission = dice.of(["read", "write"]);
    let (call, with) = match dice.below(6) {
        0 => ("share_chat, by a link", "by_link => true".to_owned()),
        1 => (
            "share_chat, with the tenant",
            format!("with_tenant => true, permission => '{permission}'"),
        ),
        _ => (
            "share_chat",
            format!(
                "with_user_id => '{}', permission => '{permission}'",
                world.user(reader)
            ),
        ),
    };
    let mut shares = locked(&world.shares);
    let ledger = shares.chats.entry(chat.to_owned()).or_default();
    ledger.begun += 1;
    ledger.under_way += 1;
    let share = Share {
        id: String::new(),
        chat: chat.to_owned(),
        owner: by.user,
        reader,
        secret: String::new(),
        is_revoked: false,
    };
    Turn::new(
        call,
        by,
        format!("select * from chatkeep.share_chat('{chat}', {with})"),
    )
    .watched(Watch::Sharing(share))
}

fn revoke_share(world: &World, dice: &mut Dice) -> Option<Turn> {
    let share = dice.among(&locked(&world.shares).latest)?.clone();
    let owner = Caller::User(world.user(share.owner));
    Some(
        Turn::new(
            "revoke_share",
            somebody(owner),
            format!("select * from chatkeep.revoke_share('{}')", share.id),
        )
        .watched(Watch::Revoking(share)),
    )
}

fn open_share(world: &World, dice: &mut Dice) -> Option<Turn> {
    let share = dice.among(&locked(&world.shares).latest)?.clone();
    let (caller, which) = if share.secret.is_empty() {
        let reader = Caller::User(world.user(share.reader));
        (reader, format!("share_id => '{}'", share.id))
    } else {
        (Caller::Anon, format!("'{}'", share.secret))
    };
    let was_revoked = share.is_revoked;
    Some(
        Turn::new(
            "open_share",
            somebody(caller),
            format!(
                "select chat_id, (select string_agg(m ->> 'id' || ' ' || (m ->> 'created_at'), ' ') from jsonb_array_elements(messages) m) as messages from chatkeep.open_share({which}, page_size => 20)"
            ),
        )
        .watched(Watch::Opening(share, was_revoked)),
    )
}

fn read(world: &World, owner: usize, chat: String, reader: usize) -> Turn {
    let sql = format!("select * from chatkeep.list_messages('{chat}', page_size => 20)");
    using(
        world,
        owner,
        reader,
        chat,
        "list_messages, through a share",
        sql,
        false,
    )
}

fn append(
    world: &World,
    owner: usize,
    writer: usize,
    chat: &str,
    call: &'static str,
    sql: String,
) -> Turn {
    using(world, owner, writer, chat.to_owned(), call, sql, true)
}

fn using(
    world: &World,
    owner: usize,
    user: usize,
    chat: String,
    call: &'static str,
    sql: String,
    is_append: bool,
) -> Turn {
    let by = world.user(user);
    // A chat of somebody who stays keeps its owner. The others' chats may go to their readers.
    let closed = (owner < STEADY)
        .then(|| {
            locked(&world.shares)
                .chats
                .entry(chat.clone())
                .or_default()
                .closed()
        })
        .flatten();
    Turn::new(call, somebody(Caller::User(by.clone())), sql).watched(Watch::Using {
        chat,
        by,
        closed,
        is_append,
    })
}

/// A caller whose share may end at any time, so that any refusal may come.
fn somebody(caller: Caller) -> By {
    By {
        caller,
        user: USERS,
    }
}
