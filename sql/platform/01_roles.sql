-- What Supabase has and plain Postgres lacks: its roles.
-- Source: supabase/postgres, migrations/db/init-scripts/00000000000000-initial-schema.sql, and its role tests.
-- Run by a superuser. Running it again changes nothing.

do $$
declare
  wanted constant text[][] := array[
    ['anon', 'nologin inherit'],
    ['authenticated', 'nologin inherit'],
    ['service_role', 'nologin inherit bypassrls'],
    ['authenticator', 'login noinherit'],
    -- The owner of a project's objects: not a superuser, exempt from policies.
    ['postgres', 'login createdb createrole bypassrls']
  ];
  role text[];
begin
  foreach role slice 1 in array wanted loop
    if not exists (select from pg_catalog.pg_roles where rolname = role[1]) then
      execute format('create role %I %s', role[1], role[2]);
    end if;
  end loop;
end
$$;

-- Granted once; a second time would be a notice for each.
set client_min_messages = warning;
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role, authenticator to postgres;

alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role postgres set search_path = "$user", public, extensions;

do $$
begin
  execute format('grant create, connect, temporary on database %I to postgres', current_database());
end
$$;
grant usage, create on schema public to postgres;
grant usage on schema public to anon, authenticated, service_role;
