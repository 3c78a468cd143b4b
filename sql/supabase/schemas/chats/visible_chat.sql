create or replace function chatkeep_private.visible_chat(chat_id uuid) returns chatkeep.chats
language plpgsql stable set search_path = ''
as $$
declare
  chat chatkeep.chats;
begin
  select c.id, c.tenant_id, c.user_id, c.deleted_at into chat.id, chat.tenant_id, chat.user_id, chat.deleted_at
  from chatkeep.chats c
  where c.id = visible_chat.chat_id
    and (c.user_id = (select chatkeep.uid()) or chatkeep_private.serves(c.tenant_id));
  if not found then
    perform chatkeep_private.refuse_chat(false, null);
  end if;
  perform chatkeep_private.refuse_ambiguous(chat);
  if chat.deleted_at is not null then
    perform chatkeep_private.refuse_chat(true, chat.deleted_at);
  end if;
  return chat;
end
$$;
comment on function chatkeep_private.visible_chat(uuid) is
  'The key and the owner of a chat of the caller, without a lock.';
revoke all on function chatkeep_private.visible_chat(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.visible_chat(uuid) to authenticated, service_role;
