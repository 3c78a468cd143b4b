create or replace function chatkeep.rewind_chat(chat_id uuid, before_message_id uuid) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
  message record;
begin
  perform chatkeep_private.check_present('chat_id', rewind_chat.chat_id is not null);
  perform chatkeep_private.check_present('before_message_id', rewind_chat.before_message_id is not null);
  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(rewind_chat.chat_id);
  select m.parent_id, m.active into message from chatkeep.messages m
  where m.id = rewind_chat.before_message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id;
  if not found or (not message.active and message.parent_id is distinct from chat.active_leaf_id) then
    perform chatkeep_private.refuse('PT404', 'before_message_id names no message of the active path',
      'Pass the id of a message that list_messages shows.');
  end if;
  if message.active then
    if not chatkeep_private.activate_path(chat, coalesce(message.parent_id, '00000000-0000-0000-0000-000000000000')) then
      perform chatkeep_private.refuse_message('before_message_id');
    end if;
    if exists (
      select from chatkeep.messages m
      where m.id = rewind_chat.before_message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id and m.active
    ) then
      perform chatkeep_private.refuse_unwritten('before_message_id names a message that');
    end if;
    update chatkeep.chats c set active_leaf_id = message.parent_id
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
comment on function chatkeep.rewind_chat(uuid, uuid) is
'Makes the active path end before a message, and returns the chat. Before the first message the path is empty.
Nothing is deleted: select_branch brings the rest back. The same call again returns the chat as it is.
before_message_id: A message of the active path.
Returns: one row.
Errors: 22004, PT404, PT410, PT503.';
revoke all on function chatkeep.rewind_chat(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.rewind_chat(uuid, uuid) to authenticated, service_role;
