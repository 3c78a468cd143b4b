//! `list_messages`.

use chatkeep_core::Refusal;
use chatkeep_core::message;
use pgrx::IntoDatum;

use crate::call::{Call, calls, reading};
use crate::chats::visible_chat::visible_chat;
use crate::postgres::clock::END;
use crate::postgres::plan::{Plan, plans};
use crate::postgres::settings::with_settings;

calls! {
    list_messages_wrapper, pg_finfo_list_messages_wrapper => list_messages;
}

plans! {
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
