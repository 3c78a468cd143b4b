//! `append_message` and `append_messages`.

use chatkeep_core::Refusal;
use chatkeep_core::message::NewMessage;
use pgrx::{IntoDatum, pg_sys};
use std::collections::HashSet;

use crate::array;
use crate::call::{Call, calls, text, uuid, writing};
use crate::chat::Chat;
use crate::identity::{self, bytes};
use crate::item::{self, Item};
use crate::json;
use crate::lookup::{self, Found};
use crate::plan::plans;

calls! {
    append_message_wrapper, pg_finfo_append_message_wrapper => append_message;
    append_messages_wrapper, pg_finfo_append_messages_wrapper => append_messages;
}

plans! {
    TENANTS(UUIDOID) = c"select c.tenant_id from chatkeep.chats c where c.id = $1 limit 2";
    LAST_ACTIVE(UUIDOID, UUIDOID) = c"
        select m.id from chatkeep.messages m
        where m.chat_id = $1 and m.tenant_id = $2 and m.active
        order by m.created_at desc
        limit 1";
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
        select i.outcome, n.*
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
    // The way of nearly every append: one statement locks the chat and counts on, if nothing stands against it. It
    // touches no row where the chat is not there, deleted, or at another leaf than wanted; a look under the lock then
    // says which.
    ADVANCE(UUIDOID, UUIDOID, UUIDOID, INT4OID, UUIDOID, UUIDOID) = c"
        update chatkeep.chats c
        set last_seq = c.last_seq + $4, message_count = c.message_count + $4,
          active_leaf_id = $5,
          updated_at = greatest(pg_catalog.clock_timestamp(), c.updated_at + interval '1 microsecond')
            + ($4 - 1)::double precision * interval '1 microsecond'
        where c.id = $1
          and (c.user_id = $2 or c.tenant_id = $3)
          and c.deleted_at is null
          and ($6 is null or c.active_leaf_id = $6)
        returning c.tenant_id, c.user_id, c.last_seq, c.updated_at";
    // Takes back what ADVANCE did, in the same transaction: the messages turned out to be there.
    RETREAT(UUIDOID, UUIDOID, INT4OID, UUIDOID) = c"
        update chatkeep.chats c
        set last_seq = c.last_seq - $3, message_count = c.message_count - $3, active_leaf_id = $4,
          updated_at = (
            select m.created_at from chatkeep.messages m
            where m.chat_id = $1 and m.tenant_id = $2
            order by m.created_at desc
            limit 1
          )
        where c.id = $1 and c.tenant_id = $2";
    // Nothing is returned by these: what a message is made of is known, and RETURNING would put every row to the policy
    // of SELECT once more.
    INSERT_ONE(
        UUIDOID, UUIDOID, UUIDOID, UUIDOID,
        UUIDOID, INT4OID, UUIDOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID, TEXTOID, INT4OID, JSONBOID, TIMESTAMPTZOID
    ) = c"
        insert into chatkeep.messages (
          chat_id, tenant_id, user_id, author_id, id, seq, parent_id, role, content, parts, status, model, token_count,
          metadata, created_at, updated_at
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)";
    // A turn, question and answer, is most batches: it saves the arrays.
    INSERT_TURN(
        UUIDOID, UUIDOID, UUIDOID, UUIDOID,
        UUIDOID, INT4OID, UUIDOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID, TEXTOID, INT4OID, JSONBOID, TIMESTAMPTZOID,
        UUIDOID, INT4OID, UUIDOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID, TEXTOID, INT4OID, JSONBOID, TIMESTAMPTZOID
    ) = c"
        insert into chatkeep.messages (
          chat_id, tenant_id, user_id, author_id, id, seq, parent_id, role, content, parts, status, model, token_count,
          metadata, created_at, updated_at
        )
        values
          ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15),
          ($1, $2, $3, $4, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $26)";
    INSERT(
        UUIDOID, UUIDOID, UUIDOID, UUIDOID, UUIDARRAYOID, INT4ARRAYOID, UUIDARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
        JSONBARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT4ARRAYOID, JSONBARRAYOID, TIMESTAMPTZARRAYOID
    ) = c"
        insert into chatkeep.messages (
          chat_id, tenant_id, user_id, author_id, id, seq, parent_id, role, content, parts, status, model, token_count,
          metadata, created_at, updated_at
        )
        select $1, $2, $3, $4, n.id, n.seq, n.parent_id, n.role, n.content, n.parts, n.status, n.model, n.token_count,
          n.metadata, n.created_at, n.created_at
        from unnest($5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
          as n (id, seq, parent_id, role, content, parts, status, model, token_count, metadata, created_at)";
}

