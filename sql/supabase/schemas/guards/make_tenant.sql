create or replace function chatkeep_private.make_tenant() returns trigger
language plpgsql set search_path = ''
as $$
begin
  insert into chatkeep.tenants (id)
  select new.tenant_id where not exists (select from chatkeep.tenants t where t.id = new.tenant_id)
  on conflict do nothing;
  if tg_op = 'INSERT' or new.tenant_id <> old.tenant_id then
    new.tenant_is_moving := coalesce((select t.is_moving from chatkeep.tenants t where t.id = new.tenant_id), false);
  end if;
  if tg_op = 'INSERT' then
    -- An owner or an admin cannot read this. The foreign key then refuses a disabled user.
    new.user_is_disabled := coalesce((select u.is_disabled from chatkeep.users u where u.id = new.user_id), false);
  end if;
  return new;
end
$$;
comment on function chatkeep_private.make_tenant() is
  'Makes the tenant of its first membership. Says in the membership whether its user is disabled, and whether the tenant is being moved.';
revoke all on function chatkeep_private.make_tenant() from public, anon, authenticated, service_role;

create trigger make_tenant before insert or update of tenant_id on chatkeep.memberships
  for each row execute function chatkeep_private.make_tenant();
comment on trigger make_tenant on chatkeep.memberships is 'A tenant begins with its first membership.';
