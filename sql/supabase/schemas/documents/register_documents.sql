create or replace function chatkeep.register_documents(
  documents jsonb,
  user_id uuid default null
) returns setof chatkeep.document_registration
language plpgsql volatile set search_path = '' set plan_cache_mode = 'force_generic_plan'
as $$
#variable_conflict use_variable
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  owner uuid := coalesce(user_id, chatkeep.uid());
  tenant uuid;
  locked boolean := false;
  shares boolean;
  writes_shared boolean;
  item record;
  done record;
  -- For every item, by its position.
  sources text[];
  checksums text[];
  visibilities text[];
  described boolean[];
  classes text[];
  ids uuid[];
  outcomes text[];
begin
  perform chatkeep_private.check_documents('documents', documents);
  if documents = '[]' then
    perform chatkeep_private.enter(user_id);
    return;
  end if;
  select array_agg(chatkeep_private.checked_source_uri('source_uri', e.value ->> 'source_uri') order by e.ordinality),
    array_agg(lower(e.value ->> 'checksum') order by e.ordinality),
    array_agg(coalesce(e.value ->> 'visibility', 'private') order by e.ordinality),
    array_agg(chatkeep_private.is_described(e.value) order by e.ordinality)
  into sources, checksums, visibilities, described
  from jsonb_array_elements(documents) with ordinality e;
  tenant := coalesce(case when user_id is null then chatkeep.tenant_id() end, chatkeep_private.enter(user_id));

  perform set_config('chatkeep.writing', 'on', true);
  -- A call that has nothing to write waits for no lock. If the batch turns out to change shared documents, the call
  -- takes the tenant's lock too, once.
  shares := 'tenant' = any (visibilities);
  loop
    select array_agg(c.class), array_agg(c.document_id), bool_or(chatkeep_private.writes_shared(c.class, c.shared))
    into classes, ids, writes_shared
    from chatkeep_private.classify_documents(tenant, owner, sources, checksums, visibilities, described) c;
    exit when 'duplicate' = all (classes) or (locked and (shares or not writes_shared));
    if locked then
      shares := true;
    end if;
    tenant := chatkeep_private.enter(user_id);
    locked := chatkeep_private.lock_documents(tenant, owner, shares, true);
  end loop;
  if 'duplicate' = all (classes) then
    outcomes := classes;
  else
    select m.outcomes, m.ids into outcomes, ids
    from chatkeep_private.register_many(tenant, owner, documents, sources, checksums, visibilities, classes, ids) m;
    for item in
      select o.place::integer, documents -> (o.place::integer - 1) as given
      from unnest(outcomes) with ordinality o (outcome, place)
      where o.outcome is null
      order by o.place
    loop
      select r.outcome, r.document_id into done
      from chatkeep_private.register_one(format('documents[%s].', item.place - 1), tenant, owner, sources[item.place],
        array(
          select sources[o.place] from unnest(outcomes) with ordinality o (outcome, place)
          where o.outcome is null and o.place > item.place and checksums[o.place] = checksums[item.place]
            and visibilities[o.place] = visibilities[item.place]
          order by o.place
        ),
        checksums[item.place], item.given ->> 'title',
        item.given ->> 'mime_type', (item.given ->> 'byte_size')::bigint, coalesce(nullif(item.given -> 'tags', 'null'), '{}'),
        visibilities[item.place], coalesce(nullif(item.given -> 'properties', 'null'), '{}')) r;
      outcomes[item.place] := done.outcome;
      ids[item.place] := done.document_id;
    end loop;
  end if;
  return query
    select i.outcome, d.id, d.tenant_id, d.user_id, d.source_uri, d.aliases, d.checksum, d.title, d.mime_type,
      d.byte_size, d.status, d.error, d.visibility, d.supersedes, d.created_at, d.updated_at, d.deleted_at, d.access
    from unnest(ids, outcomes) with ordinality i (id, outcome, place),
      lateral (select d.* from chatkeep.documents d where d.id = i.id and d.tenant_id = tenant limit 1) d
    order by i.place;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.register_documents(jsonb, uuid) is
'Registers an array of at most 10,000 documents, all or none, and returns a row for each, in order.
They belong to the signed-in user, or to the user_id that service_role names.
documents: At most 10,000 objects with the arguments of register_document. All or none are registered.
user_id: For service_role only, and for the whole batch.
Errors: 22023, 22004, 42501, PT404, PT503; they name the item.';
revoke all on function chatkeep.register_documents(jsonb, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.register_documents(jsonb, uuid) to authenticated, service_role;
