create or replace function chatkeep.rotate_session(token text) returns setof chatkeep.session_token
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  presented_before constant text := coalesce(current_setting('chatkeep.presented', true), '');
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  payload bytea := chatkeep_private.read_token(rotate_session.token);
  session_secret bytea := substr(payload, 1, 24);
  refresh_secret bytea := substr(payload, 25, 24);
  secret chatkeep_private.session_secrets;
  session record;
  salt bytea;
  child bytea;
  moment timestamptz;
  verdict text := 'invalid';
  answer chatkeep.session_token;
begin
  if payload is not null then
    perform set_config('chatkeep.presented', encode(payload, 'hex'), true);
    perform set_config('chatkeep.writing', 'on', true);
    select x.session_id, x.refresh_digest, x.previous_digest, x.rotation_salt, x.generation, x.rotated_at
    into secret.session_id, secret.refresh_digest, secret.previous_digest, secret.rotation_salt, secret.generation,
      secret.rotated_at
    from chatkeep_private.session_secrets x
    where x.session_token = sha256(session_secret)
    for update;
    if not found then
      -- A token that unlocks no secret is spent or was never issued. The session tells which.
      secret.session_id := chatkeep_private.spent_session(sha256(session_secret));
    end if;
    -- Read after the lock, so that it sees a revocation by the previous holder of the lock.
    select s.user_id, s.tenant_id, s.expires_at, s.last_used_at, s.last_used_at + s.idle_ttl as idle_expires_at,
      s.idle_ttl, s.revoked_at is not null as revoked, s.tenant_is_moving
    into session from chatkeep.sessions s where s.id = secret.session_id;
    if found then
      moment := clock_timestamp();
      verdict := chatkeep_private.judge_session(
        secret, session.revoked, session.expires_at, session.idle_expires_at, sha256(refresh_secret), moment);
      if session.tenant_is_moving and verdict in ('current', 'previous', 'reuse_detected') then
        perform chatkeep_private.refuse_moving();
      end if;
      answer.session_id := secret.session_id;
      answer.user_id := session.user_id;
      answer.tenant_id := session.tenant_id;
      answer.generation := secret.generation;
      answer.expires_at := session.expires_at;
      answer.idle_expires_at := session.idle_expires_at;
    end if;
  end if;

  if verdict = 'current' then
    salt := substr(chatkeep_private.random_secret(), 1, 16);
    child := substr(chatkeep_private.hmac_sha256(refresh_secret, salt), 1, 24);
    update chatkeep_private.session_secrets x
    set refresh_digest = sha256(child),
      previous_digest = secret.refresh_digest,
      rotation_salt = salt,
      generation = secret.generation + 1,
      rotated_at = moment,
      confirmed_at = null
    where x.session_token = sha256(session_secret);
    if not found then
      perform chatkeep_private.refuse_unwritten('token names a session that');
    end if;
    answer.generation := secret.generation + 1;
    verdict := 'rotated';
  elsif verdict = 'previous' then
    child := substr(chatkeep_private.hmac_sha256(refresh_secret, secret.rotation_salt), 1, 24);
    verdict := 'replayed';
  elsif verdict = 'reuse_detected' then
    -- The session's user may have revoked it since it was judged: revocation does not wait for the secret.
    update chatkeep.sessions s
    set revoked_at = moment, revoked_reason = 'reuse'
    where s.id = secret.session_id and s.revoked_at is null;
    if not found then
      verdict := 'revoked';
    end if;
  end if;

  if child is not null then
    answer.token := chatkeep_private.write_token(session_secret || child);
    if session.last_used_at < moment - interval '1 minute' then
      update chatkeep.sessions s set last_used_at = moment where s.id = secret.session_id;
      answer.idle_expires_at := moment + session.idle_ttl;
    end if;
  else
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
comment on function chatkeep.rotate_session(text) is
'Exchanges a token for its successor.
The same token again within 10 seconds, before the successor is used, gives the same successor. A spent token revokes its session. status tells what happened; a refusal is a row and not an error, so that a revocation stays.
token: The token as it was presented. NULL, as for a missing cookie, is an invalid token.
Returns: one row.
Errors: PT503.';
revoke all on function chatkeep.rotate_session(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep.rotate_session(text) to anon, authenticated, service_role;
