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
