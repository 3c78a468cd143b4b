//! A message to append, and how a batch of them is read from jsonb.

use chatkeep_core::message::{self, NewMessage};
use chatkeep_core::{Refusal, limits};
use pgrx::{IntoDatum, pg_sys};

use crate::new_id::new_uuid;
use crate::postgres::datum::{text, uuid};
use crate::postgres::jsonb::{Batch, Value};
use crate::postgres::jsonb_text as json;

const MESSAGES: Batch<{ message::ITEM_KEYS.len() }> = Batch {
    argument: "messages",
    most: limits::BATCH_MESSAGES,
    keys: message::ITEM_KEYS,
    keys_hint: message::ITEM_KEYS_HINT,
};

/// A message to append. `None` is NULL.
pub struct Item {
    pub id: Option<[u8; 16]>,
    pub parent: Option<[u8; 16]>,
    pub role: Option<pg_sys::Datum>,
    pub content: Option<pg_sys::Datum>,
    pub parts: Option<pg_sys::Datum>,
    pub status: Option<pg_sys::Datum>,
    pub model: Option<pg_sys::Datum>,
    pub token_count: Option<pg_sys::Datum>,
    pub metadata: Option<pg_sys::Datum>,
}

impl Item {
    /// The id that the client gave, or a new one.
    pub fn own_or_new_id(&self) -> pg_sys::Datum {
        self.id.map_or_else(new_uuid, |id| uuid(&id))
    }

    /// What the values of [`message::ITEM_KEYS`] make.
    fn of(values: [Value; message::ITEM_KEYS.len()]) -> Result<Self, Refusal> {
        let [
            role,
            content,
            id,
            parts,
            metadata,
            parent,
            status,
            model,
            token_count,
        ] = values;
        let (role, content, id) = (role.text()?, content.text()?, id.uuid()?);
        let (parts, metadata) = (parts.json(), metadata.json().or_else(json::empty_object));
        let (parent, status) = (parent.uuid()?, status.text()?.unwrap_or("complete"));
        let (model, token_count) = (model.text()?, token_count.integer()?);
        NewMessage {
            role,
            content,
            parts: json::text(parts).as_deref(),
            metadata: json::text(metadata).as_deref(),
            status: Some(status),
            model,
            token_count,
        }
        .check()?;
        Ok(Self {
            id,
            parent,
            role: role.and_then(text),
            content: content.and_then(text),
            parts,
            status: text(status),
            model: model.and_then(text),
            token_count: token_count.into_datum(),
            metadata,
        })
    }
}

/// Reads and checks all items of a batch before anything is written.
pub fn read_all(messages: Option<pg_sys::Datum>) -> Result<Vec<Item>, Refusal> {
    MESSAGES.read(messages, Item::of)
}
