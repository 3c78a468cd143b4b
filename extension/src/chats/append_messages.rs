//! `append_messages`.

use chatkeep_core::Refusal;

use crate::call::{Call, declare_call, writing};
use crate::chats::append_at_once::{INSERT, INSERT_NEW, ResultShape, append_at_once};
use crate::chats::locked_chat::{Chat, Saved, is_count};
use crate::chats::message_item::{self, MessageItem};
use crate::chats::new_messages::NewMessages;
use crate::postgres::datum::Uuid;
use crate::postgres::statement::statements;

declare_call!(append_messages);

statements! {
    INSERT_MESSAGES() = INSERT;
    // For messages whose ids look new, but may be stored where policies hide them.
    INSERT_ONE_BY_ONE() = INSERT_NEW;
}

const BATCH: ResultShape = ResultShape {
    outcome: Some("appended"),
    insert: INSERT_MESSAGES,
};

fn append_messages(call: Call) -> Result<(), Refusal> {
    let (chat_id, messages, expected_leaf) = (0, 1, 2);
    let chat_id: Uuid = call.required(chat_id, "chat_id")?;
    let items = message_item::read_all(call, call.datum(messages))?;
    let expected_leaf: Option<Uuid> = call.argument(expected_leaf);
    let ids: Vec<Uuid> = items.iter().map(MessageItem::own_or_new_id).collect();
    writing(|| {
        if append_at_once(call, &BATCH, chat_id, &items, &ids, expected_leaf)? {
            return Ok(());
        }
        let chat = Chat::lock_own_or_shared(call.connection, chat_id)?;
        append_one_by_one(call, chat, &items, &ids, expected_leaf)
    })
}

/// The slow path: appends the items that are not stored, in order, and returns a row for every item.
fn append_one_by_one<'c>(
    call: Call<'c>,
    mut chat: Chat<'c>,
    items: &[MessageItem],
    ids: &[Uuid],
    expected_leaf: Option<Uuid>,
) -> Result<(), Refusal> {
    let mut stored = chat.stored_ids(items);
    let before = chat.last_seq;
    let mut outcomes = Vec::with_capacity(items.len());
    let mut waiting = Waiting {
        rows: NewMessages::to_store(call, BATCH.outcome),
        count: 0,
        has_id: false,
    };
    for (position, (item, &id)) in items.iter().zip(ids).enumerate() {
        let in_item = |refusal: Refusal| refusal.in_item("messages", position);
        let is_stored = item.id.is_some_and(|id| stored.contains(&id));
        if is_stored
            || item.reply_to.is_some()
            || (item.parent.is_some() && item.parent != chat.leaf)
        {
            // The messages before it must be in the table first: this item is compared with one of them, answers it, or
            // branches from it.
            waiting.insert(call, &chat)?;
        }
        if let Some(id) = item.id.filter(|_| is_stored) {
            let argument = format!("messages[{position}].message_id");
            let saved = chat.save_again(id, &argument, item).map_err(in_item)?;
            outcomes.push(match saved {
                Some(Saved::Grown) => "grown",
                _ => "stored",
            });
            continue;
        }
        if chat.last_seq == before {
            chat.expect_leaf(expected_leaf)?;
        }
        chat.place(item).map_err(in_item)?;
        outcomes.push("appended");
        stored.extend(item.id);
        waiting.push(&mut chat, item, id);
    }
    waiting.insert(call, &chat)?;
    if chat.last_seq > before {
        chat.touch(chat.last_seq - before)?;
    }
    chat.return_stored(call, ids, &outcomes)
}

/// Messages of a batch that wait to be inserted together. Each follows the one before it.
struct Waiting<'c> {
    rows: NewMessages<'c>,
    count: usize,
    /// Whether the client has chosen the id of one of them.
    has_id: bool,
}

impl Waiting<'_> {
    fn push(&mut self, chat: &mut Chat, item: &MessageItem, id: Uuid) {
        self.rows.push(chat, item, id);
        self.count += 1;
        self.has_id |= item.id.is_some();
    }

    /// Inserts all of them, or none.
    fn insert(&mut self, call: Call, chat: &Chat) -> Result<(), Refusal> {
        if self.count == 0 {
            return Ok(());
        }
        if !is_count(self.rows.insert(call, INSERT_ONE_BY_ONE), self.count) {
            return Err(chat.not_inserted(self.has_id, "messages", "has a message_id that is"));
        }
        self.rows.clear();
        (self.count, self.has_id) = (0, false);
        Ok(())
    }
}
