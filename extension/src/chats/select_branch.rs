//! `select_branch`.

use chatkeep_core::Refusal;

use crate::call::{Call, declare_call, writing};
use crate::chats::locked_chat::{Chat, NO_MESSAGE};
use crate::postgres::datum::{Uuid, values};
use crate::postgres::statement::statements;

declare_call!(select_branch);

statements! {
    CHAT(UUIDOID, UUIDOID) = c"
        select c.* from chatkeep.chats c where c.id = $1 and c.tenant_id = $2";
    SET_LEAF(UUIDOID, UUIDOID, UUIDOID) = c"
        update chatkeep.chats c set active_leaf_id = $3
        where c.id = $1 and c.tenant_id = $2
        returning c.*";
}

fn select_branch(call: Call) -> Result<(), Refusal> {
    let (chat_id, leaf_id) = (0, 1);
    let chat_id: Uuid = call.required(chat_id, "chat_id")?;
    let leaf_id: Uuid = call.required(leaf_id, "leaf_id")?;
    writing(|| {
        let mut chat = Chat::lock(call.connection, chat_id)?;
        if chat.leaf == Some(leaf_id) {
            call.return_from(CHAT, &values![chat.id, chat.tenant]);
            return Ok(());
        }
        if leaf_id == NO_MESSAGE || !chat.activate(leaf_id)? {
            return Err(Refusal::message_not_found("leaf_id"));
        }
        if call.return_from(SET_LEAF, &values![chat.id, chat.tenant, leaf_id]) == 0 {
            return Err(Refusal::chat_unwritten());
        }
        Ok(())
    })
}
