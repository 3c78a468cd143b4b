//! `finish_message`: keeps the progress of a message that is streaming, or ends it.

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
    // Nearly every message is finished once and kept no progress.
    FINISH(UUIDOID, UUIDOID, UUIDOID, TEXTOID, JSONBOID, TEXTOID, JSONBOID, INT4OID, JSONBOID) = c"
        update chatkeep.messages m
        set content = coalesce($4, m.content::text),
          parts = coalesce($5, m.parts::jsonb),
          status = $6,
          metadata = coalesce($7, m.metadata::jsonb),
          token_count = coalesce($8, m.token_count::integer),
          usage = coalesce($9, m.usage::jsonb),
          version = 2,
          updated_at = greatest(pg_catalog.clock_timestamp(), m.updated_at)
        where m.id = $1 and m.chat_id = $2 and m.tenant_id = $3 and m.status::text = 'streaming' and m.version = 1
          and $6 = 'complete'
        returning m.*";
    SAVE_PROGRESS(UUIDOID, UUIDOID, UUIDOID, TEXTOID, JSONBOID, TEXTOID, JSONBOID, INT4OID, JSONBOID) = c"
        select chatkeep_private.save_progress($2, $3, $1, $4, $5, $6, $7, $8, $9)";
}

fn finish_message(call: Call) -> Result<(), Refusal> {
    let (chat_id, message_id) = (0, 1);
    let (content, parts, status, metadata, token_count, usage) = (2, 3, 4, 5, 6, 7);
    let chat_id: Uuid = call.required(chat_id, "chat_id")?;
    let message_id: Uuid = call.required(message_id, "message_id")?;
    let [content, parts, status, metadata, usage] =
        [content, parts, status, metadata, usage].map(|position| call.datum(position));
    let token_count: Option<i32> = call.argument(token_count);
    let (said_content, said_status): (Option<Cow<str>>, Option<Cow<str>>) =
        (content.map(Datum::read), status.map(Datum::read));
    Finish {
        content: said_content.as_deref(),
        parts: parts.map(jsonb::text).as_deref(),
        status: said_status.as_deref(),
        metadata: metadata.map(jsonb::text).as_deref(),
        token_count,
        usage: usage.map(jsonb::text).as_deref(),
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
                usage,
            ];
            if call.return_from(FINISH, &arguments) > 0 {
                return Ok(true);
            }
            if SAVE_PROGRESS.execute(call.connection, &arguments).get(1) != Some(true) {
                return Ok(false);
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
