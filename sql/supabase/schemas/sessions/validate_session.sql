create or replace function chatkeep.validate_session(token text) returns setof chatkeep.session_status
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  presented_before constant text := coalesce(current_setting('chatkeep.presented', true), '');
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  payload bytea := chatkeep_private.read_token(validate_session.token);
  session_secret bytea := substr(payload, 1, 24);
  presented bytea := sha256(substr(payload, 25, 24));
  secret chatkeep_private.session_secrets;
  session record;
  moment timestamptz;
  verdict text := 'invalid';
  answer chatkeep.session_status;
begin
  if payload is not null then
    perform set_config('chatkeep.presented', encode(payload, 'hex'), true);
    perform set_config('chatkeep.writing', 'on', true);
    -- First without a lock. A token that looks spent is judged again under the lock before its session is revoked.
    for locked in 0 .. 1 loop
      if locked = 1 then
        select x.session_id, x.refresh_digest, x.previous_digest, x.rotation_salt, x.generation, x.rotated_at
        into secret.session_id, secret.refresh_digest, secret.previous_digest, secret.rotation_salt, secret.generation,
          secret.rotated_at
        from chatkeep_private.session_secrets x
        where x.session_token = sha256(session_secret)
        for update;
      else
        select x.session_id, x.refresh_digest, x.previous_digest, x.rotation_salt, x.generation, x.rotated_at
        into secret.session_id, secret.refresh_digest, secret.previous_digest, secret.rotation_salt, secret.generation,
          secret.rotated_at
        from chatkeep_private.session_secrets x
        where x.session_token = sha256(session_secret);
      end if;
      if not found then
        -- A token that unlocks no secret is spent or was never issued. The session tells which.
        secret.session_id := chatkeep_private.spent_session(sha256(session_secret));
      end if;
      select s.user_id, s.tenant_id, s.expires_at, s.last_used_at, s.last_used_at + s.idle_ttl as idle_expires_at,
        s.idle_ttl, s.revoked_at is not null as revoked, s.tenant_is_moving
      into session from chatkeep.sessions s where s.id = secret.session_id;
      exit when not found;
      moment := clock_timestamp();
      verdict := chatkeep_private.judge_session(
        secret, session.revoked, session.expires_at, session.idle_expires_at, presented, moment);
      answer.session_id := secret.session_id;
      answer.user_id := session.user_id;
      answer.tenant_id := session.tenant_id;
      answer.generation := secret.generation;
      answer.expires_at := session.expires_at;
      answer.idle_expires_at := session.idle_expires_at;
      exit when verdict <> 'reuse_detected';
    end loop;
  end if;

  if verdict in ('current', 'previous') then
    if verdict = 'current' and secret.previous_digest is not null and not session.tenant_is_moving then
      -- The first use of the current secret ends the grace of the previous one.
      update chatkeep_private.session_secrets x
      set previous_digest = null, rotation_salt = null, confirmed_at = moment
      where x.session_token = sha256(session_secret) and x.refresh_digest = presented;
    end if;
    if session.last_used_at < moment - interval '1 minute' and not session.tenant_is_moving then
      update chatkeep.sessions s set last_used_at = moment where s.id = secret.session_id;
      answer.idle_expires_at := moment + session.idle_ttl;
    end if;
    verdict := 'valid';
  else
    if verdict = 'reuse_detected' then
      -- The session's user may have revoked it since it was judged: revocation does not wait for the secret.
      update chatkeep.sessions s
      set revoked_at = moment, revoked_reason = 'reuse'
      where s.id = secret.session_id and s.revoked_at is null and not s.tenant_is_moving;
      if not found and not session.tenant_is_moving then
        verdict := 'revoked';
      end if;
    end if;
    -- A refused token may not see the secrets of its session.
    answer.generation := null;
    perform set_config('response.status', '401', true);
  end if;
  perform set_config('chatkeep.presented', presented_before, true);
  perform set_config('chatkeep.writing', marker, true);
  answer.status := verdict;
  return next answer;
end
$$;
comment on function chatkeep.validate_session(text) is
'The verdict on a token.
Records its use at most once a minute. It writes nothing while the tenant of the session is being moved, so a spent token ends its session afterwards.
token: The token as it was presented. NULL, as for a missing cookie, is an invalid token.
Returns: one row.';
revoke all on function chatkeep.validate_session(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep.validate_session(text) to anon, authenticated, service_role;
