create or replace function chatkeep_private.spent_session(session_token bytea) returns uuid
language plpgsql stable set search_path = ''
as $$
begin
  -- Where an operator's policy also hides secrets, nobody can tell which policy hid this one, so no session is
  -- revoked.
  if exists (
    select from pg_catalog.pg_policy p
    where p.polrelid = 'chatkeep_private.session_secrets'::regclass and not p.polpermissive
  ) then
    return null;
  end if;
  return chatkeep_private.session_id_of(session_token);
end
$$;
comment on function chatkeep_private.spent_session(bytea) is
  'The id of the session that a token without visible secrets would have. The token is spent if that session exists, and was never issued if it does not.';
revoke all on function chatkeep_private.spent_session(bytea) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.spent_session(bytea) to anon, authenticated, service_role;
