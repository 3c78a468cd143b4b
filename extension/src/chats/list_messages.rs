//! `list_messages`.

use chatkeep_core::Refusal;
use chatkeep_core::chats::{message, summary};

use crate::call::{Call, declare_call, reading};
use crate::chats::visible_chat::visible_chat;
use crate::postgres::clock::END;
use crate::postgres::datum::{Uuid, values};
use crate::postgres::settings::with_settings;
use crate::postgres::statement::{Statement, statements};

declare_call!(list_messages);

statements! {
    // With an equal sign at the tenant, next to that of the policy, the planner would compare the two in a node on top,
    // which copies every row.
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
    PAGE_FROM_SUMMARY(UUIDOID, UUIDOID, INT4OID) = c"
        select p.* from chatkeep_private.page_from_summary($1, $2, $3) p";
}

fn list_messages(call: Call) -> Result<(), Refusal> {
    let (chat_id, before, after, page_size, from_summary) = (0, 1, 2, 3, 4);
    let chat_id: Uuid = call.required(chat_id, "chat_id")?;
    let size: Option<i32> = call.argument(page_size);
    message::page_size(size)?;
    let before: Option<i64> = call.argument(before);
    let from_summary = summary::from_summary(call.argument(from_summary), before.is_some())?;
    reading(|| {
        let tenant = visible_chat(call.connection, chat_id, Statement::read)?;
        // A plain value: under row security the planner uses no `coalesce` in an index condition, since it may leak.
        let before = before.unwrap_or(END);
        let after: Option<i64> = call.argument(after);
        if from_summary && after.is_none() {
            call.return_read(PAGE_FROM_SUMMARY, &values![chat_id, tenant, size]);
            return Ok(());
        }
        // Rows come in order from the index by time. Where chats are small on average, a plan that gathers and sorts
        // all rows of a chat looks cheaper to the planner. Before PostgreSQL 18 the remaining sort looks so expensive
        // that it would start the JIT.
        with_settings(&[(c"enable_sort", c"off"), (c"jit", c"off")], || {
            match after {
                None => call.return_read(PAGE_BEFORE, &values![chat_id, tenant, before, size]),
                Some(after) => {
                    call.return_read(PAGE_AFTER, &values![chat_id, tenant, before, size, after])
                }
            };
        });
        Ok(())
    })
}
