-- Refuses a database that cannot hold Chatkeep before anything is made.
do $$
declare
  api_role text;
begin
  -- JSON text is Unicode, and the native engine reads text as UTF-8.
  if getdatabaseencoding() <> 'UTF8' then
    raise sqlstate '0A000' using
      message = format('the encoding of database %s is %s, and Chatkeep needs UTF8', current_database(), getdatabaseencoding()),
      hint = 'Make a database with: create database ... encoding ''UTF8'' template template0';
  end if;
  -- The guards of sessions read auth.jwt(). Some gateways create the schema auth without this grant.
  foreach api_role in array array['anon', 'authenticated', 'service_role'] loop
    if has_schema_privilege(api_role, 'auth', 'usage') then
      continue;
    end if;
    begin
      execute format('grant usage on schema auth to %I', api_role);
    exception when insufficient_privilege then
      null;
    end;
    -- PostgreSQL only warns a role that may not grant it.
    if not has_schema_privilege(api_role, 'auth', 'usage') then
      raise sqlstate '42501' using
        message = format('role %s has no usage on schema auth, and %s cannot grant it', api_role, current_user),
        hint = 'As the owner of schema auth: grant usage on schema auth to anon, authenticated, service_role; then apply the migrations again.';
    end if;
  end loop;
end
$$;

create schema if not exists chatkeep;
comment on schema chatkeep is 'The conversation store, exposed through the Data API.';

create schema if not exists chatkeep_private;
comment on schema chatkeep_private is 'Internals of the conversation store, not exposed.';
