create or replace function chatkeep_private.set_deleted(chat_id uuid, deleted boolean) returns chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
begin
  perform chatkeep_private.check_present('chat_id', set_deleted.chat_id is not null);
  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(set_deleted.chat_id, or_deleted => true);
  if chat.purged_at is not null then
    perform chatkeep_private.refuse('PT410', 'chat_id names a chat that is being purged', 'Start a new one.');
  end if;
  if (chat.deleted_at is not null) <> set_deleted.deleted then
    update chatkeep.chats c set deleted_at = case when set_deleted.deleted then clock_timestamp() end
    where c.id = chat.id and c.tenant_id = chat.tenant_id
    returning c.* into chat;
    if not found then
      perform chatkeep_private.refuse_unwritten('chat_id names a chat that');
    end if;
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return chat;
end
$$;
comment on function chatkeep_private.set_deleted(uuid, boolean) is
  'Deletes or restores a chat of the caller. A chat that is already in that state stays as it is.';
revoke all on function chatkeep_private.set_deleted(uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.set_deleted(uuid, boolean) to authenticated, service_role;
