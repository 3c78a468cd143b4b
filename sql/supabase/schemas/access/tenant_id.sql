-- PL/pgSQL keeps its plan for the life of a backend. Before PostgreSQL 18 a SQL function is planned again in every
-- statement. A sequential scan would meet other people's rows, and their policy would ask this function again.
-- Every statement of a call that writes asks this through policies, so this is where a tenant that is being moved is refused.
create or replace function chatkeep.tenant_id() returns uuid
language plpgsql stable parallel safe set search_path = '' set enable_seqscan = off
as $$
declare
  named uuid;
begin
  -- Most requests name no tenant, and reading headers and claims takes longer than this.
  if current_setting('request.headers', true) like '%x-chatkeep-tenant%' or current_setting('request.jwt.claims', true) like '%"tenant_id"%' then
    named := chatkeep_private.named_tenant();
  end if;
  if named is null then
    return (
      select case when m.tenant_is_moving and current_setting('chatkeep.writing', true) like 'on%' then chatkeep_private.refuse_moving() else m.tenant_id end
      from chatkeep.memberships m where m.user_id = chatkeep.uid() and m.is_home and m.is_enabled
    );
  end if;
  return (
    select case when m.tenant_is_moving and current_setting('chatkeep.writing', true) like 'on%' then chatkeep_private.refuse_moving() else m.tenant_id end
    from chatkeep.memberships m where m.user_id = chatkeep.uid() and m.tenant_id = named and m.is_enabled
  );
end
$$;
comment on function chatkeep.tenant_id() is
'The tenant of the request: the one that it names, or the home of the signed-in user. NULL without an enabled membership there. A call that writes is refused while the tenant is being moved.
A request names a tenant in the header x-chatkeep-tenant, in the claim tenant_id, or in the claim app_metadata.tenant_id, in this order.';
revoke all on function chatkeep.tenant_id() from public, anon, authenticated, service_role;
grant execute on function chatkeep.tenant_id() to authenticated, service_role;
