-- Inserts new documents with one statement and adds new sources with another. Handles the items that no other item of
-- the batch concerns, and leaves the outcome of the rest empty.
create or replace function chatkeep_private.register_many(
  tenant uuid, owner uuid, documents jsonb, sources text[], checksums text[], visibilities text[], classes text[],
  inout ids uuid[], out outcomes text[]
)
language plpgsql volatile set search_path = '' set plan_cache_mode = 'force_generic_plan'
as $$
#variable_conflict use_variable
declare
  alone integer[];
  new_places integer[];
  new_ids uuid[];
  stored uuid[];
  described_places integer[];
  described_ids uuid[];
  tags jsonb[];
  properties jsonb[];
  item record;
  written bigint;
begin
  outcomes := array(select case c.class when 'duplicate' then c.class end from unnest(classes) with ordinality c (class, place) order by c.place);
  -- A document takes all its new sources here, or none. A second update of a colleague's document would lock that
  -- colleague's row, which a deletion or a move may hold.
  alone := array(
    select d.place from (
      select u.place, u.class, u.of_source, u.of_checksum,
        bool_and(u.class = 'alias' and u.of_source = 1) over (partition by u.document_id) as all_aliases
      from (
        select c.place::integer, c.class, c.document_id,
          row_number() over (partition by c.source_uri order by c.place) as of_source,
          row_number() over (partition by c.checksum order by c.place) as of_checksum
        from unnest(classes, ids, sources, checksums) with ordinality c (class, document_id, source_uri, checksum, place)
        where c.class <> 'duplicate'
      ) u
    ) d
    where d.of_source = 1 and ((d.class = 'alias' and d.all_aliases) or (d.class = 'new' and d.of_checksum = 1))
    order by d.place);

  new_places := array(select p.place from unnest(alone) p (place) where classes[p.place] = 'new' order by p.place);
  -- Sorted, so that the ids follow the order of the batch.
  new_ids := array(select chatkeep_private.uuid_v7() as id from unnest(new_places) order by id);
  with inserted as (
    insert into chatkeep.documents as d (
      id, tenant_id, user_id, source_uri, checksum, title, mime_type, byte_size, visibility
    )
    select n.id, tenant, owner, sources[n.place], checksums[n.place], n.given ->> 'title', n.given ->> 'mime_type',
      (n.given ->> 'byte_size')::bigint, visibilities[n.place]
    from (select u.place, u.id, documents -> (u.place - 1) as given from unnest(new_places, new_ids) u (place, id)) n
    on conflict do nothing
    returning d.id
  )
  select array_agg(i.id) into stored from inserted i;
  select array_agg(n.place), array_agg(n.id), array_agg(n.tags), array_agg(n.properties)
  into described_places, described_ids, tags, properties
  from (
    select u.place, u.id, coalesce(nullif(documents #> array[(u.place - 1)::text, 'tags'], 'null'), '{}') as tags,
      coalesce(nullif(documents #> array[(u.place - 1)::text, 'properties'], 'null'), '{}') as properties
    from unnest(new_places, new_ids) u (place, id)
    where u.id = any (stored)
  ) n
  where n.tags <> '{}' or n.properties <> '{}';
  insert into chatkeep.document_metadata (document_id, tenant_id, document_access, user_id, tags, properties)
  select d.id, tenant, visibilities[d.place], owner, jsonb_strip_nulls(d.tags), d.properties
  from unnest(described_places, described_ids, tags, properties) d (place, id, tags, properties);
  get diagnostics written = row_count;
  if written <> coalesce(cardinality(described_ids), 0) then
    perform chatkeep_private.refuse_unwritten('documents has a document whose metadata');
  end if;
  for item in select u.place, u.id from unnest(new_places, new_ids) u (place, id) where u.id = any (stored) loop
    outcomes[item.place] := 'created';
    ids[item.place] := item.id;
  end loop;

  with changed as (
    update chatkeep.documents d
    set aliases = d.aliases || i.sources, updated_at = clock_timestamp()
    from (
      select ids[p.place] as id, array_agg(sources[p.place] order by p.place) as sources
      from unnest(alone) p (place)
      where classes[p.place] = 'alias'
      group by 1
    ) i
    where d.id = i.id and d.tenant_id = tenant and d.status <> 'archived' and d.deleted_at is null
      and not i.sources && array_prepend(d.source_uri, d.aliases)
    returning d.id
  )
  select array_agg(c.id) into stored from changed c;
  for item in select p.place from unnest(alone) p (place) where classes[p.place] = 'alias' and ids[p.place] = any (stored) loop
    outcomes[item.place] := 'duplicate';
  end loop;
end
$$;
comment on function chatkeep_private.register_many(uuid, uuid, jsonb, text[], text[], text[], text[], uuid[]) is
  'Registers the items of a batch that no other item concerns, and returns their ids and outcomes.';
revoke all on function chatkeep_private.register_many(uuid, uuid, jsonb, text[], text[], text[], text[], uuid[]) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.register_many(uuid, uuid, jsonb, text[], text[], text[], text[], uuid[]) to authenticated, service_role;
