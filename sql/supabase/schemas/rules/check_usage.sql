create or replace function chatkeep_private.check_usage(argument text, value jsonb) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  tokens constant text[] := array['input_tokens', 'output_tokens', 'cached_input_tokens', 'reasoning_tokens'];
  entry record;
begin
  if value is null then
    return;
  end if;
  perform chatkeep_private.check_json(argument, value, 'object');
  for entry in select e.key, e.value, e.value #>> '{}' as written from jsonb_each(check_usage.value) e order by e.key collate "C" loop
    if entry.key = any (tokens) then
      if jsonb_typeof(entry.value) <> 'number' or entry.written !~ '^[0-9]{1,10}$' or entry.written::bigint > 2147483647 then
        perform chatkeep_private.refuse('22023', argument || ' has a number of tokens that is not a whole number',
          'Pass whole numbers from 0 to 2147483647.');
      end if;
    elsif entry.key = 'cost' then
      if jsonb_typeof(entry.value) <> 'number' or entry.written::numeric not between 0 and 1000000000000 then
        perform chatkeep_private.refuse('22023', argument || ' has a cost that is no amount',
          'Pass a number from 0 to 1000000000000, in units of the currency.');
      end if;
    elsif entry.key = 'currency' then
      if jsonb_typeof(entry.value) <> 'string' or entry.written !~ '^[A-Z]{3}$' then
        perform chatkeep_private.refuse('22023', argument || ' has a currency that is no code',
          'Pass three capital letters (ISO 4217), such as USD.');
      end if;
    else
      perform chatkeep_private.refuse('22023', argument || ' has an unknown key',
        'The keys are input_tokens, output_tokens, cached_input_tokens, reasoning_tokens, cost and currency.');
    end if;
  end loop;
  if value ? 'cost' <> value ? 'currency' then
    perform chatkeep_private.refuse('22023', argument || ' has only one of cost and currency', 'Pass both, or neither.');
  end if;
end
$$;
comment on function chatkeep_private.check_usage(text, jsonb) is 'Refuses the usage of a message that has other keys, or values of another kind.';
revoke all on function chatkeep_private.check_usage(text, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_usage(text, jsonb) to authenticated, service_role;
