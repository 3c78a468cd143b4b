-- Policies ask this for the person whose rows a request reads. As in tenant_id(), most requests name nobody.
create or replace function chatkeep_private.member() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  if current_setting('request.headers', true) like '%x-chatkeep-member%' then
    return chatkeep_private.named_member();
  end if;
  return chatkeep.uid();
end
$$;
comment on function chatkeep_private.member() is
  'The user whose rows the request reads: the caller, or the member whom an owner or admin of the tenant names in the header x-chatkeep-member.';
revoke all on function chatkeep_private.member() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.member() to authenticated, service_role;
