//! `append_message` and `append_messages`.

use chatkeep_core::Refusal;
use chatkeep_core::message::NewMessage;
use pgrx::{IntoDatum, pg_sys};
use std::collections::HashSet;
use std::ffi::CStr;
use std::thread::LocalKey;

use crate::array;
use crate::call::{Call, calls, text, uuid, writing};
use crate::chat::{Chat, not_before_now};
use crate::error::{self, Range};
use crate::identity::{self, bytes};
use crate::item::{self, Item};
use crate::json;
use crate::lookup;
use crate::new_messages::{self, NewMessages};
use crate::plan::{Plan, plans};

calls! {
    append_message_wrapper, pg_finfo_append_message_wrapper => append_message;
    append_messages_wrapper, pg_finfo_append_messages_wrapper => append_messages;
}

plans! {
    STORED(UUIDARRAYOID, UUIDOID, UUIDOID) = c"
        select w.id from pg_catalog.unnest($1) w (id)
        where (
          select true from chatkeep.messages m
          where m.id = w.id and m.chat_id = $2 and m.tenant_id = $3
          limit 1
        )";
    SAME(UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, JSONBOID) = c"
        select (m.role::text, m.content::text, m.parts::jsonb) is not distinct from ($4, $5, $6)
        from chatkeep.messages m
        where m.id = $1 and m.chat_id = $2 and m.tenant_id = $3";
    STORED_MESSAGE(UUIDOID, UUIDOID, UUIDOID) = c"
        select m.* from chatkeep.messages m
        where m.id = $1 and m.chat_id = $2 and m.tenant_id = $3";
    RESULT(UUIDARRAYOID, TEXTARRAYOID, UUIDOID, UUIDOID) = c"
        select i.outcome, n.id, n.chat_id, n.tenant_id, n.user_id, n.created_at, n.updated_at, n.seq, n.parent_id, n.active,
          n.role, n.content, n.parts, n.status, n.author_id, n.written_as, n.model, n.token_count, n.metadata
        from unnest($1, $2) with ordinality i (id, outcome, place), lateral (
          select m.* from chatkeep.messages m
          where m.id = i.id and m.chat_id = $3 and m.tenant_id = $4
          limit 1
        ) n
        order by i.place";
    TOUCH(UUIDOID, UUIDOID, INT4OID, UUIDOID, TIMESTAMPTZOID) = c"
        update chatkeep.chats c
        set last_seq = c.last_seq + $3, message_count = c.message_count + $3, active_leaf_id = $4, updated_at = $5
        where c.id = $1 and c.tenant_id = $2";
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
    // new_messages has the form of the call's result, so each call has a plan of its own.
    INSERT_MESSAGE() = INSERT;
    INSERT_MESSAGES() = INSERT;
    // For messages of whose ids nothing is in sight, and something may be there.
    INSERT_ONE_BY_ONE() = INSERT_NEW;
    INSERT_AND_RETURN() = INSERT_RETURNING;
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
const INSERT: &CStr = c_str(insert!(""));
const INSERT_NEW: &CStr = c_str(insert!("on conflict do nothing"));
/// For a table that may change a row on its way in, or hide it.
const INSERT_RETURNING: &CStr = c_str(insert!("on conflict do nothing returning m.*"));

const fn c_str(text: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => c"",
    }
}

/// What differs between the two calls: the form of their result and the plan made for it.
struct Form {
    outcome: Option<&'static str>,
    insert: &'static LocalKey<Plan>,
}

const ONE: Form = Form {
    outcome: None,
    insert: &INSERT_MESSAGE,
};

const BATCH: Form = Form {
    outcome: Some("appended"),
    insert: &INSERT_MESSAGES,
};

