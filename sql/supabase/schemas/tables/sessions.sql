create table chatkeep.sessions (
  id uuid not null default chatkeep_private.uuid_v7(),
  tenant_id uuid not null,
  user_id uuid not null,
  session_token bytea not null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  idle_ttl interval,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_reason text,
  aal text not null default 'aal1',
  user_agent text,
  ip inet,
  metadata jsonb not null default '{}',
  tenant_is_moving boolean not null default false,
  constraint sessions_pkey primary key (id, tenant_id),
  constraint sessions_session_token_key unique (session_token),
  -- Only for the foreign key of session_secrets, which ties a secret to its own session.
  constraint sessions_session_token_id_key unique (session_token, id, tenant_id),
  -- The holder of a token may see no membership. So the row has to say whether its tenant is being moved.
  constraint sessions_user_id_fkey foreign key (user_id, tenant_id, tenant_is_moving)
    references chatkeep.memberships (user_id, tenant_id, tenant_is_moving) on update cascade on delete cascade,
  constraint sessions_session_token_is_sha256 check (octet_length(session_token) = 32),
  constraint sessions_idle_ttl_is_positive check (idle_ttl > interval '0'),
  constraint sessions_revoked_with_reason check ((revoked_at is null) = (revoked_reason is null)),
  constraint sessions_revoked_reason_known check (revoked_reason in ('logout', 'reuse', 'limit', 'admin', 'replaced')),
  constraint sessions_aal_known check (aal in ('aal1', 'aal2', 'aal3')),
  constraint sessions_user_agent_length check (char_length(user_agent) <= 1000),
  constraint sessions_metadata_is_object check (jsonb_typeof(metadata) = 'object')
) with (fillfactor = 80);
comment on table chatkeep.sessions is 'One row per device: what its owner may list. No row holds a token.';
comment on column chatkeep.sessions.session_token is
  'SHA-256 of the session secret. Unique, and the same for the session''s whole life. API roles cannot read it.';
comment on column chatkeep.sessions.last_used_at is 'Updated at most once a minute.';
comment on column chatkeep.sessions.idle_ttl is 'How long the session may be unused. NULL: for its whole life.';
comment on column chatkeep.sessions.expires_at is 'The end of the session''s life. No rotation extends it.';
comment on column chatkeep.sessions.tenant_is_moving is 'Whether tenants.moving_to is set. The foreign key keeps it up to date.';
comment on column chatkeep.sessions.revoked_at is 'Final: a trigger refuses to clear it.';
create index sessions_user_id_expires_at_idx on chatkeep.sessions (user_id, expires_at);
create index sessions_expires_at_idx on chatkeep.sessions (expires_at);
create index sessions_revoked_at_idx on chatkeep.sessions (revoked_at) where revoked_at is not null;
