create or replace function chatkeep.get_chat(chat_id uuid) returns setof chatkeep.listed_chat
language plpgsql stable parallel unsafe set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
begin
  perform chatkeep_private.check_present('chat_id', get_chat.chat_id is not null);
  perform set_config('chatkeep.writing', 'off', true);
  chat := chatkeep_private.visible_chat(get_chat.chat_id, or_shared => true);
  if current_setting('chatkeep.writing') = 'off' then
    return query
      select l.* from chatkeep_private.listed_chats l where l.id = chat.id and l.tenant_id = chat.tenant_id;
  else
    -- The rest of the row is the owner's: pins, folders, marks, metadata.
    return query
      select c.id, c.tenant_id, c.user_id, c.title, null::text, '{}'::jsonb,
        null::integer, coalesce(m.seq, 0), m.id, null::timestamptz, case when s.up_to_seq is null then c.updated_at end,
        null::timestamptz, null::timestamptz, null::timestamptz, null::text, '{}'::text[], null::integer,
        left(m.content, 200), m.role::text, null::integer, true
      from chatkeep.chats c
      join chatkeep_private.opened_share s on s.chat_id = c.id and s.tenant_id = c.tenant_id
      left join lateral chatkeep.list_messages(c.id, page_size => 1) m on true
      where c.id = chat.id and c.tenant_id = chat.tenant_id;
  end if;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.get_chat(uuid) is
'Returns a chat of the caller as list_chats shows it, or what a chat that is shared with the caller shows.
Returns: one row.
Errors: 22004, PT404, PT409, PT410.';
revoke all on function chatkeep.get_chat(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.get_chat(uuid) to authenticated, service_role;
