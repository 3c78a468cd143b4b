create or replace function chatkeep_private.refuse_outsider(person uuid) returns void
language plpgsql stable set search_path = ''
as $$
declare
  named constant uuid := chatkeep_private.named_tenant();
begin
  if named is not null and not exists (
    select from chatkeep.memberships m where m.user_id = person and m.tenant_id = named
  ) then
    perform chatkeep_private.refuse('PT404', 'the request names no tenant of this user',
      'Name another tenant in the header x-chatkeep-tenant or in the claim tenant_id, or none.');
  end if;
  perform chatkeep_private.refuse('42501', 'this user is disabled',
    'Ask an administrator to clear disabled_at in chatkeep.users or chatkeep.memberships.');
end
$$;
comment on function chatkeep_private.refuse_outsider(uuid) is
  'Refuses a person without an enabled membership in the tenant of the request.';
revoke all on function chatkeep_private.refuse_outsider(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_outsider(uuid) to authenticated, service_role;
