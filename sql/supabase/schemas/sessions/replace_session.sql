-- A sign-in must not fail for the cookie that the browser still had, so a token that may not end its session is ignored.
-- create_session has locked the membership, which comes before sessions.
create or replace function chatkeep_private.replace_session(token text, owner uuid) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  replaced record;
begin
  select p.status, p.session_id into replaced from chatkeep_private.presented_status(replace_session.token) p;
  if replaced.status = 'valid' then
    update chatkeep.sessions s
    set revoked_at = clock_timestamp(), revoked_reason = 'replaced'
    where s.id = replaced.session_id and s.user_id = owner and s.revoked_at is null and not s.tenant_is_moving;
  end if;
end
$$;
comment on function chatkeep_private.replace_session(text, uuid) is
  'Revokes the session of a valid token, if it is a session of this user. Any other token changes nothing.';
revoke all on function chatkeep_private.replace_session(text, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.replace_session(text, uuid) to authenticated, service_role;
