-- Chatkeep: sessions. Written by `cargo xtask generate` from sql/supabase/schemas/sessions.

-- sessions/types.sql ------------------------------------------------------------

create type chatkeep.session_token as (
  status text, token text, session_id uuid, user_id uuid, tenant_id uuid,
  generation integer, expires_at timestamptz, idle_expires_at timestamptz
);
comment on type chatkeep.session_token is
  'A session and its token, which is returned once. status: created, rotated, replayed, invalid, expired, idle, revoked or reuse_detected. generation is NULL in a refusal.';

create type chatkeep.session_status as (
  status text, session_id uuid, user_id uuid, tenant_id uuid,
  generation integer, expires_at timestamptz, idle_expires_at timestamptz
);
comment on type chatkeep.session_status is
  'The verdict on a presented token. status: valid, invalid, expired, idle, revoked or reuse_detected. generation is NULL in a refusal.';

create type chatkeep.sessions_revoked as (status text, session_id uuid, revoked integer);
comment on type chatkeep.sessions_revoked is
  'The verdict on the token whose session stays, and how many other sessions were revoked.';
comment on column chatkeep.sessions_revoked.status is
  'One of valid, invalid, expired, idle, revoked, reuse_detected. As from validate_session.';
comment on column chatkeep.sessions_revoked.session_id is 'The session that stays. NULL if the token was never issued.';

-- sessions/views.sql ------------------------------------------------------------

create view chatkeep_private.session_facts with (security_invoker = true) as
select s.id, s.created_at, s.last_used_at, s.idle_ttl, s.expires_at, s.last_used_at + s.idle_ttl as idle_expires_at,
  case
    when s.revoked_at is not null then 'revoked'
    when s.expires_at <= now() then 'expired'
    when s.last_used_at + s.idle_ttl <= now() then 'idle'
    else 'active'
  end as status,
  s.revoked_at, s.revoked_reason, s.aal, s.user_agent, s.ip, s.metadata,
  s.id is not distinct from (select chatkeep_private.claimed_session()) as is_current,
  s.user_id
from chatkeep.sessions s;
comment on view chatkeep_private.session_facts is
  'Sessions without the columns from which a token could be made or proved.';
revoke all on chatkeep_private.session_facts from public, anon, authenticated, service_role;
grant select on chatkeep_private.session_facts to authenticated, service_role;

create view chatkeep.my_sessions with (security_invoker = true) as
select f.id, f.created_at, f.last_used_at, f.idle_ttl, f.expires_at, f.idle_expires_at, f.status, f.revoked_at,
  f.revoked_reason, f.aal, f.user_agent, f.ip, f.metadata, f.is_current
from chatkeep_private.session_facts f
where f.user_id = (select chatkeep.uid());
comment on view chatkeep.my_sessions is
  'The signed-in user''s sessions, one per device.';
comment on column chatkeep.my_sessions.idle_ttl is 'How long the session may be unused. NULL: for its whole life.';
comment on column chatkeep.my_sessions.idle_expires_at is 'When the session ends unless it is used. NULL without idle_ttl.';
comment on column chatkeep.my_sessions.status is 'One of active, revoked, expired, idle.';
comment on column chatkeep.my_sessions.revoked_at is 'NULL until the session is revoked.';
comment on column chatkeep.my_sessions.revoked_reason is 'One of logout, reuse, limit, admin, replaced. NULL until the session is revoked.';
comment on column chatkeep.my_sessions.aal is 'One of aal1, aal2, aal3. The level of assurance, of NIST SP 800-63B.';
comment on column chatkeep.my_sessions.user_agent is 'NULL if the client gave none.';
comment on column chatkeep.my_sessions.ip is 'NULL if the client gave none.';
comment on column chatkeep.my_sessions.metadata is 'A JSON object.';
comment on column chatkeep.my_sessions.is_current is 'Whether the claim session_id of the JWT names this session.';
revoke all on chatkeep.my_sessions from public, anon, authenticated, service_role;
grant select on chatkeep.my_sessions to authenticated, service_role;

-- sessions/carried_token.sql ------------------------------------------------------------

-- Browsers add cookies to requests that other sites start. So a cookie counts only beside the header x-chatkeep-request,
-- which no form can send, and a script of another site only with the gateway's consent (CORS).
create or replace function chatkeep_private.carried_token(
  inout headers text, inout cookies text, out token text, out place text
) returns record
language plpgsql immutable set search_path = ''
as $$
declare
  sent jsonb;
  kept jsonb;
