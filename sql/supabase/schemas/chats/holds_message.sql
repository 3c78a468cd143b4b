create or replace function chatkeep_private.holds_message(
  chat chatkeep.chats, message_id uuid, argument text, role text, content text, parts jsonb
) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  same boolean;
begin
  -- What a redacted message said is gone: a retry of it finds the row as it is.
  select m.redacted_at is not null
    or (m.role, m.parts) is not distinct from (holds_message.role, holds_message.parts)
      and (m.content = holds_message.content
        -- The parts hold the text, and a client chooses how it joins them.
        or m.parts is not null and replace(m.content, E'\n', '') = replace(holds_message.content, E'\n', ''))
  into same
  from chatkeep.messages m
  where m.id = holds_message.message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id;
  if same is false then
    perform chatkeep_private.refuse_other_content(argument);
  end if;
  return same is not null;
end
$$;
comment on function chatkeep_private.holds_message(chatkeep.chats, uuid, text, text, text, jsonb) is
  'Whether the chat has the message. Refuses a stored message with other content.';
revoke all on function chatkeep_private.holds_message(chatkeep.chats, uuid, text, text, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.holds_message(chatkeep.chats, uuid, text, text, text, jsonb) to authenticated, service_role;
