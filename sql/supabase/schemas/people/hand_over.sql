-- Locks in the order of all calls: chats, the owners' documents, the tenant's documents, documents. The callers have
-- locked the people. Documents and chats change in one statement: its triggers detach attachments to documents that the
-- owner of a chat cannot see, and must see both changes.
create or replace function chatkeep_private.hand_over(
  tenant uuid, from_user uuid, to_user uuid, chat_ids uuid[], document_ids uuid[]
) returns chatkeep.transfer_counts
language plpgsql volatile set search_path = ''
as $$
declare
  counts chatkeep.transfer_counts;
begin
  perform from chatkeep.chats c
  where c.user_id = from_user and c.tenant_id = tenant and (chat_ids is null or c.id = any (chat_ids))
  order by c.id
  for update;
  if document_ids is null or document_ids <> '{}' then
    perform chatkeep_private.lock_documents(tenant, least(from_user, to_user), false, true);
    perform chatkeep_private.lock_documents(tenant, greatest(from_user, to_user), true, true);
    perform from chatkeep.documents d
    where d.user_id = from_user and d.tenant_id = tenant and (document_ids is null or d.id = any (document_ids))
    order by d.id
    for update;
  end if;

  with held as (
    select o.source_uri from chatkeep.documents o
    where o.user_id = to_user and o.tenant_id = tenant and o.status <> 'archived' and o.deleted_at is null
    union
    select a.source_uri from chatkeep.documents o, unnest(o.aliases) a (source_uri)
    where o.user_id = to_user and o.tenant_id = tenant
      and o.aliases <> '{}' and o.status <> 'archived' and o.deleted_at is null
  ), given as (
    -- The new source: the old one, or the next alias that is in no other document. A document without one becomes history,
    -- and so does a private one whose bytes the new owner has.
    select d.id, d.status <> 'archived' and d.deleted_at is null as is_current,
      case
        when d.visibility = 'private' and exists (
          select from chatkeep.documents o
          where o.user_id = to_user and o.checksum = d.checksum and o.tenant_id = tenant
            and o.visibility = 'private' and o.status <> 'archived' and o.deleted_at is null
        ) then null
        when d.source_uri not in (select h.source_uri from held h) then d.source_uri
        else (
          select a.source_uri from unnest(d.aliases) with ordinality a (source_uri, place)
          where a.source_uri not in (select h.source_uri from held h)
            and not exists (
              select from chatkeep.documents o
              where o.user_id = from_user and o.tenant_id = tenant and o.id <> d.id
                and o.status <> 'archived' and o.deleted_at is null
                and (o.source_uri = a.source_uri or a.source_uri = any (o.aliases))
            )
          order by a.place
          limit 1
        )
      end as source_uri,
      array(
        select a.source_uri from unnest(d.aliases) with ordinality a (source_uri, place)
        where a.source_uri not in (select h.source_uri from held h)
        order by a.place
      ) as aliases
    from chatkeep.documents d
    where d.user_id = from_user and d.tenant_id = tenant and (document_ids is null or d.id = any (document_ids))
  ), documents as (
    update chatkeep.documents d
    set (user_id, source_uri, aliases, status, updated_at) = (
      select to_user,
        case when g.is_current then coalesce(g.source_uri, d.source_uri) else d.source_uri end,
        case when g.is_current and g.source_uri is not null then array_remove(g.aliases, g.source_uri) else d.aliases end,
        case when g.is_current and g.source_uri is null then 'archived' else d.status end,
        clock_timestamp()
    )
    from given g
    where d.id = g.id and d.tenant_id = tenant
    returning g.is_current and d.status = 'archived' as archived
  ), chats as (
    update chatkeep.chats c set user_id = to_user
    where c.user_id = from_user and c.tenant_id = tenant and (chat_ids is null or c.id = any (chat_ids))
    returning c.id
  )
  select (select count(*) from chats), (select count(*) from documents), (select count(*) from documents d where d.archived)
  into counts;
  return counts;
end
$$;
comment on function chatkeep_private.hand_over(uuid, uuid, uuid, uuid[], uuid[]) is
  'Gives chats and documents of one member of a tenant to another one: those with the ids, or all for NULL.';
revoke all on function chatkeep_private.hand_over(uuid, uuid, uuid, uuid[], uuid[]) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.hand_over(uuid, uuid, uuid, uuid[], uuid[]) to service_role;
