//! A chat and its messages, read by their index, without a statement.

use pgrx::{Uuid, pg_sys};

use crate::policies::fingerprints;
use crate::postgres::table::{Table, is_uuid, with_snapshot};

/// A chat that messages can be appended to, as it stood when it was looked at.
pub struct Head {
    /// Its tenant and its owner.
    pub tenant: [u8; 16],
    pub user: [u8; 16],
    /// The last message of the active path.
    pub leaf: Option<[u8; 16]>,
    /// How many messages it has, on all branches.
    pub message_count: i32,
    /// The seq and the `created_at` of its newest message.
    pub last_seq: i32,
    pub updated_at: i64,
    /// The transaction that wrote this version of the row. Whatever changes the chat puts another one there.
    pub version: pg_sys::TransactionId,
}

/// A chat as of this moment, where it is live, the owner's and has none of the messages, and where messages are stored
/// and shown just as they are inserted: their table has `columns` columns, no trigger or rule that could change a row on
/// its way in, and the policies of the migrations. `None` also where that cannot be told this way. `owner` is `None` for a
/// role that is exempt from policies.
pub fn head(
    chat: &[u8; 16],
    owner: Option<&[u8; 16]>,
    messages: &[[u8; 16]],
    columns: usize,
) -> Option<Head> {
    let look = |snapshot| {
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
    };
    // SAFETY: a snapshot of this moment, in which counts what others have committed since the statement began.
    unsafe { with_snapshot(pg_sys::GetLatestSnapshot(), look) }
}

/// The one chat of this id that is the owner's, if it is live.
fn live_chat(
    table: &Table,
    chat: &[u8; 16],
    owner: Option<&[u8; 16]>,
    snapshot: pg_sys::Snapshot,
) -> Option<Head> {
    let [id, tenant_id, user_id, leaf_id] =
        table.columns([c"id", c"tenant_id", c"user_id", c"active_leaf_id"])?;
    let [last_seq, message_count, updated_at, deleted_at] =
        table.columns([c"last_seq", c"message_count", c"updated_at", c"deleted_at"])?;
    let (mut found, mut count) = (None, 0);
    let rows = table.rows([is_uuid(id, chat)])?;
    rows.each(snapshot, |tuple| {
        // SAFETY: the columns have these types.
        let head = unsafe {
            let uuid = |column| table.read(tuple, column).map(|id: Uuid| *id.as_bytes());
            uuid(user_id)
                .zip(uuid(tenant_id))
                .map(|(user, tenant)| Head {
                    tenant,
                    user,
                    leaf: uuid(leaf_id),
                    last_seq: table.read(tuple, last_seq).unwrap_or(0),
                    message_count: table.read(tuple, message_count).unwrap_or(0),
                    updated_at: table.read(tuple, updated_at).unwrap_or(0),
                    version: (*(*tuple).t_data).t_choice.t_heap.t_xmin,
                })
        };
        let is_live = table.column(tuple, deleted_at).is_none();
        let own = head.filter(|head| owner.is_none_or(|owner| &head.user == owner));
        if own.is_some() {
            count += 1;
            found = own.filter(|_| is_live);
        }
        true
    });
    // A role that is exempt from policies may see chats of several tenants.
    found.filter(|_| count == 1)
}
