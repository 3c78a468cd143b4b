-- For writes that no policy stops: tenant_id() refuses those of calls by users, and policies ask it in every statement.
create or replace function chatkeep_private.check_moving(tenant_id uuid) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if exists (select from chatkeep.tenants t where t.id = check_moving.tenant_id and t.is_moving) then
    perform chatkeep_private.refuse_moving();
  end if;
end
$$;
comment on function chatkeep_private.check_moving(uuid) is
  'Refuses a write of a tenant that is being moved. The caller is a member of the tenant or bypasses RLS.';
revoke all on function chatkeep_private.check_moving(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_moving(uuid) to authenticated, service_role;
