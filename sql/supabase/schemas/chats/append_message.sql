create or replace function chatkeep.append_message(
  chat_id uuid,
  role text,
  content text,
  message_id uuid default null,
  parts jsonb default null,
  metadata jsonb default '{}',
  parent_id uuid default null,
  status text default 'complete',
  model text default null,
  token_count integer default null,
  expected_leaf uuid default null,
  reply_to uuid default null,
  usage jsonb default null
) returns setof chatkeep.messages
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
  wanted uuid := coalesce(append_message.message_id, chatkeep_private.uuid_v7());
  written_at timestamptz;
begin
  perform chatkeep_private.check_present('chat_id', append_message.chat_id is not null);
  perform chatkeep_private.check_message('', append_message.role, append_message.content, append_message.parts,
    append_message.metadata, append_message.status, append_message.model, append_message.token_count, append_message.usage);

  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(append_message.chat_id, or_shared => true);
  if append_message.message_id is not null and chatkeep_private.save_again(chat, append_message.message_id, 'message_id',
       append_message.role, append_message.content, append_message.parts, append_message.metadata, append_message.status,
       append_message.token_count, append_message.usage) is not null then
    return query
      select m.* from chatkeep.messages m
      where m.id = append_message.message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id;
    perform set_config('chatkeep.writing', marker, true);
    return;
  end if;
  if append_message.expected_leaf is not null then
    perform chatkeep_private.check_leaf(chat, append_message.expected_leaf);
  end if;
  if append_message.reply_to is not null then
    perform chatkeep_private.check_reply(chat, 'reply_to', append_message.reply_to);
  end if;
  if append_message.parent_id is not null and append_message.parent_id is distinct from chat.active_leaf_id
     and not (append_message.role = 'tool' and chatkeep_private.only_results_follow(chat.id, chat.tenant_id, append_message.parent_id)) then
    perform chatkeep_private.refuse_shared_branch('parent_id');
    if not chatkeep_private.activate_path(chat, append_message.parent_id) then
      perform chatkeep_private.refuse_message('parent_id');
    end if;
    chat.active_leaf_id := nullif(append_message.parent_id, '00000000-0000-0000-0000-000000000000');
  end if;

  written_at := greatest(clock_timestamp(), chat.updated_at + interval '1 microsecond');
  if written_at = 'infinity' then
    written_at := chatkeep_private.next_time(chat);
  end if;
  return query
    with touched as (
      update chatkeep.chats c
      set last_seq = chat.last_seq + 1,
        message_count = c.message_count + 1,
        active_leaf_id = wanted,
        updated_at = written_at
      where c.id = chat.id and c.tenant_id = chat.tenant_id and (select chatkeep_private.may_still_write())
      returning c.id
    )
    insert into chatkeep.messages as m (
      id, chat_id, tenant_id, user_id, author_id, seq, parent_id, role, content, parts,
      status, model, token_count, metadata, created_at, updated_at, reply_to, usage
    )
    select wanted, chat.id, chat.tenant_id, chat.user_id, chatkeep.uid(), chat.last_seq + 1, chat.active_leaf_id,
      append_message.role, append_message.content, append_message.parts, append_message.status,
      append_message.model, append_message.token_count, append_message.metadata, written_at, written_at,
      append_message.reply_to, append_message.usage
    from touched
    on conflict do nothing
    returning m.*;
  if not found then
    -- The chat's counters were raised, and no message was written.
    if append_message.message_id is not null and exists (
      select from chatkeep.chats c where c.id = chat.id and c.tenant_id = chat.tenant_id and c.last_seq > chat.last_seq
    ) then
      perform chatkeep_private.refuse_unseen('message_id is');
    end if;
    perform chatkeep_private.refuse_unwritten('chat_id names a chat that');
  end if;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.append_message(uuid, text, text, uuid, jsonb, jsonb, uuid, text, text, integer, uuid, uuid, jsonb) is
'Appends a message to a chat of the caller, or to one that is shared with the caller to write, and returns it.
message_id makes a retry safe: the same id and content return the stored row. A copy that says more is stored in its place, while the message is the newest of its branch or streaming. A parent_id other than the last message starts a branch, in the caller''s own chats. A result of a tool follows the other results of its call.
role: The role of its author.
content: At most 1 MiB of UTF-8. It may be empty.
message_id: The idempotency key within the chat. A new one is made when it is left out.
parts: The content in the application''s own form, at most 256 KiB.
metadata: At most 256 KiB.
parent_id: The message before this one. The last message of the active path when it is left out.
status: streaming for a message that finish_message ends later.
model: At most 200 characters.
token_count: Zero or more.
expected_leaf: The last message that the caller has seen. PT409 names the present one where another was appended meanwhile. The nil UUID expects an empty chat.
reply_to: The message that this one answers, where others have been appended since.
usage: An object with any of input_tokens, output_tokens, cached_input_tokens, reasoning_tokens, and cost with currency.
Returns: one row.
Errors: 22023, 22004, PT404, PT409, PT410, PT503.';
revoke all on function chatkeep.append_message(uuid, text, text, uuid, jsonb, jsonb, uuid, text, text, integer, uuid, uuid, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep.append_message(uuid, text, text, uuid, jsonb, jsonb, uuid, text, text, integer, uuid, uuid, jsonb) to authenticated, service_role;
