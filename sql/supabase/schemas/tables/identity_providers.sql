create table chatkeep.identity_providers (
  issuer text collate "C" not null,
  name text not null,
  created_at timestamptz not null default now(),
  constraint identity_providers_pkey primary key (issuer),
  constraint identity_providers_issuer_length check (char_length(issuer) between 1 and 500),
  -- user_id() separates issuer and subject by a line feed.
  constraint identity_providers_issuer_form check (issuer !~ '[\x01-\x1f\x7f]'),
  -- uid() takes such a token for one of Supabase Auth without a look at this table.
  constraint identity_providers_issuer_is_not_supabase_auth check (issuer not like '%/auth/v1'),
  constraint identity_providers_name_length check (char_length(name) between 1 and 200)
);
comment on table chatkeep.identity_providers is
  'The sign-in providers beside Supabase Auth, written by service_role. Their users need no row in auth.users.';
comment on column chatkeep.identity_providers.issuer is 'The claim iss of the provider''s tokens, exactly as it is written there.';
comment on column chatkeep.identity_providers.name is 'What an application calls the provider.';
