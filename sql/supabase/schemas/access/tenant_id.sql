-- PL/pgSQL keeps its plan for the life of a backend. Before PostgreSQL 18 a SQL function is planned again in every
-- statement.
create or replace function chatkeep.tenant_id() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return (select u.tenant_id from chatkeep.users u where u.id = chatkeep.uid() and u.disabled_at is null);
end
$$;
comment on function chatkeep.tenant_id() is
  'The tenant of the signed-in user. NULL without a user, before first use, and for a disabled user.';
revoke all on function chatkeep.tenant_id() from public, anon, authenticated, service_role;
grant execute on function chatkeep.tenant_id() to authenticated, service_role;
