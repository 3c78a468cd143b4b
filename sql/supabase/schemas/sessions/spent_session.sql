create or replace function chatkeep_private.spent_session(session_token bytea) returns uuid
language plpgsql stable set search_path = ''
as $$
begin
  -- Where an operator hides secrets too, nobody can tell which policy hid this one, and no session ends by it.
  if exists (
    select from pg_catalog.pg_policy p
    where p.polrelid = 'chatkeep_private.session_secrets'::regclass and not p.polpermissive
  ) then
    return null;
  end if;
  return chatkeep_private.session_id_of(session_token);
end
$$;
comment on function chatkeep_private.spent_session(bytea) is 'Which session a token is of that shows no secret: it is spent if there is such a session, and was never issued if there is none.';
revoke all on function chatkeep_private.spent_session(bytea) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.spent_session(bytea) to anon, authenticated, service_role;
