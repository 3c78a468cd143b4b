-- The columns of chatkeep.listed_chat. Of long content, left() reads only the beginning.
create view chatkeep_private.listed_chats with (security_invoker = true) as
select c.id, c.tenant_id, c.user_id, c.title, c.title_source, c.metadata,
  c.message_count, c.last_seq, c.active_leaf_id, c.created_at, c.updated_at,
  c.archived_at, c.deleted_at, c.pinned_at, c.folder, c.tags, c.read_up_to_seq,
  leaf.preview, leaf.role as preview_role,
  case when c.read_up_to_seq is not null then (
    select count(*)::integer
    from (
      -- No more messages than the chat has got since: a chat that is read to its end costs nothing.
      select m.seq, m.role, m.author_id from chatkeep.messages m
      where m.chat_id = c.id and m.tenant_id = c.tenant_id and m.active
      order by m.created_at desc
      limit greatest(least(c.last_seq - greatest(c.read_up_to_seq, 0), 100), 0)
    ) newest
    where newest.seq > c.read_up_to_seq and (newest.role <> 'user' or newest.author_id is distinct from c.user_id)
  ) end as unread_count,
  exists (
    select from chatkeep_private.open_shares s
    where s.chat_id = c.id and s.tenant_id = c.tenant_id and s.user_id = c.user_id
  ) as is_shared
from chatkeep.chats c
left join lateral (
  select left(m.content, 200) as preview, m.role::text as role from chatkeep.messages m
  where m.id = c.active_leaf_id and m.chat_id = c.id and m.tenant_id = c.tenant_id
  limit 1
) leaf on true;
comment on view chatkeep_private.listed_chats is 'The chats that the caller sees, with what a list shows of each.';
revoke all on chatkeep_private.listed_chats from public, anon, authenticated, service_role;
grant select on chatkeep_private.listed_chats to authenticated, service_role;
