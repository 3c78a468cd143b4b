-- Calls lock a membership and read there whether it is disabled. So all memberships of a disabled user are disabled.
create or replace function chatkeep_private.disable_user() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.disabled_at is null then
    update chatkeep.memberships m set disabled_at = null where m.user_id = new.id and m.disabled_at = old.disabled_at;
  else
    update chatkeep.memberships m set disabled_at = new.disabled_at
    where m.user_id = new.id and m.disabled_at is not distinct from old.disabled_at;
  end if;
  return new;
end
$$;
comment on function chatkeep_private.disable_user() is 'Disables the memberships of a user who is being disabled, and enables them again.';
revoke all on function chatkeep_private.disable_user() from public, anon, authenticated, service_role;

create trigger disable_user after update of disabled_at on chatkeep.users
  for each row when (new.disabled_at is distinct from old.disabled_at) execute function chatkeep_private.disable_user();
comment on trigger disable_user on chatkeep.users is 'A disabled user has disabled memberships alone.';
