create or replace function chatkeep.append_messages(
  chat_id uuid,
  messages jsonb,
  expected_leaf uuid default null
) returns setof chatkeep.appended_message
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
  item record;
  stored uuid[];
  -- For every item: the id of its message, and its outcome.
  ids uuid[] := '{}'::uuid[];
  outcomes text[] := '{}'::text[];
  -- Items that wait to be inserted. Each one follows the one before it.
  waiting_ids uuid[] := '{}'::uuid[];
  waiting_at integer[] := '{}'::integer[];
  seq integer;
  last_time timestamptz;
  leaf uuid;
  place text;
  returned bigint;
begin
  perform chatkeep_private.check_present('chat_id', append_messages.chat_id is not null);
  perform chatkeep_private.check_items('messages', append_messages.messages,
    '{role,content,message_id,parts,metadata,parent_id,status,model,token_count,reply_to,usage}');

  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(append_messages.chat_id, or_shared => true);
  seq := chat.last_seq;
  leaf := chat.active_leaf_id;
  -- One lookup per item, because a join may read the whole chat. The ids are plain values: under row level security
  -- the planner takes a function of the caller's JSON for a possible leak and reads every row.
  stored := array(select (e.value ->> 'message_id')::uuid from jsonb_array_elements(append_messages.messages) e);
  stored := array(
    select w.id from unnest(stored) w (id)
    where (
      select true from chatkeep.messages m
      where m.id = w.id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
      limit 1
    ));

  for item in
    select e.value, e.ordinality::integer - 1 as position, (e.value ->> 'parent_id')::uuid as parent_id,
      (e.value ->> 'reply_to')::uuid as reply_to,
      coalesce((e.value ->> 'message_id')::uuid, chatkeep_private.uuid_v7()) as id
    from jsonb_array_elements(append_messages.messages) with ordinality e
  loop
    place := format('messages[%s].', item.position);
    if cardinality(waiting_ids) > 0
       and (item.id = any (stored) or item.reply_to is not null
         or (item.parent_id is not null and item.parent_id is distinct from leaf)) then
      -- The items before this one must be in the table: this one is compared with them, answers them, or branches from
      -- them.
      perform chatkeep_private.insert_items(chat, append_messages.messages, waiting_at, waiting_ids,
        seq - cardinality(waiting_ids) + 1, last_time - (cardinality(waiting_ids) - 1) * interval '1 microsecond');
      chat.active_leaf_id := leaf;
      waiting_ids := '{}';
      waiting_at := '{}';
    end if;
    ids := ids || item.id;
    if item.id = any (stored) then
      outcomes := outcomes || chatkeep_private.save_again(chat, item.id, place || 'message_id',
        item.value ->> 'role', item.value ->> 'content', nullif(item.value -> 'parts', 'null'),
        coalesce(nullif(item.value -> 'metadata', 'null'), '{}'), coalesce(item.value ->> 'status', 'complete'),
        (item.value ->> 'token_count')::integer, nullif(item.value -> 'usage', 'null'));
      continue;
    end if;
    if append_messages.expected_leaf is not null and seq = chat.last_seq then
      perform chatkeep_private.check_leaf(chat, append_messages.expected_leaf);
    end if;
    if item.reply_to is not null then
      perform chatkeep_private.check_reply(chat, place || 'reply_to', item.reply_to);
    end if;
    if item.parent_id is not null and item.parent_id is distinct from leaf
       and not (item.value ->> 'role' = 'tool' and chatkeep_private.only_results_follow(chat.id, chat.tenant_id, item.parent_id)) then
      perform chatkeep_private.refuse_shared_branch(place || 'parent_id');
      if not chatkeep_private.activate_path(chat, item.parent_id) then
        perform chatkeep_private.refuse_message(place || 'parent_id');
      end if;
      chat.active_leaf_id := nullif(item.parent_id, '00000000-0000-0000-0000-000000000000');
    end if;
    outcomes := outcomes || 'appended'::text;
    stored := stored || item.id;
    waiting_ids := waiting_ids || item.id;
    waiting_at := waiting_at || item.position;
    leaf := item.id;
    seq := seq + 1;
    last_time := case when last_time is null then chatkeep_private.next_time(chat)
      else last_time + interval '1 microsecond' end;
  end loop;
  if cardinality(waiting_ids) > 0 then
    perform chatkeep_private.insert_items(chat, append_messages.messages, waiting_at, waiting_ids,
      seq - cardinality(waiting_ids) + 1, last_time - (cardinality(waiting_ids) - 1) * interval '1 microsecond');
  end if;
  if seq > chat.last_seq then
    update chatkeep.chats c
    set last_seq = seq,
      message_count = c.message_count + (seq - chat.last_seq),
      active_leaf_id = leaf,
      updated_at = last_time
    where c.id = chat.id and c.tenant_id = chat.tenant_id;
    if not found then
      perform chatkeep_private.refuse_unwritten('chat_id names a chat that');
    end if;
  end if;
  return query
    select i.outcome, n.id, n.chat_id, n.tenant_id, n.user_id, n.created_at, n.updated_at, n.seq, n.parent_id, n.active,
      n.role, n.content, n.parts, n.status, n.author_id, n.written_as, n.model, n.token_count, n.metadata,
      n.redacted_at, n.redacted_by, n.redaction_reason, n.version, n.reply_to, n.usage
    from unnest(ids, outcomes) with ordinality i (id, outcome, place), lateral (
      select m.* from chatkeep.messages m
      where m.id = i.id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
      limit 1
    ) n
    order by i.place;
  get diagnostics returned = row_count;
  if returned <> cardinality(ids) then
    perform chatkeep_private.refuse_unwritten('chat_id names a chat that');
  end if;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.append_messages(uuid, jsonb, uuid) is
'Appends an array of at most 1,000 messages in order, all or none.
outcome tells for each whether it was appended, stored before, or has grown.
messages: At most 1,000 objects with the arguments of append_message except expected_leaf. All or none are stored, in this order.
expected_leaf: The last message that the caller has seen. PT409 names the present one where another was appended meanwhile. The nil UUID expects an empty chat.
Errors: 22023, 22004, PT404, PT409, PT410, PT503; they name the item.';
revoke all on function chatkeep.append_messages(uuid, jsonb, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.append_messages(uuid, jsonb, uuid) to authenticated, service_role;
