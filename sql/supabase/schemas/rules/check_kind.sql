-- JSON null counts as absent.
create or replace function chatkeep_private.check_kind(argument text, value jsonb, kind text) returns void
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  if value is null or value = 'null' then
    return;
  end if;
  if kind = 'string' and jsonb_typeof(value) <> 'string' then
    perform chatkeep_private.refuse('22023', argument || ' must be a string', 'Put it in quotes.');
  elsif kind = 'uuid' and (jsonb_typeof(value) <> 'string'
      or value #>> '{}' !~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$') then
    perform chatkeep_private.refuse('22023', argument || ' must be a UUID', 'Write it as 8-4-4-4-12 hexadecimal digits.');
  elsif kind = 'integer' and (jsonb_typeof(value) <> 'number' or value #>> '{}' !~ '^-?[0-9]{1,10}$'
      or (value #>> '{}')::bigint not between -2147483648 and 2147483647) then
    perform chatkeep_private.refuse('22023', argument || ' must be an integer',
      'Pass a whole number of at most 2147483647.');
  elsif kind = 'bigint' and (jsonb_typeof(value) <> 'number' or value #>> '{}' !~ '^-?[0-9]{1,19}$'
      or (value #>> '{}')::numeric not between -9223372036854775808 and 9223372036854775807) then
    perform chatkeep_private.refuse('22023', argument || ' must be an integer',
      'Pass a whole number of at most 9223372036854775807.');
  elsif kind = 'timestamp' and not chatkeep_private.is_timestamp(value) then
    perform chatkeep_private.refuse('22023', argument || ' must be a timestamp (RFC 3339)',
      'Write it as 2026-01-31T12:00:00Z.');
  end if;
end
$$;
comment on function chatkeep_private.check_kind(text, jsonb, text) is
  'Refuses a JSON value that is neither null nor of the given kind: string, uuid, integer, bigint or timestamp.';
revoke all on function chatkeep_private.check_kind(text, jsonb, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_kind(text, jsonb, text) to authenticated, service_role;
