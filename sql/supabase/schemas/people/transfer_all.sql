create or replace function chatkeep.transfer_all(from_user_id uuid, to_user_id uuid) returns setof chatkeep.transfer_counts
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  named constant uuid := chatkeep_private.named_tenant();
  tenant uuid;
begin
  perform chatkeep_private.check_present('from_user_id', transfer_all.from_user_id is not null);
  perform chatkeep_private.check_present('to_user_id', transfer_all.to_user_id is not null);
  if transfer_all.from_user_id = transfer_all.to_user_id then
    perform chatkeep_private.refuse('22023', 'to_user_id is from_user_id', 'Pass another member of the tenant.');
  end if;
  select m.tenant_id into tenant from chatkeep.memberships m
  where m.user_id = transfer_all.from_user_id
    and (case when named is null then m.is_home else m.tenant_id = named end);
  if not found then
    perform chatkeep_private.refuse('PT404', 'from_user_id names no user',
      'Pass the id of a member of the tenant that the request names, or of a user''s home.');
  end if;
  perform chatkeep_private.lock_people(tenant, transfer_all.from_user_id, transfer_all.to_user_id);
  return next chatkeep_private.hand_over(tenant, transfer_all.from_user_id, transfer_all.to_user_id, null, null);
end
$$;
comment on function chatkeep.transfer_all(uuid, uuid) is
'Gives all chats and documents of a user who leaves to another member of the tenant, in one transaction, and returns how many.
Deleted chats and documents go too. Sessions stay. What transfer_chat and transfer_document say is true of each chat and document. For service_role.
from_user_id: Who leaves. A disabled user too.
to_user_id: A member of the same tenant.
Returns: one row.
Errors: 22004, 22023, 42501, PT404, PT409, PT503.';
revoke all on function chatkeep.transfer_all(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.transfer_all(uuid, uuid) to service_role;
