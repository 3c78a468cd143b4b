-- The invariants of the rows after any load. Each query returns the rows that break its sentence.

-- seq counts the messages of a chat from 1 without a gap, and last_seq and message_count are their number
select c.id as chat_id, c.last_seq, c.message_count, m.seqs
from chatkeep.chats c
left join lateral (
  select array_agg(m.seq order by m.seq) as seqs, count(*)::integer as total
  from chatkeep.messages m where m.chat_id = c.id and m.tenant_id = c.tenant_id
) m on true
where to_jsonb(c) ->> 'purged_at' is null
  and ((c.last_seq, c.message_count) <> (m.total, m.total)
    or coalesce(m.seqs, '{}') <> array(select generate_series(1, m.total)));

-- created_at increases strictly with seq
select m.chat_id, m.seq, m.created_at, m.previous
from (
  select m.*, lag(m.created_at) over (partition by m.chat_id, m.tenant_id order by m.seq) as previous
  from chatkeep.messages m
) m
where m.created_at <= m.previous;

-- updated_at of a chat is created_at of its newest message
select c.id as chat_id, c.updated_at, m.newest
from chatkeep.chats c
join lateral (
  select max(m.created_at) as newest from chatkeep.messages m where m.chat_id = c.id and m.tenant_id = c.tenant_id
) m on m.newest is not null
where c.updated_at <> m.newest;

-- the parent of a message comes earlier in the same chat
select m.chat_id, m.id as message_id, m.seq, m.parent_id
from chatkeep.messages m
join chatkeep.chats c on c.id = m.chat_id and c.tenant_id = m.tenant_id
where m.parent_id is not null
  and to_jsonb(c) ->> 'purged_at' is null
  and not exists (
    select from chatkeep.messages p
    where p.id = m.parent_id and p.chat_id = m.chat_id and p.tenant_id = m.tenant_id and p.seq < m.seq
  );

-- the active messages of a chat are the path to active_leaf_id
with recursive path as (
  select m.id, m.chat_id, m.tenant_id, m.parent_id
  from chatkeep.chats c
  join chatkeep.messages m on m.id = c.active_leaf_id and m.chat_id = c.id and m.tenant_id = c.tenant_id
  union
  select m.id, m.chat_id, m.tenant_id, m.parent_id
  from path p
  join chatkeep.messages m on m.id = p.parent_id and m.chat_id = p.chat_id and m.tenant_id = p.tenant_id
)
select m.chat_id, m.id as message_id, m.seq, m.active, p.id is not null as on_path
from chatkeep.messages m
join chatkeep.chats c on c.id = m.chat_id and c.tenant_id = m.tenant_id
left join path p on p.id = m.id and p.chat_id = m.chat_id and p.tenant_id = m.tenant_id
where m.active <> (p.id is not null)
  and to_jsonb(c) ->> 'purged_at' is null;

-- the active leaf of a chat is one of its messages
select c.id as chat_id, c.active_leaf_id
from chatkeep.chats c
where c.active_leaf_id is not null
  and to_jsonb(c) ->> 'purged_at' is null
  and not exists (
    select from chatkeep.messages m where m.id = c.active_leaf_id and m.chat_id = c.id and m.tenant_id = c.tenant_id
  );

-- every session has one secret
select s.id as session_id, count(x.session_id) as secrets
from chatkeep.sessions s
left join chatkeep_private.session_secrets x on x.session_id = s.id
group by s.id
having count(x.session_id) <> 1;

-- a disabled user has no live session
select s.id as session_id, s.user_id, s.created_at, u.disabled_at
from chatkeep.sessions s
join chatkeep.users u on u.id = s.user_id
where u.disabled_at is not null and s.revoked_at is null;

-- private bytes are stored once per owner
select d.user_id, d.tenant_id, d.checksum, count(*) as documents
from chatkeep.documents d
where d.visibility = 'private' and d.status <> 'archived' and d.deleted_at is null
group by d.user_id, d.tenant_id, d.checksum
having count(*) > 1;

