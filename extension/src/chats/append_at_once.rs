//! Appending messages at once: what nearly every append does.

use chatkeep_core::Refusal;
use std::ffi::CStr;

use crate::call::Call;
use crate::caller::identity;
use crate::chats::chat_by_index;
use crate::chats::locked_chat::{Chat, is_count, not_before_now};
use crate::chats::message_item::MessageItem;
use crate::chats::new_messages::{self, NewMessages};
use crate::postgres::datum::{Uuid, values};
use crate::postgres::error::{self, Range};
use crate::postgres::role;
use crate::postgres::statement::{Statement, c_str, statements};

statements! {
    // Takes the lock that orders the writers of a chat and counts the chat on, where it is still the version that was
    // looked at. No row is touched where somebody has appended, chosen a branch or deleted it, or the policies hide it.
    // "Not distinct" and not "=": the planner would compare the two tenants, and the two owners, of statement and policy
    // in a node of its own.
    ADVANCE(UUIDOID, UUIDOID, UUIDOID, XIDOID, INT4OID, INT4OID, UUIDOID, TIMESTAMPTZOID) = c"
        update chatkeep.chats c
        set last_seq = $5, message_count = $6, active_leaf_id = $7, updated_at = $8
        where c.id = $1
          and c.tenant_id is not distinct from $2
          and c.user_id is not distinct from $3
          and c.xmin = $4";
}

macro_rules! insert {
    ($and:literal) => {
        concat!(
            "insert into chatkeep.messages as m (
              id, chat_id, tenant_id, user_id, created_at, updated_at, seq, parent_id, role, content, parts, status,
              author_id, model, token_count, metadata
            )
            select n.id, n.chat_id, n.tenant_id, n.user_id, n.created_at, n.updated_at, n.seq, n.parent_id, n.role,
              n.content, n.parts, n.status, n.author_id, n.model, n.token_count, n.metadata
            from new_messages n ",
            $and,
            "\0"
        )
    };
}

/// Nothing is returned: what a message is made of is known, and RETURNING would put every row to the policy of SELECT
/// once more.
pub const INSERT: &CStr = c_str(insert!(""));
pub const INSERT_NEW: &CStr = c_str(insert!("on conflict do nothing"));
/// For a table that may change a row on its way in, or hide it.
pub const INSERT_RETURNING: &CStr = c_str(insert!("on conflict do nothing returning m.*"));

/// What differs between the two calls: the form of their result and the statement planned for it.
pub struct ResultShape {
    pub outcome: Option<&'static str>,
    pub insert: Statement,
}

/// The way of nearly every append. Appends the items, and returns them, where nothing stands against it: they follow one
/// another and the chat's last message, none of them is stored, and nobody else appends at the same time. False
/// otherwise, with nothing done.
pub fn append_at_once(
    call: Call,
    shape: &ResultShape,
    chat_id: Uuid,
    items: &[MessageItem],
    ids: &[Uuid],
) -> Result<bool, Refusal> {
    let given: Vec<Uuid> = items.iter().filter_map(|item| item.id).collect();
    let [first, rest @ ..] = items else {
        return Ok(false);
    };
    if rest.iter().any(|item| item.parent.is_some())
        || given
            .iter()
            .enumerate()
            .any(|(n, id)| given[..n].contains(id))
    {
        return Ok(false);
    }
    let author = identity::user(call.connection);
    let owner = match (author, role::is_exempt_from_policies()) {
        (_, true) => None,
        (Some(author), false) => Some(author),
        (None, false) => return Ok(false),
    };
    let Some(head) =
        chat_by_index::chat_head(&chat_id, owner.as_ref(), &given, new_messages::COLUMNS)
    else {
        return Ok(false);
    };
    if first.parent.is_some() && first.parent != head.leaf {
        return Ok(false);
    }
    let mut rows = NewMessages::to_return(call, shape.outcome);
    let mut chat = Chat {
        connection: call.connection,
        id: chat_id,
        tenant: head.tenant,
        user: Some(head.user),
        author,
        leaf: head.leaf,
        last_seq: head.last_seq,
        last_time: not_before_now(head.updated_at),
    };
    for (item, &id) in items.iter().zip(ids) {
        rows.push(&mut chat, item, id);
    }
    let message_count = head
        .message_count
        .checked_add(chat.last_seq - head.last_seq)
        .unwrap_or_else(|| error::out_of_range(Range::Integer));
    let arguments = values![
        chat.id,
        chat.tenant,
        chat.user,
        head.version,
        chat.last_seq,
        message_count,
        chat.leaf,
        chat.last_time,
    ];
    if ADVANCE.execute(call.connection, &arguments).is_empty() {
        rows.clear();
        return Ok(false);
    }
    // All of them have to arrive: the caller is shown what was formed here.
    if is_count(rows.insert(call, shape.insert), items.len()) {
        Ok(true)
    } else {
        Err(Refusal::chat_unwritten())
    }
}
