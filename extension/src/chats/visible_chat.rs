//! A chat that the caller may see, an own one or a shared one.

use chatkeep_core::Refusal;

use crate::caller::identity::member_to_read;
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
    OPEN_CHAT(UUIDOID) = c"select chatkeep_private.reader() from chatkeep_private.open_chat($1)";
}

/// Opens a chat that is shared with the caller, and returns its owner. Policies then show this chat to the rest of the
/// call. Any other chat is refused.
pub fn open_chat(connection: Connection, chat: Uuid) -> Option<Uuid> {
    OPEN_CHAT.execute(connection, &values![chat]).get(1)
}

/// The tenant of a chat that the caller may see; a refusal if the caller may not. A call that only reads looks in the
/// snapshot of its caller. A call that writes looks at the present.
pub fn visible_chat<'c>(
    connection: Connection<'c>,
    chat: Uuid,
    look: fn(Statement, Connection<'c>, &[Value]) -> Rows<'c>,
) -> Result<Option<Uuid>, Refusal> {
    let mut found = look(READ_CHAT, connection, &values![chat, member_to_read()]);
    if found.is_empty() {
        found = look(
            READ_CHAT,
            connection,
            &values![chat, open_chat(connection, chat)],
        );
    }
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
