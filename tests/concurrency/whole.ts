// Invariants of the stored rows after any concurrent work, as the tables' owner reads them.

import { equal } from "../journeys/assertions.ts";
import type { Person, Stage } from "./connections.ts";

/**
 * Fails unless the chat is in order: positions without a gap, increasing times, counts, parents and the active path.
 */
export async function wholeChat(stage: Stage, chat: string, what: string): Promise<void> {
  const owner = await stage.owner();
  const [{ broken }] = await owner.rows(
    `with recursive chat as (
       select * from chatkeep.chats where id = $1
     ), held as (
       select m.*, row_number() over (order by m.seq, m.id) as place, lag(m.created_at) over (order by m.seq, m.id) as before
       from chatkeep.messages m where m.chat_id = $1
     ), path as (
       select h.id, h.parent_id from held h, chat c where h.id = c.active_leaf_id
       union all
       select h.id, h.parent_id from path p join held h on h.id = p.parent_id
     ), seen as (
       select count(*) as messages, coalesce(max(h.seq), 0) as newest, max(h.created_at) as written_at,
         bool_or(h.seq <> h.place) as gaps, bool_or(h.created_at <= h.before) as late,
         bool_or(h.parent_id is not null and h.parent_id not in (select id from held)) as orphans,
         bool_or(h.active <> (h.id in (select id from path))) as strays,
         bool_or((h.tenant_id, h.user_id) is distinct from (select (tenant_id, user_id) from chat)) as strangers
       from held h
     )
     select array_remove(array[
       case when (select count(*) from chat) <> 1 then 'it is not one chat' end,
       case when s.gaps then 'positions have gaps or are doubled' end,
       case when s.late then 'times do not increase' end,
       case when s.orphans then 'a parent is missing' end,
       case when s.strays then 'the active messages are not the path to the leaf' end,
       case when s.strangers then 'a message is of another user or tenant' end,
       case when (select last_seq from chat) <> s.newest then 'last_seq is not the newest position' end,
       case when (select message_count from chat) <> s.messages then 'message_count is wrong' end,
       case when (select updated_at from chat) < s.written_at then 'updated_at is before the newest message' end,
       case when s.messages > 0 and not exists (select from path) then 'the leaf is missing' end
     ], null) as broken
     from seen s`,
    chat,
  );
  equal(broken, [], `${what}: what is wrong with the chat`);
}

/** All stored rows of a person in one text, without the tenant and the state of sessions, for comparison. */
export async function everything(stage: Stage, person: Person): Promise<string> {
  const owner = await stage.owner();
  const [row] = await owner.rows(
    `select
       (select jsonb_agg(to_jsonb(c) - 'tenant_id' order by c.id) from chatkeep.chats c where c.user_id = $1) as chats,
       (select jsonb_agg(to_jsonb(m) - 'tenant_id' order by m.id) from chatkeep.messages m where m.user_id = $1) as messages,
       (select jsonb_agg(to_jsonb(a) - 'tenant_id' order by a.id) from chatkeep.attachments a
        where a.user_id = $1) as attachments,
       (select jsonb_agg(to_jsonb(d) - 'tenant_id' order by d.id) from chatkeep.documents d where d.user_id = $1) as documents,
       (select jsonb_agg(to_jsonb(m) - 'tenant_id' order by m.document_id, m.namespace) from chatkeep.document_metadata m
        where m.user_id = $1) as metadata,
       (select jsonb_agg(to_jsonb(s) - '{tenant_id,revoked_at,revoked_reason,last_used_at}'::text[] order by s.id)
        from chatkeep.sessions s where s.user_id = $1) as sessions,
       (select jsonb_agg(to_jsonb(x) - 'tenant_id' order by x.session_id) from chatkeep_private.session_secrets x
        join chatkeep.sessions s on s.id = x.session_id where s.user_id = $1) as secrets`,
    person.id,
  );
  return JSON.stringify(row);
}

/** Fails if a row of a deleted person is left. */
export async function nothingLeft(stage: Stage, person: Person, what: string): Promise<void> {
  const owner = await stage.owner();
  const left = await owner.rows(
    `select 'users' as of from chatkeep.users where id = $1
     union all select 'memberships' from chatkeep.memberships where user_id = $1
     union all select 'chats' from chatkeep.chats where user_id = $1
     union all select 'messages' from chatkeep.messages where user_id = $1
     union all select 'chat_summaries' from chatkeep.chat_summaries where user_id = $1
     union all select 'message_search' from chatkeep.message_search where user_id = $1
     union all select 'attachments' from chatkeep.attachments where user_id = $1
     union all select 'documents' from chatkeep.documents where user_id = $1
     union all select 'document_metadata' from chatkeep.document_metadata where user_id = $1
     union all select 'sessions' from chatkeep.sessions where user_id = $1`,
    person.id,
  );
  equal(left, [], `${what}: rows that are left of the deleted user`);
}

/** Fails unless all rows of a person are in this tenant. */
export async function allIn(stage: Stage, person: Person, tenant: string, what: string): Promise<void> {
  const owner = await stage.owner();
  const behind = await owner.rows(
    `select 'memberships' as of from chatkeep.memberships where user_id = $1 and tenant_id <> $2
     union all select 'chats' from chatkeep.chats where user_id = $1 and tenant_id <> $2
     union all select 'messages' from chatkeep.messages where user_id = $1 and tenant_id <> $2
     union all select 'chat_summaries' from chatkeep.chat_summaries where user_id = $1 and tenant_id <> $2
     union all select 'message_search' from chatkeep.message_search where user_id = $1 and tenant_id <> $2
     union all select 'attachments' from chatkeep.attachments where user_id = $1 and tenant_id <> $2
     union all select 'documents' from chatkeep.documents where user_id = $1 and tenant_id <> $2
     union all select 'document_metadata' from chatkeep.document_metadata m
       where m.tenant_id <> $2 and exists (select from chatkeep.documents d where d.id = m.document_id and d.user_id = $1)
     union all select 'sessions' from chatkeep.sessions where user_id = $1 and tenant_id <> $2`,
    person.id,
    tenant,
  );
  equal(behind, [], `${what}: rows that did not follow the user`);
}

/** The number of a person's sessions that were not revoked. */
export async function liveSessions(stage: Stage, person: Person): Promise<number> {
  const owner = await stage.owner();
  const [{ live }] = await owner.rows(
    "select count(*)::int as live from chatkeep.sessions where user_id = $1 and revoked_at is null",
    person.id,
  );
  return live;
}

/** Fails if two current documents of a person wrongly share bytes or a source. */
export async function distinctDocuments(stage: Stage, person: Person, what: string): Promise<void> {
  const owner = await stage.owner();
  const doubled = await owner.rows(
    `with current as (
       select id, checksum, visibility, array_prepend(source_uri, aliases) as sources from chatkeep.documents
       where user_id = $1 and status <> 'archived' and deleted_at is null
     )
     select checksum as doubled from current group by checksum, visibility having count(*) > 1
     union all
     select s.source from current c, unnest(c.sources) s (source) group by s.source having count(*) > 1`,
    person.id,
  );
  equal(doubled, [], `${what}: bytes or sources of two current documents`);
}
