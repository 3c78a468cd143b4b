-- As in tenant_id(), a sequential scan would meet other people's rows, and their policy would ask this table again.
create or replace function chatkeep_private.named_member() returns uuid
language plpgsql stable parallel safe set search_path = '' set enable_seqscan = off
as $$
declare
  caller constant uuid := chatkeep.uid();
  named constant uuid := coalesce(chatkeep_private.header_uuid('x-chatkeep-member'), caller);
  readable uuid;
begin
  if named = caller then
    return caller;
  end if;
  select m.user_id into readable from chatkeep.memberships m join chatkeep.tenants t on t.id = m.tenant_id
  where m.user_id = named and m.tenant_id = chatkeep_private.managed_tenant() and t.settings -> 'admin_reads' = 'true';
  if found and current_setting('chatkeep.writing', true) like 'on%' then
    perform chatkeep_private.refuse('42501', 'the header x-chatkeep-member is for reading only', 'Send the request without it.');
  end if;
  if not found then
    perform chatkeep_private.refuse('42501', 'the header x-chatkeep-member names nobody whose rows you may read',
      'Owners and admins read what members store where service_role has set admin_reads to true in the settings of the tenant.');
  end if;
  return readable;
end
$$;
comment on function chatkeep_private.named_member() is
  'The member whom the request names in the header x-chatkeep-member, if the caller may read this member''s rows. Refuses anybody else.';
revoke all on function chatkeep_private.named_member() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.named_member() to authenticated, service_role;
