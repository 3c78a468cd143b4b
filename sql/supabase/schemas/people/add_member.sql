create or replace function chatkeep.add_member(
  tenant_id uuid,
  user_id uuid,
  role text default 'member'
) returns setof chatkeep.memberships
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  is_service constant boolean := chatkeep_private.is_service();
  stored chatkeep.memberships;
begin
  perform chatkeep_private.check_present('user_id', add_member.user_id is not null);
  perform chatkeep_private.check_role(add_member.role);
  perform chatkeep_private.check_managed(add_member.tenant_id);
  perform set_config('chatkeep.writing', 'on', true);
  begin
    if is_service then
      insert into chatkeep.users (id)
      select add_member.user_id where not exists (select from chatkeep.users u where u.id = add_member.user_id)
      on conflict do nothing;
    end if;
    insert into chatkeep.memberships as m (user_id, tenant_id, role, is_home)
    values (add_member.user_id, add_member.tenant_id, add_member.role,
      is_service and not exists (select from chatkeep.memberships h where h.user_id = add_member.user_id and h.is_home))
    on conflict (user_id, tenant_id) do update set role = excluded.role, disabled_at = null
    where m.role <> excluded.role or m.disabled_at is not null
    returning m.* into stored;
  exception
    when foreign_key_violation or check_violation then
      -- The tenant may have begun to move since it was checked: its key then has another is_moving.
      perform chatkeep_private.check_moving(add_member.tenant_id);
      perform chatkeep_private.refuse('PT404', 'user_id names no user', 'Pass the id of a person who has signed in.');
  end;
  if stored.user_id is null then
    select m.* into stored from chatkeep.memberships m
    where m.user_id = add_member.user_id and m.tenant_id = add_member.tenant_id;
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next stored;
end
$$;
comment on function chatkeep.add_member(uuid, uuid, text) is
'Makes a person a member of a tenant, or enables the membership again, and returns it.
Owners and admins add to their tenant, service_role to any; a tenant begins with its first member. The same call again writes nothing.
user_id: A person who has signed in. service_role may name one who has not.
role: owner, admin or member. Only owners make owners.
Returns: one row.
Errors: 22023, 22004, 42501, PT404, PT409, PT503.';
revoke all on function chatkeep.add_member(uuid, uuid, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep.add_member(uuid, uuid, text) to authenticated, service_role;
