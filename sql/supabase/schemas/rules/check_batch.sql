create or replace function chatkeep_private.check_batch(argument text, items jsonb, most integer) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.check_present(argument, items is not null);
  if jsonb_typeof(items) <> 'array' then
    perform chatkeep_private.refuse('22023', argument || ' must be a JSON array', 'Wrap the value in one.');
  end if;
  if jsonb_array_length(items) > most then
    perform chatkeep_private.refuse('22023', format('%s has more than %s items', argument, most), 'Send it in several calls.');
  end if;
end
$$;
comment on function chatkeep_private.check_batch(text, jsonb, integer) is
  'Refuses a value that is not an array, and an array of too many items.';
revoke all on function chatkeep_private.check_batch(text, jsonb, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_batch(text, jsonb, integer) to authenticated, service_role;
