//! Messages on their way into the table: rows that a statement reads under the name `new_messages`.
//!
//! They have the columns of the call's result, and where nothing can change them any more they are the result: each is
//! formed once, for the table and for the caller. Their types are those of the table's columns, domains included, so
//! the statement converts and checks nothing; core has checked every value before.

use std::ffi::CStr;
use std::thread::LocalKey;

use pgrx::{IntoDatum, pg_sys};

use crate::call::Call;
use crate::caller::identity;
use crate::chats::locked_chat::Chat;
use crate::chats::message_item::Item;
use crate::postgres::datum::{bytes, text, uuid};
use crate::postgres::plan::Plan;

const NAME: &CStr = c"new_messages";

/// The columns of `chatkeep.messages`, in the order of the migration.
pub const COLUMNS: usize = 18;

/// Rows of new messages.
pub struct NewMessages {
    store: *mut pg_sys::Tuplestorestate,
    descriptor: pg_sys::TupleDesc,
    /// What the first column says where the result has one more than the table; NULL otherwise.
    outcome: Option<pg_sys::Datum>,
    written_as: Option<pg_sys::Datum>,
}

impl NewMessages {
    /// Rows that are the call's result too, for a table that stores what it is given.
    pub fn to_return(call: Call, outcome: Option<&str>) -> Self {
        let (store, descriptor) = call.result_store();
        Self::new(store, descriptor, outcome)
    }

    /// Rows for the table alone, in the form of the call's result.
    pub fn to_store(call: Call, outcome: Option<&str>) -> Self {
        let (_, descriptor) = call.result_store();
        // SAFETY: the store lives in the memory of the SPI connection, as the statement that reads it does.
        let store = unsafe { pg_sys::tuplestore_begin_heap(false, false, pg_sys::work_mem) };
        Self::new(store, descriptor, outcome)
    }

    fn new(
        store: *mut pg_sys::Tuplestorestate,
        descriptor: pg_sys::TupleDesc,
        outcome: Option<&str>,
    ) -> Self {
        Self {
            store,
            descriptor,
            outcome: outcome.and_then(text),
            written_as: text(&identity::role()),
        }
    }

    /// Adds the message that comes next in the chat, after which the one behind it does.
    pub fn push(&mut self, chat: &mut Chat, item: &Item, id: pg_sys::Datum) {
        let (seq, created_at) = chat.advance();
        let created_at = created_at.into_datum();
        let parent = chat.leaf.replace(bytes(id));
        let message: [Option<pg_sys::Datum>; COLUMNS] = [
            Some(id),
            Some(chat.id),
            Some(chat.tenant),
            chat.user,
            created_at,
            created_at,
            seq.into_datum(),
            parent.map(|id| uuid(&id)),
            true.into_datum(),
            item.role,
            item.content,
            item.parts,
            item.status,
            chat.author,
            self.written_as,
            item.model,
            item.token_count,
            item.metadata,
        ];
        // A column that somebody has added to the table stays NULL here, and the statement does not name it.
        // SAFETY: the descriptor is complete.
        let columns = usize::try_from(unsafe { (*self.descriptor).natts }).unwrap_or(0);
        let (mut values, mut nulls) = (vec![pg_sys::Datum::from(0); columns], vec![true; columns]);
        let row = self.outcome.map(Some).into_iter().chain(message);
        for (place, value) in row.enumerate().take(columns) {
            if let Some(value) = value {
                (values[place], nulls[place]) = (value, false);
            }
        }
        // SAFETY: both arrays have one entry per column of the descriptor, whose types the values have; the row is a copy.
        unsafe {
            pg_sys::tuplestore_putvalues(
                self.store,
                self.descriptor,
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
        }
    }

    /// Executes a statement that reads the rows and inserts them. Returns how many it inserted.
    pub fn insert(&self, statement: &'static LocalKey<Plan>) -> u64 {
        self.read_by(|| statement.with(|plan| plan.execute(&[])).len())
    }

    /// The same with a statement that returns them: they are the call's rows.
    pub fn insert_and_return(&self, call: Call, statement: &'static LocalKey<Plan>) -> u64 {
        self.read_by(|| statement.with(|plan| call.return_from(plan, &[])))
    }

    /// Runs `statement` while it can read the rows.
    fn read_by(&self, statement: impl FnOnce() -> u64) -> u64 {
        let mut relation = pg_sys::EphemeralNamedRelationData {
            md: pg_sys::EphemeralNamedRelationMetadataData {
                name: NAME.as_ptr().cast_mut(),
                reliddesc: pg_sys::InvalidOid,
                tupdesc: self.descriptor,
                enrtype: pg_sys::EphemeralNameRelationType::ENR_NAMED_TUPLESTORE,
                enrtuples: 2.0,
            },
            reldata: self.store.cast(),
        };
        // SAFETY: an SPI connection is open, and forgets the relation before the relation ends. An error closes the
        // connection. The statement reads the store by a position of its own and leaves that one selected.
        unsafe {
            pg_sys::SPI_register_relation(&raw mut relation);
            let inserted = statement();
            pg_sys::SPI_unregister_relation(NAME.as_ptr());
            pg_sys::tuplestore_select_read_pointer(self.store, 0);
            inserted
        }
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        // SAFETY: the store is open.
        unsafe { pg_sys::tuplestore_clear(self.store) };
    }
}
