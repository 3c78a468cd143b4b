//! A chat that a call appends to: its lock, its active path and its messages.

use chatkeep_core::chats::growth::{Growth, Said, growth};
use chatkeep_core::{Refusal, uuid};
use std::borrow::Cow;
use std::collections::HashSet;

use crate::call::{Call, marker};
use crate::caller::identity;
use crate::chats::message_item::MessageItem;
use crate::chats::moving_tenant::check_moving;
use crate::chats::visible_chat::open_chat;
use crate::postgres::clock::{AFTER_LAST, BEGINNING, now};
use crate::postgres::connection::Connection;
use crate::postgres::datum::{Uuid, Value, values};
use crate::postgres::error::{self, Range};
use crate::postgres::statement::statements;

statements! {
    // The lock orders all writers of the chat. Later statements see what the writers before committed.
    LOCK(UUIDOID, UUIDOID) = c"
        select c.tenant_id, c.user_id, c.active_leaf_id, c.last_seq, c.updated_at, c.deleted_at is not null
        from chatkeep.chats c
        where c.id = $1 and (c.user_id = $2 or chatkeep_private.serves(c.tenant_id))
        limit 2
        for no key update";
    // Walks from a message up to the active path: finds where it joins, and the messages in between.
    WALK(UUIDOID, UUIDOID, UUIDOID) = c"
        with recursive walk as (
          select m.id, m.parent_id, m.active, m.created_at from chatkeep.messages m
          where m.id = $1 and m.chat_id = $2 and m.tenant_id = $3
          union all
          select n.id, n.parent_id, n.active, n.created_at
          from walk w, lateral (
            select m.id, m.parent_id, m.active, m.created_at from chatkeep.messages m
            where m.id = w.parent_id and m.chat_id = $2 and m.tenant_id = $3
            limit 1
          ) n
          where not w.active
        )
        select pg_catalog.count(*), pg_catalog.max(w.created_at) filter (where w.active),
          pg_catalog.array_agg(w.id) filter (where not w.active), pg_catalog.count(*) filter (where not w.active)
        from walk w";
    DEACTIVATE(UUIDOID, UUIDOID, TIMESTAMPTZOID) = c"
        update chatkeep.messages m set active = false
        where m.chat_id = $1 and m.tenant_id = $2 and m.active and m.created_at > $3";
    ACTIVATE(UUIDARRAYOID, UUIDOID, UUIDOID) = c"
        update chatkeep.messages m set active = true
        where m.id = any ($1) and m.chat_id = $2 and m.tenant_id = $3";
    STORED_IDS(UUIDARRAYOID, UUIDOID, UUIDOID) = c"
        select w.id from pg_catalog.unnest($1) w (id)
        where (
          select true from chatkeep.messages m
          where m.id = w.id and m.chat_id = $2 and m.tenant_id = $3
          limit 1
        )";
    SAYS_THE_SAME(UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, JSONBOID) = c"
        select m.redacted_at is not null or (m.role::text, m.content::text, m.parts::jsonb) is not distinct from ($4, $5, $6),
          m.role::text = $4, m.content::text, m.parts::text, $5, $6::text
        from chatkeep.messages m
        where m.id = $1 and m.chat_id = $2 and m.tenant_id = $3";
    GROW(UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, JSONBOID, JSONBOID, TEXTOID, INT4OID, JSONBOID) = c"
        select chatkeep_private.grow_message($2, $3, $1, $4, $5, $6, $7, $8, $9, $10)";
    STORED_MESSAGES(UUIDARRAYOID, TEXTARRAYOID, UUIDOID, UUIDOID) = c"
        select i.outcome, n.id, n.chat_id, n.tenant_id, n.user_id, n.created_at, n.updated_at, n.seq, n.parent_id, n.active,
          n.role, n.content, n.parts, n.status, n.author_id, n.written_as, n.model, n.token_count, n.metadata,
          n.redacted_at, n.redacted_by, n.redaction_reason, n.version, n.reply_to, n.usage
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
    ONLY_RESULTS_FOLLOW(UUIDOID, UUIDOID, UUIDOID) = c"select chatkeep_private.only_results_follow($1, $2, $3)";
    MAY_STILL_WRITE() = c"select chatkeep_private.may_still_write()";
}

/// What became of a message that the chat has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// It says the same, or has grown out of the copy.
    Before,
    /// The copy has grown out of it.
    Grown,
}

/// The nil UUID. As a parent it means: no message.
pub const NO_MESSAGE: Uuid = [0; 16];

/// The time after which the next message of a chat comes: that of the newest message, or the microsecond before now.
pub fn not_before_now(newest: i64) -> i64 {
    newest.max(now() - 1)
}

