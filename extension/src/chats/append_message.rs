//! `append_message`.

use chatkeep_core::Refusal;
use chatkeep_core::message::NewMessage;

use crate::call::{Call, calls, writing};
use crate::chats::append::{Form, INSERT, INSERT_RETURNING, append_at_once};
use crate::chats::locked_chat::Chat;
use crate::chats::message_item::Item;
use crate::chats::new_messages::NewMessages;
use crate::postgres::datum::bytes;
use crate::postgres::jsonb_text as json;
use crate::postgres::plan::plans;

calls! {
    append_message_wrapper, pg_finfo_append_message_wrapper => append_message;
}

plans! {
    STORED_MESSAGE(UUIDOID, UUIDOID, UUIDOID) = c"
        select m.* from chatkeep.messages m
        where m.id = $1 and m.chat_id = $2 and m.tenant_id = $3";
    // new_messages has the form of the call's result, so each call has a plan of its own.
    INSERT_MESSAGE() = INSERT;
    INSERT_AND_RETURN() = INSERT_RETURNING;
}

const ONE: Form = Form {
    outcome: None,
    insert: &INSERT_MESSAGE,
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
}

fn append_message(call: Call) -> Result<(), Refusal> {
    let chat_id = call
        .datum(argument::CHAT_ID)
        .ok_or_else(|| Refusal::missing("chat_id"))?;
    NewMessage {
        role: call.argument(argument::ROLE),
        content: call.argument(argument::CONTENT),
        parts: json::text(call.datum(argument::PARTS)).as_deref(),
        metadata: json::text(call.datum(argument::METADATA)).as_deref(),
        status: call.argument(argument::STATUS),
        model: call.argument(argument::MODEL),
        token_count: call.argument(argument::TOKEN_COUNT),
    }
    .check()?;
    let item = Item {
        id: call.datum(argument::MESSAGE_ID).map(bytes),
        parent: call.datum(argument::PARENT_ID).map(bytes),
        role: call.datum(argument::ROLE),
        content: call.datum(argument::CONTENT),
        parts: call.datum(argument::PARTS),
        status: call.datum(argument::STATUS),
        model: call.datum(argument::MODEL),
        token_count: call.datum(argument::TOKEN_COUNT),
        metadata: call.datum(argument::METADATA),
    };
    let id = item.own_or_new_id();
    let (items, ids) = (std::slice::from_ref(&item), std::slice::from_ref(&id));
    writing(|| {
        if append_at_once(call, &ONE, chat_id, items, ids)? {
            return Ok(());
        }
        let mut chat = Chat::lock(chat_id)?;
        let is_stored = match item.id {
            Some(wanted) => chat.holds(wanted, &item)?,
            None => false,
        };
        if is_stored {
            STORED_MESSAGE.with(|plan| call.return_from(plan, &chat.key(id)));
            return Ok(());
        }
        chat.follow(item.parent)?;
        let mut rows = NewMessages::to_store(call, ONE.outcome);
        rows.push(&mut chat, &item, id);
        chat.touch(1)?;
        if rows.insert_and_return(call, &INSERT_AND_RETURN) == 0 {
            return Err(if item.id.is_some() {
                Refusal::message_unseen("message_id", "is")
            } else {
                Refusal::chat_unwritten()
            });
        }
        Ok(())
    })
}
