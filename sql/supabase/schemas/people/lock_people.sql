-- The first locks of a transfer. The rows are locked in the order of their ids, so that two transfers between the same
-- people do not wait for each other. The lock is that of enter(): moving, disabling and deleting wait for the transfer.
create or replace function chatkeep_private.lock_people(tenant uuid, from_user uuid, to_user uuid) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  disabled boolean;
begin
  if not chatkeep_private.may_hand_over(tenant) then
    perform chatkeep_private.refuse('42501', 'only service_role gives rows of one user to another',
      'Call as service_role, from a backend.');
  end if;
  perform chatkeep_private.check_moving(tenant);
  perform from chatkeep.memberships m
  where m.user_id in (from_user, to_user) and m.tenant_id = tenant
  order by m.user_id
  for share;
  if not exists (select from chatkeep.memberships m where m.user_id = from_user and m.tenant_id = tenant) then
    perform chatkeep_private.refuse('PT409', 'the owner left the tenant during the call', 'Call again.');
  end if;
  select not m.is_enabled into disabled from chatkeep.memberships m where m.user_id = to_user and m.tenant_id = tenant;
  -- An unknown user and a user of another tenant get the same answer.
  if not found then
    perform chatkeep_private.refuse('PT404', 'to_user_id names no member of the tenant',
      'Pass the id of a member of the same tenant, or add the person with add_member.');
  end if;
  if disabled then
    perform chatkeep_private.refuse('PT409', 'to_user_id names a disabled user',
      'Clear disabled_at in chatkeep.users or chatkeep.memberships, or pass another member.');
  end if;
end
$$;
comment on function chatkeep_private.lock_people(uuid, uuid, uuid) is
  'Locks both people of a transfer until the transaction ends. Refuses a caller without the right, a tenant that is being moved, and a new owner who is no enabled member of the tenant.';
revoke all on function chatkeep_private.lock_people(uuid, uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.lock_people(uuid, uuid, uuid) to service_role;
