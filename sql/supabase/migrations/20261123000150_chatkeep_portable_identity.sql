-- Chatkeep, portable engine: who calls. The policies name these functions, so an engine replaces them in place.
-- Running this again is harmless.

-- Policies call this and not auth.uid() itself: parsing the claims for every policy of a statement made a tenth of an
-- append, and the native engine reads them without.
create or replace function chatkeep.uid() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return auth.uid();
end
$$;
comment on function chatkeep.uid() is 'The signed-in user: auth.uid(), as the policies ask for it.';
revoke all on function chatkeep.uid() from public, anon, authenticated, service_role;
grant execute on function chatkeep.uid() to authenticated, service_role;

-- PL/pgSQL keeps its plan over the statements of a backend; a SQL function here is planned anew in every one (before PG 18).
create or replace function chatkeep.tenant_id() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return (select u.tenant_id from chatkeep.users u where u.id = auth.uid() and u.disabled_at is null);
end
$$;
comment on function chatkeep.tenant_id() is 'The tenant of the signed-in user; NULL when nobody is signed in, before first use, and for a disabled user.';
revoke all on function chatkeep.tenant_id() from public, anon, authenticated, service_role;
grant execute on function chatkeep.tenant_id() to authenticated, service_role;

create or replace function chatkeep_private.is_service() returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return (select r.rolbypassrls or r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user);
end
$$;
comment on function chatkeep_private.is_service() is 'Whether the calling role is exempt from policies, as service_role is.';
revoke all on function chatkeep_private.is_service() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.is_service() to anon, authenticated, service_role;
