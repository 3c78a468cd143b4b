create or replace function chatkeep_private.release_source(tenant uuid, owner uuid, source_uri text, except_id uuid) returns uuid
language plpgsql volatile set search_path = ''
as $$
declare
  released uuid;
  shared uuid;
begin
  -- The next alias replaces the source that leaves. A document without aliases becomes history. If the source came
  -- from a colleague and the owner has it in another document, it names no document any more.
  update chatkeep.documents d
  set (status, source_uri, aliases, updated_at) = (
    select case when n.source_uri is null then 'archived' else d.status end, coalesce(n.source_uri, d.source_uri),
      array_remove(d.aliases, n.source_uri), clock_timestamp()
    from (select (
      select a.source_uri from unnest(d.aliases) with ordinality a (source_uri, place)
      where not exists (
        select from chatkeep.documents o
        where o.user_id = owner and o.source_uri = a.source_uri and o.tenant_id = tenant
          and o.id <> d.id and o.status <> 'archived' and o.deleted_at is null
      )
      order by a.place
      limit 1
    ) as source_uri) n
  )
  where d.user_id = owner and d.source_uri = release_source.source_uri and d.tenant_id = tenant
    and d.id is distinct from except_id and d.status <> 'archived' and d.deleted_at is null
  returning d.id into released;
  with changed as (
    update chatkeep.documents d
    set aliases = array_remove(d.aliases, release_source.source_uri), updated_at = clock_timestamp()
    where d.user_id = owner and d.tenant_id = tenant
      and d.aliases <> '{}' and release_source.source_uri = any (d.aliases)
      and d.id is distinct from except_id and d.status <> 'archived' and d.deleted_at is null
    returning d.id, d.visibility
  )
  select c.id into shared from changed c order by c.visibility, c.id limit 1;
  return coalesce(released, shared);
end
$$;
comment on function chatkeep_private.release_source(uuid, uuid, text, uuid) is
  'Removes a source from the documents of this owner that hold it, and returns the document whose source it was.';
revoke all on function chatkeep_private.release_source(uuid, uuid, text, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.release_source(uuid, uuid, text, uuid) to authenticated, service_role;
