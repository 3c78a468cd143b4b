create or replace function chatkeep_private.check_role(role text) returns void
language plpgsql immutable set search_path = ''
as $$
begin
  perform chatkeep_private.check_present('role', check_role.role is not null);
  if check_role.role not in ('owner', 'admin', 'member') then
    perform chatkeep_private.refuse('22023', 'role must be owner, admin or member', 'Pass one of the three, in lower case.');
  end if;
end
$$;
comment on function chatkeep_private.check_role(text) is 'Refuses what is no role of a member.';
revoke all on function chatkeep_private.check_role(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_role(text) to authenticated, service_role;
