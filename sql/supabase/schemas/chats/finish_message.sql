create or replace function chatkeep.finish_message(
  chat_id uuid,
  message_id uuid,
  content text default null,
  parts jsonb default null,
  status text default 'complete',
  metadata jsonb default null,
  token_count integer default null
) returns setof chatkeep.messages
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
  message chatkeep.messages;
begin
  perform chatkeep_private.check_present('chat_id', finish_message.chat_id is not null);
  perform chatkeep_private.check_present('message_id', finish_message.message_id is not null);
  perform chatkeep_private.check_content('content', finish_message.content);
  if finish_message.parts is not null then
    perform chatkeep_private.check_json('parts', finish_message.parts, 'array');
  end if;
  perform chatkeep_private.check_present('status', finish_message.status is not null);
  if finish_message.status not in ('complete', 'failed') then
    perform chatkeep_private.refuse('22023', 'status must be complete or failed',
      'A message is finished whole or given up.');
  end if;
  if finish_message.metadata is not null then
    perform chatkeep_private.check_json('metadata', finish_message.metadata, 'object');
  end if;
  perform chatkeep_private.check_token_count('token_count', finish_message.token_count);

  perform set_config('chatkeep.writing', 'on', true);
  -- Two rounds: a statement that waited for the move of its own user still looks for the message in the old tenant.
  for round in 1 .. 2 loop
    chat := chatkeep_private.visible_chat(finish_message.chat_id, or_shared => true);
    if not row_security_active('chatkeep.chats'::regclass) then
      perform chatkeep_private.check_moving(chat.tenant_id);
    end if;
    return query
      update chatkeep.messages m
      set content = coalesce(finish_message.content, m.content),
        parts = coalesce(finish_message.parts, m.parts),
        status = finish_message.status,
        metadata = coalesce(finish_message.metadata, m.metadata),
        token_count = coalesce(finish_message.token_count, m.token_count),
        updated_at = greatest(clock_timestamp(), m.updated_at)
      where m.id = finish_message.message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
        and m.status = 'streaming'
      returning m.*;
    if found then
      perform set_config('chatkeep.writing', marker, true);
      return;
    end if;
    select m.* into message from chatkeep.messages m
    where m.id = finish_message.message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id;
    exit when found;
  end loop;
  if message.id is null then
    perform chatkeep_private.refuse_message('message_id');
  elsif message.status = 'streaming' then
    perform chatkeep_private.refuse_unwritten('message_id names a message that');
  elsif message.status <> finish_message.status
      or message.content <> coalesce(finish_message.content, message.content)
      or message.parts is distinct from coalesce(finish_message.parts, message.parts)
      or message.metadata <> coalesce(finish_message.metadata, message.metadata)
      or message.token_count is distinct from coalesce(finish_message.token_count, message.token_count) then
    perform chatkeep_private.refuse('PT409', 'message_id names a message that is not streaming',
      'A message is finished once; append a new one instead.');
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next message;
end
$$;
comment on function chatkeep.finish_message(uuid, uuid, text, jsonb, text, jsonb, integer) is
'Ends a streaming message once, as complete or failed.
NULL keeps the stored value. The same call again returns the row.
content: At most 1 MiB of UTF-8.
parts: At most 256 KiB.
status: One of complete, failed.
metadata: At most 256 KiB.
token_count: Zero or more.
Returns: one row.
Errors: 22023, 22004, PT404, PT409, PT410, PT503.';
revoke all on function chatkeep.finish_message(uuid, uuid, text, jsonb, text, jsonb, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep.finish_message(uuid, uuid, text, jsonb, text, jsonb, integer) to authenticated, service_role;
