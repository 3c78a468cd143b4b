alter table chatkeep.member_usage enable row level security;
alter table chatkeep.member_usage force row level security;

create policy member_usage_select on chatkeep.member_usage for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    or tenant_id = (select chatkeep_private.managed_tenant())
  );
comment on policy member_usage_select on chatkeep.member_usage is
  'Members read how much they store themselves. Owners and admins read it of every member of their tenant.';

revoke all on chatkeep.member_usage from public, anon, authenticated, service_role;
grant select on chatkeep.member_usage to authenticated;
grant select, insert, update, delete on chatkeep.member_usage to service_role;
