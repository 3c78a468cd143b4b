-- supabase/auth: the tables that a refresh reads and writes, with their indexes
create table users (
  id uuid primary key, instance_id uuid, aud text, role text, email text, encrypted_password text,
  raw_app_meta_data jsonb, raw_user_meta_data jsonb, last_sign_in_at timestamptz, banned_until timestamptz,
  is_sso_user boolean not null default false, is_anonymous boolean not null default false,
  created_at timestamptz, updated_at timestamptz
);
create index users_instance_id_idx on users (instance_id);
create unique index users_email_idx on users (email) where not is_sso_user;
create table identities (
  id uuid primary key default gen_random_uuid(), provider_id text not null, provider text not null,
  user_id uuid not null references users on delete cascade, identity_data jsonb not null,
  last_sign_in_at timestamptz, created_at timestamptz, updated_at timestamptz, unique (provider_id, provider)
);
create index identities_user_id_idx on identities (user_id);
create table mfa_factors (
  id uuid primary key, user_id uuid not null references users on delete cascade, friendly_name text,
  factor_type text, status text, created_at timestamptz, updated_at timestamptz
);
create index mfa_factors_user_id_idx on mfa_factors (user_id);
create table sessions (
  id uuid primary key, user_id uuid not null references users on delete cascade, created_at timestamptz,
  updated_at timestamptz, factor_id uuid, aal text, not_after timestamptz, refreshed_at timestamp,
  user_agent text, ip inet, tag text, refresh_token_hmac_key text, refresh_token_counter bigint
);
create index sessions_user_id_idx on sessions (user_id);
create index sessions_user_id_created_at_idx on sessions (user_id, created_at);
create index sessions_not_after_idx on sessions (not_after desc);
create table mfa_amr_claims (
  id uuid primary key default gen_random_uuid(), session_id uuid not null references sessions on delete cascade,
  created_at timestamptz not null, updated_at timestamptz not null, authentication_method text not null,
  unique (session_id, authentication_method)
);
create table refresh_tokens (
  id bigserial primary key, instance_id uuid, token varchar(255) unique, user_id varchar(255), revoked boolean,
  created_at timestamptz, updated_at timestamptz, parent varchar(255),
  session_id uuid references sessions on delete cascade
);
create index refresh_tokens_instance_id_idx on refresh_tokens (instance_id);
create index refresh_tokens_instance_id_user_id_idx on refresh_tokens (instance_id, user_id);
create index refresh_tokens_parent_idx on refresh_tokens (parent);
create index refresh_tokens_session_id_revoked_idx on refresh_tokens (session_id, revoked);
create index refresh_tokens_updated_at_idx on refresh_tokens (updated_at desc);
create table audit_log_entries (
  id uuid primary key, instance_id uuid, payload json, created_at timestamptz, ip_address varchar(64) not null default ''
);
create index audit_log_entries_instance_id_idx on audit_log_entries (instance_id);
