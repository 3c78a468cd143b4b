create or replace function chatkeep_private.stored_copy(new_chat_id uuid, tenant_id uuid, user_id uuid, chat_id uuid)
returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  stored chatkeep.chats;
begin
  select c.* into stored from chatkeep.chats c
  where c.id = stored_copy.new_chat_id and c.tenant_id = stored_copy.tenant_id and c.user_id = stored_copy.user_id;
  if not found then
    return;
  elsif stored.deleted_at is not null then
    perform chatkeep_private.refuse('PT410', 'new_chat_id names a deleted chat', 'Restore it with restore_chat, or make a new UUID.');
  elsif stored.metadata #>> '{copied_from,chat_id}' is distinct from stored_copy.chat_id::text then
    perform chatkeep_private.refuse('PT409', 'new_chat_id is taken', 'Leave new_chat_id out, or make a new UUID.');
  end if;
  return next stored;
end
$$;
comment on function chatkeep_private.stored_copy(uuid, uuid, uuid, uuid) is
  'The copy of a chat that an earlier call has made under this id. Refuses any other chat of the person that has the id.';
revoke all on function chatkeep_private.stored_copy(uuid, uuid, uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.stored_copy(uuid, uuid, uuid, uuid) to authenticated, service_role;
