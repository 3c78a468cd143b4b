-- Two tenants may hold one id. A service that names the tenant in the header x-chatkeep-tenant sees that tenant alone.
create or replace function chatkeep_private.serves(tenant_id uuid) returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return chatkeep_private.is_service()
    and coalesce(chatkeep_private.named_tenant(), serves.tenant_id) = serves.tenant_id;
end
$$;
comment on function chatkeep_private.serves(uuid) is 'Whether the caller is a service that acts in this tenant.';
revoke all on function chatkeep_private.serves(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.serves(uuid) to authenticated, service_role;
