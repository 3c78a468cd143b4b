-- What a member stored refers to the membership, so the row stays, disabled.
create or replace function chatkeep.remove_member(tenant_id uuid, user_id uuid) returns setof chatkeep.memberships
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  stored chatkeep.memberships;
begin
  perform chatkeep_private.check_present('user_id', remove_member.user_id is not null);
  perform chatkeep_private.check_managed(remove_member.tenant_id);
  perform set_config('chatkeep.writing', 'on', true);
  update chatkeep.memberships m set disabled_at = coalesce(m.disabled_at, clock_timestamp())
  where m.user_id = remove_member.user_id and m.tenant_id = remove_member.tenant_id
  returning m.* into stored;
  if not found then
    perform chatkeep_private.refuse_member(remove_member.tenant_id, remove_member.user_id, 'Check both ids.');
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next stored;
end
$$;
comment on function chatkeep.remove_member(uuid, uuid) is
'Ends a person''s access to a tenant at the next statement, and returns the membership.
What the person stored stays with the tenant. add_member gives the access back. The last owner cannot be removed.
Returns: one row.
Errors: 22004, 42501, PT404, PT409, PT503.';
revoke all on function chatkeep.remove_member(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.remove_member(uuid, uuid) to authenticated, service_role;
