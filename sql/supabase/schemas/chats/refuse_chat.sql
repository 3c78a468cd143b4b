-- Not immutable: the planner would call an immutable function with constant arguments, and a statement would be
-- refused when it is planned. The other functions that refuse are stable or volatile for the same reason.
create or replace function chatkeep_private.refuse_chat(exists_here boolean, deleted_at timestamptz) returns void
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  if not exists_here then
    perform chatkeep_private.refuse('PT404', 'chat_id names no chat of yours',
      'Make the chat with create_chat, or check the id.');
  elsif deleted_at is not null then
    perform chatkeep_private.refuse('PT410', 'chat_id names a deleted chat',
      'Restore it with restore_chat, or start a new one.');
  end if;
end
$$;
comment on function chatkeep_private.refuse_chat(boolean, timestamptz) is
  'Refuses a chat that does not exist or is deleted.';
revoke all on function chatkeep_private.refuse_chat(boolean, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_chat(boolean, timestamptz) to authenticated, service_role;
