create or replace function chatkeep.summarise_chat(
  chat_id uuid,
  up_to_message_id uuid,
  content text,
  metadata jsonb default '{}',
  model text default null,
  token_count integer default null
) returns setof chatkeep.chat_summaries
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
  message record;
  stored_at timestamptz;
begin
  perform chatkeep_private.check_present('chat_id', summarise_chat.chat_id is not null);
  perform chatkeep_private.check_present('up_to_message_id', summarise_chat.up_to_message_id is not null);
  perform chatkeep_private.check_present('content', summarise_chat.content is not null);
  if summarise_chat.content = '' then
    perform chatkeep_private.refuse('22023', 'content must not be empty', 'Pass what a model is to read in place of the messages.');
  end if;
  perform chatkeep_private.check_content('content', summarise_chat.content);
  perform chatkeep_private.check_present('metadata', summarise_chat.metadata is not null);
  perform chatkeep_private.check_json('metadata', summarise_chat.metadata, 'object');
  perform chatkeep_private.check_length('model', summarise_chat.model, 200);
  perform chatkeep_private.check_token_count('token_count', summarise_chat.token_count);

  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(summarise_chat.chat_id);
  select m.id, m.seq, m.version into message from chatkeep.messages m
  where m.id = summarise_chat.up_to_message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id;
  if not found then
    perform chatkeep_private.refuse_message('up_to_message_id');
  end if;
  -- What a message will say at its end would be in no summary.
  if exists (
    with recursive path as (
      select m.id, m.parent_id, m.status from chatkeep.messages m
      where m.id = message.id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
      union all
      select n.id, n.parent_id, n.status
      from path p, lateral (
        select m.id, m.parent_id, m.status from chatkeep.messages m
        where m.id = p.parent_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
        limit 1
      ) n
    )
    select from path p where p.status = 'streaming'
  ) then
    perform chatkeep_private.refuse('PT409', 'up_to_message_id names a message that is streaming, or one after it',
      'Summarise up to an earlier message, or wait until finish_message or fail_stale_messages has ended it.');
  end if;
  stored_at := clock_timestamp();
  insert into chatkeep.chat_summaries as s (
    message_id, chat_id, tenant_id, user_id, created_at, updated_at, up_to_seq, message_version, content, model, token_count, metadata
  )
  select message.id, chat.id, chat.tenant_id, chat.user_id, stored_at, stored_at, message.seq, message.version,
    summarise_chat.content, summarise_chat.model, summarise_chat.token_count, summarise_chat.metadata
  -- The owner may have been disabled since the lock. The policy would end the call with an error of its own.
  where chat.tenant_id = (select chatkeep.tenant_id()) or chatkeep_private.serves(chat.tenant_id)
  on conflict on constraint chat_summaries_pkey do update
  set updated_at = greatest(excluded.updated_at, s.updated_at), message_version = excluded.message_version, content = excluded.content,
    model = excluded.model, token_count = excluded.token_count, metadata = excluded.metadata
  where (s.content::text, s.message_version) is distinct from (excluded.content::text, excluded.message_version);
  return query
    select s.* from chatkeep.chat_summaries s
    where s.chat_id = chat.id and s.message_id = message.id and s.tenant_id = chat.tenant_id;
  if not found then
    perform chatkeep_private.refuse_unwritten('chat_id names a chat that');
  end if;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.summarise_chat(uuid, uuid, text, jsonb, text, integer) is
'Stores what a model reads in place of the messages up to one, and returns the summary. list_messages gives it with from_summary.
The messages stay as they are. A message has one summary: the same content again writes nothing, and other content replaces it. Only the owner of the chat and service_role summarise. While a covered message is streaming, the call answers PT409.
up_to_message_id: The last message that the summary covers. All before it on its branch are covered too.
content: At most 1 MiB of UTF-8, not empty.
metadata: At most 256 KiB.
model: At most 200 characters.
token_count: Zero or more.
Returns: one row.
Errors: 22023, 22004, PT404, PT409, PT410, PT503.';
revoke all on function chatkeep.summarise_chat(uuid, uuid, text, jsonb, text, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep.summarise_chat(uuid, uuid, text, jsonb, text, integer) to authenticated, service_role;
