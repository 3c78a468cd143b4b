//! `finish_message`: ends a message that was streaming.

use chatkeep_core::Refusal;
use chatkeep_core::chats::message::Finish;
use std::borrow::Cow;

use crate::call::{Call, declare_call, writing};
use crate::chats::moving_tenant::check_moving;
use crate::chats::stored_message::return_stored_message;
use crate::chats::visible_chat::visible_chat;
use crate::postgres::datum::{Datum, Uuid, values};
use crate::postgres::jsonb;
use crate::postgres::statement::{Statement, statements};

declare_call!(finish_message);

statements! {
    FINISH(UUIDOID, UUIDOID, UUIDOID, TEXTOID, JSONBOID, TEXTOID, JSONBOID, INT4OID) = c"
        update chatkeep.messages m
        set content = coalesce($4, m.content::text),
          parts = coalesce($5, m.parts::jsonb),
          status = $6,
          metadata = coalesce($7, m.metadata::jsonb),
          token_count = coalesce($8, m.token_count::integer),
          updated_at = greatest(pg_catalog.clock_timestamp(), m.updated_at)
        where m.id = $1 and m.chat_id = $2 and m.tenant_id = $3 and m.status::text = 'streaming'
        returning m.*";
    IS_ALREADY_FINISHED(UUIDOID, UUIDOID, UUIDOID, TEXTOID, JSONBOID, TEXTOID, JSONBOID, INT4OID) = c"
        select m.status::text = $6
          and m.content::text = coalesce($4, m.content::text)
          and m.parts::jsonb is not distinct from coalesce($5, m.parts::jsonb)
          and m.metadata::jsonb = coalesce($7, m.metadata::jsonb)
          and m.token_count::integer is not distinct from coalesce($8, m.token_count::integer),
          m.status::text = 'streaming'
        from chatkeep.messages m
        where m.id = $1 and m.chat_id = $2 and m.tenant_id = $3";
}

fn finish_message(call: Call) -> Result<(), Refusal> {
    let (chat_id, message_id) = (0, 1);
    let (content, parts, status, metadata, token_count) = (2, 3, 4, 5, 6);
    let chat_id: Uuid = call.required(chat_id, "chat_id")?;
    let message_id: Uuid = call.required(message_id, "message_id")?;
    let [content, parts, status, metadata] =
        [content, parts, status, metadata].map(|position| call.datum(position));
    let token_count: Option<i32> = call.argument(token_count);
    let (said_content, said_status): (Option<Cow<str>>, Option<Cow<str>>) =
        (content.map(Datum::read), status.map(Datum::read));
    Finish {
        content: said_content.as_deref(),
        parts: parts.map(jsonb::text).as_deref(),
        status: said_status.as_deref(),
        metadata: metadata.map(jsonb::text).as_deref(),
        token_count,
    }
    .check()?;
    writing(|| {
        let attempt = || {
            let tenant = visible_chat(call.connection, chat_id, Statement::execute)?;
            if let Some(tenant) = &tenant {
                check_moving(call.connection, tenant);
            }
            let arguments = values![
                message_id,
                chat_id,
                tenant,
                content,
                parts,
                status,
                metadata,
                token_count,
            ];
            if call.return_from(FINISH, &arguments) > 0 {
                return Ok(true);
            }
            let finished = IS_ALREADY_FINISHED.execute(call.connection, &arguments);
            if finished.is_empty() {
                return Ok(false);
            }
            if finished.get(2) == Some(true) {
                return Err(Refusal::unwritten("message_id", "names a message that"));
            }
            if finished.get(1) != Some(true) {
                return Err(Refusal::message_finished());
            }
            return_stored_message(call, &values![message_id, chat_id, tenant]);
            Ok(true)
        };
        // Twice: a statement that waited while its own user moved to another tenant has looked in the old one.
        if attempt()? || attempt()? {
            Ok(())
        } else {
            Err(Refusal::message_not_found("message_id"))
        }
    })
}
