-- Not immutable, as in refuse_chat. It never returns; its type lets an expression have it where a tenant belongs.
create or replace function chatkeep_private.refuse_moving() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.refuse('PT503', 'the tenant is being moved', 'Nothing was stored. Try again later: reads go on.');
  return null;
end
$$;
comment on function chatkeep_private.refuse_moving() is
  'Refuses a write of a tenant while tenants.moving_to is set.';
revoke all on function chatkeep_private.refuse_moving() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_moving() to anon, authenticated, service_role;
