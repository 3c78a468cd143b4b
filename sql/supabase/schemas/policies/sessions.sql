alter table chatkeep.sessions enable row level security;
alter table chatkeep.sessions force row level security;

create policy sessions_select on chatkeep.sessions for select to authenticated
  using (
    session_token = (select chatkeep_private.presented_session())
    or user_id = (select chatkeep_private.enabled_user())
  );
comment on policy sessions_select on chatkeep.sessions is
  'Users list their own sessions. The holder of a token sees its session.';

create policy sessions_select_presented on chatkeep.sessions for select to anon
  using (session_token = (select chatkeep_private.presented_session()));
comment on policy sessions_select_presented on chatkeep.sessions is
  'The holder of a token sees its session, signed in or not.';

create policy sessions_insert on chatkeep.sessions for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep.tenant_id())
    and last_used_at <= (select clock_timestamp())
    and (idle_ttl is null or idle_ttl <= interval '400 days')
    and expires_at <= (select clock_timestamp() + interval '400 days')
  );
comment on policy sessions_insert on chatkeep.sessions is 'create_session makes sessions of the signed-in user.';

create policy sessions_update on chatkeep.sessions for update to authenticated
  using (
    (session_token = (select chatkeep_private.presented_session())
      or user_id = (select chatkeep_private.enabled_user()))
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy sessions_update on chatkeep.sessions is
  'Calls record use and revoke, for the owner and for the holder of a token.';

create policy sessions_update_presented on chatkeep.sessions for update to anon
  using (
    session_token = (select chatkeep_private.presented_session())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy sessions_update_presented on chatkeep.sessions is
  'Calls record use and revoke for the holder of a token.';

revoke all on chatkeep.sessions from public, anon, authenticated, service_role;
grant select (id, tenant_id, user_id, created_at, last_used_at, idle_ttl, expires_at, revoked_at, revoked_reason, aal, user_agent, ip, metadata, tenant_is_moving),
  update (last_used_at, revoked_at, revoked_reason)
  on chatkeep.sessions to anon, authenticated;
grant insert (id, tenant_id, user_id, session_token, created_at, last_used_at, idle_ttl, expires_at, user_agent, ip, metadata),
  update (aal)
  on chatkeep.sessions to authenticated;
grant select, insert, update, delete on chatkeep.sessions to service_role;