begin
  -- PostgreSQL's own error would quote the text, which holds the token.
  begin
    sent := coalesce(nullif(headers, ''), '{}')::jsonb;
    kept := coalesce(nullif(cookies, ''), '{}')::jsonb;
  exception when data_exception or program_limit_exceeded then
    sent := null;
  end;
  if (jsonb_typeof(sent) = 'object' and jsonb_typeof(kept) = 'object') is not true then
    perform chatkeep_private.refuse('PT401', 'request.headers and request.cookies must be JSON objects',
      'The gateway writes them.');
  end if;
  token := nullif(sent ->> 'x-chatkeep-session', '');
  place := 'x-chatkeep-session';
  if token is null and sent ->> 'x-chatkeep-request' <> '' then
    token := nullif(kept ->> '__Host-chatkeep', '');
    place := '__Host-chatkeep';
  end if;
  headers := sent - 'x-chatkeep-session';
  cookies := kept - '__Host-chatkeep';
end
$$;
comment on function chatkeep_private.carried_token(text, text) is
  'The token of a request, the header or cookie that holds it, and headers and cookies without it. token is NULL if the request carries none.';
revoke all on function chatkeep_private.carried_token(text, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.carried_token(text, text) to anon, authenticated, service_role;

-- sessions/check_claimed_session.sql ------------------------------------------------------------

-- A session that is not found has ended too: purge_sessions removes old ones, and a JWT may live longer than that.
create or replace function chatkeep_private.check_claimed_session() returns void
language plpgsql stable set search_path = ''
as $$
declare
  claimed constant uuid := chatkeep_private.claimed_session();
  session_status text;
begin
  if substr(claimed::text, 15, 1) = '8' then
    select f.status into session_status from chatkeep_private.session_facts f
    where f.id = claimed and f.user_id = chatkeep.uid();
    if session_status is distinct from 'active' then
      perform chatkeep_private.refuse('PT401',
        'session_id of the JWT names a session that is ' || coalesce(session_status, 'not yours'), 'Sign in again.');
    end if;
  end if;
end
$$;
comment on function chatkeep_private.check_claimed_session() is
  'Refuses a JWT whose claim session_id has the form of a Chatkeep session and names no live session of its user.';
revoke all on function chatkeep_private.check_claimed_session() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_claimed_session() to authenticated, service_role;

-- sessions/check_sessions.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_sessions(owner uuid) returns void
language plpgsql stable set search_path = ''
as $$
begin
  perform chatkeep_private.refuse_moving() from chatkeep.sessions s
  where s.user_id = owner and s.revoked_at is null and s.tenant_is_moving;
end
$$;
comment on function chatkeep_private.check_sessions(uuid) is
  'Refuses to revoke the sessions of a user while a tenant with one of them is being moved.';
revoke all on function chatkeep_private.check_sessions(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_sessions(uuid) to authenticated, service_role;

-- sessions/client_address.sql ------------------------------------------------------------

-- The address is only shown in a list of devices, so text that holds none must never fail a sign-in.
create or replace function chatkeep_private.client_address(forwarded text) returns inet
language plpgsql immutable set search_path = ''
as $$
declare
  item text;
  address text;
begin
  -- Anybody can send a header X-Forwarded-For of any length, so the number of items bounds the work.
  foreach item in array (string_to_array(coalesce(forwarded, ''), ','))[:20] loop
    item := btrim(item, E' \t\r\n');
    address := case
      -- [2001:db8::1]:443, [fe80::1%eth0]
      when item like '[%]%' then
        case when translate(split_part(item, ']', 2), '0123456789', '') in ('', ':') then split_part(substr(split_part(item, ']', 1), 2), '%', 1) end
      -- 192.0.2.1:443
      when item like '%:%' and item not like '%:%:%' and translate(split_part(item, ':', 2), '0123456789', '') = '' then split_part(item, ':', 1)
      -- 192.0.2.1, 2001:db8::1, fe80::1%eth0
      else split_part(item, '%', 1)
    end;
    if address <> '' and translate(address, '0123456789ABCDEFabcdef.:/', '') = '' then
      begin
        return address::inet;
      exception when invalid_text_representation then
        continue;
      end;
    end if;
  end loop;
  return null;
end
$$;
comment on function chatkeep_private.client_address(text) is
  'The first address in what a proxy writes: with a port, in brackets, with a zone, or a list of these. NULL if there is none among the first 20.';
revoke all on function chatkeep_private.client_address(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.client_address(text) to authenticated, service_role;

-- sessions/crc32_bytes.sql ------------------------------------------------------------

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
revoke all on function chatkeep_private.crc32_bytes(bytea) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.crc32_bytes(bytea) to anon, authenticated, service_role;

-- sessions/create_session.sql ------------------------------------------------------------

create or replace function chatkeep.create_session(
  user_agent text default null,
  ip text default null,
  ttl interval default '30 days',
  idle_ttl interval default null,
  max_sessions integer default null,
  metadata jsonb default '{}',
  user_id uuid default null,
  replaces text default null
) returns setof chatkeep.session_token
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  presented_before constant text := coalesce(current_setting('chatkeep.presented', true), '');
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  owner uuid := coalesce(create_session.user_id, chatkeep.uid());
  tenant uuid;
  session_secret bytea := chatkeep_private.random_secret();
  refresh_secret bytea := chatkeep_private.random_secret();
  moment timestamptz;
  opened chatkeep.session_token;
begin
  perform chatkeep_private.check_present('ttl', create_session.ttl is not null);
  perform chatkeep_private.check_life('ttl', create_session.ttl);
  perform chatkeep_private.check_life('idle_ttl', create_session.idle_ttl);
  if create_session.max_sessions not between 1 and 1000 then
    perform chatkeep_private.refuse('22023', 'max_sessions must be between 1 and 1000', 'Leave it out for no limit.');
  end if;
  perform chatkeep_private.check_present('metadata', create_session.metadata is not null);
  perform chatkeep_private.check_json('metadata', create_session.metadata, 'object');
  -- Two calls that count at once each count the session that the other has opened.
  tenant := chatkeep_private.enter(create_session.user_id, alone => create_session.max_sessions is not null);

  perform set_config('chatkeep.writing', 'on', true);
  if create_session.replaces is not null then
    perform chatkeep_private.replace_session(create_session.replaces, owner);
  end if;
  if create_session.max_sessions is not null then
    update chatkeep.sessions s
    set revoked_at = clock_timestamp(), revoked_reason = 'limit'
    where s.user_id = owner and s.revoked_at is null and not s.tenant_is_moving and s.id in (
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
    opened.expires_at, left(create_session.user_agent, 1000), chatkeep_private.client_address(create_session.ip),
    create_session.metadata
  );
  if not found then
    perform chatkeep_private.refuse_unwritten('user_id names a user whose session');
  end if;
  insert into chatkeep_private.session_secrets (session_token, session_id, tenant_id, refresh_digest)
  values (sha256(session_secret), opened.session_id, tenant, sha256(refresh_secret));
  if not found then
    perform chatkeep_private.refuse_unwritten('user_id names a user whose session');
  end if;
  perform set_config('chatkeep.presented', presented_before, true);
  perform set_config('chatkeep.writing', marker, true);
  return next opened;
end
$$;
comment on function chatkeep.create_session(text, text, interval, interval, integer, jsonb, uuid, text) is
'Opens a session of the signed-in user, or of the user_id that service_role names, and returns its token once.
user_agent: The first 1,000 characters are kept.
ip: The address of the device, as a proxy writes it. The first address in the text is kept; text without an address is NULL.
ttl: 1 second to 400 days.
idle_ttl: How long the session may be unused. NULL: for its whole life.
max_sessions: The user''s oldest sessions beyond this number are revoked. Those in a tenant that is being moved stay.
metadata: At most 256 KiB.
user_id: For service_role only.
replaces: A valid token of the same user, as the browser held it before: its session is revoked. Any other text changes nothing.
Returns: one row.
Errors: 22023, 22004, 42501, PT503.';
revoke all on function chatkeep.create_session(text, text, interval, interval, integer, jsonb, uuid, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep.create_session(text, text, interval, interval, integer, jsonb, uuid, text) to authenticated, service_role;

-- sessions/elevate_session.sql ------------------------------------------------------------

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

-- sessions/hmac_sha256.sql ------------------------------------------------------------

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
revoke all on function chatkeep_private.hmac_sha256(bytea, bytea) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.hmac_sha256(bytea, bytea) to anon, authenticated, service_role;

-- sessions/judge_session.sql ------------------------------------------------------------

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
  'The verdict on a presented token, in the order of chatkeep-core: revoked is final and comes first. A token that unlocks no secret is spent.';
revoke all on function chatkeep_private.judge_session(chatkeep_private.session_secrets, boolean, timestamptz, timestamptz, bytea, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.judge_session(chatkeep_private.session_secrets, boolean, timestamptz, timestamptz, bytea, timestamptz) to anon, authenticated, service_role;

-- sessions/pre_request.sql ------------------------------------------------------------

-- It reads and never writes, so it also runs in the READ ONLY transaction of a GET, and a revocation never waits for a
-- request. An error rolls everything back, so a spent token does not end its session here: rotate_session does that.
create or replace function chatkeep.pre_request() returns void
language plpgsql volatile set search_path = ''
as $$
declare
  is_signed_in boolean;
begin
  -- One condition decides for nearly all requests, because every expression costs microseconds in every transaction.
  -- Looking for a name costs less than reading JSON. Chatkeep's session ids are UUIDs of version 8; those of Supabase
  -- Auth are of version 4.
  if (current_setting('request.headers', true) like '%x-chatkeep-session%'
      or current_setting('request.cookies', true) like '%\_\_Host-chatkeep%'
      or current_setting('request.jwt.claims', true) ~ '"session_id"\s*:\s*"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-8') is not true
     or current_setting('role') not in ('anon', 'authenticated') then
    return;
  end if;
  -- Such a function runs as its owner and cannot change the role, so it would guard nothing.
  if current_user <> current_setting('role') then
    perform chatkeep_private.refuse('42501', 'pre_request guards nothing in a function that runs as its owner',
      'Declare the function that calls it SECURITY INVOKER.');
  end if;
  is_signed_in := current_user = 'authenticated';
  if current_setting('request.headers', true) like '%x-chatkeep-session%'
     or current_setting('request.cookies', true) like '%\_\_Host-chatkeep%' then
    perform chatkeep_private.sign_in_by_token(is_signed_in);
  end if;
  -- A JWT signed this request in, so a session that the JWT names must be live too.
  if is_signed_in then
    perform chatkeep_private.check_claimed_session();
  end if;
end
$$;
comment on function chatkeep.pre_request() is
  'Signs a request in by its session token, and refuses one whose session has ended with 401. For pgrst.db_pre_request.';
revoke all on function chatkeep.pre_request() from public, anon, authenticated, service_role;
grant execute on function chatkeep.pre_request() to anon, authenticated, service_role;

-- sessions/presented_status.sql ------------------------------------------------------------

-- validate_session without its writes and locks. A spent token does not end its session here: a request may carry the
-- token that another tab has just rotated.
create or replace function chatkeep_private.presented_status(
  token text, out status text, out session_id uuid, out user_id uuid, out tenant_id uuid, out aal text
) returns record
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  presented_before constant text := coalesce(current_setting('chatkeep.presented', true), '');
  payload constant bytea := chatkeep_private.read_token(presented_status.token);
  session_digest constant bytea := sha256(substr(payload, 1, 24));
  secret chatkeep_private.session_secrets;
  session record;
begin
  presented_status.status := 'invalid';
  if payload is null then
    return;
  end if;
  perform set_config('chatkeep.presented', encode(payload, 'hex'), true);
  select x.session_id, x.refresh_digest, x.previous_digest, x.rotated_at
  into secret.session_id, secret.refresh_digest, secret.previous_digest, secret.rotated_at
  from chatkeep_private.session_secrets x
  where x.session_token = session_digest;
  if not found then
    -- A token that unlocks no secret is spent or was never issued. The session tells which.
    secret.session_id := chatkeep_private.spent_session(session_digest);
  end if;
  select s.user_id, s.tenant_id, s.aal, s.expires_at, s.last_used_at + s.idle_ttl as idle_expires_at,
    s.revoked_at is not null as revoked
  into session from chatkeep.sessions s where s.id = secret.session_id;
  if found then
    presented_status.session_id := secret.session_id;
    presented_status.user_id := session.user_id;
    presented_status.tenant_id := session.tenant_id;
    presented_status.aal := session.aal;
    presented_status.status := case chatkeep_private.judge_session(
        secret, session.revoked, session.expires_at, session.idle_expires_at, sha256(substr(payload, 25, 24)), clock_timestamp())
      when 'revoked' then 'revoked'
      when 'expired' then 'expired'
      when 'idle' then 'idle'
      when 'reuse_detected' then 'spent'
      else 'valid'
    end;
  end if;
  perform set_config('chatkeep.presented', presented_before, true);
end
$$;
comment on function chatkeep_private.presented_status(text) is
  'The verdict on a token, without a lock or a write: valid, invalid, expired, idle, revoked or spent. Names its session, unless the token was never issued.';
revoke all on function chatkeep_private.presented_status(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.presented_status(text) to anon, authenticated, service_role;

-- sessions/purge_sessions.sql ------------------------------------------------------------

create or replace function chatkeep.purge_sessions(
  batch_size integer default 1000,
  older_than interval default '30 days'
) returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  ended_before timestamptz;
  removed integer;
begin
  perform chatkeep_private.check_batch_size(batch_size, 100000);
  ended_before := chatkeep_private.moment_before('older_than', older_than);
  -- The secret before its session, as everywhere. Rows that another transaction has locked are left to the next
  -- batch.
  with expired as (
    select s.id, s.tenant_id, s.expires_at as ended_at
    from chatkeep_private.session_secrets x join chatkeep.sessions s on s.session_token = x.session_token
    where s.expires_at < ended_before and not s.tenant_is_moving
    order by s.expires_at
    limit batch_size
    for update of x, s skip locked
  ), revoked as (
    select s.id, s.tenant_id, s.revoked_at as ended_at
    from chatkeep_private.session_secrets x join chatkeep.sessions s on s.session_token = x.session_token
    where s.revoked_at < ended_before and s.expires_at >= ended_before and not s.tenant_is_moving
    order by s.revoked_at
    limit batch_size
    for update of x, s skip locked
  ), ended as (
    select e.id, e.tenant_id from (select * from expired union all select * from revoked) e
    order by e.ended_at
    limit batch_size
  )
  delete from chatkeep.sessions s using ended e where s.id = e.id and s.tenant_id = e.tenant_id;
  get diagnostics removed = row_count;
  if removed = 0 then
    -- Sessions without a secret.
    with ended as (
      select s.id, s.tenant_id from chatkeep.sessions s
      where (s.expires_at < ended_before or s.revoked_at < ended_before) and not s.tenant_is_moving
        and not exists (select from chatkeep_private.session_secrets x where x.session_token = s.session_token)
      limit batch_size
      for update skip locked
    )
    delete from chatkeep.sessions s using ended e where s.id = e.id and s.tenant_id = e.tenant_id;
    get diagnostics removed = row_count;
  end if;
  return removed;
end
$$;
comment on function chatkeep.purge_sessions(integer, interval) is
'Removes sessions that expired or were revoked longer ago than older_than, at most batch_size, and returns how many.
0 means that nothing is left. Tenants that are being moved are left alone. Before their removal a spent token is reported as spent, afterwards as unknown. For service_role.
batch_size: 1 to 100,000.
older_than: How long ago they ended.
Errors: 22023, 22004.';
revoke all on function chatkeep.purge_sessions(integer, interval) from public, anon, authenticated, service_role;
grant execute on function chatkeep.purge_sessions(integer, interval) to service_role;

-- sessions/random_secret.sql ------------------------------------------------------------

create or replace function chatkeep_private.random_secret() returns bytea
language sql volatile parallel safe set search_path = ''
as $$
  -- 366 random bits, condensed to 192.
  select substr(sha256(
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 1, 24)
$$;
comment on function chatkeep_private.random_secret() is '24 random bytes.';
revoke all on function chatkeep_private.random_secret() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.random_secret() to anon, authenticated, service_role;

-- sessions/read_token.sql ------------------------------------------------------------

-- NULL means a token that was never issued. The result does not tell whether length, alphabet or checksum is wrong.
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
  -- Writing the token again proves the checksum, and that the last character holds no stray bits.
  if chatkeep_private.write_token(payload) <> token then
    return null;
  end if;
  return payload;
end
$$;
comment on function chatkeep_private.read_token(text) is
  'The session secret and the refresh secret of a token, 48 bytes; NULL if the text is not a token.';
revoke all on function chatkeep_private.read_token(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.read_token(text) to anon, authenticated, service_role;

-- sessions/replace_session.sql ------------------------------------------------------------

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

-- sessions/revoke_all_sessions.sql ------------------------------------------------------------

create or replace function chatkeep.revoke_all_sessions(user_id uuid default null) returns setof chatkeep.my_sessions
language plpgsql volatile set search_path = ''
as $$
declare
  owner constant uuid := chatkeep_private.acting_for(revoke_all_sessions.user_id);
  ended uuid[];
begin
  perform chatkeep_private.check_sessions(owner);
  ended := chatkeep_private.revoke_sessions(owner, null);
  return query select r.* from chatkeep_private.session_rows(ended) r;
end
$$;
comment on function chatkeep.revoke_all_sessions(uuid) is
'Revokes all sessions of the caller, or of the user_id that service_role names, and returns those that it revoked.
user_id: For service_role only.
Errors: 42501, PT503.';
revoke all on function chatkeep.revoke_all_sessions(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.revoke_all_sessions(uuid) to authenticated, service_role;

-- sessions/revoke_other_sessions.sql ------------------------------------------------------------

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

-- sessions/revoke_session.sql ------------------------------------------------------------

create or replace function chatkeep.revoke_session(session_id uuid) returns setof chatkeep.my_sessions
language plpgsql volatile set search_path = ''
as $$
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  caller constant uuid := chatkeep.uid();
  is_service constant boolean := chatkeep_private.is_service();
begin
  perform chatkeep_private.check_present('session_id', revoke_session.session_id is not null);
  perform set_config('chatkeep.writing', 'on', true);
  perform chatkeep_private.refuse_moving() from chatkeep.sessions s
  where s.id = revoke_session.session_id and (s.user_id = caller or is_service) and s.revoked_at is null and s.tenant_is_moving;
  -- Two rounds: a statement that waited for the move of its own user still looks for the session in the old tenant.
  for round in 1 .. 2 loop
    update chatkeep.sessions s
    set revoked_at = clock_timestamp(),
      revoked_reason = case when s.user_id = caller then 'logout' else 'admin' end
    where s.id = revoke_session.session_id and (s.user_id = caller or is_service) and s.revoked_at is null;
    exit when found;
  end loop;
  if exists (
    select from chatkeep.sessions s
    where s.id = revoke_session.session_id and (s.user_id = caller or is_service) and s.revoked_at is null
  ) then
    perform chatkeep_private.refuse_unwritten('session_id names a session that');
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return query select r.* from chatkeep_private.session_rows(array[revoke_session.session_id]) r;
  if not found then
    perform chatkeep_private.refuse('PT404', 'session_id names no session of yours', 'List them with my_sessions.');
  end if;
end
$$;
comment on function chatkeep.revoke_session(uuid) is
'Revokes a session of the caller for good, for service_role anyone''s, and returns it.
A revoked session stays as it is.
Returns: one row.
Errors: 22004, PT404, PT503.';
revoke all on function chatkeep.revoke_session(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.revoke_session(uuid) to authenticated, service_role;

-- sessions/revoke_sessions.sql ------------------------------------------------------------

-- create_session locks the membership as well, so this waits for sessions that are being created. The update is a
-- statement of its own and sees them.
create or replace function chatkeep_private.revoke_sessions(owner uuid, but_one uuid) returns uuid[]
language plpgsql volatile set search_path = ''
as $$
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  begun_at constant timestamptz := clock_timestamp();
  ended uuid[];
begin
  perform from chatkeep.memberships m where m.user_id = owner for no key update;
  perform set_config('chatkeep.writing', 'on', true);
  with revoked as (
    update chatkeep.sessions s
    set revoked_at = clock_timestamp(),
      revoked_reason = case when owner = chatkeep.uid() then 'logout' else 'admin' end
    where s.user_id = owner and s.revoked_at is null and s.id is distinct from but_one
    returning s.id
  )
  select coalesce(array_agg(r.id), '{}') into ended from revoked r;
  if exists (
    select from chatkeep.sessions s
    where s.user_id = owner and s.revoked_at is null and s.id is distinct from but_one and s.created_at < begun_at
  ) then
    perform chatkeep_private.refuse_unwritten('user_id names a user whose sessions');
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return ended;
end
$$;
comment on function chatkeep_private.revoke_sessions(uuid, uuid) is
  'Revokes the live sessions of a user, all or all but one, and returns their ids.';
revoke all on function chatkeep_private.revoke_sessions(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.revoke_sessions(uuid, uuid) to authenticated, service_role;

-- sessions/rotate_session.sql ------------------------------------------------------------

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

-- sessions/session_id_of.sql ------------------------------------------------------------

-- Derived from the token, so that a spent token finds its session although it cannot read the session's secrets.
create or replace function chatkeep_private.session_id_of(session_token bytea) returns uuid
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return chatkeep_private.uuid_v8(sha256(session_token));
end
$$;
comment on function chatkeep_private.session_id_of(bytea) is
  'The id of the session whose session secret has this digest. The id reveals nothing about the digest.';
revoke all on function chatkeep_private.session_id_of(bytea) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.session_id_of(bytea) to anon, authenticated, service_role;

-- sessions/session_rows.sql ------------------------------------------------------------

-- service_role has no sessions of its own and sees everyone's.
create or replace function chatkeep_private.session_rows(ids uuid[]) returns setof chatkeep.my_sessions
language plpgsql stable set search_path = ''
as $$
begin
  return query
    select f.id, f.created_at, f.last_used_at, f.idle_ttl, f.expires_at, f.idle_expires_at, f.status, f.revoked_at,
      f.revoked_reason, f.aal, f.user_agent, f.ip, f.metadata, f.is_current
    from chatkeep_private.session_facts f
    where f.id = any (ids) and (f.user_id = (select chatkeep.uid()) or (select chatkeep_private.is_service()))
    order by f.created_at;
end
$$;
comment on function chatkeep_private.session_rows(uuid[]) is
  'The sessions among these that the caller may revoke, as rows of my_sessions.';
revoke all on function chatkeep_private.session_rows(uuid[]) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.session_rows(uuid[]) to authenticated, service_role;

-- sessions/sign_in_by_token.sql ------------------------------------------------------------

create or replace function chatkeep_private.sign_in_by_token(is_signed_in boolean) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  carried record;
  presented record;
begin
  select c.* into carried
  from chatkeep_private.carried_token(current_setting('request.headers', true), current_setting('request.cookies', true)) c;
  if carried.token is null then
    return;
  end if;
  select p.* into presented from chatkeep_private.presented_status(carried.token) p;
  if presented.status <> 'valid' then
    perform chatkeep_private.refuse('PT401', format('%s holds a token that is %s', carried.place, presented.status),
      'Sign in again, or send the token that rotate_session returned last.');
  end if;
  -- The rest of the transaction has no use for the token.
  perform set_config('request.headers', carried.headers, true), set_config('request.cookies', carried.cookies, true);
  if is_signed_in then
    if presented.user_id is distinct from chatkeep.uid() then
      perform chatkeep_private.refuse('PT401', carried.place || ' holds a token of another user than the JWT',
        'Send the token alone, or with a JWT of its user.');
    end if;
    return;
  end if;
  perform set_config('role', 'authenticated', true),
    set_config('request.jwt.claims', json_build_object('iss', 'chatkeep/auth/v1', 'role', 'authenticated', 'sub', presented.user_id,
      'session_id', presented.session_id, 'aal', presented.aal, 'tenant_id', presented.tenant_id)::text, true);
  -- The older settings override the claims, where a gateway writes them.
  if current_setting('request.jwt.claim.role', true) <> '' or current_setting('request.jwt.claim.sub', true) <> '' then
    perform set_config('request.jwt.claim.role', 'authenticated', true),
      set_config('request.jwt.claim.sub', presented.user_id::text, true);
  end if;
end
$$;
comment on function chatkeep_private.sign_in_by_token(boolean) is
  'Signs the request in by the token that it carries. With is_signed_in, a JWT has done so, and the token must be a valid one of its user.';
revoke all on function chatkeep_private.sign_in_by_token(boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.sign_in_by_token(boolean) to anon, authenticated, service_role;

-- sessions/spent_session.sql ------------------------------------------------------------

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

-- sessions/validate_session.sql ------------------------------------------------------------

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

-- sessions/write_token.sql ------------------------------------------------------------

create or replace function chatkeep_private.write_token(payload bytea) returns text
language sql immutable parallel safe set search_path = ''
as $$
  select 'cks_' || rtrim(translate(
    encode(payload || chatkeep_private.crc32_bytes(payload), 'base64'), E'+/\n', '-_'), '=')
$$;
comment on function chatkeep_private.write_token(bytea) is
  'The text of a token: cks_ and the base64url form of both secrets and their CRC-32.';
revoke all on function chatkeep_private.write_token(bytea) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.write_token(bytea) to anon, authenticated, service_role;
