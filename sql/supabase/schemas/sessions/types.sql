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