/// The way of nearly every append. Appends the items, and returns them, where nothing stands against it: they follow one
/// another and the chat's last message, none of them is stored, and nobody else appends at the same time. False
/// otherwise, with nothing done.
fn append_at_once(
    call: Call,
    form: &Form,
    chat_id: pg_sys::Datum,
    items: &[Item],
    ids: &[pg_sys::Datum],
) -> Result<bool, Refusal> {
    let given: Vec<[u8; 16]> = items.iter().filter_map(|item| item.id).collect();
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
    let author = identity::user();
    let owner = match (author, identity::is_service()) {
        (_, true) => None,
        (Some(author), false) => Some(bytes(author)),
        (None, false) => return Ok(false),
    };
    let chat = bytes(chat_id);
    let Some(head) = lookup::head(&chat, owner.as_ref(), &given, new_messages::COLUMNS) else {
        return Ok(false);
    };
    if first.parent.is_some() && first.parent != head.leaf {
        return Ok(false);
    }
    let mut rows = NewMessages::to_return(call, form.outcome);
    let mut chat = Chat {
        id: chat_id,
        tenant: uuid(&head.tenant),
        user: Some(uuid(&head.user)),
        author,
        leaf: head.leaf,
        last_seq: head.last_seq,
        last_time: not_before_now(head.updated_at),
    };
    for (item, &id) in items.iter().zip(ids) {
        rows.push(&mut chat, item, id);
    }
    let advanced = ADVANCE.with(|plan| {
        plan.execute(&[
            Some(chat.id),
            Some(chat.tenant),
            chat.user,
            head.version.into_datum(),
            chat.last_seq.into_datum(),
            head.message_count
                .checked_add(chat.last_seq - head.last_seq)
                .unwrap_or_else(|| error::out_of_range(Range::Integer))
                .into_datum(),
            chat.leaf.map(|leaf| uuid(&leaf)),
            chat.last_time.into_datum(),
        ])
    });
    if advanced.is_empty() {
        rows.clear();
        return Ok(false);
    }
    // All of them have to arrive: the caller is shown what was formed here.
    if is_count(rows.insert(form.insert), items.len()) {
        Ok(true)
    } else {
        Err(Refusal::chat_unwritten())
    }
}

fn is_count(rows: u64, count: usize) -> bool {
    u64::try_from(count) == Ok(rows)
}

/// Messages of a batch that wait to be inserted: each follows the one in front.
struct Waiting {
    rows: NewMessages,
    count: usize,
    /// Whether the client has chosen an id among theirs.
    has_id: bool,
}

impl Waiting {
    fn push(&mut self, chat: &mut Chat, item: &Item, id: pg_sys::Datum) {
        self.rows.push(chat, item, id);
        self.count += 1;
        self.has_id |= item.id.is_some();
    }

    /// Inserts them, all or none.
    fn insert(&mut self) -> Result<(), Refusal> {
        if self.count == 0 {
            return Ok(());
        }
        if !is_count(self.rows.insert(&INSERT_ONE_BY_ONE), self.count) {
            return Err(if self.has_id {
                Refusal::message_unseen("messages", "has a message_id that is")
            } else {
                Refusal::chat_unwritten()
            });
        }
        self.rows.clear();
        (self.count, self.has_id) = (0, false);
        Ok(())
    }
}

impl Chat {
    /// Counts the chat on by as many messages as are appended under the lock.
    fn touch(&self, count: i32) -> Result<(), Refusal> {
        let touched = TOUCH.with(|plan| {
            plan.execute(&[
                Some(self.id),
                Some(self.tenant),
                count.into_datum(),
                self.leaf.map(|id| uuid(&id)),
                self.last_time.into_datum(),
            ])
        });
        if touched.is_empty() {
            return Err(Refusal::chat_unwritten());
        }
        Ok(())
    }

    /// Whether the chat has a message `id`; a refusal where that one says something else than `item`.
    fn holds(&self, id: [u8; 16], item: &Item) -> Result<bool, Refusal> {
        let [id, chat, tenant] = self.key(uuid(&id));
        let same = SAME
            .with(|plan| plan.execute(&[id, chat, tenant, item.role, item.content, item.parts]));
        match (same.is_empty(), same.get(1)) {
            (true, _) => Ok(false),
            (false, Some(true)) => Ok(true),
            (false, _) => Err(Refusal::message_id_conflict()),
        }
    }

    /// Which of the items' ids the chat has.
    fn stored(&self, items: &[Item]) -> HashSet<[u8; 16]> {
        if items.iter().all(|item| item.id.is_none()) {
            return HashSet::new();
        }
        let wanted = items.iter().filter_map(|item| item.id);
        let ids = array::of(array::UUID, wanted.map(|id| Some(uuid(&id))));
        let found =
            STORED.with(|plan| plan.execute(&[Some(ids), Some(self.id), Some(self.tenant)]));
        found.column(1).flatten().map(bytes).collect()
    }

    /// Returns what is stored under these ids, in their order.
    fn return_stored(
        &self,
        call: Call,
        ids: &[pg_sys::Datum],
        outcomes: &[&str],
    ) -> Result<(), Refusal> {
        let returned = RESULT.with(|plan| {
            call.return_from(
                plan,
                &[
                    Some(array::of(array::UUID, ids.iter().copied().map(Some))),
                    Some(array::of(
                        array::TEXT,
                        outcomes.iter().map(|outcome| text(outcome)),
                    )),
                    Some(self.id),
                    Some(self.tenant),
                ],
            )
        });
        if is_count(returned, ids.len()) {
            Ok(())
        } else {
            Err(Refusal::chat_unwritten())
        }
    }
}

