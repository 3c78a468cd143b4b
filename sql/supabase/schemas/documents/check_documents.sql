create or replace function chatkeep_private.check_documents(argument text, documents jsonb) returns void
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  item record;
  place text;
begin
  perform chatkeep_private.check_batch(argument, documents, 10000);
  -- Most items are plain and need no call.
  for item in
    select e.value, e.ordinality - 1 as position from jsonb_array_elements(documents) with ordinality e
    where (
      jsonb_typeof(e.value) = 'object'
      and e.value - '{source_uri,checksum,title,mime_type}'::text[] = '{}'
      and jsonb_typeof(e.value -> 'source_uri') = 'string'
      and octet_length(e.value ->> 'source_uri') <= 2048
      and e.value ->> 'source_uri' ~ '^(https?://[a-z0-9.-]+(/[A-Za-z0-9_~+,=@-]+)+|[A-Za-z0-9_-]+)([.][a-z0-9]+)?$'
      and jsonb_typeof(e.value -> 'checksum') = 'string'
      and e.value ->> 'checksum' ~ '^[0-9a-f]{64}$'
      and coalesce(jsonb_typeof(e.value -> 'title') = 'string' and char_length(e.value ->> 'title') <= 500, true)
      and coalesce(jsonb_typeof(e.value -> 'mime_type') = 'string' and char_length(e.value ->> 'mime_type') <= 255, true)
    ) is not true
    order by e.ordinality
  loop
    place := format('%s[%s]', argument, item.position);
    if jsonb_typeof(item.value) <> 'object' then
      perform chatkeep_private.refuse('22023', place || ' must be a JSON object', 'Wrap the value in one.');
    end if;
    if item.value - '{source_uri,checksum,title,mime_type,byte_size,tags,visibility,properties}'::text[] <> '{}' then
      perform chatkeep_private.refuse('22023', place || ' has an unknown key',
        'The keys are source_uri, checksum, title, mime_type, byte_size, tags, visibility and properties.');
    end if;
    place := place || '.';
    perform chatkeep_private.check_kind(place || 'source_uri', item.value -> 'source_uri', 'string');
    perform chatkeep_private.check_kind(place || 'checksum', item.value -> 'checksum', 'string');
    perform chatkeep_private.check_kind(place || 'title', item.value -> 'title', 'string');
    perform chatkeep_private.check_kind(place || 'mime_type', item.value -> 'mime_type', 'string');
    perform chatkeep_private.check_kind(place || 'byte_size', item.value -> 'byte_size', 'bigint');
    perform chatkeep_private.check_kind(place || 'visibility', item.value -> 'visibility', 'string');
    perform chatkeep_private.checked_document(place, item.value ->> 'source_uri', item.value ->> 'checksum',
      item.value ->> 'title', item.value ->> 'mime_type', (item.value ->> 'byte_size')::bigint,
      coalesce(nullif(item.value -> 'tags', 'null'), '{}'), coalesce(item.value ->> 'visibility', 'private'),
      coalesce(nullif(item.value -> 'properties', 'null'), '{}'));
  end loop;
end
$$;
comment on function chatkeep_private.check_documents(text, jsonb) is
  'Refuses a batch of documents and names the position of the first bad item.';
revoke all on function chatkeep_private.check_documents(text, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_documents(text, jsonb) to authenticated, service_role;
