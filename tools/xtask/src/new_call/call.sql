create or replace function chatkeep.NAME(chat_id uuid) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
begin
  perform chatkeep_private.check_present('chat_id', NAME.chat_id is not null);
  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(NAME.chat_id);
  perform set_config('chatkeep.writing', marker, true);
  return next chat;
end
$$;
comment on function chatkeep.NAME(uuid) is
'Does something with a chat of the caller and returns it.
chat_id: A chat that is not deleted.
Returns: one row.
Errors: 22004, PT404, PT410.';
revoke all on function chatkeep.NAME(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.NAME(uuid) to authenticated, service_role;
