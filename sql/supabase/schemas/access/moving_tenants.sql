create or replace function chatkeep_private.moving_tenants() returns uuid[]
language plpgsql stable set search_path = ''
as $$
begin
  return array(select t.id from chatkeep.tenants t where t.is_moving);
end
$$;
comment on function chatkeep_private.moving_tenants() is
  'The tenants that are being moved. Maintenance leaves their rows alone.';
revoke all on function chatkeep_private.moving_tenants() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.moving_tenants() to authenticated, service_role;
