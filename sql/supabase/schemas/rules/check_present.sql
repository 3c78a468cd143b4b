create or replace function chatkeep_private.check_present(argument text, present boolean) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if not present then
    perform chatkeep_private.refuse('22004', argument || ' is missing', 'Pass a value; null is not accepted here.');
  end if;
end
$$;
comment on function chatkeep_private.check_present(text, boolean) is 'Refuses an argument that is NULL.';
revoke all on function chatkeep_private.check_present(text, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_present(text, boolean) to anon, authenticated, service_role;
