create or replace function chatkeep_private.renew_document(
  tenant uuid, owner uuid, id uuid, sources text[], title text, mime_type text, byte_size bigint, tags jsonb,
  visibility text, properties jsonb
) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  stored record;
begin
  -- A failed or abandoned ingest begins again, and an ingest that has not begun takes the newest description from its
  -- owner. This is one update: a second update of a colleague's document would wait for that colleague's row, which a
  -- move may hold.
  update chatkeep.documents d
  set (status, title, mime_type, byte_size, aliases, visibility, updated_at) = (
    select case when r.begins_anew then 'pending' else d.status end,
      case when r.begins_anew and d.user_id = owner then coalesce(renew_document.title, d.title) else d.title end,
      case when r.begins_anew and d.user_id = owner then coalesce(renew_document.mime_type, d.mime_type) else d.mime_type end,
      case when r.begins_anew and d.user_id = owner then coalesce(renew_document.byte_size, d.byte_size) else d.byte_size end,
      d.aliases || array(
        select s.source_uri from unnest(renew_document.sources) with ordinality s (source_uri, place)
        where s.source_uri <> d.source_uri and s.source_uri <> all (d.aliases) and (s.place = 1 or d.user_id <> owner)
        group by s.source_uri
        order by min(s.place)
      ),
      case renew_document.visibility when 'tenant' then 'tenant' else d.visibility end,
      clock_timestamp()
    from (select d.status in ('failed', 'pending')
      or (d.status = 'processing' and d.updated_at < clock_timestamp() - interval '1 hour') as begins_anew) r
  )
  where d.id = renew_document.id and d.tenant_id = tenant and d.status <> 'archived' and d.deleted_at is null
    and (d.status = 'failed'
      or (d.status = 'processing' and d.updated_at < clock_timestamp() - interval '1 hour')
      or (d.status = 'pending' and d.user_id = owner
        and (coalesce(renew_document.title, d.title) is distinct from d.title
          or coalesce(renew_document.mime_type, d.mime_type) is distinct from d.mime_type
          or coalesce(renew_document.byte_size, d.byte_size) is distinct from d.byte_size))
      or (renew_document.sources[1] <> d.source_uri and renew_document.sources[1] <> all (d.aliases))
      or (renew_document.visibility = 'tenant' and d.visibility = 'private'));
  select d.status = 'pending' and d.user_id = owner as is_own, d.visibility into stored
  from chatkeep.documents d
  where d.id = renew_document.id and d.tenant_id = tenant and d.status not in ('archived', 'failed') and d.deleted_at is null
    and (renew_document.visibility = 'private' or d.visibility = 'tenant')
    and (d.source_uri = renew_document.sources[1] or renew_document.sources[1] = any (d.aliases));
  if not found then
    return false;
  end if;
  if stored.is_own and (tags <> '{}' or properties <> '{}') then
    update chatkeep.document_metadata m
    set tags = case when renew_document.tags = '{}' then m.tags else jsonb_strip_nulls(renew_document.tags) end,
      properties = case when renew_document.properties = '{}' then m.properties else renew_document.properties end,
      updated_at = clock_timestamp()
    where m.document_id = renew_document.id and m.tenant_id = tenant and m.user_id = owner and m.namespace = 'default'
      and ((renew_document.tags <> '{}' and m.tags <> jsonb_strip_nulls(renew_document.tags))
        or (renew_document.properties <> '{}' and m.properties <> renew_document.properties));
    insert into chatkeep.document_metadata (document_id, tenant_id, document_access, user_id, tags, properties)
    values (renew_document.id, tenant, stored.visibility, owner, jsonb_strip_nulls(renew_document.tags), renew_document.properties)
    on conflict do nothing;
  end if;
  return true;
end
$$;
comment on function chatkeep_private.renew_document(uuid, uuid, uuid, text[], text, text, bigint, jsonb, text, jsonb) is
  'Updates a stored document from a registration. Its source is the first of sources; a colleague''s document takes the others too. Returns false if the document is archived or deleted meanwhile, or cannot be changed.';
revoke all on function chatkeep_private.renew_document(uuid, uuid, uuid, text[], text, text, bigint, jsonb, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.renew_document(uuid, uuid, uuid, text[], text, text, bigint, jsonb, text, jsonb) to authenticated, service_role;
