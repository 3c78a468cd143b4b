-- As in tenant_id(), a sequential scan would meet other people's rows, and their policy would ask this function again.
create or replace function chatkeep_private.managed_tenant() returns uuid
language plpgsql stable parallel safe set search_path = '' set enable_seqscan = off
as $$
begin
  return (
    select m.tenant_id from chatkeep.memberships m
    where m.user_id = chatkeep.uid() and m.tenant_id = chatkeep.tenant_id() and m.role <> 'member' and m.is_enabled
  );
end
$$;
comment on function chatkeep_private.managed_tenant() is
  'The tenant of the request, if the caller is an owner or an admin there; NULL otherwise.';
revoke all on function chatkeep_private.managed_tenant() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.managed_tenant() to authenticated, service_role;
