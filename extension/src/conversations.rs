//! `create_chat`, `append_message`, `list_messages`.

use chatkeep_core::Refusal;
use chatkeep_core::chat::NewChat;
use chatkeep_core::message::{self, NewMessage};
use pgrx::{IntoDatum, pg_sys};

use crate::call::{Call, calls, new_uuid, now, writing};
use crate::json;
use crate::plan::plans;

calls! {
    create_chat_wrapper, pg_finfo_create_chat_wrapper => create_chat;
    append_message_wrapper, pg_finfo_append_message_wrapper => append_message;
    list_messages_wrapper, pg_finfo_list_messages_wrapper => list_messages;
}

plans! {
    ENTER() = c"select chatkeep_private.enter(null), auth.uid()";
    INSERT_CHAT(UUIDOID, UUIDOID, UUIDOID, TEXTOID, JSONBOID) = c"
        insert into chatkeep.chats as c (id, tenant_id, user_id, title, metadata)
        values ($1, $2, $3, $4, $5)
        on conflict (id, tenant_id) do nothing
        returning c.*";
    OWN_CHAT(UUIDOID, UUIDOID, UUIDOID) = c"
        select c.* from chatkeep.chats c where c.id = $1 and c.tenant_id = $2 and c.user_id = $3";
    OWN_CHAT_DELETED(UUIDOID, UUIDOID, UUIDOID) = c"
        select from chatkeep.chats c
        where c.id = $1 and c.tenant_id = $2 and c.user_id = $3 and c.deleted_at is not null";
    // The lock orders all writers of the chat; what follows sees what they committed.
    LOCK_CHAT(UUIDOID) = c"
        select c.tenant_id, c.user_id, c.active_leaf_id, c.updated_at, c.deleted_at is not null
        from chatkeep.chats c
        where c.id = $1
          and (c.user_id = (select auth.uid()) or (select chatkeep_private.is_service()))
        for update";
    READ_CHAT(UUIDOID) = c"
        select c.tenant_id, c.deleted_at is not null
        from chatkeep.chats c
        where c.id = $1
          and (c.user_id = (select auth.uid()) or (select chatkeep_private.is_service()))";
    SAME_MESSAGE(UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, JSONBOID) = c"
        select (m.role, m.content, m.parts) is not distinct from ($4, $5, $6)
        from chatkeep.messages m
        where m.id = $1 and m.chat_id = $2 and m.tenant_id = $3";
    MESSAGE(UUIDOID, UUIDOID, UUIDOID) = c"
        select m.* from chatkeep.messages m
        where m.id = $1 and m.chat_id = $2 and m.tenant_id = $3";
    // A branch: the path to the parent becomes the active one, the old tail stays, inactive.
    ACTIVATE_PATH(UUIDOID, UUIDOID, UUIDOID) = c"
        with recursive path as (
          select m.id, m.parent_id from chatkeep.messages m
          where m.id = $1 and m.chat_id = $2 and m.tenant_id = $3
          union all
          select m.id, m.parent_id from path p
          join chatkeep.messages m on m.id = p.parent_id and m.chat_id = $2 and m.tenant_id = $3
        )
        update chatkeep.messages m
        set active = not m.active
        where m.chat_id = $2
          and m.tenant_id = $3
          and m.active is distinct from (m.id in (select p.id from path p))";
    INSERT_MESSAGE(
        UUIDOID, UUIDOID, UUIDOID, UUIDOID, TIMESTAMPTZOID, UUIDOID, TEXTOID, TEXTOID, JSONBOID,
        TEXTOID, TEXTOID, INT4OID, JSONBOID
    ) = c"
        with touched as (
          update chatkeep.chats c
          set last_seq = c.last_seq + 1,
            message_count = c.message_count + 1,
            active_leaf_id = $1,
            updated_at = $5
          where c.id = $2 and c.tenant_id = $3
          returning c.last_seq
        )
        insert into chatkeep.messages as m (
          id, chat_id, tenant_id, user_id, seq, parent_id, role, content, parts,
          status, model, token_count, metadata, created_at, updated_at
        )
        select $1, $2, $3, $4, t.last_seq, $6, $7, $8, $9, $10, $11, $12, $13, $5, $5
        from touched t
        returning m.*";
    PAGE_BEFORE(UUIDOID, UUIDOID, TIMESTAMPTZOID, INT4OID) = c"
        select page.* from (
          select m.* from chatkeep.messages m
          where m.chat_id = $1
            and m.tenant_id = $2
            and m.active
            and m.created_at < coalesce($3, 'infinity')
          order by m.created_at desc
          limit $4
        ) page
        order by page.created_at";
    PAGE_AFTER(UUIDOID, UUIDOID, TIMESTAMPTZOID, INT4OID, TIMESTAMPTZOID) = c"
        select m.* from chatkeep.messages m
        where m.chat_id = $1
          and m.tenant_id = $2
          and m.active
          and m.created_at > $5
          and m.created_at < coalesce($3, 'infinity')
        order by m.created_at
        limit $4";
}

