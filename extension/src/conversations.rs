//! `create_chat`, `list_messages`.

use chatkeep_core::Refusal;
use chatkeep_core::chat::NewChat;
use chatkeep_core::message;
use pgrx::{IntoDatum, pg_sys};

use crate::call::{Call, END, calls, new_uuid, reading, with_settings, writing};
use crate::identity::{enter, is_service, user};
use crate::json;
use crate::plan::{Plan, Rows, plans};

calls! {
    create_chat_wrapper, pg_finfo_create_chat_wrapper => create_chat;
    list_messages_wrapper, pg_finfo_list_messages_wrapper => list_messages;
}

plans! {
    INSERT_CHAT(UUIDOID, UUIDOID, UUIDOID, TEXTOID, JSONBOID, TEXTOID) = c"
        insert into chatkeep.chats as c (id, tenant_id, user_id, title, metadata, language)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (id, tenant_id) do nothing
        returning c.*";
    OWN_CHAT(UUIDOID, UUIDOID, UUIDOID) = c"
        select c.* from chatkeep.chats c where c.id = $1 and c.tenant_id = $2 and c.user_id = $3";
    OWN_CHAT_DELETED(UUIDOID, UUIDOID, UUIDOID) = c"
        select from chatkeep.chats c
        where c.id = $1 and c.tenant_id = $2 and c.user_id = $3 and c.deleted_at is not null";
    READ_CHAT(UUIDOID, UUIDOID, BOOLOID) = c"
        select c.tenant_id, c.deleted_at is not null
        from chatkeep.chats c
        where c.id = $1 and (c.user_id = $2 or $3)
        limit 2";
    // An equal sign at the tenant, next to the one of the policy, would let the planner compare the two and put a node
    // on top that copies every row.
    PAGE_BEFORE(UUIDOID, UUIDOID, TIMESTAMPTZOID, INT4OID) = c"
        select page.* from (
          select m.* from chatkeep.messages m
          where m.chat_id = $1
            and m.tenant_id is not distinct from $2
            and m.active
            and m.created_at < $3
          order by m.created_at desc
          limit $4
        ) page
        order by page.created_at";
    PAGE_AFTER(UUIDOID, UUIDOID, TIMESTAMPTZOID, INT4OID, TIMESTAMPTZOID) = c"
        select m.* from chatkeep.messages m
        where m.chat_id = $1
          and m.tenant_id is not distinct from $2
          and m.active
          and m.created_at > $5
          and m.created_at < $3
        order by m.created_at
        limit $4";
}

fn create_chat(call: Call) -> Result<(), Refusal> {
    let (title, metadata, chat_id, language) = (0, 1, 2, 3);
    NewChat {
        title: call.argument(title),
        metadata: json::text(call.datum(metadata)).as_deref(),
        language: call.argument(language),
    }
    .check()?;
    writing(|| {
        let (tenant, owner) = enter(None, false);
        let wanted = call.datum(chat_id).unwrap_or_else(new_uuid);
        let arguments = [
            Some(wanted),
            tenant,
            owner,
            call.datum(title),
            call.datum(metadata),
            call.datum(language),
        ];
        if INSERT_CHAT.with(|plan| call.return_from(plan, &arguments)) > 0 {
            return Ok(());
        }
        let key = [Some(wanted), tenant, owner];
        if OWN_CHAT.with(|plan| call.return_from(plan, &key)) == 0 {
            return Err(Refusal::chat_id_taken());
        }
        if !OWN_CHAT_DELETED.with(|plan| plan.execute(&key)).is_empty() {
            return Err(Refusal::chat_deleted());
        }
        Ok(())
    })
}

fn list_messages(call: Call) -> Result<(), Refusal> {
    let (chat_id, before, after, page_size) = (0, 1, 2, 3);
    let chat_id = call
        .datum(chat_id)
        .ok_or_else(|| Refusal::missing("chat_id"))?;
    message::page_size(call.argument(page_size))?;
    reading(|| {
        let range = [
            Some(chat_id),
            visible_chat(chat_id, Plan::read)?,
            call.datum(before).or_else(|| END.into_datum()),
            call.datum(page_size),
            call.datum(after),
        ];
        let page = if call.datum(after).is_none() {
            &PAGE_BEFORE
        } else {
            &PAGE_AFTER
        };
        // Rows come in order from the index by time; a plan that gathers the chat's rows and sorts
        // them looks cheaper wherever chats are small on average. Before PostgreSQL 18 the sort that stays costs
        // so much on paper that it would be compiled just in time.
        with_settings(&[(c"enable_sort", c"off"), (c"jit", c"off")], || {
            page.with(|plan| call.return_read(plan, &range));
        });
        Ok(())
    })
}

/// The tenant of a chat that the caller may see, or what stands against it. A call that only reads looks in the snapshot of
/// its caller, one that writes as of now.
pub fn visible_chat(
    chat_id: pg_sys::Datum,
    look: fn(&Plan, &[Option<pg_sys::Datum>]) -> Rows,
) -> Result<Option<pg_sys::Datum>, Refusal> {
    let key = [Some(chat_id), user(), is_service().into_datum()];
    let chat = READ_CHAT.with(|plan| look(plan, &key));
    match chat.len() {
        0 => return Err(Refusal::chat_not_found()),
        1 => {}
        _ => return Err(Refusal::chat_ambiguous()),
    }
    if chat.get(2) == Some(true) {
        return Err(Refusal::chat_deleted());
    }
    Ok(chat.datum(1))
}
