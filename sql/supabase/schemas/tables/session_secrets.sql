create table chatkeep_private.session_secrets (
  session_token bytea not null,
  session_id uuid not null,
  tenant_id uuid not null,
  refresh_digest bytea not null,
  previous_digest bytea,
  rotation_salt bytea,
  generation integer not null default 0,
  rotated_at timestamptz,
  confirmed_at timestamptz,
  constraint session_secrets_pkey primary key (session_token, tenant_id),
  constraint session_secrets_session_token_fkey foreign key (session_token, session_id, tenant_id)
    references chatkeep.sessions (session_token, id, tenant_id) on update cascade on delete cascade,
  constraint session_secrets_refresh_digest_is_sha256 check (octet_length(refresh_digest) = 32),
  constraint session_secrets_previous_digest_is_sha256 check (octet_length(previous_digest) = 32),
  constraint session_secrets_grace_is_whole check ((previous_digest is null) = (rotation_salt is null)),
  constraint session_secrets_generation_is_natural check (generation >= 0)
-- Every rotation updates this narrow row and no indexed column. Free space keeps it a HOT update.
) with (fillfactor = 50);
comment on table chatkeep_private.session_secrets is
  'What a rotation needs. Proof of possession unlocks a row, ownership never does: with a user''s JWT and a spent token, a readable salt would yield the live token.';
comment on column chatkeep_private.session_secrets.refresh_digest is 'SHA-256 of the current refresh secret.';
comment on column chatkeep_private.session_secrets.previous_digest is
  'SHA-256 of the previous refresh secret, until the current one is first used.';
comment on column chatkeep_private.session_secrets.rotation_salt is
  'The message of the HMAC that derived the current secret. Cleared together with previous_digest.';
comment on column chatkeep_private.session_secrets.rotated_at is
  'When the current secret was made. The grace of 10 seconds begins here and is never extended.';
comment on column chatkeep_private.session_secrets.confirmed_at is
  'When the current secret was first used, which ended the grace.';
