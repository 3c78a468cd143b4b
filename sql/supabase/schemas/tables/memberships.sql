create table chatkeep.memberships (
  user_id uuid not null,
  tenant_id uuid not null,
  role text not null default 'member',
  is_home boolean not null default false,
  created_at timestamptz not null default now(),
  disabled_at timestamptz,
  constraint memberships_pkey primary key (user_id, tenant_id),
  constraint memberships_user_id_fkey foreign key (user_id) references chatkeep.users (id) on delete cascade,
  constraint memberships_tenant_id_fkey foreign key (tenant_id) references chatkeep.tenants (id),
  constraint memberships_role_known check (role in ('owner', 'admin', 'member'))
);
comment on table chatkeep.memberships is
  'Which people belong to which tenants. A person may belong to many. Everything that a person stores refers to one membership.';
comment on column chatkeep.memberships.role is 'One of owner, admin, member. Owners and admins manage the memberships of their tenant.';
comment on column chatkeep.memberships.is_home is 'Whether this tenant counts when a request names none. One of a person''s memberships at most.';
comment on column chatkeep.memberships.disabled_at is
  'Set: the person reads and writes nothing in this tenant from the next statement on.';
create unique index memberships_home_key on chatkeep.memberships (user_id) where is_home;

-- With both columns each index finds one row by user and tenant. An index of the tenant alone would meet other people's
-- rows, and their policy asks managed_tenant(), which asks this table.
create index memberships_tenant_id_user_id_idx on chatkeep.memberships (tenant_id, user_id);