/// A chat that a call appends to. It counts on as messages are formed; `lock` reads it under a lock.
pub struct Chat<'c> {
    /// The connection that executes its statements.
    pub connection: Connection<'c>,
    /// Its key.
    pub id: Uuid,
    pub tenant: Uuid,
    /// Its owner.
    pub user: Option<Uuid>,
    /// Who calls.
    pub author: Option<Uuid>,
    /// The last message of the active path.
    pub leaf: Option<Uuid>,
    /// The seq of its newest message.
    pub last_seq: i32,
    /// The time after which the next message comes.
    pub last_time: i64,
}

impl<'c> Chat<'c> {
    /// Locks a chat of the caller until the transaction ends.
    pub fn lock(connection: Connection<'c>, id: Uuid) -> Result<Self, Refusal> {
        Self::locked(connection, id, false)
    }

    /// The same also for a chat that is shared with the caller to write.
    pub fn lock_own_or_shared(connection: Connection<'c>, id: Uuid) -> Result<Self, Refusal> {
        Self::locked(connection, id, true)
    }

    fn locked(connection: Connection<'c>, id: Uuid, or_shared: bool) -> Result<Self, Refusal> {
        let author = identity::user(connection);
        let look = |owner| LOCK.execute(connection, &values![id, owner]);
        let mut row = look(author);
        if row.is_empty() {
            // A statement that waited while its own user moved to another tenant has looked in the old one.
            row = look(author);
        }
        if row.is_empty() && or_shared {
            row = look(open_chat(connection, id));
        }
        match row.len() {
            0 => return Err(Refusal::chat_not_found()),
            1 => {}
            _ => return Err(Refusal::chat_ambiguous()),
        }
        let tenant = row.get(1).ok_or_else(Refusal::chat_not_found)?;
        check_moving(connection, &tenant);
        if row.get(6) == Some(true) {
            return Err(Refusal::chat_deleted());
        }
        Ok(Self {
            connection,
            id,
            tenant,
            user: row.get(2),
            author,
            leaf: row.get(3),
            last_seq: row.get(4).unwrap_or(0),
            last_time: row.get(5).map_or_else(now, not_before_now),
        })
    }

    /// Counts one more message, and returns its seq and its time.
    pub fn advance(&mut self) -> (i32, i64) {
        let Some(seq) = self.last_seq.checked_add(1) else {
            error::out_of_range(Range::Integer);
        };
        let later = self.last_time.checked_add(1);
        let Some(time) = later.filter(|time| *time < AFTER_LAST) else {
            error::out_of_range(Range::Timestamp);
        };
        (self.last_seq, self.last_time) = (seq, time);
        (seq, time)
    }

    /// The key of one of its messages.
    pub fn key(&self, message: Uuid) -> [Value<'static>; 3] {
        values![message, self.id, self.tenant]
    }

    /// Activates the path to a message, and deactivates the rest. The nil UUID activates no message. Returns false if
    /// the chat has no such message.
    pub fn activate(&mut self, message: Uuid) -> Result<bool, Refusal> {
        if marker().is_shared() {
            return Err(Refusal::shared_chat_branched());
        }
        let (mut joins_at, mut between, mut count) = (None, None, None);
        if message == NO_MESSAGE {
            self.leaf = None;
        } else {
            let walk = WALK.execute(self.connection, &self.key(message));
            if walk.get::<i64>(1) == Some(0) {
                return Ok(false);
            }
            (joins_at, between, count) = (walk.get::<i64>(2), walk.datum(3), walk.get::<i64>(4));
            self.leaf = Some(message);
        }
        let after = joins_at.unwrap_or(BEGINNING);
        DEACTIVATE.execute(self.connection, &values![self.id, self.tenant, after]);
        if let Some(between) = between {
            let activated =
                ACTIVATE.execute(self.connection, &values![between, self.id, self.tenant]);
            if Some(activated.len()) != count.and_then(|count| u64::try_from(count).ok()) {
                return Err(Refusal::chat_unwritten());
            }
        }
        Ok(true)
    }

    /// Refuses to append after another message than the caller has seen. The nil UUID expects none.
    pub fn expect_leaf(&self, expected: Option<Uuid>) -> Result<(), Refusal> {
        let leaf = self.leaf.unwrap_or(NO_MESSAGE);
        match expected {
            Some(expected) if expected != leaf => Err(Refusal::other_leaf(
                self.leaf.map(|leaf| uuid::format(&leaf)).as_deref(),
            )),
            _ => Ok(()),
        }
    }

