create or replace function chatkeep_private.check_items(argument text, items jsonb, keys text[]) returns void
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  item record;
  place text;
begin
  perform chatkeep_private.check_batch(argument, items, 1000);
  for item in
    select e.value, e.ordinality - 1 as position from jsonb_array_elements(items) with ordinality e
  loop
    place := format('%s[%s]', argument, item.position);
    if jsonb_typeof(item.value) <> 'object' then
      perform chatkeep_private.refuse('22023', place || ' must be a JSON object', 'Wrap the value in one.');
    end if;
    if item.value - keys <> '{}' then
      perform chatkeep_private.refuse('22023', place || ' has an unknown key',
        format('The keys are %s and %s.', array_to_string(trim_array(keys, 1), ', '), keys[cardinality(keys)]));
    end if;
    place := place || '.';
    -- Most items have a role, content and an id, all strings.
    if jsonb_typeof(item.value -> 'role') is distinct from 'string'
       or jsonb_typeof(item.value -> 'content') is distinct from 'string'
       or item.value - '{role,content}'::text[] <> '{}' then
      perform chatkeep_private.check_kind(place || 'role', item.value -> 'role', 'string');
      perform chatkeep_private.check_kind(place || 'content', item.value -> 'content', 'string');
      perform chatkeep_private.check_kind(place || 'message_id', item.value -> 'message_id', 'uuid');
      perform chatkeep_private.check_kind(place || 'id', item.value -> 'id', 'uuid');
      perform chatkeep_private.check_kind(place || 'parent_id', item.value -> 'parent_id', 'uuid');
      perform chatkeep_private.check_kind(place || 'reply_to', item.value -> 'reply_to', 'uuid');
      perform chatkeep_private.check_kind(place || 'status', item.value -> 'status', 'string');
      perform chatkeep_private.check_kind(place || 'model', item.value -> 'model', 'string');
      perform chatkeep_private.check_kind(place || 'token_count', item.value -> 'token_count', 'integer');
      perform chatkeep_private.check_kind(place || 'created_at', item.value -> 'created_at', 'timestamp');
    end if;
    perform chatkeep_private.check_message(place, item.value ->> 'role', item.value ->> 'content',
      nullif(item.value -> 'parts', 'null'), coalesce(nullif(item.value -> 'metadata', 'null'), '{}'),
      coalesce(item.value ->> 'status', 'complete'), item.value ->> 'model', (item.value ->> 'token_count')::integer,
      nullif(item.value -> 'usage', 'null'));
  end loop;
end
$$;
comment on function chatkeep_private.check_items(text, jsonb, text[]) is
  'Refuses a batch of messages and names the position of the first bad item.';
revoke all on function chatkeep_private.check_items(text, jsonb, text[]) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_items(text, jsonb, text[]) to authenticated, service_role;
