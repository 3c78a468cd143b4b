-- documents. To the planner, who asks is a user of average size. Where users are few, it takes that one's newest documents
-- for a stretch of documents_created_at_idx, and goes through those of all tenants when the user has hardly any. An operator
-- with the selectivity of containment says that few rows pass, so the rows are gathered by user and by tenant; and since no
-- index answers it, none that only holds the tenant somewhere is read from end to end.
create operator chatkeep_private.=== (
  leftarg = uuid, rightarg = uuid, function = pg_catalog.uuid_eq, restrict = pg_catalog.contsel
);
comment on operator chatkeep_private.=== (uuid, uuid) is 'Equality that the planner takes for rare.';
