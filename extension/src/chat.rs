//! A chat under lock, its active path, `select_branch`, and what a direct update may not do to it.

use chatkeep_core::Refusal;
use pgrx::{IntoDatum, pg_sys};

use crate::call::{BEGINNING, Call, answers, calls, connected, is_writing, now, uuid, writing};
use crate::error::{self, Range};
use crate::identity::{self, bytes};
use crate::plan::plans;

calls! {
    select_branch_wrapper, pg_finfo_select_branch_wrapper => select_branch;
}

answers! {
    keeps_order_wrapper, pg_finfo_keeps_order_wrapper => keeps_order;
}

plans! {
    UNMOVED(UUIDOID, UUIDOID, INT4OID, INT4OID, UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID) = c"
        select from chatkeep.chats c
        where c.id = $1 and c.tenant_id = $2
          and (c.message_count, c.last_seq, c.active_leaf_id, c.updated_at, c.deleted_at)
            is not distinct from ($3, $4, $5, $6, $7)";
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
    CHAT(UUIDOID, UUIDOID) = c"
        select c.* from chatkeep.chats c where c.id = $1 and c.tenant_id = $2";
    SET_LEAF(UUIDOID, UUIDOID, UUIDOID) = c"
        update chatkeep.chats c set active_leaf_id = $3
        where c.id = $1 and c.tenant_id = $2
        returning c.*";
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
}

fn select_branch(call: Call) -> Result<(), Refusal> {
    let (chat_id, leaf_id) = (0, 1);
    let chat_id = call
        .datum(chat_id)
        .ok_or_else(|| Refusal::missing("chat_id"))?;
    let leaf_id = call
        .datum(leaf_id)
        .ok_or_else(|| Refusal::missing("leaf_id"))?;
    writing(|| {
        let mut chat = Chat::lock(chat_id)?;
        let leaf = bytes(leaf_id);
        if chat.leaf == Some(leaf) {
            CHAT.with(|plan| call.return_from(plan, &[Some(chat.id), Some(chat.tenant)]));
            return Ok(());
        }
        if leaf == identity::NIL || !chat.activate(leaf)? {
            return Err(Refusal::message_not_found("leaf_id"));
        }
        let key = [Some(chat.id), Some(chat.tenant), Some(leaf_id)];
        if SET_LEAF.with(|plan| call.return_from(plan, &key)) == 0 {
            return Err(Refusal::chat_unwritten());
        }
        Ok(())
    })
}

/// `keeps_order()`, which the policy asks of every new version of a chat: inside the calls all is well, and a direct
/// update may change the title, metadata and `archived_at` alone. The statement sees the version that is about to be replaced.
fn keeps_order(call: Call) -> Option<pg_sys::Datum> {
    let is_unmoved = || {
        let columns: [_; 7] = std::array::from_fn(|position| call.datum(position));
        !UNMOVED.with(|plan| plan.execute(&columns)).is_empty()
    };
    if !is_writing() && !connected(is_unmoved) {
        error::raise(&Refusal::chat_moved_directly());
    }
    true.into_datum()
}
