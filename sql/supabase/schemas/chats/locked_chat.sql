-- The lock orders all writers of the chat. The statements after it see what the others committed.
create or replace function chatkeep_private.locked_chat(
  chat_id uuid, or_deleted boolean default false, or_shared boolean default false, of_user uuid default null, of_tenant uuid default null
) returns chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
declare
  chat chatkeep.chats;
begin
  -- A second round, because a statement that waited for the move of its own user still looks for the chat in the old
  -- tenant. A third one for a chat that is shared with the caller.
  for round in 1 .. 3 loop
    select c.* into chat from chatkeep.chats c
    where c.id = locked_chat.chat_id
      and (c.user_id = (select chatkeep_private.writer()) or chatkeep_private.serves(c.tenant_id))
      and (of_user is null or (c.user_id, c.tenant_id) = (of_user, of_tenant))
    for no key update;
    exit when found;
    if round = 2 and or_shared then
      perform chatkeep_private.open_chat(locked_chat.chat_id);
    elsif round > 1 then
      perform chatkeep_private.refuse_chat(false, null);
    end if;
  end loop;
  -- For everybody else the policy has asked tenant_id().
  if not row_security_active('chatkeep.chats'::regclass) then
    if of_user is null then
      perform chatkeep_private.refuse_ambiguous(chat);
    end if;
    perform chatkeep_private.check_moving(chat.tenant_id);
  end if;
  if chat.deleted_at is not null and not or_deleted then
    perform chatkeep_private.refuse_chat(true, chat.deleted_at);
  end if;
  return chat;
end
$$;
comment on function chatkeep_private.locked_chat(uuid, boolean, boolean, uuid, uuid) is
  'A chat of the caller, locked until the transaction ends. A deleted one only with or_deleted. With or_shared also one that is shared with the caller. With of_user and of_tenant, a chat of this person alone.';
revoke all on function chatkeep_private.locked_chat(uuid, boolean, boolean, uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.locked_chat(uuid, boolean, boolean, uuid, uuid) to authenticated, service_role;
