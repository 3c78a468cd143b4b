create table chatkeep.users (
  id uuid not null,
  tenant_id uuid not null,
  display_name text,
  metadata jsonb not null default '{}',
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint users_pkey primary key (id),
  constraint users_id_tenant_id_key unique (id, tenant_id),
  constraint users_id_fkey foreign key (id) references auth.users (id) on delete cascade,
  constraint users_display_name_length check (char_length(display_name) <= 500),
  constraint users_metadata_is_object check (jsonb_typeof(metadata) = 'object')
);
comment on table chatkeep.users is
  'The membership of a person in a tenant. First use makes it, with the person''s own id as tenant. service_role moves people between tenants, and their rows follow.';
comment on column chatkeep.users.id is 'auth.users.id.';
comment on column chatkeep.users.tenant_id is
  'The one tenant of this person. It is read from here and never from a claim, so that it can be revoked at once.';
comment on column chatkeep.users.disabled_at is
  'Set by service_role. A disabled person writes nothing and reads nothing but this row.';
create index users_tenant_id_idx on chatkeep.users (tenant_id);
