create or replace function chatkeep_private.check_reply(chat chatkeep.chats, argument text, reply_to uuid) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if not exists (
    select from chatkeep.messages m
    where m.id = check_reply.reply_to and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
  ) then
    perform chatkeep_private.refuse_message(argument);
  end if;
end
$$;
comment on function chatkeep_private.check_reply(chatkeep.chats, text, uuid) is
  'Refuses an answer to a message that the chat does not have.';
revoke all on function chatkeep_private.check_reply(chatkeep.chats, text, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_reply(chatkeep.chats, text, uuid) to authenticated, service_role;
