-- The owner's lock always comes before the tenant's.
create or replace function chatkeep_private.lock_documents(tenant uuid, owner uuid, shared boolean, wait boolean) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  own_key constant bigint := hashtextextended('chatkeep.documents ' || owner, 0);
  tenant_key constant bigint := hashtextextended('chatkeep.documents ' || tenant, 1);
begin
  if not wait then
    return pg_try_advisory_xact_lock(own_key) and (not shared or pg_try_advisory_xact_lock(tenant_key));
  end if;
  perform pg_advisory_xact_lock(own_key);
  if shared then
    perform pg_advisory_xact_lock(tenant_key);
  end if;
  return true;
end
$$;
comment on function chatkeep_private.lock_documents(uuid, uuid, boolean, boolean) is
  'Keeps others from registering documents of this owner, and shared documents of this tenant, until the transaction ends. Returns false if wait is false and another transaction holds a lock.';
revoke all on function chatkeep_private.lock_documents(uuid, uuid, boolean, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.lock_documents(uuid, uuid, boolean, boolean) to authenticated, service_role;
