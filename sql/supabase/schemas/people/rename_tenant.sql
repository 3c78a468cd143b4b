create or replace function chatkeep.rename_tenant(tenant_id uuid, name text) returns setof chatkeep.tenants
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  stored chatkeep.tenants;
begin
  perform chatkeep_private.check_present('name', rename_tenant.name is not null);
  if rename_tenant.name = '' then
    perform chatkeep_private.refuse('22023', 'name must not be empty', 'Pass a name of 1 to 200 characters.');
  end if;
  perform chatkeep_private.check_length('name', rename_tenant.name, 200);
  perform chatkeep_private.check_managed(rename_tenant.tenant_id);
  perform set_config('chatkeep.writing', 'on', true);
  update chatkeep.tenants t set name = rename_tenant.name where t.id = rename_tenant.tenant_id returning t.* into stored;
  if not found then
    perform chatkeep_private.refuse('PT404', 'tenant_id names no tenant', 'A tenant begins with its first member: call add_member.');
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next stored;
end
$$;
comment on function chatkeep.rename_tenant(uuid, text) is
'Names a tenant and returns it. Its owners and admins may, and service_role.
name: 1 to 200 characters.
Returns: one row.
Errors: 22023, 22004, PT404, PT503.';
revoke all on function chatkeep.rename_tenant(uuid, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep.rename_tenant(uuid, text) to authenticated, service_role;
