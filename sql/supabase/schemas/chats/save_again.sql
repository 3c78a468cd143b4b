create or replace function chatkeep_private.save_again(
  chat chatkeep.chats, message_id uuid, argument text, role text, content text, parts jsonb, metadata jsonb, status text,
  token_count integer, usage jsonb
) returns text
language plpgsql volatile set search_path = ''
as $$
declare
  stored chatkeep.messages;
  verdict text;
begin
  select m.* into stored from chatkeep.messages m
  where m.id = save_again.message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id;
  if not found then
    return null;
  end if;
  -- What a redacted message said is gone: a retry of it finds the row as it is.
  if stored.redacted_at is not null
     or (stored.role, stored.content, stored.parts) is not distinct from (save_again.role, save_again.content, save_again.parts) then
    return 'stored';
  end if;
  verdict := case when stored.role = save_again.role
    then chatkeep_private.growth(stored.content, stored.parts, save_again.content, save_again.parts) else 'conflict' end;
  if verdict = 'conflict' then
    perform chatkeep_private.refuse_other_content(argument);
  elsif verdict <> 'grown' then
    return 'stored';
  end if;
  perform chatkeep_private.grow_message(chat.id, chat.tenant_id, stored.id, save_again.argument, save_again.content, save_again.parts,
    save_again.metadata, save_again.status, save_again.token_count, save_again.usage);
  return 'grown';
end
$$;
comment on function chatkeep_private.save_again(chatkeep.chats, uuid, text, text, text, jsonb, jsonb, text, integer, jsonb) is
  'What became of a message that the chat has: stored or grown; NULL if it has none. Refuses other content.';
revoke all on function chatkeep_private.save_again(chatkeep.chats, uuid, text, text, text, jsonb, jsonb, text, integer, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.save_again(chatkeep.chats, uuid, text, text, text, jsonb, jsonb, text, integer, jsonb) to authenticated, service_role;
