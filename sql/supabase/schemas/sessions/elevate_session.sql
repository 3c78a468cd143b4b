create or replace function chatkeep.elevate_session(token text, aal text) returns setof chatkeep.session_status
language plpgsql volatile set search_path = ''
as $$
declare
  presented_before constant text := coalesce(current_setting('chatkeep.presented', true), '');
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  payload constant bytea := chatkeep_private.read_token(elevate_session.token);
  session_secret constant bytea := substr(payload, 1, 24);
  refresh_secret constant bytea := substr(payload, 25, 24);
  answer chatkeep.session_status;
begin
  perform chatkeep_private.check_present('aal', elevate_session.aal is not null);
  if elevate_session.aal not in ('aal1', 'aal2', 'aal3') then
    perform chatkeep_private.refuse('22023', 'aal must be aal1, aal2 or aal3', 'They are the levels of NIST SP 800-63B.');
  end if;
  if payload is not null then
    -- The secret before the session, in the order of rotate_session: otherwise the two could wait for each other.
    perform set_config('chatkeep.presented', encode(payload, 'hex'), true);
    perform set_config('chatkeep.writing', 'on', true);
    -- The membership before both: the session is updated twice, and the second update checks its key in memberships.
    perform from chatkeep.memberships m
    where m.user_id in (select s.user_id from chatkeep.sessions s where s.id = chatkeep_private.session_id_of(sha256(session_secret)))
    for share;
    perform from chatkeep_private.session_secrets x where x.session_token = sha256(session_secret) for update;
    perform set_config('chatkeep.presented', presented_before, true);
    perform set_config('chatkeep.writing', marker, true);
  end if;
  select v.* into answer from chatkeep.validate_session(elevate_session.token) v;
  if answer.status <> 'valid' then
    return next answer;
    return;
  end if;
  if answer.user_id is distinct from chatkeep.uid() and not chatkeep_private.is_service() then
    perform chatkeep_private.refuse('42501', 'token is of another user', 'Call as the session''s user, or as service_role.');
  end if;
  perform set_config('chatkeep.presented', encode(payload, 'hex'), true);
  perform set_config('chatkeep.writing', 'on', true);
  perform chatkeep_private.refuse_moving() from chatkeep.sessions s where s.id = answer.session_id and s.tenant_is_moving;
  -- The previous token is spent from here on. Otherwise a repeated rotation would return a token with the raised
  -- level.
  update chatkeep_private.session_secrets x
  set previous_digest = null, rotation_salt = null, confirmed_at = clock_timestamp()
  where x.session_token = sha256(session_secret) and x.refresh_digest = sha256(refresh_secret);
  if not found then
    perform chatkeep_private.refuse('PT409', 'token was rotated', 'Present its successor.');
  end if;
  update chatkeep.sessions s set aal = elevate_session.aal where s.id = answer.session_id;
  if not found then
    perform chatkeep_private.refuse_unwritten('token names a session that');
  end if;
  perform set_config('chatkeep.presented', presented_before, true);
  perform set_config('chatkeep.writing', marker, true);
  return next answer;
end
$$;
comment on function chatkeep.elevate_session(text, text) is
'Raises the assurance level of the token''s session, up to the claim aal of the caller''s JWT, or to any level for service_role.
The previous token is spent at once. Returns the row of validate_session.
token: The token as it was presented. NULL, as for a missing cookie, is an invalid token.
aal: One of aal1, aal2, aal3.
Returns: one row.
Errors: 22023, 22004, 42501, PT409, PT503.';
revoke all on function chatkeep.elevate_session(text, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep.elevate_session(text, text) to authenticated, service_role;
