-- Chatkeep: listing, ending and raising of sessions. Both engines answer these from here: they run seldom.

-- Listing ------------------------------------------------------------------------------------------

create function chatkeep_private.claimed_session() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  claimed text := auth.jwt() ->> 'session_id';
begin
  if claimed ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return claimed::uuid;
  end if;
  return null;
end
$$;
comment on function chatkeep_private.claimed_session() is 'The session that the caller''s JWT was made for, by its claim session_id; NULL where it names none.';
revoke all on function chatkeep_private.claimed_session() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.claimed_session() to authenticated, service_role;

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
comment on view chatkeep_private.session_facts is 'Sessions without anything that a token could be made or proved with.';
revoke all on chatkeep_private.session_facts from public, anon, authenticated, service_role;
grant select on chatkeep_private.session_facts to authenticated, service_role;

create view chatkeep.my_sessions with (security_invoker = true) as
select f.id, f.created_at, f.last_used_at, f.idle_ttl, f.expires_at, f.idle_expires_at, f.status, f.revoked_at,
  f.revoked_reason, f.aal, f.user_agent, f.ip, f.metadata, f.is_current
from chatkeep_private.session_facts f
where f.user_id = (select chatkeep.uid());
comment on view chatkeep.my_sessions is
  'The signed-in user''s sessions, one per device. status: active, revoked, expired or idle. is_current: the JWT''s claim session_id names it.';
revoke all on chatkeep.my_sessions from public, anon, authenticated, service_role;
grant select on chatkeep.my_sessions to authenticated, service_role;

-- Ending -------------------------------------------------------------------------------------------

create type chatkeep.sessions_revoked as (status text, session_id uuid, revoked integer);
comment on type chatkeep.sessions_revoked is 'The verdict on the token whose session stays, as validate_session gives it, and how many others were revoked.';

-- Live sessions of a user but one. create_session locks the user's row as well, so what it has opened is waited for, and
-- seen by the update, which is a statement of its own.
create function chatkeep_private.revoke_sessions(owner uuid, but_one uuid) returns uuid[]
language plpgsql volatile set search_path = ''
as $$
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  begun_at constant timestamptz := clock_timestamp();
  ended uuid[];
