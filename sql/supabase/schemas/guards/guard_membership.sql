-- Owners decide about owners, and a tenant with members keeps one enabled owner. The lock on the tenant orders two
-- changes at once: the second sees what the first has left.
create or replace function chatkeep_private.guard_membership() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if not chatkeep_private.is_service() and (new.role = 'owner' or (tg_op = 'UPDATE' and old.role = 'owner'))
     -- First use makes the person the owner of a tenant of their own.
     and not (tg_op = 'INSERT' and new.tenant_id = new.user_id and new.user_id = chatkeep.uid())
     and not exists (
       select from chatkeep.memberships m
       where m.user_id = chatkeep.uid() and m.tenant_id = new.tenant_id and m.role = 'owner' and m.is_enabled
     ) then
    perform chatkeep_private.refuse('42501', 'role owner is decided by owners', 'Ask an owner of the tenant.');
  end if;
  if tg_op = 'UPDATE' and old.role = 'owner' and old.is_enabled and (new.role <> 'owner' or new.disabled_at is not null) then
    perform from chatkeep.tenants t where t.id = old.tenant_id for no key update;
    if not exists (
      select from chatkeep.memberships m
      where m.tenant_id = old.tenant_id and m.user_id <> old.user_id and m.role = 'owner' and m.is_enabled
    ) then
      perform chatkeep_private.refuse('PT409', 'user_id names the last owner of the tenant', 'Make another member an owner first.');
    end if;
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_membership() is 'Owners decide about owners, and the last owner stays.';
revoke all on function chatkeep_private.guard_membership() from public, anon, authenticated, service_role;

create trigger guard_membership before insert or update of role, disabled_at on chatkeep.memberships
  for each row execute function chatkeep_private.guard_membership();
comment on trigger guard_membership on chatkeep.memberships is 'Owners decide about owners, and the last owner stays.';
