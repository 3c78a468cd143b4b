-- Classes. duplicate: the document and this source are stored. alias: only the source is new. new: neither the bytes
-- nor the source are known. again: the stored document has to change. other: another document holds the source, or
-- more has to change. A source belongs to at most one private document of an owner. A shared document may also list
-- sources that colleagues added, and the owner may hold the same source in another document. The plan is generic,
-- because array arguments would be planned again in every call.
create or replace function chatkeep_private.classify_documents(
  tenant uuid, owner uuid, sources text[], checksums text[], visibilities text[], described boolean[]
) returns table (class text, document_id uuid, shared boolean)
language plpgsql volatile set search_path = '' set plan_cache_mode = 'force_generic_plan'
as $$
begin
  return query
    select case
        when d.user_id = owner and d.has_source and d.visibility = 'private' then
          case when d.unsettled then 'again' else 'duplicate' end
        when d.unsettled or h.held then 'other'
        when d.user_id = owner and d.has_source and d.source_uri <> i.source_uri then
          case when i.source_uri in (
            select a.source_uri from chatkeep.documents d, unnest(d.aliases) a (source_uri)
            where d.user_id = owner and d.tenant_id = tenant
              and d.aliases <> '{}' and d.status <> 'archived' and d.deleted_at is null
            group by a.source_uri
            having count(*) > 1
          ) then 'other' else 'duplicate' end
        when i.source_uri in (
          select a.source_uri from chatkeep.documents d, unnest(d.aliases) a (source_uri)
          where d.user_id = owner and d.tenant_id = tenant
            and d.aliases <> '{}' and d.status <> 'archived' and d.deleted_at is null
        ) then 'other'
        when d.id is null then 'new'
        when d.has_source then 'duplicate'
        else 'alias'
      end,
      d.id,
      d.visibility = 'tenant'
    from unnest(sources, checksums, visibilities, described) with ordinality
      i (source_uri, checksum, visibility, described, place)
    left join lateral (
      select u.id, u.user_id, u.source_uri, u.visibility, i.source_uri = u.source_uri or i.source_uri = any (u.aliases) as has_source,
        (u.visibility = 'private' and i.visibility = 'tenant')
          or u.status = 'failed'
          or (u.status = 'pending' and i.described and u.user_id = owner)
          or (u.status = 'processing' and u.updated_at < clock_timestamp() - interval '1 hour') as unsettled
      from (
        select d.* from chatkeep.documents d
        where d.user_id = owner and d.checksum = i.checksum and d.tenant_id = tenant
          and d.visibility = 'private' and d.status <> 'archived' and d.deleted_at is null
        union all
        select d.* from chatkeep.documents d
        where d.tenant_id = tenant and d.checksum = i.checksum and (d.user_id = owner or i.visibility = 'tenant')
          and d.visibility = 'tenant' and d.status <> 'archived' and d.deleted_at is null
      ) u
      order by u.visibility = i.visibility desc
      limit 1
    ) d on true
    left join lateral (
      select true as held from chatkeep.documents h
      where (d.id is null or d.user_id <> owner or d.visibility = 'tenant' or not d.has_source)
        and h.user_id = owner and h.source_uri = i.source_uri and h.tenant_id = tenant
        and h.id is distinct from d.id and h.status <> 'archived' and h.deleted_at is null
      limit 1
    ) h on true
    order by i.place;
end
$$;
comment on function chatkeep_private.classify_documents(uuid, uuid, text[], text[], text[], boolean[]) is
  'For each document to register: its class, the stored document with the same bytes, and whether the tenant shares that document.';
revoke all on function chatkeep_private.classify_documents(uuid, uuid, text[], text[], text[], boolean[]) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.classify_documents(uuid, uuid, text[], text[], text[], boolean[]) to authenticated, service_role;
