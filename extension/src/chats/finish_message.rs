//! `finish_message`: the end of a message that streamed.

use chatkeep_core::Refusal;
use chatkeep_core::message::Finish;

use crate::call::{Call, calls, writing};
use crate::chats::visible_chat::visible_chat;
use crate::postgres::jsonb_text as json;
use crate::postgres::plan::{Plan, plans};

calls! {
    finish_message_wrapper, pg_finfo_finish_message_wrapper => finish_message;
}

plans! {
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
    IS_SO(UUIDOID, UUIDOID, UUIDOID, TEXTOID, JSONBOID, TEXTOID, JSONBOID, INT4OID) = c"
        select m.status::text = $6
          and m.content::text = coalesce($4, m.content::text)
          and m.parts::jsonb is not distinct from coalesce($5, m.parts::jsonb)
          and m.metadata::jsonb = coalesce($7, m.metadata::jsonb)
          and m.token_count::integer is not distinct from coalesce($8, m.token_count::integer),
          m.status::text = 'streaming'
        from chatkeep.messages m
        where m.id = $1 and m.chat_id = $2 and m.tenant_id = $3";
    MESSAGE(UUIDOID, UUIDOID, UUIDOID) = c"
        select m.* from chatkeep.messages m
        where m.id = $1 and m.chat_id = $2 and m.tenant_id = $3";
}

fn finish_message(call: Call) -> Result<(), Refusal> {
    let (chat_id, message_id) = (0, 1);
    let (content, parts, status, metadata, token_count) = (2, 3, 4, 5, 6);
    let chat_id = call
        .datum(chat_id)
        .ok_or_else(|| Refusal::missing("chat_id"))?;
    let message_id = call
        .datum(message_id)
        .ok_or_else(|| Refusal::missing("message_id"))?;
    Finish {
        content: call.argument(content),
        parts: json::text(call.datum(parts)).as_deref(),
        status: call.argument(status),
        metadata: json::text(call.datum(metadata)).as_deref(),
        token_count: call.argument(token_count),
    }
    .check()?;
    writing(|| {
        let attempt = || {
            let arguments = [
                Some(message_id),
                Some(chat_id),
                visible_chat(chat_id, Plan::execute)?,
                call.datum(content),
                call.datum(parts),
                call.datum(status),
                call.datum(metadata),
                call.datum(token_count),
            ];
            if FINISH.with(|plan| call.return_from(plan, &arguments)) > 0 {
                return Ok(true);
            }
            let is_so = IS_SO.with(|plan| plan.execute(&arguments));
            if is_so.is_empty() {
                return Ok(false);
            }
            if is_so.get(2) == Some(true) {
                return Err(Refusal::unwritten("message_id", "names a message that"));
            }
            if is_so.get(1) != Some(true) {
                return Err(Refusal::message_finished());
            }
            MESSAGE.with(|plan| call.return_from(plan, &arguments));
            Ok(true)
        };
        // Twice: a statement that has waited for the move of its own user looks for the message where it was.
        if attempt()? || attempt()? {
            Ok(())
        } else {
            Err(Refusal::message_not_found("message_id"))
        }
    })
}
