//! A message to append, as an item of a batch or by arguments.

use chatkeep_core::chats::message::{self, NewMessage};
use chatkeep_core::{Refusal, limits};

use crate::batch::{self, Batch};
use crate::call::Call;
use crate::new_id::new_id;
use crate::postgres::datum::{Datum, Uuid, Value};
use crate::postgres::jsonb;

const MESSAGES: Batch<{ message::ITEM_KEYS.len() }> = Batch {
    argument: "messages",
    most: limits::BATCH_MESSAGES,
    keys: message::ITEM_KEYS,
    keys_hint: message::ITEM_KEYS_HINT,
};

/// The keys of an item.
mod key {
    use super::MESSAGES;
    use crate::batch::Key;

    pub const ROLE: Key = MESSAGES.key("role");
    pub const CONTENT: Key = MESSAGES.key("content");
    pub const MESSAGE_ID: Key = MESSAGES.key("message_id");
    pub const PARTS: Key = MESSAGES.key("parts");
    pub const METADATA: Key = MESSAGES.key("metadata");
    pub const PARENT_ID: Key = MESSAGES.key("parent_id");
    pub const STATUS: Key = MESSAGES.key("status");
    pub const MODEL: Key = MESSAGES.key("model");
    pub const TOKEN_COUNT: Key = MESSAGES.key("token_count");
}

/// A message to append, checked.
pub struct MessageItem<'c> {
    pub id: Option<Uuid>,
    pub parent: Option<Uuid>,
    pub role: Value<'c>,
    pub content: Value<'c>,
    pub parts: Value<'c>,
    pub status: Value<'c>,
    pub model: Value<'c>,
    pub token_count: Value<'c>,
    pub metadata: Value<'c>,
}

impl<'c> MessageItem<'c> {
    /// The id that the client gave, or a new one.
    pub fn own_or_new_id(&self) -> Uuid {
        self.id.unwrap_or_else(new_id)
    }

    /// Reads an item of a batch. The first fault in the order of the keys is the one that is reported.
    fn of(item: &batch::Item<'c, { message::ITEM_KEYS.len() }>) -> Result<Self, Refusal> {
        let (role, content) = (item.text(key::ROLE)?, item.text(key::CONTENT)?);
        let id = item.uuid(key::MESSAGE_ID)?;
        let parts = item.jsonb(key::PARTS);
        let metadata: Datum<'c> = item
            .jsonb(key::METADATA)
            .unwrap_or_else(jsonb::empty_object);
        let parent = item.uuid(key::PARENT_ID)?;
        let status = item.text(key::STATUS)?.unwrap_or("complete");
        let model = item.text(key::MODEL)?;
        let token_count = item.integer(key::TOKEN_COUNT)?;
        NewMessage {
            role,
            content,
            parts: parts.map(jsonb::text).as_deref(),
            metadata: Some(&jsonb::text(metadata)),
            status: Some(status),
            model,
            token_count,
        }
        .check()?;
        Ok(Self {
            id,
            parent,
            role: role.into(),
            content: content.into(),
            parts: parts.into(),
            status: status.into(),
            model: model.into(),
            token_count: token_count.into(),
            metadata: metadata.into(),
        })
    }
}

/// Reads and checks all items of a batch before anything is written.
pub fn read_all<'c>(
    call: Call<'c>,
    messages: Option<Datum<'c>>,
) -> Result<Vec<MessageItem<'c>>, Refusal> {
    MESSAGES.read(call.connection, messages, MessageItem::of)
}