/// The positions of `append_message`'s arguments.
mod argument {
    pub const CHAT_ID: usize = 0;
    pub const ROLE: usize = 1;
    pub const CONTENT: usize = 2;
    pub const MESSAGE_ID: usize = 3;
    pub const PARTS: usize = 4;
    pub const METADATA: usize = 5;
    pub const PARENT_ID: usize = 6;
    pub const STATUS: usize = 7;
    pub const MODEL: usize = 8;
    pub const TOKEN_COUNT: usize = 9;
}

fn append_message(call: Call) -> Result<(), Refusal> {
    let chat_id = call
        .datum(argument::CHAT_ID)
        .ok_or_else(|| Refusal::missing("chat_id"))?;
    NewMessage {
        role: call.argument(argument::ROLE),
        content: call.argument(argument::CONTENT),
        parts: json::text(call.datum(argument::PARTS)).as_deref(),
        metadata: json::text(call.datum(argument::METADATA)).as_deref(),
        status: call.argument(argument::STATUS),
        model: call.argument(argument::MODEL),
        token_count: call.argument(argument::TOKEN_COUNT),
    }
    .check()?;
    let item = Item {
        id: call.datum(argument::MESSAGE_ID).map(bytes),
        parent: call.datum(argument::PARENT_ID).map(bytes),
        role: call.datum(argument::ROLE),
        content: call.datum(argument::CONTENT),
        parts: call.datum(argument::PARTS),
        status: call.datum(argument::STATUS),
        model: call.datum(argument::MODEL),
        token_count: call.datum(argument::TOKEN_COUNT),
        metadata: call.datum(argument::METADATA),
    };
    let id = item.own_or_new_id();
    let (items, ids) = (std::slice::from_ref(&item), std::slice::from_ref(&id));
    writing(|| {
        if append_at_once(call, &ONE, chat_id, items, ids)? {
            return Ok(());
        }
        let mut chat = Chat::lock(chat_id)?;
        let is_stored = match item.id {
            Some(wanted) => chat.holds(wanted, &item)?,
            None => false,
        };
        if is_stored {
            STORED_MESSAGE.with(|plan| call.return_from(plan, &chat.key(id)));
            return Ok(());
        }
        chat.follow(item.parent)?;
        let mut rows = NewMessages::to_store(call, ONE.outcome);
        rows.push(&mut chat, &item, id);
        chat.touch(1)?;
        if rows.insert_and_return(call, &INSERT_AND_RETURN) == 0 {
            return Err(if item.id.is_some() {
                Refusal::message_unseen("message_id", "is")
            } else {
                Refusal::chat_unwritten()
            });
        }
        Ok(())
    })
}

fn append_messages(call: Call) -> Result<(), Refusal> {
    let (chat_id, messages) = (0, 1);
    let chat_id = call
        .datum(chat_id)
        .ok_or_else(|| Refusal::missing("chat_id"))?;
    let items = item::read_all(call.datum(messages))?;
    let ids: Vec<pg_sys::Datum> = items.iter().map(Item::own_or_new_id).collect();
    writing(|| {
        if append_at_once(call, &BATCH, chat_id, &items, &ids)? {
            return Ok(());
        }
        append_one_by_one(call, Chat::lock(chat_id)?, &items, &ids)
    })
}

/// Appends what is not stored, in order, whatever stands against it, and returns a row for every item.
fn append_one_by_one(
    call: Call,
    mut chat: Chat,
    items: &[Item],
    ids: &[pg_sys::Datum],
) -> Result<(), Refusal> {
    let mut stored = chat.stored(items);
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
        if is_stored || (item.parent.is_some() && item.parent != chat.leaf) {
            // What is in front must be in the table, to be compared with or to be branched from.
            waiting.insert()?;
        }
        if let Some(id) = item.id.filter(|_| is_stored) {
            chat.holds(id, item).map_err(in_item)?;
            outcomes.push("stored");
            continue;
        }
        chat.follow(item.parent).map_err(in_item)?;
        outcomes.push("appended");
        stored.extend(item.id);
        waiting.push(&mut chat, item, id);
    }
    waiting.insert()?;
    if chat.last_seq > before {
        chat.touch(chat.last_seq - before)?;
    }
    chat.return_stored(call, ids, &outcomes)
}
