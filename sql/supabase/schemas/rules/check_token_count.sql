create or replace function chatkeep_private.check_token_count(argument text, value integer) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if value < 0 then
    perform chatkeep_private.refuse('22023', argument || ' must not be negative',
      'Pass the number of tokens, or leave it out.');
  end if;
end
$$;
comment on function chatkeep_private.check_token_count(text, integer) is 'Refuses a negative number of tokens.';
revoke all on function chatkeep_private.check_token_count(text, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_token_count(text, integer) to authenticated, service_role;
