create or replace function chatkeep.set_member_role(tenant_id uuid, user_id uuid, role text) returns setof chatkeep.memberships
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  stored chatkeep.memberships;
begin
  perform chatkeep_private.check_present('user_id', set_member_role.user_id is not null);
  perform chatkeep_private.check_role(set_member_role.role);
  perform chatkeep_private.check_managed(set_member_role.tenant_id);
  perform set_config('chatkeep.writing', 'on', true);
  update chatkeep.memberships m set role = set_member_role.role
  where m.user_id = set_member_role.user_id and m.tenant_id = set_member_role.tenant_id
  returning m.* into stored;
  if not found then
    perform chatkeep_private.refuse_member(set_member_role.tenant_id, set_member_role.user_id, 'Add the person with add_member.');
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next stored;
end
$$;
comment on function chatkeep.set_member_role(uuid, uuid, text) is
'Changes the role of a member and returns the membership.
Owners and admins may, and service_role. Only owners make owners or change their role, and the last owner stays one.
role: owner, admin or member.
Returns: one row.
Errors: 22023, 22004, 42501, PT404, PT409, PT503.';
revoke all on function chatkeep.set_member_role(uuid, uuid, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep.set_member_role(uuid, uuid, text) to authenticated, service_role;