    /// Prepares the path for the next message. After its parent, and after the results of the parent's other tools, it
    /// continues the path; any other parent starts a branch.
    pub fn place(&mut self, item: &MessageItem) -> Result<(), Refusal> {
        if let Some(answered) = item.reply_to {
            let known = STORED_IDS.execute(
                self.connection,
                &values![
                    self.connection.uuids(std::iter::once(answered)),
                    self.id,
                    self.tenant
                ],
            );
            if known.is_empty() {
                return Err(Refusal::message_not_found("reply_to"));
            }
        }
        match item.parent {
            Some(parent) if self.leaf != Some(parent) => {
                let is_next_result = item.is_result
                    && ONLY_RESULTS_FOLLOW
                        .execute(self.connection, &values![self.id, self.tenant, parent])
                        .get(1)
                        == Some(true);
                if is_next_result || self.activate(parent)? {
                    Ok(())
                } else {
                    Err(Refusal::message_not_found("parent_id"))
                }
            }
            _ => Ok(()),
        }
    }

    /// Adds the appended messages to the counters of the chat's row.
    pub fn touch(&self, count: i32) -> Result<(), Refusal> {
        let arguments = values![self.id, self.tenant, count, self.leaf, self.last_time];
        if TOUCH.execute(self.connection, &arguments).is_empty() {
            return Err(Refusal::chat_unwritten());
        }
        Ok(())
    }

    /// The refusal of messages that the table did not take. A client that has chosen an id may have chosen one that is
    /// taken; `argument` and `what` are those of [`Refusal::message_unseen`].
    pub fn not_inserted(&self, has_id: bool, argument: &'static str, what: &str) -> Refusal {
        let may_write = MAY_STILL_WRITE.execute(self.connection, &values![]).get(1);
        if has_id && may_write == Some(true) {
            Refusal::message_unseen(argument, what)
        } else {
            Refusal::chat_unwritten()
        }
    }

    /// What became of a message that the chat has; `None` if it has none. A copy that says more is stored in its place, and
    /// one that says something else is refused. `argument` names the id.
    pub fn save_again(
        &self,
        id: Uuid,
        argument: &str,
        item: &MessageItem,
    ) -> Result<Option<Saved>, Refusal> {
        let arguments = values![
            id,
            self.id,
            self.tenant,
            item.role,
            item.content,
            item.parts
        ];
        let same = SAYS_THE_SAME.execute(self.connection, &arguments);
        if same.is_empty() {
            return Ok(None);
        }
        if same.get(1) == Some(true) {
            return Ok(Some(Saved::Before));
        }
        let is_same_role = same.get(2) == Some(true);
        if !is_same_role {
            return Err(Refusal::message_id_conflict());
        }
        let [stored, stored_parts, copy, copy_parts]: [Option<Cow<str>>; 4] =
            [3, 4, 5, 6].map(|column| same.get(column));
        let growth = growth(
            Said {
                content: stored.as_deref().unwrap_or_default(),
                parts: stored_parts.as_deref(),
            },
            Said {
                content: copy.as_deref().unwrap_or_default(),
                parts: copy_parts.as_deref(),
            },
        );
        match growth {
            Growth::Conflict => Err(Refusal::message_id_conflict()),
            Growth::Same | Growth::Stale => Ok(Some(Saved::Before)),
            Growth::Grown => {
                let arguments = values![
                    id,
                    self.id,
                    self.tenant,
                    self.connection.text(argument),
                    item.content,
                    item.parts,
                    item.metadata,
                    item.status,
                    item.token_count,
                    item.usage
                ];
                GROW.execute(self.connection, &arguments);
                Ok(Some(Saved::Grown))
            }
        }
    }

    /// The ids of the items that the chat has.
    pub fn stored_ids(&self, items: &[MessageItem]) -> HashSet<Uuid> {
        if items.iter().all(|item| item.id.is_none()) {
            return HashSet::new();
        }
        let wanted = self
            .connection
            .uuids(items.iter().filter_map(|item| item.id));
        let found = STORED_IDS.execute(self.connection, &values![wanted, self.id, self.tenant]);
        found.column(1).flatten().collect()
    }

    /// Returns the stored messages of these ids, in their order.
    pub fn return_stored(
        &self,
        call: Call,
        ids: &[Uuid],
        outcomes: &[&str],
    ) -> Result<(), Refusal> {
        let arguments = values![
            self.connection.uuids(ids.iter().copied()),
            self.connection.texts(outcomes.iter().copied()),
            self.id,
            self.tenant,
        ];
        let returned = call.return_from(STORED_MESSAGES, &arguments);
        if is_count(returned, ids.len()) {
            Ok(())
        } else {
            Err(Refusal::chat_unwritten())
        }
    }
}

/// Whether a statement changed or returned this number of rows.
pub fn is_count(rows: u64, count: usize) -> bool {
    u64::try_from(count) == Ok(rows)
}
