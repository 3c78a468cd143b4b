create table chatkeep.tenants (
  id uuid not null default chatkeep_private.uuid_v7(),
  name text,
  settings jsonb not null default '{}',
  created_at timestamptz not null default now(),
  moving_to text,
  is_moving boolean not null generated always as (moving_to is not null) stored,
  constraint tenants_pkey primary key (id),
  -- For the foreign key of memberships, which keeps their copy of is_moving up to date.
  constraint tenants_is_moving_key unique (id, is_moving),
  constraint tenants_name_length check (char_length(name) between 1 and 200),
  constraint tenants_settings_is_object check (jsonb_typeof(settings) = 'object'),
  constraint tenants_moving_to_length check (char_length(moving_to) between 1 and 500)
);
comment on table chatkeep.tenants is 'An organisation, or the space of one person. The first membership creates the row.';
comment on column chatkeep.tenants.moving_to is
  'Where the tenant is being moved to. Set by service_role. While it is set, calls refuse writes with PT503, and reads go on. Members can read it.';
comment on column chatkeep.tenants.is_moving is 'Whether moving_to is set.';
create index tenants_moving_idx on chatkeep.tenants (id) where is_moving;
