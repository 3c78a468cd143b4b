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
