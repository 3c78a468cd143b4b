-- What is left of it in newer projects: the legacy grants, and then the revocation as the CLI writes it where
-- `[api] auto_expose_new_tables` is not set. Grants to PUBLIC, TRUNCATE, REFERENCES, TRIGGER and those of
-- supabase_admin stay.
-- Source: supabase/cli, packages/stack/src/services/postgres-init.ts.
-- Run by a superuser, after the roles are there and before the migrations.

\ir legacy.sql
alter default privileges for role postgres in schema public
  revoke select, insert, update, delete on tables from anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  revoke usage, select on sequences from anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  revoke execute on functions from anon, authenticated, service_role;
