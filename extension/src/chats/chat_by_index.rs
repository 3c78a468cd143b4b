//! Reads a chat by index, and whether it has certain messages, without a statement.
//!
//! The answer only chooses between two ways that both end in statements under policies. Nothing is shown to a caller,
//! and no access is decided, outside of statements.

use crate::policies::fingerprints;
use crate::postgres::datum::Uuid;
use crate::postgres::index_scan::is_uuid;
use crate::postgres::relation::Table;
use crate::postgres::snapshot::{Snapshot, TransactionId, with_latest};

/// A chat that messages can be appended to, as it was when we read it.
pub struct ChatHead {
    /// Its tenant and its owner.
    pub tenant: Uuid,
    pub user: Uuid,
    /// The last message of the active path.
    pub leaf: Option<Uuid>,
    /// The number of its messages, on all branches.
    pub message_count: i32,
    /// The seq and the `created_at` of its newest message.
    pub last_seq: i32,
    pub updated_at: i64,
    /// The transaction that wrote this version of the row. Every change of the chat replaces it.
    pub version: TransactionId,
}

/// Reads a chat as it is now. `None` unless all of these are true:
///
/// - The chat exists, is not deleted, and is the owner's. A role that is exempt from policies passes no owner.
/// - The chat has none of the messages.
/// - Messages are stored and shown just as they are inserted: their table has `columns` columns, no trigger or rule that
///   may change a row, and the policies of the migrations.
/// - The caller may select what is read.
pub fn chat_head(
    chat: &Uuid,
    owner: Option<&Uuid>,
    messages: &[Uuid],
    columns: usize,
) -> Option<ChatHead> {
    with_latest(|snapshot| {
        let head = Table::open(c"chatkeep", c"chats", c"chats_pkey", |table| {
            live_chat(table, chat, owner, snapshot)
        })?;
        let is_clear = Table::open(c"chatkeep", c"messages", c"messages_pkey", |table| {
            let [id, chat_id, tenant_id] = table.columns([c"id", c"chat_id", c"tenant_id"])?;
            for message in messages {
                let key = [
                    is_uuid(id, message),
                    is_uuid(chat_id, chat),
                    is_uuid(tenant_id, &head.tenant),
                ];
                if table.rows(key)?.find(snapshot, |_| ()).is_some() {
                    return None;
                }
            }
            Some(table.stores_as_given(columns) && fingerprints::are_the_migrations(table))
        });
        (is_clear == Some(true)).then_some(head)
    })
}

/// The owner's one chat of this id, unless it is deleted.
fn live_chat(
    table: &Table,
    chat: &Uuid,
    owner: Option<&Uuid>,
    snapshot: Snapshot,
) -> Option<ChatHead> {
    let [id, tenant_id, user_id, leaf_id] =
        table.columns([c"id", c"tenant_id", c"user_id", c"active_leaf_id"])?;
    let [last_seq, message_count, updated_at, deleted_at] =
        table.columns([c"last_seq", c"message_count", c"updated_at", c"deleted_at"])?;
    let (mut found, mut count) = (None, 0);
    let rows = table.rows([is_uuid(id, chat)])?;
    rows.each(snapshot, |row| {
        let (user, tenant): (Option<Uuid>, Option<Uuid>) = (row.get(user_id), row.get(tenant_id));
        let own = user
            .zip(tenant)
            .filter(|(user, _)| owner.is_none_or(|owner| user == owner));
        if let Some((user, tenant)) = own {
            count += 1;
            found = row.is_null(deleted_at).then(|| ChatHead {
                tenant,
                user,
                leaf: row.get(leaf_id),
                last_seq: row.get(last_seq).unwrap_or(0),
                message_count: row.get(message_count).unwrap_or(0),
                updated_at: row.get(updated_at).unwrap_or(0),
                version: row.writer(),
            });
        }
        true
    });
    // A role that is exempt from policies may find chats of several tenants.
    found.filter(|_| count == 1)
}
