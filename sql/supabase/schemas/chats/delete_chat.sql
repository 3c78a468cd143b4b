create or replace function chatkeep.delete_chat(chat_id uuid) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
begin
  return next chatkeep_private.set_deleted(delete_chat.chat_id, true);
end
$$;
comment on function chatkeep.delete_chat(uuid) is
'Deletes a chat of the caller until restore_chat.
Its messages are not listed, found or appended to meanwhile.
Returns: one row.
Errors: 22004, PT404, PT410, PT503.';
revoke all on function chatkeep.delete_chat(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.delete_chat(uuid) to authenticated, service_role;
