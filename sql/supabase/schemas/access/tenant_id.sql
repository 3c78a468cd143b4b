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
