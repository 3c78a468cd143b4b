create table chatkeep.memberships (
  user_id uuid not null,
  tenant_id uuid not null,
  role text not null default 'member',
  is_home boolean not null default false,
  created_at timestamptz not null default now(),
  disabled_at timestamptz,
  user_is_disabled boolean not null default false,
  tenant_is_moving boolean not null default false,
  is_enabled boolean not null generated always as (disabled_at is null and not user_is_disabled) stored,
  constraint memberships_pkey primary key (user_id, tenant_id),
  -- For the foreign key of sessions, which keeps their copy of tenant_is_moving up to date.
  constraint memberships_tenant_is_moving_key unique (user_id, tenant_id, tenant_is_moving),
  -- Calls lock a membership, and a call that has waited for the lock reads this row again, and no other. So the row has to
  -- say whether its user is disabled, and whether its tenant is being moved.
  constraint memberships_user_id_fkey foreign key (user_id, user_is_disabled)
    references chatkeep.users (id, is_disabled) on update cascade on delete cascade,
  constraint memberships_tenant_id_fkey foreign key (tenant_id, tenant_is_moving)
    references chatkeep.tenants (id, is_moving) on update cascade,
  constraint memberships_role_known check (role in ('owner', 'admin', 'member'))
);
comment on table chatkeep.memberships is
  'Which people belong to which tenants. A person may belong to many. Everything that a person stores refers to one membership.';
comment on column chatkeep.memberships.role is 'One of owner, admin, member. Owners and admins manage the memberships of their tenant.';
comment on column chatkeep.memberships.is_home is 'Whether this tenant counts when a request names none. One of a person''s memberships at most.';
comment on column chatkeep.memberships.disabled_at is
  'Set by remove_member: the person reads and writes nothing in this tenant from the next statement on.';
comment on column chatkeep.memberships.user_is_disabled is 'Whether users.disabled_at is set. The foreign key keeps it up to date.';
comment on column chatkeep.memberships.tenant_is_moving is 'Whether tenants.moving_to is set. The foreign key keeps it up to date.';
comment on column chatkeep.memberships.is_enabled is 'Whether the person may act in this tenant.';
create unique index memberships_home_key on chatkeep.memberships (user_id) where is_home;

-- With both columns each index finds one row by user and tenant. An index of the tenant alone would meet other people's
-- rows, and their policy asks managed_tenant(), which asks this table.
create index memberships_tenant_id_user_id_idx on chatkeep.memberships (tenant_id, user_id);