begin
  perform from chatkeep.users u where u.id = owner for no key update;
  perform set_config('chatkeep.writing', 'on', true);
  with revoked as (
    update chatkeep.sessions s
    set revoked_at = clock_timestamp(),
      revoked_reason = case when owner = auth.uid() then 'logout' else 'admin' end
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
comment on function chatkeep_private.revoke_sessions(uuid, uuid) is 'Revokes what is not revoked of a user''s sessions, all or all but one, and says which.';

-- As my_sessions shows them; to service_role, which has none of its own, anybody's.
create function chatkeep_private.session_rows(ids uuid[]) returns setof chatkeep.my_sessions
language plpgsql stable set search_path = ''
as $$
begin
  return query
    select f.id, f.created_at, f.last_used_at, f.idle_ttl, f.expires_at, f.idle_expires_at, f.status, f.revoked_at,
      f.revoked_reason, f.aal, f.user_agent, f.ip, f.metadata, f.is_current
    from chatkeep_private.session_facts f
    where f.id = any (ids) and (f.user_id = (select auth.uid()) or (select chatkeep_private.is_service()))
    order by f.created_at;
end
$$;
comment on function chatkeep_private.session_rows(uuid[]) is 'Those of the sessions that the caller may end, in the form of my_sessions.';
revoke all on function chatkeep_private.session_rows(uuid[]) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.session_rows(uuid[]) to authenticated, service_role;

revoke all on function chatkeep_private.revoke_sessions(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.revoke_sessions(uuid, uuid) to authenticated, service_role;

create function chatkeep.revoke_session(session_id uuid) returns setof chatkeep.my_sessions
language plpgsql volatile set search_path = ''
as $$
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  caller constant uuid := auth.uid();
  is_service constant boolean := chatkeep_private.is_service();
begin
  perform chatkeep_private.check_present('session_id', revoke_session.session_id is not null);
  perform set_config('chatkeep.writing', 'on', true);
  -- Twice: a statement that has waited for the move of its own user looks for the session where it was.
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
  'Ends a session of the caller, for service_role anybody''s, for good, and returns it. One that is revoked already stays as it is. Errors: 22004, PT404.';

create function chatkeep.revoke_all_sessions(user_id uuid default null) returns setof chatkeep.my_sessions
language plpgsql volatile set search_path = ''
as $$
declare
  owner constant uuid := chatkeep_private.acting_for(revoke_all_sessions.user_id);
  ended constant uuid[] := chatkeep_private.revoke_sessions(owner, null);
begin
  return query select r.* from chatkeep_private.session_rows(ended) r;
end
$$;
comment on function chatkeep.revoke_all_sessions(uuid) is
  'Ends all sessions of the caller, or of the user_id that service_role names, and returns those it ended. Errors: 42501.';

create function chatkeep.revoke_other_sessions(token text) returns setof chatkeep.sessions_revoked
language plpgsql volatile set search_path = ''
as $$
declare
  owner constant uuid := chatkeep_private.acting_for(null);
  kept record;
  answer chatkeep.sessions_revoked;
begin
  -- Two devices that end each other must not both succeed, so the token is judged under the lock.
  perform from chatkeep.users u where u.id = owner for no key update;
  -- A spent token ends its session here too, so the verdict is a row and no error.
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
  'Ends all sessions of the caller but the token''s, and says how many. A token that is not valid ends nothing; its status says why, as in validate_session. Errors: 42501.';

-- Raising ------------------------------------------------------------------------------------------

create function chatkeep.elevate_session(token text, aal text) returns setof chatkeep.session_status
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
    -- Its user before both: the session is updated twice, and a second time its key is looked up in users.
    perform from chatkeep.users u
    where u.id in (select s.user_id from chatkeep.sessions s where s.id = chatkeep_private.session_id_of(sha256(session_secret)))
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
  if answer.user_id is distinct from auth.uid() and not chatkeep_private.is_service() then
    perform chatkeep_private.refuse('42501', 'token is of another user', 'Call as the session''s user, or as service_role.');
  end if;
  perform set_config('chatkeep.presented', encode(payload, 'hex'), true);
  perform set_config('chatkeep.writing', 'on', true);
  -- From here on the token before this one is spent: nobody gets by repeating a rotation what was proved after it.
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
  'Raises the assurance level of the token''s session, as far as the claim aal of the caller''s JWT proves it, or as service_role says; the token before the current one is spent at once. The row is that of validate_session. Errors: 22023, 22004, 42501, PT409.';

-- Upkeep -------------------------------------------------------------------------------------------

create index sessions_expires_at_idx on chatkeep.sessions (expires_at);
create index sessions_revoked_at_idx on chatkeep.sessions (revoked_at) where revoked_at is not null;

create function chatkeep.purge_sessions(
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
  -- The secret before its session, as everywhere; what somebody else is at is left to the next batch.
  with expired as (
    select s.id, s.expires_at as ended_at
    from chatkeep_private.session_secrets x join chatkeep.sessions s on s.session_token = x.session_token
    where s.expires_at < ended_before
    order by s.expires_at
    limit batch_size
    for update of x, s skip locked
  ), revoked as (
    select s.id, s.revoked_at as ended_at
    from chatkeep_private.session_secrets x join chatkeep.sessions s on s.session_token = x.session_token
    where s.revoked_at < ended_before and s.expires_at >= ended_before
    order by s.revoked_at
    limit batch_size
    for update of x, s skip locked
  ), ended as (
    select e.id from (select * from expired union all select * from revoked) e
    order by e.ended_at
    limit batch_size
  )
  delete from chatkeep.sessions s using ended e where s.id = e.id;
  get diagnostics removed = row_count;
  if removed = 0 then
    -- Sessions that have lost their secret.
    with ended as (
      select s.id from chatkeep.sessions s
      where (s.expires_at < ended_before or s.revoked_at < ended_before)
        and not exists (select from chatkeep_private.session_secrets x where x.session_token = s.session_token)
      limit batch_size
      for update skip locked
    )
    delete from chatkeep.sessions s using ended e where s.id = e.id;
    get diagnostics removed = row_count;
  end if;
  return removed;
end
$$;
comment on function chatkeep.purge_sessions(integer, interval) is
  'Removes sessions that expired or were revoked longer ago than older_than, at most batch_size, and returns how many; 0 means done. Until then a spent token is told from an unknown one. For service_role. Errors: 22023, 22004.';

-- A person who is disabled is logged out everywhere, whoever disables.
create function chatkeep_private.end_sessions() returns trigger
language plpgsql set search_path = ''
as $$
begin
  -- Under a snapshot that is older than the lock on the user's row, a session that was being created would stay unseen.
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    perform chatkeep_private.refuse('25001', 'disabled_at can be set under read committed only',
      'Begin the transaction with isolation level read committed, which is the default.');
  end if;
  perform chatkeep_private.revoke_sessions(new.id, null);
  return new;
end
$$;
comment on function chatkeep_private.end_sessions() is 'Revokes the sessions of a user who was disabled.';
revoke all on function chatkeep_private.end_sessions() from public, anon, authenticated, service_role;
create trigger end_sessions after update of disabled_at on chatkeep.users
  for each row when (new.disabled_at is not null and old.disabled_at is null)
  execute function chatkeep_private.end_sessions();
comment on trigger end_sessions on chatkeep.users is 'Who is disabled is logged out everywhere.';
