-- The planner cannot see which user is asking and assumes an average one. In a database with few users it would scan
-- documents_created_at_idx from the newest entry and, for a user with few documents, read the documents of all other
-- tenants on the way. This operator has the selectivity of containment, so the planner expects few rows and collects
-- the rows of the user and of the tenant. No index supports the operator, so an index that merely contains the tenant
-- is not scanned from end to end.
create operator chatkeep_private.=== (
  leftarg = uuid, rightarg = uuid, function = pg_catalog.uuid_eq, restrict = pg_catalog.contsel
);
comment on operator chatkeep_private.=== (uuid, uuid) is 'Equality that the planner estimates to match few rows.';
