-- The locks that a deletion needs, in the order in which calls take them, so that neither waits for rows that the
-- other holds: colleagues write to documents that the user shares, and a rotation locks a secret before its session.
create or replace function chatkeep_private.remove_user() returns trigger
language plpgsql set search_path = ''
as $$
begin
  perform chatkeep_private.lock_documents(old.tenant_id, old.id, true, true);
  perform from chatkeep_private.session_secrets x
  where x.session_token in (select s.session_token from chatkeep.sessions s where s.user_id = old.id)
  for update;
  return old;
end
$$;
comment on function chatkeep_private.remove_user() is
  'Waits for registrations in the tenant of a user who is being deleted, and for the user''s rotations.';
revoke all on function chatkeep_private.remove_user() from public, anon, authenticated, service_role;

create trigger remove_user before delete on chatkeep.users
  for each row execute function chatkeep_private.remove_user();
comment on trigger remove_user on chatkeep.users is
  'A deletion waits for registrations in the tenant and for the user''s rotations.';
