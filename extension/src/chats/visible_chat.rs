//! A chat that the caller may see.

use chatkeep_core::Refusal;

use crate::caller::identity::user;
use crate::postgres::connection::Connection;
use crate::postgres::datum::{Uuid, Value, values};
use crate::postgres::rows::Rows;
use crate::postgres::statement::{Statement, statements};

statements! {
    READ_CHAT(UUIDOID, UUIDOID) = c"
        select c.tenant_id, c.deleted_at is not null
        from chatkeep.chats c
        where c.id = $1 and (c.user_id = $2 or chatkeep_private.serves(c.tenant_id))
        limit 2";
}

/// The tenant of a chat that the caller may see; a refusal if the caller may not. A call that only reads looks in the
/// snapshot of its caller. A call that writes looks at the present.
pub fn visible_chat<'c>(
    connection: Connection<'c>,
    chat: Uuid,
    look: fn(Statement, Connection<'c>, &[Value]) -> Rows<'c>,
) -> Result<Option<Uuid>, Refusal> {
    let key = values![chat, user(connection)];
    let found = look(READ_CHAT, connection, &key);
    match found.len() {
        0 => return Err(Refusal::chat_not_found()),
        1 => {}
        _ => return Err(Refusal::chat_ambiguous()),
    }
    if found.get(2) == Some(true) {
        return Err(Refusal::chat_deleted());
    }
    Ok(found.get(1))
}
