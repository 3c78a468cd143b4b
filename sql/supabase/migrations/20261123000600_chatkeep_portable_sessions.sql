-- Chatkeep, portable engine: sessions. Running this again is harmless, and selects these functions.
-- Only core functions are used, since pgcrypto is not everywhere: sha256() and, as the source of
-- randomness, gen_random_uuid(), which draws from the server's strong generator.

create or replace function chatkeep_private.random_secret() returns bytea
language sql volatile parallel safe set search_path = ''
as $$
  -- 366 random bits, condensed to 192.
  select substr(sha256(
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 1, 24)
$$;
comment on function chatkeep_private.random_secret() is '24 random bytes.';

-- HMAC-SHA256 (RFC 2104) for keys of at most 64 bytes.
create or replace function chatkeep_private.hmac_sha256(key bytea, message bytea) returns bytea
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  inner_pad bytea := decode(repeat('36', 64), 'hex');
  outer_pad bytea := decode(repeat('5c', 64), 'hex');
begin
  for i in 0 .. octet_length(key) - 1 loop
    inner_pad := set_byte(inner_pad, i, get_byte(key, i) # 54);
    outer_pad := set_byte(outer_pad, i, get_byte(key, i) # 92);
  end loop;
  return sha256(outer_pad || sha256(inner_pad || message));
end
$$;
comment on function chatkeep_private.hmac_sha256(bytea, bytea) is 'HMAC-SHA256 for keys of at most 64 bytes.';

-- CRC-32 (IEEE 802.3), bit by bit over a token's 48 bytes.
create or replace function chatkeep_private.crc32_bytes(payload bytea) returns bytea
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  crc bigint := 4294967295;
begin
  for i in 0 .. octet_length(payload) - 1 loop
    crc := crc # get_byte(payload, i);
    for bit in 1 .. 8 loop
      crc := (crc >> 1) # (3988292384 * (crc & 1));
    end loop;
  end loop;
  return substr(int8send(crc # 4294967295), 5);
end
$$;
comment on function chatkeep_private.crc32_bytes(bytea) is 'CRC-32 as four bytes, big-endian.';

create or replace function chatkeep_private.write_token(payload bytea) returns text
language sql immutable parallel safe set search_path = ''
as $$
  select 'cks_' || rtrim(translate(
    encode(payload || chatkeep_private.crc32_bytes(payload), 'base64'), E'+/\n', '-_'), '=')
$$;
comment on function chatkeep_private.write_token(bytea) is 'The text of a token: cks_ and base64url of both secrets and their CRC-32.';

-- NULL is a token that was never issued. Nothing says whether length, alphabet or check sum is wrong.
create or replace function chatkeep_private.read_token(token text) returns bytea
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  payload bytea;
begin
  if (token ~ '^cks_[A-Za-z0-9_-]{70}$') is not true then
    return null;
  end if;
  payload := substr(decode(translate(substr(token, 5), '-_', '+/') || '==', 'base64'), 1, 48);
  -- Writing it again proves the check sum, and that no stray bits hide in the last character.
  if chatkeep_private.write_token(payload) <> token then
    return null;
  end if;
  return payload;
end
$$;
comment on function chatkeep_private.read_token(text) is 'Session secret and refresh secret of a token, 48 bytes; NULL if it is none.';

create or replace function chatkeep_private.judge_session(
  secret chatkeep_private.session_secrets,
  session_revoked boolean,
  session_expires_at timestamptz,
  session_idle_expires_at timestamptz,
  presented bytea,
  moment timestamptz
) returns text
language sql immutable parallel safe set search_path = ''
as $$
  select case
    when session_revoked then 'revoked'
    when moment >= session_expires_at then 'expired'
    when moment >= session_idle_expires_at then 'idle'
    when secret.refresh_digest = presented then 'current'
    when secret.previous_digest = presented and moment < secret.rotated_at + interval '10 seconds' then 'previous'
    else 'reuse_detected'
  end
$$;
comment on function chatkeep_private.judge_session(chatkeep_private.session_secrets, boolean, timestamptz, timestamptz, bytea, timestamptz) is
  'The judgement on a presented token, in the order of chatkeep-core: revoked is final and comes first. No secret in sight means a spent token.';

revoke all on function
  chatkeep_private.random_secret(),
  chatkeep_private.hmac_sha256(bytea, bytea),
  chatkeep_private.crc32_bytes(bytea),
  chatkeep_private.write_token(bytea),
  chatkeep_private.read_token(text),
  chatkeep_private.judge_session(chatkeep_private.session_secrets, boolean, timestamptz, timestamptz, bytea, timestamptz)
  from public, anon, authenticated, service_role;
grant execute on function
  chatkeep_private.random_secret(),
  chatkeep_private.hmac_sha256(bytea, bytea),
  chatkeep_private.crc32_bytes(bytea),
  chatkeep_private.write_token(bytea),
  chatkeep_private.read_token(text),
  chatkeep_private.judge_session(chatkeep_private.session_secrets, boolean, timestamptz, timestamptz, bytea, timestamptz)
  to anon, authenticated, service_role;

create or replace function chatkeep.create_session(
  user_agent text default null,
  ip inet default null,
  ttl interval default '30 days',
  idle_ttl interval default null,
  max_sessions integer default null,
  metadata jsonb default '{}',
  user_id uuid default null
) returns setof chatkeep.session_token
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  presented_before constant text := coalesce(current_setting('chatkeep.presented', true), '');
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  owner uuid := coalesce(create_session.user_id, auth.uid());
  tenant uuid;
  session_secret bytea := chatkeep_private.random_secret();
  refresh_secret bytea := chatkeep_private.random_secret();
  moment timestamptz;
  opened chatkeep.session_token;
begin
  perform chatkeep_private.check_length('user_agent', create_session.user_agent, 1000);
  perform chatkeep_private.check_present('ttl', create_session.ttl is not null);
  perform chatkeep_private.check_life('ttl', create_session.ttl);
  perform chatkeep_private.check_life('idle_ttl', create_session.idle_ttl);
  if create_session.max_sessions not between 1 and 1000 then
    perform chatkeep_private.refuse('22023', 'max_sessions must be between 1 and 1000', 'Leave it out for no limit.');
  end if;
  perform chatkeep_private.check_present('metadata', create_session.metadata is not null);
  perform chatkeep_private.check_json('metadata', create_session.metadata, 'object');
  -- Of two that count at once, each counts what the other has opened.
  tenant := chatkeep_private.enter(create_session.user_id, alone => create_session.max_sessions is not null);

  perform set_config('chatkeep.writing', 'on', true);
  if create_session.max_sessions is not null then
    update chatkeep.sessions s
    set revoked_at = clock_timestamp(), revoked_reason = 'limit'
    where s.user_id = owner and s.revoked_at is null and s.id in (
      select live.id from chatkeep.sessions live
      where live.user_id = owner
        and live.revoked_at is null
        and live.expires_at > clock_timestamp()
        and (live.idle_ttl is null or live.last_used_at + live.idle_ttl > clock_timestamp())
      order by live.created_at desc, live.id desc
      offset create_session.max_sessions - 1
    );
  end if;

  moment := clock_timestamp();
  opened.status := 'created';
  opened.token := chatkeep_private.write_token(session_secret || refresh_secret);
  opened.session_id := chatkeep_private.session_id_of(sha256(session_secret));
  opened.user_id := owner;
  opened.tenant_id := tenant;
  opened.generation := 0;
  opened.expires_at := moment + create_session.ttl;
  opened.idle_expires_at := moment + create_session.idle_ttl;
  perform set_config('chatkeep.presented', encode(session_secret, 'hex'), true);
  insert into chatkeep.sessions (
    id, tenant_id, user_id, session_token, created_at, last_used_at, idle_ttl, expires_at, user_agent, ip, metadata
  ) values (
    opened.session_id, tenant, owner, sha256(session_secret), moment, moment, create_session.idle_ttl,
    opened.expires_at, create_session.user_agent, create_session.ip, create_session.metadata
  );
  if not found then
    perform chatkeep_private.refuse_unwritten('user_id names a user whose session');
  end if;
  insert into chatkeep_private.session_secrets (session_token, session_id, refresh_digest)
  values (sha256(session_secret), opened.session_id, sha256(refresh_secret));
  if not found then
    perform chatkeep_private.refuse_unwritten('user_id names a user whose session');
  end if;
  perform set_config('chatkeep.presented', presented_before, true);
  perform set_config('chatkeep.writing', marker, true);
  return next opened;
end
$$;

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
      -- A token that shows no secret is spent, or was never issued: the session says which.
      secret.session_id := chatkeep_private.spent_session(sha256(session_secret));
    end if;
    -- Read after the lock, so that a revocation by the one before is seen.
    select s.user_id, s.tenant_id, s.expires_at, s.last_used_at, s.last_used_at + s.idle_ttl as idle_expires_at,
      s.idle_ttl, s.revoked_at is not null as revoked
    into session from chatkeep.sessions s where s.id = secret.session_id;
    if found then
      moment := clock_timestamp();
      verdict := chatkeep_private.judge_session(
        secret, session.revoked, session.expires_at, session.idle_expires_at, sha256(refresh_secret), moment);
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
    -- Its user may have ended it since it was judged, who does not wait for the secret.
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
    -- A refused token may not see its session's secrets.
    answer.generation := null;
    perform set_config('response.status', '401', true);
  end if;
  perform set_config('chatkeep.presented', presented_before, true);
  perform set_config('chatkeep.writing', marker, true);
  answer.status := verdict;
  return next answer;
end
$$;

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
    -- Unlocked first; only what looks like a spent token is judged again under the lock, before it costs a session.
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
        -- A token that shows no secret is spent, or was never issued: the session says which.
        secret.session_id := chatkeep_private.spent_session(sha256(session_secret));
      end if;
      select s.user_id, s.tenant_id, s.expires_at, s.last_used_at, s.last_used_at + s.idle_ttl as idle_expires_at,
        s.idle_ttl, s.revoked_at is not null as revoked
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
    if verdict = 'current' and secret.previous_digest is not null then
      -- The first use of the current secret closes the grace of the one before.
      update chatkeep_private.session_secrets x
      set previous_digest = null, rotation_salt = null, confirmed_at = moment
      where x.session_token = sha256(session_secret) and x.refresh_digest = presented;
    end if;
    if session.last_used_at < moment - interval '1 minute' then
      update chatkeep.sessions s set last_used_at = moment where s.id = secret.session_id;
      answer.idle_expires_at := moment + session.idle_ttl;
    end if;
    verdict := 'valid';
  else
    if verdict = 'reuse_detected' then
      -- Its user may have ended it since it was judged, who does not wait for the secret.
      update chatkeep.sessions s
      set revoked_at = moment, revoked_reason = 'reuse'
      where s.id = secret.session_id and s.revoked_at is null;
      if not found then
        verdict := 'revoked';
      end if;
    end if;
    -- A refused token may not see its session's secrets.
    answer.generation := null;
    perform set_config('response.status', '401', true);
  end if;
  perform set_config('chatkeep.presented', presented_before, true);
  perform set_config('chatkeep.writing', marker, true);
  answer.status := verdict;
  return next answer;
end
$$;
