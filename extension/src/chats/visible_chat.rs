//! A chat that the caller may see.

use chatkeep_core::Refusal;
use pgrx::{IntoDatum, pg_sys};

use crate::caller::identity::{is_service, user};
use crate::postgres::plan::{Plan, Rows, plans};

plans! {
    READ_CHAT(UUIDOID, UUIDOID, BOOLOID) = c"
        select c.tenant_id, c.deleted_at is not null
        from chatkeep.chats c
        where c.id = $1 and (c.user_id = $2 or $3)
        limit 2";
}

/// The tenant of a chat that the caller may see, or what stands against it. A call that only reads looks in the snapshot of
/// its caller, one that writes as of now.
pub fn visible_chat(
    chat_id: pg_sys::Datum,
    look: fn(&Plan, &[Option<pg_sys::Datum>]) -> Rows,
) -> Result<Option<pg_sys::Datum>, Refusal> {
    let key = [Some(chat_id), user(), is_service().into_datum()];
    let chat = READ_CHAT.with(|plan| look(plan, &key));
    match chat.len() {
        0 => return Err(Refusal::chat_not_found()),
        1 => {}
        _ => return Err(Refusal::chat_ambiguous()),
    }
    if chat.get(2) == Some(true) {
        return Err(Refusal::chat_deleted());
    }
    Ok(chat.datum(1))
}
