-- A second run of this migration stops before it gets here. Outside of a transaction it would lock clients out
-- between these two statements.
revoke all on schema chatkeep, chatkeep_private from public, anon, authenticated, service_role;
grant usage on schema chatkeep, chatkeep_private to anon, authenticated, service_role;
