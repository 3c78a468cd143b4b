create or replace function chatkeep_private.deleted_chats() returns uuid[]
language plpgsql stable parallel unsafe set search_path = ''
as $$
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  deleted uuid[];
begin
  -- In a call that opens a shared chat, NULL makes the policies ask for this chat.
  if marker like '% %' then
    return null;
  end if;
  -- Inside a call nothing is hidden. This answers inside a call too, because PostgreSQL evaluates every subquery of a
  -- statement when it checks a row again that another transaction has changed.
  if marker <> '' then
    return '{}'::uuid[];
  end if;
  -- The marker makes the policy of chats show deleted chats. A parallel plan cannot set it.
  perform set_config('chatkeep.writing', 'off', true);
  deleted := array(select c.id from chatkeep.chats c where c.user_id = chatkeep_private.reader() and c.deleted_at is not null);
  perform set_config('chatkeep.writing', marker, true);
  return deleted;
end
$$;
comment on function chatkeep_private.deleted_chats() is
  'The deleted chats of the user whose rows the request reads. Their messages are invisible. NULL in a call that opens a shared chat.';
revoke all on function chatkeep_private.deleted_chats() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.deleted_chats() to authenticated, service_role;