fn create_chat(call: Call) -> Result<(), Refusal> {
    let (title, metadata, chat_id) = (0, 1, 2);
    NewChat {
        title: call.argument(title),
        metadata: json::text(call.datum(metadata)).as_deref(),
    }
    .check()?;
    writing(|| {
        let entered = ENTER.with(|plan| plan.execute(&[]));
        let (tenant, owner) = (entered.datum(1), entered.datum(2));
        let wanted = call.datum(chat_id).unwrap_or_else(new_uuid);
        let row = INSERT_CHAT.with(|plan| {
            plan.execute(&[
                Some(wanted),
                tenant,
                owner,
                call.datum(title),
                call.datum(metadata),
            ])
        });
        if !row.is_empty() {
            call.return_rows(&row);
            return Ok(());
        }
        let key = [Some(wanted), tenant, owner];
        let stored = OWN_CHAT.with(|plan| plan.execute(&key));
        if stored.is_empty() {
            return Err(Refusal::chat_id_taken());
        }
        if !OWN_CHAT_DELETED.with(|plan| plan.execute(&key)).is_empty() {
            return Err(Refusal::chat_deleted());
        }
        call.return_rows(&stored);
        Ok(())
    })
}

/// The positions of `append_message`'s arguments.
mod append {
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
        .datum(append::CHAT_ID)
        .ok_or_else(|| Refusal::missing("chat_id"))?;
    NewMessage {
        role: call.argument(append::ROLE),
        content: call.argument(append::CONTENT),
        parts: json::text(call.datum(append::PARTS)).as_deref(),
        metadata: json::text(call.datum(append::METADATA)).as_deref(),
        status: call.argument(append::STATUS),
        model: call.argument(append::MODEL),
        token_count: call.argument(append::TOKEN_COUNT),
    }
    .check()?;
    writing(|| {
        let chat = LOCK_CHAT.with(|plan| plan.execute(&[Some(chat_id)]));
        if chat.is_empty() {
            return Err(Refusal::chat_not_found());
        }
        if chat.get(5) == Some(true) {
            return Err(Refusal::chat_deleted());
        }
        let (tenant, owner, leaf) = (chat.datum(1), chat.datum(2), chat.datum(3));

        let message_id = call.datum(append::MESSAGE_ID);
        if message_id.is_some() && return_stored(call, message_id, chat_id, tenant)? {
            return Ok(());
        }
        let parent = call.datum(append::PARENT_ID);
        if parent.is_some() && call.argument::<pgrx::Uuid>(append::PARENT_ID) != chat.get(3) {
            let key = [parent, Some(chat_id), tenant];
            if MESSAGE.with(|plan| plan.execute(&key)).is_empty() {
                return Err(Refusal::parent_not_found());
            }
            ACTIVATE_PATH.with(|plan| plan.execute(&key));
        }

        let written_at = chat
            .get::<i64>(4)
            .map_or_else(now, |last| now().max(last + 1));
        let row = INSERT_MESSAGE.with(|plan| {
            plan.execute(&[
                Some(message_id.unwrap_or_else(new_uuid)),
                Some(chat_id),
                tenant,
                owner,
                written_at.into_datum(),
                parent.or(leaf),
                call.datum(append::ROLE),
                call.datum(append::CONTENT),
                call.datum(append::PARTS),
                call.datum(append::STATUS),
                call.datum(append::MODEL),
                call.datum(append::TOKEN_COUNT),
                call.datum(append::METADATA),
            ])
        });
        call.return_rows(&row);
        Ok(())
    })
}

/// Returns the message that a retry finds stored; false when there is none.
fn return_stored(
    call: Call,
    message_id: Option<pg_sys::Datum>,
    chat_id: pg_sys::Datum,
    tenant: Option<pg_sys::Datum>,
) -> Result<bool, Refusal> {
    let key = [message_id, Some(chat_id), tenant];
    let same = SAME_MESSAGE.with(|plan| {
        plan.execute(&[
            message_id,
            Some(chat_id),
            tenant,
            call.datum(append::ROLE),
            call.datum(append::CONTENT),
            call.datum(append::PARTS),
        ])
    });
    if same.is_empty() {
        return Ok(false);
    }
    if same.get(1) != Some(true) {
        return Err(Refusal::message_id_conflict());
    }
    call.return_rows(&MESSAGE.with(|plan| plan.execute(&key)));
    Ok(true)
}

fn list_messages(call: Call) -> Result<(), Refusal> {
    let (chat_id, before, after, page_size) = (0, 1, 2, 3);
    let chat_id = call
        .datum(chat_id)
        .ok_or_else(|| Refusal::missing("chat_id"))?;
    message::page_size(call.argument(page_size))?;
    let chat = READ_CHAT.with(|plan| plan.read(&[Some(chat_id)]));
    if chat.is_empty() {
        return Err(Refusal::chat_not_found());
    }
    if chat.get(2) == Some(true) {
        return Err(Refusal::chat_deleted());
    }
    let range = [
        Some(chat_id),
        chat.datum(1),
        call.datum(before),
        call.datum(page_size),
        call.datum(after),
    ];
    let page = if call.datum(after).is_none() {
        PAGE_BEFORE.with(|plan| plan.read(&range))
    } else {
        PAGE_AFTER.with(|plan| plan.read(&range))
    };
    call.return_rows(&page);
    Ok(())
}
