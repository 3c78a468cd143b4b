create or replace function chatkeep_private.is_service() returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return (select r.rolbypassrls or r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user);
end
$$;
comment on function chatkeep_private.is_service() is 'Whether the calling role bypasses RLS, as service_role does.';
revoke all on function chatkeep_private.is_service() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.is_service() to anon, authenticated, service_role;
