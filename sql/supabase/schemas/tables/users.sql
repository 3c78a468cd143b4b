create table chatkeep.users (
  id uuid not null,
  issuer text collate "C",
  subject text collate "C",
  auth_user_id uuid generated always as (case when issuer is null then id end) stored,
  display_name text,
  metadata jsonb not null default '{}',
  disabled_at timestamptz,
  is_disabled boolean not null generated always as (disabled_at is not null) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint users_pkey primary key (id),
  constraint users_auth_user_id_key unique (auth_user_id),
  -- For the foreign key of memberships, which keeps their copy of is_disabled up to date.
  constraint users_is_disabled_key unique (id, is_disabled),
  constraint users_auth_user_id_fkey foreign key (auth_user_id) references auth.users (id) on delete cascade,
  constraint users_issuer_fkey foreign key (issuer) references chatkeep.identity_providers (issuer),
  -- Nobody is two people: the id is that of Supabase Auth, or it is derived from the issuer and its subject.
  constraint users_subject_has_issuer check ((issuer is null) = (subject is null)),
  constraint users_id_is_of_issuer check (case when issuer is not null and subject is not null
    then id = chatkeep.user_id(issuer, subject) else get_byte(uuid_send(id), 6) >> 4 <> 8 end),
  constraint users_display_name_length check (char_length(display_name) <= 500),
  constraint users_metadata_is_object check (jsonb_typeof(metadata) = 'object')
);
comment on table chatkeep.users is
  'A person who signs in. First use makes the row, and with it the membership in a tenant of the person''s own.';
comment on column chatkeep.users.id is 'auth.users.id, or what user_id() makes of issuer and subject.';
comment on column chatkeep.users.auth_user_id is
  'The user of Supabase Auth, with whom this row is deleted. NULL for a user of another provider.';
comment on column chatkeep.users.issuer is 'The provider that signs this user in. NULL for Supabase Auth.';
comment on column chatkeep.users.subject is 'The id that the provider gives the user. NULL for Supabase Auth.';
comment on column chatkeep.users.disabled_at is
  'Set by service_role. A disabled person writes nothing and reads nothing but this row.';
