create or replace function chatkeep_private.guard_session_secret() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.generation = old.generation
     and new.refresh_digest = old.refresh_digest
     and new.rotated_at is not distinct from old.rotated_at
     and new.previous_digest is null then
    -- The current secret was used: its grace closes.
    return new;
  end if;
  if new.generation = old.generation + 1
     and new.refresh_digest <> old.refresh_digest
     and new.previous_digest = old.refresh_digest
     and new.rotated_at between coalesce(old.rotated_at, '-infinity') and clock_timestamp()
     and new.confirmed_at is null
     -- All tokens of a session have its session secret, spent ones too; who rotates has the current refresh secret.
     and (coalesce(chatkeep_private.presented_refresh() = old.refresh_digest, false)
       or chatkeep_private.is_service()) then
    -- A rotation: exactly one generation on.
    return new;
  end if;
  raise sqlstate '42501' using
    message = 'a session secret changes by rotation only',
    hint = 'Use rotate_session.';
end
$$;
comment on function chatkeep_private.guard_session_secret() is 'Allows a rotation by one generation, to who presents the current token, and the end of its grace, nothing else.';
revoke all on function chatkeep_private.guard_session_secret() from public, anon, authenticated, service_role;

create trigger guard_session_secret before update on chatkeep_private.session_secrets
  for each row execute function chatkeep_private.guard_session_secret();
comment on trigger guard_session_secret on chatkeep_private.session_secrets is 'Secrets change by rotation, one generation at a time.';
