//! `create_chat`.

use chatkeep_core::Refusal;
use chatkeep_core::chats::chat::NewChat;
use std::borrow::Cow;

use crate::call::{Call, declare_call, writing};
use crate::caller::identity::{Member, enter};
use crate::new_id::new_id;
use crate::postgres::datum::{Datum, values};
use crate::postgres::jsonb;
use crate::postgres::statement::statements;

declare_call!(create_chat);

statements! {
    INSERT_CHAT(UUIDOID, UUIDOID, UUIDOID, TEXTOID, JSONBOID, TEXTOID) = c"
        insert into chatkeep.chats as c (id, tenant_id, user_id, title, metadata, language)
        values ($1, $2, $3, $4, $5, $6)
        on conflict do nothing
        returning c.*";
    OWN_CHAT(UUIDOID, UUIDOID, UUIDOID) = c"
        select c.* from chatkeep.chats c where c.id = $1 and c.tenant_id = $2 and c.user_id = $3";
    OWN_CHAT_DELETED(UUIDOID, UUIDOID, UUIDOID) = c"
        select from chatkeep.chats c
        where c.id = $1 and c.tenant_id = $2 and c.user_id = $3 and c.deleted_at is not null";
}

fn create_chat(call: Call) -> Result<(), Refusal> {
    let (title, metadata, chat_id, language, user_id) = (0, 1, 2, 3, 4);
    let [title, metadata, language] =
        [title, metadata, language].map(|position| call.datum(position));
    let (said_title, said_language): (Option<Cow<str>>, Option<Cow<str>>) =
        (title.map(Datum::read), language.map(Datum::read));
    NewChat {
        title: said_title.as_deref(),
        metadata: metadata.map(jsonb::text).as_deref(),
        language: said_language.as_deref(),
    }
    .check()?;
    writing(|| {
        let Member { tenant, user } = enter(call.connection, call.argument(user_id), false);
        let id = call.argument(chat_id).unwrap_or_else(new_id);
        let arguments = values![id, tenant, user, title, metadata, language];
        if call.return_from(INSERT_CHAT, &arguments) > 0 {
            return Ok(());
        }
        let key = values![id, tenant, user];
        if call.return_from(OWN_CHAT, &key) == 0 {
            return Err(Refusal::chat_id_taken());
        }
        if !OWN_CHAT_DELETED.execute(call.connection, &key).is_empty() {
            return Err(Refusal::chat_deleted());
        }
        Ok(())
    })
}
