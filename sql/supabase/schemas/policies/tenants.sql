alter table chatkeep.tenants enable row level security;
alter table chatkeep.tenants force row level security;

create policy tenants_select on chatkeep.tenants for select to authenticated
  using (exists (select from chatkeep.memberships m where m.tenant_id = id and m.user_id = (select chatkeep.uid()) and m.is_enabled));
comment on policy tenants_select on chatkeep.tenants is 'Members read their tenants.';

create policy tenants_insert on chatkeep.tenants for insert to authenticated
  with check (id = (select chatkeep.uid()));
comment on policy tenants_insert on chatkeep.tenants is 'First use makes the person''s own tenant.';

create policy tenants_update on chatkeep.tenants for update to authenticated
  using (id = (select chatkeep_private.managed_tenant()) and (select chatkeep_private.in_call()));
comment on policy tenants_update on chatkeep.tenants is 'Calls change the name and lock the tenant for its owners and admins.';

revoke all on chatkeep.tenants from public, anon, authenticated, service_role;
grant select, insert (id), update (name) on chatkeep.tenants to authenticated;
grant select, insert, update, delete on chatkeep.tenants to service_role;
