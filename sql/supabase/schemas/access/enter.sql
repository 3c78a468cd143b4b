-- Every call that makes rows of a user begins here. The lock on the user's row lasts until the transaction ends:
-- disabling, moving and deleting the user wait for the call and see what it made. Calls, and those three, take this
-- lock before every other lock. alone also keeps out other calls that ask for it.
create or replace function chatkeep_private.enter(for_user uuid default null, alone boolean default false) returns uuid
language plpgsql volatile set search_path = ''
as $$
declare
  entering constant uuid := chatkeep_private.acting_for(for_user);
  tenant uuid;
begin
  for round in 1 .. 2 loop
    if alone then
      select u.tenant_id into tenant from chatkeep.users u
      where u.id = entering and u.disabled_at is null for no key update;
    else
      select u.tenant_id into tenant from chatkeep.users u
      where u.id = entering and u.disabled_at is null for share;
    end if;
    if found then
      return tenant;
    end if;
    exit when round = 2
      or exists (select from chatkeep.users u where u.id = entering and u.disabled_at is not null);
    -- First use, or another transaction has just made the row.
    begin
      insert into chatkeep.users (id, tenant_id, issuer, subject)
      select entering, entering, c.issuer, c.subject from chatkeep_private.claimed_identity() c
      on conflict do nothing;
    exception when foreign_key_violation then
      if for_user is null then
        perform chatkeep_private.refuse('42501', 'this user does not exist', 'Sign in again.');
      end if;
      perform chatkeep_private.refuse('PT404', 'user_id names no user', 'Pass the id of a user in auth.users.');
    end;
  end loop;
  perform chatkeep_private.refuse('42501', 'this user is disabled',
    'Ask an administrator to clear disabled_at in chatkeep.users.');
  return null;
end
$$;
comment on function chatkeep_private.enter(uuid, boolean) is
  'Locks the caller, or the user that service_role names, until the transaction ends, and returns the tenant. Refuses a disabled user. Makes the membership on first use.';
revoke all on function chatkeep_private.enter(uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.enter(uuid, boolean) to authenticated, service_role;
