create or replace function chatkeep_private.guard_session() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.user_id <> old.user_id then
    perform chatkeep_private.refuse('42501', 'user_id of a session cannot be changed',
      'Create a session of the other user, with create_session.');
  end if;
  if old.revoked_at is not null
     and (new.revoked_at, new.revoked_reason) is distinct from (old.revoked_at, old.revoked_reason) then
    perform chatkeep_private.refuse('42501', 'a revoked session stays revoked', 'Create a new session.');
  end if;
  if new.aal is distinct from old.aal and (
    new.aal < old.aal
    or not (chatkeep_private.is_service() or (new.user_id = chatkeep.uid() and auth.jwt() ->> 'aal' in ('aal1', 'aal2', 'aal3')
      and auth.jwt() ->> 'aal' >= new.aal)) is true
  ) then
    perform chatkeep_private.refuse('42501', 'aal cannot be ' || new.aal || ' here',
      'It only rises, and no further than the claim aal of the JWT says: sign in with the second factor first.');
  end if;
  -- A holder may set last_used_at to the present, not to the future, and not after the session was idle too long.
  if new.last_used_at > clock_timestamp() then
    new.last_used_at := clock_timestamp();
  end if;
  if new.last_used_at > old.last_used_at
     and old.last_used_at + old.idle_ttl <= clock_timestamp()
     and not chatkeep_private.is_service() then
    new.last_used_at := old.last_used_at;
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_session() is
  'Keeps a session with its user and makes revocation final, for every role; raises the assurance level only with proof, and keeps an idle session idle.';
revoke all on function chatkeep_private.guard_session() from public, anon, authenticated, service_role;

create trigger guard_session before update on chatkeep.sessions
  for each row execute function chatkeep_private.guard_session();
comment on trigger guard_session on chatkeep.sessions is
  'A session stays with its user, revocation is final, last_used_at is never in the future, an idle session stays idle, and the assurance level rises only with proof.';
