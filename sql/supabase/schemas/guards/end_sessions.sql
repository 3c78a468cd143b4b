-- A disabled user is logged out everywhere, no matter who disables them.
create or replace function chatkeep_private.end_sessions() returns trigger
language plpgsql set search_path = ''
as $$
begin
  -- A snapshot older than the locks on the memberships would miss a session that was being created.
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    perform chatkeep_private.refuse('25001', 'disabled_at can be set under read committed only',
      'Begin the transaction with isolation level read committed, which is the default.');
  end if;
  perform chatkeep_private.revoke_sessions(new.id, null);
  return new;
end
$$;
comment on function chatkeep_private.end_sessions() is 'Revokes the sessions of a user who is being disabled.';
revoke all on function chatkeep_private.end_sessions() from public, anon, authenticated, service_role;

create trigger end_sessions after update of disabled_at on chatkeep.users
  for each row when (new.disabled_at is not null and old.disabled_at is null)
  execute function chatkeep_private.end_sessions();
comment on trigger end_sessions on chatkeep.users is 'Disabling a user logs them out everywhere.';