impl Chat {
    /// Locks the chat and counts it on by the items, the last of which is `leaf`; `None` where something stands
    /// against it, or the items do not simply follow one another.
    fn advance(
        id: pg_sys::Datum,
        items: &[Item],
        leaf: pg_sys::Datum,
    ) -> Result<Option<Self>, Refusal> {
        let count = i32::try_from(items.len()).unwrap_or(0);
        let [first, rest @ ..] = items else {
            return Ok(None);
        };
        let ids: Vec<[u8; 16]> = items.iter().filter_map(|item| item.id).collect();
        if rest.iter().any(|item| item.parent.is_some())
            || ids.iter().enumerate().any(|(n, id)| ids[..n].contains(id))
        {
            return Ok(None);
        }
        let author = identity::user();
        let (user, tenant) = if identity::is_service() {
            let tenants = TENANTS.with(|plan| plan.execute(&[Some(id)]));
            match tenants.len() {
                0 => return Err(Refusal::chat_not_found()),
                1 => (None, tenants.datum(1)),
                _ => return Err(Refusal::chat_ambiguous()),
            }
        } else {
            (author, None)
        };
        // Nearly every retry is found here, before anything is written.
        if !ids.is_empty() {
            let home = match (tenant, author) {
                (Some(tenant), _) => Found::Some(bytes(tenant)),
                (None, Some(author)) => lookup::tenant(&bytes(author)),
                (None, None) => Found::None,
            };
            let Found::Some(home) = home else {
                return Ok(None);
            };
            if lookup::may_hold(&ids, &bytes(id), &home) {
                return Ok(None);
            }
        }
        let row = ADVANCE.with(|plan| {
            plan.execute(&[
                Some(id),
                user,
                tenant,
                count.into_datum(),
                Some(leaf),
                first.parent.map(|id| uuid(&id)),
            ])
        });
        let Some(tenant) = row.datum(1) else {
            return Ok(None);
        };
        let chat = Self {
            id,
            tenant,
            user: row.datum(2),
            author,
            leaf: first.parent.or_else(|| last_active(id, tenant)),
            last_seq: row.get::<i32>(3).unwrap_or(0) - count,
            next_time: row.get::<i64>(4).unwrap_or(0) - i64::from(count - 1),
        };
        // And what another one sent at the same time, here: it came first, and the lock is ours now.
        if lookup::may_hold(&ids, &bytes(id), &bytes(tenant)) {
            let back = [
                Some(id),
                Some(tenant),
                count.into_datum(),
                chat.leaf.map(|id| uuid(&id)),
            ];
            RETREAT.with(|plan| plan.execute(&back));
            return Ok(None);
        }
        Ok(Some(chat))
    }

    /// Counts the chat on by what has been appended under the lock.
    fn touch(&self, count: i32, leaf: Option<[u8; 16]>, time: i64) {
        TOUCH.with(|plan| {
            plan.execute(&[
                Some(self.id),
                Some(self.tenant),
                count.into_datum(),
                leaf.map(|id| uuid(&id)),
                time.into_datum(),
            ])
        });
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
        found.column(1).map(bytes).collect()
    }

