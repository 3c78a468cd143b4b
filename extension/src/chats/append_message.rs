//! `append_message`.

use chatkeep_core::Refusal;
use chatkeep_core::chats::message::{self, NewMessage};
use std::borrow::Cow;

use crate::call::{Call, declare_call, writing};
use crate::chats::append_at_once::{INSERT, INSERT_RETURNING, ResultShape, append_at_once};
use crate::chats::locked_chat::Chat;
use crate::chats::message_item::MessageItem;
use crate::chats::new_messages::NewMessages;
use crate::chats::stored_message::return_stored_message;
use crate::postgres::datum::{Datum, Uuid};
use crate::postgres::jsonb;
use crate::postgres::statement::statements;

declare_call!(append_message);

statements! {
    // `new_messages` has the columns of the call's result, so each call needs its own plan.
    INSERT_MESSAGE() = INSERT;
    INSERT_AND_RETURN() = INSERT_RETURNING;
}

const ONE: ResultShape = ResultShape {
    outcome: None,
    insert: INSERT_MESSAGE,
};

/// The positions of `append_message`'s arguments.
mod argument {
    pub const CHAT_ID: usize = 0;
    pub const ROLE: usize = 1;
    pub const CONTENT: usize = 2;
    pub const MESSAGE_ID: usize = 3;
    pub const PARTS: usize = 4;
    pub const METADATA: usize = 5;
    pub const PARENT_ID: usize = 6;
    pub const STATUS: usize = 7;
    pub const MODEL: usize = 8;
    pub const TOKEN_COUNT: usize = 9;
    pub const EXPECTED_LEAF: usize = 10;
    pub const REPLY_TO: usize = 11;
    pub const USAGE: usize = 12;
}

fn text(datum: Datum<'_>) -> Cow<'_, str> {
    datum.read()
}

/// Reads and checks the message that the arguments describe.
fn item(call: Call<'_>) -> Result<MessageItem<'_>, Refusal> {
    let datum = |position| call.datum(position);
    let (role, content) = (datum(argument::ROLE), datum(argument::CONTENT));
    let (parts, metadata) = (datum(argument::PARTS), datum(argument::METADATA));
    let (status, model) = (datum(argument::STATUS), datum(argument::MODEL));
    let usage = datum(argument::USAGE);
    let token_count: Option<i32> = call.argument(argument::TOKEN_COUNT);
    let role_name = role.map(text);
    NewMessage {
        role: role_name.as_deref(),
        content: content.map(text).as_deref(),
        parts: parts.map(jsonb::text).as_deref(),
        metadata: metadata.map(jsonb::text).as_deref(),
        status: status.map(text).as_deref(),
        model: model.map(text).as_deref(),
        token_count,
        usage: usage.map(jsonb::text).as_deref(),
        ..NewMessage::default()
    }
    .check()?;
    Ok(MessageItem {
        id: call.argument(argument::MESSAGE_ID),
        parent: call.argument(argument::PARENT_ID),
        role: role.into(),
        content: content.into(),
        parts: parts.into(),
        status: status.into(),
        model: model.into(),
        token_count: token_count.into(),
        metadata: metadata.into(),
        reply_to: call.argument(argument::REPLY_TO),
        usage: usage.into(),
        is_result: role_name.as_deref() == Some(message::RESULT),
    })
}

fn append_message(call: Call) -> Result<(), Refusal> {
    let chat_id: Uuid = call.required(argument::CHAT_ID, "chat_id")?;
    let item = item(call)?;
    let id = item.own_or_new_id();
    let expected_leaf: Option<Uuid> = call.argument(argument::EXPECTED_LEAF);
    let (items, ids) = (std::slice::from_ref(&item), std::slice::from_ref(&id));
    writing(|| {
        if append_at_once(call, &ONE, chat_id, items, ids, expected_leaf)? {
            return Ok(());
        }
        let mut chat = Chat::lock_own_or_shared(call.connection, chat_id)?;
        let is_stored = match item.id {
            Some(wanted) => chat.save_again(wanted, "message_id", &item)?.is_some(),
            None => false,
        };
        if is_stored {
            return_stored_message(call, &chat.key(id));
            return Ok(());
        }
        chat.expect_leaf(expected_leaf)?;
        chat.place(&item)?;
        let mut rows = NewMessages::to_store(call, ONE.outcome);
        rows.push(&mut chat, &item, id);
        chat.touch(1)?;
        if rows.insert_and_return(call, INSERT_AND_RETURN) == 0 {
            let has_id = item.id.is_some();
            return Err(chat.not_inserted(has_id, "message_id", "is"));
        }
        Ok(())
    })
}
