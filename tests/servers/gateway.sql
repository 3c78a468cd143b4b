-- What the gateway of tests and demo needs in the database: GoTrue's role, and the columns that its
-- auth.users has beyond the platform's. On Supabase both exist already. Run by a superuser, before the
-- gateway starts; running it again changes nothing.
-- Source of the columns: getAuthSchemaSql() of npm @supabase/lite 0.10.0, which makes the other tables itself.

do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'supabase_auth_admin') then
    create role supabase_auth_admin login noinherit;
  end if;
end
$$;
alter role supabase_auth_admin set search_path = auth;

-- As on Supabase, this role owns the schema: it adds tables there and nowhere else.
alter schema auth owner to supabase_auth_admin;
alter table auth.users owner to supabase_auth_admin;

alter table auth.users
  add column if not exists email_confirmed_at timestamptz,
  add column if not exists phone_confirmed_at timestamptz,
  add column if not exists confirmed_at timestamptz generated always as (
    case
      when email_confirmed_at is null then phone_confirmed_at
      when phone_confirmed_at is null then email_confirmed_at
      when email_confirmed_at < phone_confirmed_at then email_confirmed_at
      else phone_confirmed_at
    end
  ) stored,
  add column if not exists invited_at timestamptz,
  add column if not exists confirmation_token varchar(255),
  add column if not exists confirmation_sent_at timestamptz,
  add column if not exists recovery_token varchar(255),
  add column if not exists recovery_sent_at timestamptz,
  add column if not exists email_change varchar(255),
  add column if not exists email_change_token_new varchar(255),
  add column if not exists email_change_token_current varchar(255),
  add column if not exists email_change_sent_at timestamptz,
  add column if not exists email_change_confirm_status smallint default 0
    check (email_change_confirm_status between 0 and 2),
  add column if not exists phone_change text,
  add column if not exists phone_change_token varchar(255),
  add column if not exists phone_change_sent_at timestamptz,
  add column if not exists reauthentication_token varchar(255),
  add column if not exists reauthentication_sent_at timestamptz,
  add column if not exists banned_until timestamptz,
  add column if not exists deleted_at timestamptz,
  add column if not exists is_sso_user boolean not null default false;
