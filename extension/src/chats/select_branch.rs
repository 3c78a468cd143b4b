//! `select_branch`.

use chatkeep_core::Refusal;

use crate::call::{Call, calls, writing};
use crate::caller::identity;
use crate::chats::locked_chat::Chat;
use crate::postgres::datum::bytes;
use crate::postgres::plan::plans;

calls! {
    select_branch_wrapper, pg_finfo_select_branch_wrapper => select_branch;
}

plans! {
    CHAT(UUIDOID, UUIDOID) = c"
        select c.* from chatkeep.chats c where c.id = $1 and c.tenant_id = $2";
    SET_LEAF(UUIDOID, UUIDOID, UUIDOID) = c"
        update chatkeep.chats c set active_leaf_id = $3
        where c.id = $1 and c.tenant_id = $2
        returning c.*";
}

fn select_branch(call: Call) -> Result<(), Refusal> {
    let (chat_id, leaf_id) = (0, 1);
    let chat_id = call
        .datum(chat_id)
        .ok_or_else(|| Refusal::missing("chat_id"))?;
    let leaf_id = call
        .datum(leaf_id)
        .ok_or_else(|| Refusal::missing("leaf_id"))?;
    writing(|| {
        let mut chat = Chat::lock(chat_id)?;
        let leaf = bytes(leaf_id);
        if chat.leaf == Some(leaf) {
            CHAT.with(|plan| call.return_from(plan, &[Some(chat.id), Some(chat.tenant)]));
            return Ok(());
        }
        if leaf == identity::NIL || !chat.activate(leaf)? {
            return Err(Refusal::message_not_found("leaf_id"));
        }
        let key = [Some(chat.id), Some(chat.tenant), Some(leaf_id)];
        if SET_LEAF.with(|plan| call.return_from(plan, &key)) == 0 {
            return Err(Refusal::chat_unwritten());
        }
        Ok(())
    })
}
