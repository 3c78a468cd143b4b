create or replace function chatkeep.restore_chat(chat_id uuid) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
begin
  return next chatkeep_private.set_deleted(restore_chat.chat_id, false);
end
$$;
comment on function chatkeep.restore_chat(uuid) is
'Restores a deleted chat as it was, unless purge_chats has begun to remove it.
Returns: one row.
Errors: 22004, PT404, PT410, PT503.';
revoke all on function chatkeep.restore_chat(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.restore_chat(uuid) to authenticated, service_role;
