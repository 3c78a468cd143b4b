create or replace function chatkeep_private.visible_chat(chat_id uuid, or_shared boolean default false) returns chatkeep.chats
language plpgsql stable set search_path = ''
as $$
declare
  chat chatkeep.chats;
begin
  for round in 1 .. 2 loop
    select c.id, c.tenant_id, c.user_id, c.deleted_at into chat.id, chat.tenant_id, chat.user_id, chat.deleted_at
    from chatkeep.chats c
    where c.id = visible_chat.chat_id
      and (c.user_id = (select chatkeep_private.reader()) or chatkeep_private.serves(c.tenant_id));
    exit when found;
    if round = 2 or not or_shared then
      perform chatkeep_private.refuse_chat(false, null);
    end if;
    perform chatkeep_private.open_chat(visible_chat.chat_id);
  end loop;
  perform chatkeep_private.refuse_ambiguous(chat);
  if chat.deleted_at is not null then
    perform chatkeep_private.refuse_chat(true, chat.deleted_at);
  end if;
  return chat;
end
$$;
comment on function chatkeep_private.visible_chat(uuid, boolean) is
  'The key and the owner of a chat of the caller, without a lock. With or_shared also of a chat that is shared with the caller.';
revoke all on function chatkeep_private.visible_chat(uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.visible_chat(uuid, boolean) to authenticated, service_role;
