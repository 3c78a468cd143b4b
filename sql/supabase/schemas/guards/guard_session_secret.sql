create or replace function chatkeep_private.guard_session_secret() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.generation = old.generation
     and new.refresh_digest = old.refresh_digest
     and new.rotated_at is not distinct from old.rotated_at
     and new.previous_digest is null then
    -- First use of the current secret: the grace ends.
    return new;
  end if;
  -- A rotation raises the generation by exactly one. All tokens of a session hold its session secret, spent ones too, so a
  -- rotation also needs the current refresh secret.
  if (new.generation = old.generation + 1
     and new.refresh_digest <> old.refresh_digest
     and new.previous_digest = old.refresh_digest
     and new.rotated_at between coalesce(old.rotated_at, '-infinity') and clock_timestamp()
     and new.confirmed_at is null
     and (coalesce(chatkeep_private.presented_refresh() = old.refresh_digest, false)
       or chatkeep_private.is_service())) is not true then
    perform chatkeep_private.refuse('42501', 'a session secret changes by rotation only', 'Use rotate_session.');
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_session_secret() is
  'Allows a rotation by one generation with the current token, and the end of its grace. Refuses every other change.';
revoke all on function chatkeep_private.guard_session_secret() from public, anon, authenticated, service_role;

-- The foreign key guards the other columns: a secret stays with its session, and moves with it to another tenant.
create trigger guard_session_secret
  before update of refresh_digest, previous_digest, rotation_salt, generation, rotated_at, confirmed_at
  on chatkeep_private.session_secrets for each row execute function chatkeep_private.guard_session_secret();
comment on trigger guard_session_secret on chatkeep_private.session_secrets is
  'Secrets change by rotation only, one generation at a time.';
