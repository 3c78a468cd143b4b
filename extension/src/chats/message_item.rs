//! A message to append, as an item of a batch or by arguments.

use chatkeep_core::chats::message::{self, NewMessage};
use chatkeep_core::{Refusal, limits};

use crate::batch::{Batch, Given};
use crate::call::Call;
use crate::new_id::new_id;
use crate::postgres::datum::{Datum, Uuid, Value};
use crate::postgres::jsonb;

const MESSAGES: Batch = Batch {
    argument: "messages",
    most: limits::BATCH_MESSAGES,
    keys_hint: message::ITEM_KEYS_HINT,
};

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
    pub reply_to: Option<Uuid>,
    pub usage: Value<'c>,
    /// Whether it is a result of a tool.
    pub is_result: bool,
}

impl<'c> MessageItem<'c> {
    /// The id that the client gave, or a new one.
    pub fn own_or_new_id(&self) -> Uuid {
        self.id.unwrap_or_else(new_id)
    }

    /// Checks an item of a batch.
    fn of(given: NewMessage<'c>, item: Given<'c>) -> Result<Self, Refusal> {
        let given = given.or_defaults();
        given.check()?;
        Ok(Self {
            id: given.message_id,
            parent: given.parent_id,
            role: given.role.into(),
            content: given.content.into(),
            parts: given.parts.and_then(|_| item.jsonb("parts")).into(),
            status: given.status.into(),
            model: given.model.into(),
            token_count: given.token_count.into(),
            metadata: item
                .jsonb("metadata")
                .unwrap_or_else(jsonb::empty_object)
                .into(),
            reply_to: given.reply_to,
            usage: given.usage.and_then(|_| item.jsonb("usage")).into(),
            is_result: given.role == Some(message::RESULT),
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
