-- Every call that makes rows of a user begins here. The lock on the membership lasts until the transaction ends:
-- disabling, moving and deleting the user wait for the call and see what it made. Calls, and those three, take this
-- lock before every other lock. alone also keeps out other calls that ask for it.
create or replace function chatkeep_private.enter(for_user uuid default null, alone boolean default false) returns uuid
language plpgsql volatile set search_path = ''
as $$
declare
  entering constant uuid := chatkeep_private.acting_for(for_user);
  named constant uuid := chatkeep_private.named_tenant();
  tenant uuid;
  is_moving boolean;
begin
  for round in 1 .. 2 loop
    if alone then
      select m.tenant_id, m.tenant_is_moving into tenant, is_moving from chatkeep.memberships m
      where m.user_id = entering and m.is_enabled
        and (case when named is null then m.is_home else m.tenant_id = named end)
      for no key update;
    else
      select m.tenant_id, m.tenant_is_moving into tenant, is_moving from chatkeep.memberships m
      where m.user_id = entering and m.is_enabled
        and (case when named is null then m.is_home else m.tenant_id = named end)
      for share;
    end if;
    if found then
      if is_moving then
        perform chatkeep_private.refuse_moving();
      end if;
      return tenant;
    end if;
    -- First use, or another transaction has just made the membership.
    if round = 1 and not exists (select from chatkeep.memberships m where m.user_id = entering and m.is_home) then
      begin
        insert into chatkeep.users (id, issuer, subject)
        select entering, c.issuer, c.subject
        from (values (entering)) e (id) left join chatkeep_private.claimed_identity() c on c.id = e.id
        where not exists (select from chatkeep.users u where u.id = entering)
        on conflict do nothing;
        insert into chatkeep.memberships (user_id, tenant_id, role, is_home) values (entering, entering, 'owner', true)
        on conflict do nothing;
      -- Of a registered issuer's user, the id alone says neither issuer nor subject. Another transaction may delete or
      -- disable the user meanwhile; refuse_outsider says so of a disabled one.
      exception when foreign_key_violation or check_violation then
        if not exists (select from chatkeep.users u where u.id = entering) then
          if for_user is null then
            perform chatkeep_private.refuse('42501', 'this user does not exist', 'Sign in again.');
          end if;
          perform chatkeep_private.refuse('PT404', 'user_id names no user',
            'Pass the id of a user in auth.users, or of one in chatkeep.users.');
        end if;
      end;
    end if;
  end loop;
  perform chatkeep_private.refuse_outsider(entering);
  return null;
end
$$;
comment on function chatkeep_private.enter(uuid, boolean) is
  'Locks the membership of the caller, or of the user that service_role names, until the transaction ends, and returns the tenant. Refuses a disabled one, and a tenant that is being moved. Makes the membership on first use.';
revoke all on function chatkeep_private.enter(uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.enter(uuid, boolean) to authenticated, service_role;
