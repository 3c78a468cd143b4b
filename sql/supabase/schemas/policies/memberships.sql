alter table chatkeep.memberships enable row level security;
alter table chatkeep.memberships force row level security;

create policy memberships_select on chatkeep.memberships for select to authenticated
  using (user_id = (select chatkeep.uid()) or tenant_id = (select chatkeep_private.managed_tenant()));
comment on policy memberships_select on chatkeep.memberships is
  'People read their own memberships. Owners and admins read those of their tenant.';

create policy memberships_insert on chatkeep.memberships for insert to authenticated
  with check (
    (user_id = (select chatkeep.uid()) and tenant_id = (select chatkeep.uid()) and role = 'owner' and is_home)
    or (tenant_id = (select chatkeep_private.managed_tenant()) and not is_home and (select chatkeep_private.in_call()))
  );
comment on policy memberships_insert on chatkeep.memberships is
  'First use makes the membership in the person''s own tenant. Calls add members for owners and admins.';

-- A row lock needs this policy too, so people may lock their own membership. No column grant lets them change it.
create policy memberships_update on chatkeep.memberships for update to authenticated
  using (user_id = (select chatkeep.uid()) or tenant_id = (select chatkeep_private.managed_tenant()))
  with check (tenant_id = (select chatkeep_private.managed_tenant()) and (select chatkeep_private.in_call()));
comment on policy memberships_update on chatkeep.memberships is 'Calls change memberships for owners and admins.';

revoke all on chatkeep.memberships from public, anon, authenticated, service_role;
grant select, insert (user_id, tenant_id, role, is_home), update (role, disabled_at) on chatkeep.memberships to authenticated;
grant select, insert, update, delete on chatkeep.memberships to service_role;
