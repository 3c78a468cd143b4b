create or replace function chatkeep_private.make_tenant() returns trigger
language plpgsql set search_path = ''
as $$
begin
  insert into chatkeep.tenants (id)
  select new.tenant_id where not exists (select from chatkeep.tenants t where t.id = new.tenant_id)
  on conflict do nothing;
  if tg_op = 'INSERT' then
    new.disabled_at := coalesce(new.disabled_at, (select u.disabled_at from chatkeep.users u where u.id = new.user_id));
  end if;
  return new;
end
$$;
comment on function chatkeep_private.make_tenant() is
  'Makes the tenant of its first membership. A disabled user gets a disabled membership.';
revoke all on function chatkeep_private.make_tenant() from public, anon, authenticated, service_role;

create trigger make_tenant before insert or update of tenant_id on chatkeep.memberships
  for each row execute function chatkeep_private.make_tenant();
comment on trigger make_tenant on chatkeep.memberships is 'A tenant begins with its first membership.';
