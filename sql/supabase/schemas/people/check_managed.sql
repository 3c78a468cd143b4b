create or replace function chatkeep_private.check_managed(tenant_id uuid) returns void
language plpgsql stable set search_path = ''
as $$
begin
  perform chatkeep_private.check_present('tenant_id', check_managed.tenant_id is not null);
  if not chatkeep_private.is_service() and check_managed.tenant_id is distinct from chatkeep_private.managed_tenant() then
    perform chatkeep_private.refuse('PT404', 'tenant_id names no tenant that you manage',
      'Name a tenant where you are an owner or an admin, in the header x-chatkeep-tenant too if it is not your home.');
  end if;
  perform chatkeep_private.check_moving(check_managed.tenant_id);
end
$$;
comment on function chatkeep_private.check_managed(uuid) is
  'Refuses a tenant where the caller is neither an owner nor an admin, and one that is being moved. service_role manages every tenant.';
revoke all on function chatkeep_private.check_managed(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_managed(uuid) to authenticated, service_role;
