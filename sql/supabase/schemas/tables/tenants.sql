create table chatkeep.tenants (
  id uuid not null default chatkeep_private.uuid_v7(),
  name text,
  settings jsonb not null default '{}',
  created_at timestamptz not null default now(),
  constraint tenants_pkey primary key (id),
  constraint tenants_name_length check (char_length(name) between 1 and 200),
  constraint tenants_settings_is_object check (jsonb_typeof(settings) = 'object')
);
comment on table chatkeep.tenants is 'An organisation, or the space of one person. The first membership creates the row.';