-- shared bytes are stored once per tenant
select d.tenant_id, d.checksum, count(*) as documents
from chatkeep.documents d
where d.visibility = 'tenant' and d.status <> 'archived' and d.deleted_at is null
group by d.tenant_id, d.checksum
having count(*) > 1;

-- a source is the first source of one current document of its owner
select d.user_id, d.tenant_id, d.source_uri, count(*) as documents
from chatkeep.documents d
where d.status <> 'archived' and d.deleted_at is null
group by d.user_id, d.tenant_id, d.source_uri
having count(*) > 1;

-- every row of a user is in a tenant of the user
select r.kind, r.id, r.user_id, r.tenant_id
from (
  select 'session' as kind, s.id, s.user_id, s.tenant_id from chatkeep.sessions s
  union all select 'chat', c.id, c.user_id, c.tenant_id from chatkeep.chats c
  union all select 'message', m.id, m.user_id, m.tenant_id from chatkeep.messages m
  union all select 'summary', s.message_id, s.user_id, s.tenant_id from chatkeep.chat_summaries s
  union all select 'searched message', s.message_id, s.user_id, s.tenant_id from chatkeep.message_search s
  union all select 'document', d.id, d.user_id, d.tenant_id from chatkeep.documents d
  union all select 'attachment', a.id, a.user_id, a.tenant_id from chatkeep.attachments a
  union all select 'rating', r.message_id, r.rated_by, r.tenant_id from chatkeep.message_ratings r
  union all select 'metadata', m.document_id, m.user_id, m.tenant_id from chatkeep.document_metadata m
) r
left join chatkeep.memberships m on m.user_id = r.user_id and m.tenant_id = r.tenant_id
where m.user_id is null;

-- a message, its summary, its search row and its attachments belong to the owner of the chat
select r.kind, r.id, r.user_id, c.user_id as owner
from (
  select 'message' as kind, m.id, m.chat_id, m.user_id, m.tenant_id from chatkeep.messages m
  union all select 'summary', s.message_id, s.chat_id, s.user_id, s.tenant_id from chatkeep.chat_summaries s
  union all select 'searched message', s.message_id, s.chat_id, s.user_id, s.tenant_id from chatkeep.message_search s
  union all select 'attachment', a.id, a.chat_id, a.user_id, a.tenant_id from chatkeep.attachments a
  union all select 'rating', r.message_id, r.chat_id, r.user_id, r.tenant_id from chatkeep.message_ratings r
) r
left join chatkeep.chats c on c.id = r.chat_id and c.tenant_id = r.tenant_id
where c.user_id is distinct from r.user_id;

-- attachments and metadata refer to documents that their owner may see
select r.kind, r.document_id, r.user_id
from (
  select 'attachment' as kind, a.document_id, a.tenant_id, a.user_id from chatkeep.attachments a
  where a.document_id is not null and not a.document_deleted
  union all
  select 'metadata', m.document_id, m.tenant_id, m.user_id from chatkeep.document_metadata m
  where m.document_access = 'tenant'
) r
left join chatkeep.documents d on d.id = r.document_id and d.tenant_id = r.tenant_id
where (d.user_id = r.user_id or d.visibility = 'tenant') is not true;

-- exactly the indexed messages have a search row
select m.chat_id, m.id as message_id, m.created_at, c.indexed_to
from chatkeep.chats c
join chatkeep.messages m on m.chat_id = c.id and m.tenant_id = c.tenant_id
where m.created_at <= c.indexed_to
  and not exists (
    select from chatkeep.message_search s
    where s.message_id = m.id and s.chat_id = m.chat_id and s.tenant_id = m.tenant_id
  );

-- a chat is shared with the same people once
select s.chat_id, s.with_tenant_id, s.with_user_id, count(*) as shares
from chatkeep.chat_shares s
where s.revoked_at is null and s.with_tenant_id is not null
group by s.chat_id, s.tenant_id, s.with_tenant_id, s.with_user_id
having count(*) > 1;
