//! Messages on their way into the table, as rows that a statement reads under the name `new_messages`.
//!
//! They have the columns of the call's result. If nothing can change them any more they are the result: each is formed
//! once, for the table and for the caller. Their types are those of the table's columns, domains included, so the
//! statement converts and checks nothing. Core has checked every value before.

use std::ffi::CStr;

use crate::call::Call;
use crate::chats::locked_chat::Chat;
use crate::chats::message_item::MessageItem;
use crate::postgres::datum::{Datum, Uuid, Value, values};
use crate::postgres::role;
use crate::postgres::row_store::RowStore;
use crate::postgres::statement::Statement;

const NAME: &CStr = c"new_messages";

/// The columns of `chatkeep.messages`, in the order of the migration.
pub const COLUMNS: usize = 24;

/// The value of the columns that tell of a redaction.
const NOT_REDACTED: Option<Uuid> = None;

/// Rows of new messages.
pub struct NewMessages<'c> {
    rows: RowStore<'c>,
    /// The first column, if the result has one more than the table.
    outcome: Option<Datum<'c>>,
    written_as: Option<Datum<'c>>,
}

impl<'c> NewMessages<'c> {
    /// Rows that are also the call's result. The table must store them as they are.
    pub fn to_return(call: Call<'c>, outcome: Option<&str>) -> Self {
        Self::new(call, RowStore::of(call.returned()), outcome)
    }

    /// Rows for the table alone, with the columns of the call's result.
    pub fn to_store(call: Call<'c>, outcome: Option<&str>) -> Self {
        let rows = RowStore::like(call.connection, call.returned());
        Self::new(call, rows, outcome)
    }

    fn new(call: Call<'c>, rows: RowStore<'c>, outcome: Option<&str>) -> Self {
        let text = |text: &str| call.connection.text(text);
        Self {
            rows,
            outcome: outcome.and_then(text),
            written_as: text(&role::name()),
        }
    }

    /// Adds the next message of the chat. The following one comes after it.
    pub fn push(&mut self, chat: &mut Chat, item: &MessageItem, id: Uuid) {
        let (seq, created_at) = chat.advance();
        let parent = chat.leaf.replace(id);
        let row: [Value; 1 + COLUMNS] = values![
            self.outcome,
            id,
            chat.id,
            chat.tenant,
            chat.user,
            created_at,
            created_at,
            seq,
            parent,
            true,
            item.role,
            item.content,
            item.parts,
            item.status,
            chat.author,
            self.written_as,
            item.model,
            item.token_count,
            item.metadata,
            NOT_REDACTED,
            NOT_REDACTED,
            NOT_REDACTED,
            1_i32,
            item.reply_to,
            item.usage,
        ];
        // A column that somebody has added to the table stays NULL. The statement does not name it.
        let first = usize::from(self.outcome.is_none());
        self.rows.push(&row[first..]);
    }

    /// Executes a statement that reads the rows and inserts them. Returns the number of inserted rows.
    pub fn insert(&self, call: Call, statement: Statement) -> u64 {
        statement
            .execute_over(call.connection, NAME, &self.rows)
            .len()
    }

    /// The same for a statement with RETURNING: what it returns are the call's rows.
    pub fn insert_and_return(&self, call: Call, statement: Statement) -> u64 {
        statement.execute_over_into(call.connection, NAME, &self.rows, call.returned())
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        self.rows.clear();
    }
}
