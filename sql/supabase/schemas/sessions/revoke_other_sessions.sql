create or replace function chatkeep.revoke_other_sessions(token text) returns setof chatkeep.sessions_revoked
language plpgsql volatile set search_path = ''
as $$
declare
  owner constant uuid := chatkeep_private.acting_for(null);
  kept record;
  answer chatkeep.sessions_revoked;
begin
  -- Two devices that revoke each other must not both succeed, so the token is judged under the lock.
  perform from chatkeep.memberships m where m.user_id = owner for no key update;
  perform chatkeep_private.check_sessions(owner);
  -- A spent token revokes its session here too, so a refusal is a row and not an error.
  select v.* into kept from chatkeep.validate_session(revoke_other_sessions.token) v;
  answer.status := kept.status;
  answer.revoked := 0;
  if kept.status = 'valid' and kept.user_id <> owner then
    answer.status := 'invalid';
    perform set_config('response.status', '401', true);
  elsif kept.status = 'valid' then
    answer.session_id := kept.session_id;
    answer.revoked := cardinality(chatkeep_private.revoke_sessions(owner, kept.session_id));
  end if;
  return next answer;
end
$$;
comment on function chatkeep.revoke_other_sessions(text) is
'Revokes all sessions of the caller except the token''s, and returns how many.
A token that is not valid revokes nothing; its status is that of validate_session.
token: The token of the session that stays. NULL, as for a missing cookie, is an invalid token.
Returns: one row.
Errors: 42501, PT503.';
revoke all on function chatkeep.revoke_other_sessions(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep.revoke_other_sessions(text) to authenticated, service_role;
