-- What Supabase has and plain Postgres lacks: schema auth, with users and the readers of the request's claims.
-- Source: supabase/auth, migrations/20220224000811_update_auth_functions.up.sql and 20220531120530_add_auth_jwt_function.up.sql.
-- Only what is missing is added, so that a gateway which brings its own auth tables keeps them.

create schema if not exists auth;
grant usage on schema auth to anon, authenticated, service_role, postgres;

create schema if not exists extensions;
grant usage on schema extensions to anon, authenticated, service_role, postgres;
grant create on schema extensions to postgres;

create table if not exists auth.users (
  id uuid primary key,
  aud character varying(255),
  role character varying(255),
  email character varying(255),
  encrypted_password character varying(255),
  phone text,
  raw_app_meta_data jsonb,
  raw_user_meta_data jsonb,
  is_anonymous boolean,
  last_sign_in_at timestamptz,
  created_at timestamptz,
  updated_at timestamptz
);
-- As on Supabase, the owner of a project may read and write users, and refer to them by foreign key.
grant select, insert, update, delete, references on auth.users to postgres;

-- Supabase's own text, kept word for word: callable by the API roles, no definer, no settings.
do $$
begin
  if to_regprocedure('auth.uid()') is null then
    create function auth.uid() returns uuid language sql stable as $f$
      select coalesce(
        nullif(current_setting('request.jwt.claim.sub', true), ''),
        (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')
      )::uuid
    $f$;
  end if;
  if to_regprocedure('auth.role()') is null then
    create function auth.role() returns text language sql stable as $f$
      select coalesce(
        nullif(current_setting('request.jwt.claim.role', true), ''),
        (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role')
      )::text
    $f$;
  end if;
  if to_regprocedure('auth.jwt()') is null then
    create function auth.jwt() returns jsonb language sql stable as $f$
      select coalesce(
        nullif(current_setting('request.jwt.claim', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')
      )::jsonb
    $f$;
  end if;
end
$$;

-- pgcrypto where the server was built with OpenSSL, as on Supabase. Chatkeep itself does not use it.
do $$
begin
  if exists (select from pg_catalog.pg_available_extensions where name = 'pgcrypto') then
    create extension if not exists pgcrypto with schema extensions;
  end if;
end
$$;
