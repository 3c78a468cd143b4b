create or replace function chatkeep_private.refuse_member(tenant_id uuid, user_id uuid, hint text) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if exists (
    select from chatkeep.memberships m where m.user_id = refuse_member.user_id and m.tenant_id = refuse_member.tenant_id
  ) then
    perform chatkeep_private.refuse_unwritten('user_id names a membership that');
  end if;
  perform chatkeep_private.refuse('PT404', 'user_id names no member of this tenant', hint);
end
$$;
comment on function chatkeep_private.refuse_member(uuid, uuid, text) is
  'Refuses a membership that a call could not change: there is none, or a policy of the operator keeps it as it is.';
revoke all on function chatkeep_private.refuse_member(uuid, uuid, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_member(uuid, uuid, text) to authenticated, service_role;
