//! `create_chat`.

use chatkeep_core::Refusal;
use chatkeep_core::chat::NewChat;

use crate::call::{Call, calls, writing};
use crate::caller::identity::enter;
use crate::new_id::new_uuid;
use crate::postgres::jsonb_text as json;
use crate::postgres::plan::plans;

calls! {
    create_chat_wrapper, pg_finfo_create_chat_wrapper => create_chat;
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
