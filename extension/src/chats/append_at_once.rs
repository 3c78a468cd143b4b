//! Appends messages at once. This is the fast path, which nearly every append takes.

use chatkeep_core::Refusal;
use std::ffi::CStr;

use crate::call::Call;
use crate::caller::identity;
use crate::caller::named_tenant::Naming;
use crate::chats::chat_by_index;
use crate::chats::locked_chat::{Chat, is_count, not_before_now};
use crate::chats::message_item::MessageItem;
use crate::chats::moving_tenant::check_moving_exempt;
use crate::chats::new_messages::{self, NewMessages};
use crate::postgres::datum::{Uuid, values};
use crate::postgres::error::{self, Range};
use crate::postgres::role;
use crate::postgres::statement::{Statement, c_str, statements};

statements! {
    // Locks the chat row and increases its counters, provided that the row is still the version we read (compared by
    // `xmin`). It updates no row if somebody has appended, selected a branch or deleted the chat, or if policies hide
    // it. It says "is not distinct from" because of the planner: with "=" it would compare the tenants of statement and
    // policy, and the owners, in a node of its own.
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
              author_id, model, token_count, metadata, reply_to, usage
            )
            select n.id, n.chat_id, n.tenant_id, n.user_id, n.created_at, n.updated_at, n.seq, n.parent_id, n.role,
              n.content, n.parts, n.status, n.author_id, n.model, n.token_count, n.metadata, n.reply_to,
              n.usage
            from new_messages n ",
            $and,
            "\0"
        )
    };
}

/// It returns nothing: the call already has the rows, and RETURNING would evaluate the SELECT policy for each of them
/// again.
pub const INSERT: &CStr = c_str(insert!(""));
pub const INSERT_NEW: &CStr = c_str(insert!(
    "where (select chatkeep_private.may_still_write()) on conflict do nothing"
));
/// For a table with a trigger or policy that may change or hide a row.
pub const INSERT_RETURNING: &CStr = c_str(insert!(
    "where (select chatkeep_private.may_still_write()) on conflict do nothing returning m.*"
));

/// The result of each call: its first column, if it has one more than the table, and the statement planned for its
/// rows.
pub struct ResultShape {
    pub outcome: Option<&'static str>,
    pub insert: Statement,
}

/// Appends the items and returns them, if they follow one another and the chat's last message, none of them is stored,
/// and nobody else appends at the same time. Otherwise it does nothing and returns false.
pub fn append_at_once(
    call: Call,
    shape: &ResultShape,
    chat_id: Uuid,
    items: &[MessageItem],
    ids: &[Uuid],
    expected_leaf: Option<Uuid>,
) -> Result<bool, Refusal> {
    let given: Vec<Uuid> = items.iter().filter_map(|item| item.id).collect();
    let [first, rest @ ..] = items else {
        return Ok(false);
    };
    if rest.iter().any(|item| item.parent.is_some())
        || items.iter().any(|item| item.reply_to.is_some())
        || given
            .iter()
            .enumerate()
            .any(|(n, id)| given[..n].contains(id))
    {
        return Ok(false);
    }
    let author = identity::user(call.connection);
    let owner = match (author, role::is_exempt_from_policies()) {
        // A service that names a tenant means the chat of that tenant.
        (_, true) if !Naming::of_request().is_none() => return Ok(false),
        (_, true) => None,
        (Some(author), false) => Some(author),
        (None, false) => return Ok(false),
    };
    let Some(head) =
        chat_by_index::chat_head(&chat_id, owner.as_ref(), &given, new_messages::COLUMNS)
    else {
        return Ok(false);
    };
    if [first.parent, expected_leaf]
        .into_iter()
        .flatten()
        .any(|message| head.leaf != Some(message))
    {
        return Ok(false);
    }
    if owner.is_none() {
        check_moving_exempt(call.connection, &head.tenant);
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
    // Every row has to arrive, since the caller is shown the rows that were formed here.
    if is_count(rows.insert(call, shape.insert), items.len()) {
        Ok(true)
    } else {
        Err(Refusal::chat_unwritten())
    }
}
