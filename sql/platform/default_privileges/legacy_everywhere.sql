-- The same in every schema: what a project has whose owner ran the statements of the guide to custom schemas without
-- a schema. Every object of ours is made with all rights for the API roles, which the migrations have to take back.
-- Run by a superuser, after the roles are there and before the migrations.

alter default privileges for role postgres
  grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role postgres
  grant all on routines to postgres, anon, authenticated, service_role;
alter default privileges for role postgres
  grant all on sequences to postgres, anon, authenticated, service_role;
alter default privileges for role supabase_admin
  grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role supabase_admin
  grant all on routines to postgres, anon, authenticated, service_role;
alter default privileges for role supabase_admin
  grant all on sequences to postgres, anon, authenticated, service_role;
