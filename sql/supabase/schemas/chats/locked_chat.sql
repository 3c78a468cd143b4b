-- The lock orders all writers of the chat; what follows sees what they committed.
create or replace function chatkeep_private.locked_chat(chat_id uuid, or_deleted boolean default false) returns chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
declare
  chat chatkeep.chats;
begin
  -- Twice: a statement that has waited for the move of its own user looks for the chat where it was.
  for round in 1 .. 2 loop
    select c.* into chat from chatkeep.chats c
    where c.id = locked_chat.chat_id
      and (c.user_id = (select auth.uid()) or (select chatkeep_private.is_service()))
    for no key update;
    exit when found;
  end loop;
  if chat.id is null then
    perform chatkeep_private.refuse_chat(false, null);
  end if;
  perform chatkeep_private.refuse_ambiguous(chat);
  if chat.deleted_at is not null and not or_deleted then
    perform chatkeep_private.refuse_chat(true, chat.deleted_at);
  end if;
  return chat;
end
$$;
comment on function chatkeep_private.locked_chat(uuid, boolean) is 'The caller''s chat, locked until the transaction ends; deleted ones only where wanted.';
revoke all on function chatkeep_private.locked_chat(uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.locked_chat(uuid, boolean) to authenticated, service_role;
