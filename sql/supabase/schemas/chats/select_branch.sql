create or replace function chatkeep.select_branch(
  chat_id uuid,
  leaf_id uuid
) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
begin
  perform chatkeep_private.check_present('chat_id', select_branch.chat_id is not null);
  perform chatkeep_private.check_present('leaf_id', select_branch.leaf_id is not null);

  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(select_branch.chat_id);
  if select_branch.leaf_id is distinct from chat.active_leaf_id then
    if select_branch.leaf_id = '00000000-0000-0000-0000-000000000000'
       or not chatkeep_private.activate_path(chat, select_branch.leaf_id) then
      perform chatkeep_private.refuse_message('leaf_id');
    end if;
    update chatkeep.chats c set active_leaf_id = select_branch.leaf_id
    where c.id = chat.id and c.tenant_id = chat.tenant_id
    returning c.* into chat;
    if not found then
      perform chatkeep_private.refuse_unwritten('chat_id names a chat that');
    end if;
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next chat;
end
$$;
comment on function chatkeep.select_branch(uuid, uuid) is
'Makes the path that ends at a message the active one and returns the chat.
leaf_id: The message at which the path ends.
Returns: one row.
Errors: 22004, PT404, PT410, PT503.';
revoke all on function chatkeep.select_branch(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.select_branch(uuid, uuid) to authenticated, service_role;