    /// The row of the message that comes next, after which the one behind it does.
    fn next<'a>(&mut self, item: &'a Item, id: pg_sys::Datum) -> Row<'a> {
        self.last_seq += 1;
        self.next_time += 1;
        Row {
            item,
            id,
            seq: self.last_seq,
            parent: self.leaf.replace(bytes(id)),
            created_at: self.next_time - 1,
        }
    }

    /// Inserts rows that follow one another.
    fn insert(&self, rows: &[Row<'_>]) {
        let owner = [Some(self.id), Some(self.tenant), self.user, self.author];
        let (plan, arguments): (_, Vec<_>) = match rows {
            [] => return,
            [message] => (
                &INSERT_ONE,
                owner.into_iter().chain(message.values()).collect(),
            ),
            [question, answer] => (
                &INSERT_TURN,
                owner
                    .into_iter()
                    .chain(question.values())
                    .chain(answer.values())
                    .collect(),
            ),
            rows => {
                let columns = Row::TYPES.into_iter().enumerate().map(|(place, element)| {
                    Some(array::of(
                        element,
                        rows.iter().map(|row| row.values()[place]),
                    ))
                });
                (&INSERT, owner.into_iter().chain(columns).collect())
            }
        };
        plan.with(|plan| plan.execute(&arguments));
    }

    /// Returns rows that were inserted as what they were made of; false where the table may have made something else of
    /// them, which is then to be read.
    fn return_inserted(&self, call: Call, outcome: Option<&str>, rows: &[Row<'_>]) -> bool {
        if !lookup::messages_are_stored_as_given(MESSAGE_COLUMNS) {
            return false;
        }
        let written_as = text(&identity::role());
        for row in rows {
            let message: [_; MESSAGE_COLUMNS] = [
                Some(row.id),
                Some(self.id),
                Some(self.tenant),
                self.user,
                row.created_at.into_datum(),
                row.created_at.into_datum(),
                row.seq.into_datum(),
                row.parent.map(|id| uuid(&id)),
                true.into_datum(),
                row.item.role,
                row.item.content,
                row.item.parts,
                row.item.status,
                self.author,
                written_as,
                row.item.model,
                row.item.token_count,
                row.item.metadata,
            ];
            match outcome {
                None => call.return_values(&message),
                Some(outcome) => {
                    let mut values = vec![text(outcome)];
                    values.extend(message);
                    call.return_values(&values);
                }
            }
        }
        true
    }

    /// Returns what is stored under these ids, in their order.
    fn return_stored(&self, call: Call, ids: &[pg_sys::Datum], outcomes: &[&str]) {
        RESULT.with(|plan| {
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
    }
}

/// The columns of `chatkeep.messages`, in the order of the migration.
const MESSAGE_COLUMNS: usize = 18;

/// The message that a chat's active path ends with. RETURNING cannot name what `active_leaf_id` was before.
fn last_active(chat: pg_sys::Datum, tenant: pg_sys::Datum) -> Option<[u8; 16]> {
    match lookup::last_active(&bytes(chat), &bytes(tenant)) {
        Found::Some(message) => Some(message),
        Found::None => None,
        Found::Ask => LAST_ACTIVE
            .with(|plan| plan.execute(&[Some(chat), Some(tenant)]))
            .datum(1)
            .map(bytes),
    }
}

/// A message that is on its way into the table.
struct Row<'a> {
    item: &'a Item,
    id: pg_sys::Datum,
    seq: i32,
    parent: Option<[u8; 16]>,
    created_at: i64,
}

impl Row<'_> {
    const TYPES: [array::Element; 11] = [
        array::UUID,
        array::INT4,
        array::UUID,
        array::TEXT,
        array::TEXT,
        array::JSONB,
        array::TEXT,
        array::TEXT,
        array::INT4,
        array::JSONB,
        array::TIMESTAMPTZ,
    ];

    fn values(&self) -> [Option<pg_sys::Datum>; 11] {
        [
            Some(self.id),
            self.seq.into_datum(),
            self.parent.map(|id| uuid(&id)),
            self.item.role,
            self.item.content,
            self.item.parts,
            self.item.status,
            self.item.model,
            self.item.token_count,
            self.item.metadata,
            self.created_at.into_datum(),
        ]
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
    writing(|| {
        let advanced = Chat::advance(chat_id, std::slice::from_ref(&item), id)?;
        let mut chat = if let Some(chat) = advanced {
            chat
        } else {
            let mut chat = Chat::lock(chat_id)?;
            if let Some(wanted) = item.id
                && chat.holds(wanted, &item)?
            {
                STORED_MESSAGE.with(|plan| call.return_from(plan, &chat.key(id)));
                return Ok(());
            }
            chat.follow(item.parent)?;
            chat.touch(1, Some(bytes(id)), chat.next_time);
            chat
        };
        let row = chat.next(&item, id);
        chat.insert(std::slice::from_ref(&row));
        if !chat.return_inserted(call, None, std::slice::from_ref(&row)) {
            STORED_MESSAGE.with(|plan| call.return_from(plan, &chat.key(id)));
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
        if let Some(leaf) = ids.last()
            && let Some(mut chat) = Chat::advance(chat_id, &items, *leaf)?
        {
            let rows = items
                .iter()
                .zip(&ids)
                .map(|(item, &id)| chat.next(item, id))
                .collect::<Vec<_>>();
            chat.insert(&rows);
            if !chat.return_inserted(call, Some("appended"), &rows) {
                chat.return_stored(call, &ids, &vec!["appended"; ids.len()]);
            }
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
    let mut waiting: Vec<Row<'_>> = Vec::with_capacity(items.len());
    for (position, (item, &id)) in items.iter().zip(ids).enumerate() {
        let in_item = |refusal: Refusal| refusal.in_item("messages", position);
        let is_stored = item.id.is_some_and(|id| stored.contains(&id));
        if is_stored || (item.parent.is_some() && item.parent != chat.leaf) {
            // What is in front must be in the table, to be compared with or to be branched from.
            chat.insert(&waiting);
            waiting.clear();
        }
        if let Some(id) = item.id.filter(|_| is_stored) {
            chat.holds(id, item).map_err(in_item)?;
            outcomes.push("stored");
            continue;
        }
        chat.follow(item.parent).map_err(in_item)?;
        outcomes.push("appended");
        stored.extend(item.id);
        waiting.push(chat.next(item, id));
    }
    chat.insert(&waiting);
    if chat.last_seq > before {
        chat.touch(chat.last_seq - before, chat.leaf, chat.next_time - 1);
    }
    chat.return_stored(call, ids, &outcomes);
    Ok(())
}
