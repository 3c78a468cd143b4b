create or replace function chatkeep_private.check_length(argument text, value text, most integer) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if char_length(value) > most then
    perform chatkeep_private.refuse('22023', format('%s is longer than %s characters', argument, most), 'Shorten it.');
  end if;
end
$$;
comment on function chatkeep_private.check_length(text, text, integer) is 'Refuses text with too many characters.';
revoke all on function chatkeep_private.check_length(text, text, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_length(text, text, integer) to authenticated, service_role;
