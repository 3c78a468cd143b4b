//! A chat under lock, and its active path.

use chatkeep_core::Refusal;
use pgrx::{IntoDatum, pg_sys};
use std::collections::HashSet;

use crate::call::Call;
use crate::caller::identity;
use crate::chats::message_item::Item;
use crate::postgres::array;
use crate::postgres::clock::{BEGINNING, now};
use crate::postgres::datum::{bytes, text, uuid};
use crate::postgres::error::{self, Range};
use crate::postgres::plan::plans;

plans! {
    // The lock orders all writers of the chat; what follows sees what they committed.
    LOCK(UUIDOID, UUIDOID, BOOLOID) = c"
        select c.tenant_id, c.user_id, c.active_leaf_id, c.last_seq, c.updated_at, c.deleted_at is not null
        from chatkeep.chats c
        where c.id = $1 and (c.user_id = $2 or $3)
        limit 2
        for no key update";
    // The way from a message up to the active path: where it joins, and what lies between.
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
}

/// The time that the next message of a chat comes after, which is that of its newest or the microsecond before now.
pub fn not_before_now(newest: i64) -> i64 {
    newest.max(now() - 1)
}

/// The first microsecond that no timestamp has (`END_TIMESTAMP` of `datatype/timestamp.h`); behind it lies infinity alone.
const END_OF_TIME: i64 = 9_223_371_331_200_000_000;

/// A chat whose row this transaction has locked, as it stood before the call.
pub struct Chat {
    /// Its key.
    pub id: pg_sys::Datum,
    pub tenant: pg_sys::Datum,
    /// Its owner.
    pub user: Option<pg_sys::Datum>,
    /// Who calls.
    pub author: Option<pg_sys::Datum>,
    /// The last message of the active path.
    pub leaf: Option<[u8; 16]>,
    /// The seq of its newest message.
    pub last_seq: i32,
    /// What the `created_at` of the next message comes after: the newest message's, or now.
    pub last_time: i64,
}

impl Chat {
    /// Locks the caller's chat until the transaction ends.
    pub fn lock(id: pg_sys::Datum) -> Result<Self, Refusal> {
        let service = identity::is_service();
        let author = identity::user();
        let look = || LOCK.with(|plan| plan.execute(&[Some(id), author, service.into_datum()]));
        let mut row = look();
        if row.is_empty() {
            // A statement that has waited for the move of its own user looks for the chat where it was.
            row = look();
        }
        match row.len() {
            0 => return Err(Refusal::chat_not_found()),
            1 => {}
            _ => return Err(Refusal::chat_ambiguous()),
        }
        if row.get(6) == Some(true) {
            return Err(Refusal::chat_deleted());
        }
        Ok(Self {
            id,
            tenant: row.datum(1).ok_or_else(Refusal::chat_not_found)?,
            user: row.datum(2),
            author,
            leaf: row.datum(3).map(bytes),
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
        let Some(time) = later.filter(|time| *time < END_OF_TIME) else {
            error::out_of_range(Range::Timestamp);
        };
        (self.last_seq, self.last_time) = (seq, time);
        (seq, time)
    }

    /// The key of one of its messages.
    pub fn key(&self, message: pg_sys::Datum) -> [Option<pg_sys::Datum>; 3] {
        [Some(message), Some(self.id), Some(self.tenant)]
    }

    /// Makes the path to `message`, or none for the nil UUID, the active one. False where there is no such message.
    pub fn activate(&mut self, message: [u8; 16]) -> Result<bool, Refusal> {
        let (mut joins_at, mut between, mut count) = (None, None, None);
        if message == identity::NIL {
            self.leaf = None;
        } else {
            let walk = WALK.with(|plan| plan.execute(&self.key(uuid(&message))));
            if walk.get::<i64>(1) == Some(0) {
                return Ok(false);
            }
            (joins_at, between, count) = (walk.datum(2), walk.datum(3), walk.get::<i64>(4));
            self.leaf = Some(message);
        }
        let after = joins_at.or_else(|| BEGINNING.into_datum());
        DEACTIVATE.with(|plan| plan.execute(&[Some(self.id), Some(self.tenant), after]));
        if let Some(between) = between {
            let activated = ACTIVATE.with(|plan| plan.execute(&self.key(between)));
            if Some(activated.len()) != count.and_then(|count| u64::try_from(count).ok()) {
                return Err(Refusal::chat_unwritten());
            }
        }
        Ok(true)
    }

    /// Puts the next message after `parent`: NULL and the last message go on, any other starts a branch.
    pub fn follow(&mut self, parent: Option<[u8; 16]>) -> Result<(), Refusal> {
        match parent {
            None => Ok(()),
            Some(parent) if self.leaf == Some(parent) => Ok(()),
            Some(parent) if self.activate(parent)? => Ok(()),
            Some(_) => Err(Refusal::message_not_found("parent_id")),
        }
    }

    /// Counts the chat on by as many messages as are appended under the lock.
    pub fn touch(&self, count: i32) -> Result<(), Refusal> {
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
    pub fn holds(&self, id: [u8; 16], item: &Item) -> Result<bool, Refusal> {
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
    pub fn stored(&self, items: &[Item]) -> HashSet<[u8; 16]> {
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
    pub fn return_stored(
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

pub fn is_count(rows: u64, count: usize) -> bool {
    u64::try_from(count) == Ok(rows)
}
