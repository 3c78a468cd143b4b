create or replace function chatkeep.finish_message(
  chat_id uuid,
  message_id uuid,
  content text default null,
  parts jsonb default null,
  status text default 'complete',
  metadata jsonb default null,
  token_count integer default null,
  usage jsonb default null
) returns setof chatkeep.messages
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
begin
  perform chatkeep_private.check_present('chat_id', finish_message.chat_id is not null);
  perform chatkeep_private.check_present('message_id', finish_message.message_id is not null);
  perform chatkeep_private.check_content('content', finish_message.content);
  if finish_message.parts is not null then
    perform chatkeep_private.check_json('parts', finish_message.parts, 'array');
  end if;
  perform chatkeep_private.check_present('status', finish_message.status is not null);
  if finish_message.status not in ('complete', 'streaming', 'failed', 'stopped') then
    perform chatkeep_private.refuse('22023', 'status must be complete, streaming, failed or stopped',
      'Pass one of the four. streaming keeps what there is so far.');
  end if;
  if finish_message.metadata is not null then
    perform chatkeep_private.check_json('metadata', finish_message.metadata, 'object');
  end if;
  perform chatkeep_private.check_token_count('token_count', finish_message.token_count);
  perform chatkeep_private.check_usage('usage', finish_message.usage);

  perform set_config('chatkeep.writing', 'on', true);
  -- Two rounds: a statement that waited for the move of its own user still looks for the message in the old tenant.
  for round in 1 .. 2 loop
    chat := chatkeep_private.visible_chat(finish_message.chat_id, or_shared => true);
    if not row_security_active('chatkeep.chats'::regclass) then
      perform chatkeep_private.check_moving(chat.tenant_id);
    end if;
    -- Nearly every message is finished once and kept no progress.
    if finish_message.status = 'complete' then
      return query
        update chatkeep.messages m
        set content = coalesce(finish_message.content, m.content),
          parts = coalesce(finish_message.parts, m.parts),
          status = 'complete',
          metadata = coalesce(finish_message.metadata, m.metadata),
          token_count = coalesce(finish_message.token_count, m.token_count),
          usage = coalesce(finish_message.usage, m.usage),
          version = 2,
          updated_at = greatest(clock_timestamp(), m.updated_at)
        where m.id = finish_message.message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
          and m.status = 'streaming' and m.version = 1
        returning m.*;
      if found then
        perform set_config('chatkeep.writing', marker, true);
        return;
      end if;
    end if;
    if chatkeep_private.save_progress(chat.id, chat.tenant_id, finish_message.message_id, finish_message.content,
         finish_message.parts, finish_message.status, finish_message.metadata, finish_message.token_count, finish_message.usage) then
      return query
        select m.* from chatkeep.messages m
        where m.id = finish_message.message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id;
      perform set_config('chatkeep.writing', marker, true);
      return;
    end if;
  end loop;
  perform chatkeep_private.refuse_message('message_id');
end
$$;
comment on function chatkeep.finish_message(uuid, uuid, text, jsonb, text, jsonb, integer, jsonb) is
'Keeps the progress of a streaming message, or ends it as complete, failed or stopped.
NULL keeps the stored value. The same call again returns the row. A copy that says less than what is stored changes nothing, except that complete replaces what is streaming. complete and streaming lift a message that has failed. A complete message may grow, as by append_message.
content: At most 1 MiB of UTF-8.
parts: At most 256 KiB.
status: streaming keeps what there is so far, and is a sign of life for fail_stale_messages. stopped is for an answer that the user ended.
metadata: At most 256 KiB.
token_count: Zero or more.
usage: As for append_message.
Returns: one row.
Errors: 22023, 22004, PT404, PT409, PT410, PT503.';
revoke all on function chatkeep.finish_message(uuid, uuid, text, jsonb, text, jsonb, integer, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep.finish_message(uuid, uuid, text, jsonb, text, jsonb, integer, jsonb) to authenticated, service_role;
