-- If the clock is behind the chat's last message, the time of that message plus one microsecond is used. After
-- infinity there is no time.
create or replace function chatkeep_private.next_time(chat chatkeep.chats) returns timestamptz
language plpgsql volatile set search_path = ''
as $$
begin
  if chat.updated_at = 'infinity' then
    raise datetime_field_overflow using message = 'timestamp out of range';
  end if;
  return greatest(clock_timestamp(), chat.updated_at + interval '1 microsecond');
end
$$;
comment on function chatkeep_private.next_time(chatkeep.chats) is 'The created_at of the next message of a chat.';
revoke all on function chatkeep_private.next_time(chatkeep.chats) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.next_time(chatkeep.chats) to authenticated, service_role;
