-- Chatkeep, portable engine: conversations. Running this again is harmless, and selects these functions.

-- What the calls share -----------------------------------------------------------------------------

-- Not immutable: called with a constant, it would refuse when a statement is planned. So are its siblings.
create or replace function chatkeep_private.refuse_chat(exists_here boolean, deleted_at timestamptz) returns void
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  if not exists_here then
    perform chatkeep_private.refuse('PT404', 'chat_id names no chat of yours',
      'Make the chat with create_chat, or check the id.');
  elsif deleted_at is not null then
    perform chatkeep_private.refuse('PT410', 'chat_id names a deleted chat',
      'Restore it with restore_chat, or start a new one.');
  end if;
end
$$;
comment on function chatkeep_private.refuse_chat(boolean, timestamptz) is 'Refuses a chat that is not there, or deleted.';

create or replace function chatkeep_private.refuse_message(argument text) returns void
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.refuse('PT404', argument || ' names no message of this chat',
    'Pass the id of a message of the same chat.');
end
$$;
comment on function chatkeep_private.refuse_message(text) is 'Refuses the id of a message that the chat does not have.';

create or replace function chatkeep_private.refuse_ambiguous(chat chatkeep.chats) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if not row_security_active('chatkeep.chats'::regclass) and exists (
    select from chatkeep.chats c where c.id = chat.id and c.tenant_id <> chat.tenant_id
  ) then
    perform chatkeep_private.refuse('PT409', 'chat_id names chats of several tenants', 'Call as the chat''s user.');
  end if;
end
$$;
comment on function chatkeep_private.refuse_ambiguous(chatkeep.chats) is 'Refuses an id that a caller exempt from policies sees in several tenants.';

-- The lock orders all writers of the chat; what follows sees what they committed.
create or replace function chatkeep_private.locked_chat(chat_id uuid, or_deleted boolean default false) returns chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
declare
  chat chatkeep.chats;
begin
  -- Twice: a statement that has waited for the move of its own user looks for the chat where it was.
  for round in 1 .. 2 loop
    select c.* into chat from chatkeep.chats c
    where c.id = locked_chat.chat_id
      and (c.user_id = (select auth.uid()) or (select chatkeep_private.is_service()))
    for no key update;
    exit when found;
  end loop;
  if chat.id is null then
    perform chatkeep_private.refuse_chat(false, null);
  end if;
  perform chatkeep_private.refuse_ambiguous(chat);
  if chat.deleted_at is not null and not or_deleted then
    perform chatkeep_private.refuse_chat(true, chat.deleted_at);
  end if;
  return chat;
end
$$;
comment on function chatkeep_private.locked_chat(uuid, boolean) is 'The caller''s chat, locked until the transaction ends; deleted ones only where wanted.';

create or replace function chatkeep_private.visible_chat(chat_id uuid) returns chatkeep.chats
language plpgsql stable set search_path = ''
as $$
declare
  chat chatkeep.chats;
begin
  select c.id, c.tenant_id, c.user_id, c.deleted_at into chat.id, chat.tenant_id, chat.user_id, chat.deleted_at
  from chatkeep.chats c
  where c.id = visible_chat.chat_id
    and (c.user_id = (select auth.uid()) or (select chatkeep_private.is_service()));
  if not found then
    perform chatkeep_private.refuse_chat(false, null);
  end if;
  perform chatkeep_private.refuse_ambiguous(chat);
  if chat.deleted_at is not null then
    perform chatkeep_private.refuse_chat(true, chat.deleted_at);
  end if;
  return chat;
end
$$;
comment on function chatkeep_private.visible_chat(uuid) is 'The key and the owner of the caller''s chat as it stands, without a lock.';

create or replace function chatkeep_private.holds_message(
  chat chatkeep.chats, message_id uuid, argument text, role text, content text, parts jsonb
) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  same boolean;
begin
  select (m.role, m.content, m.parts) is not distinct from (holds_message.role, holds_message.content, holds_message.parts)
  into same
  from chatkeep.messages m
  where m.id = holds_message.message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id;
  if same is false then
    perform chatkeep_private.refuse('PT409', argument || ' is taken by a message with other content',
      'Send the same content to retry, or a new message_id for a new message.');
  end if;
  return same is not null;
end
$$;
comment on function chatkeep_private.holds_message(chatkeep.chats, uuid, text, text, text, jsonb) is 'Whether the chat has the message; refuses one with other content.';

-- Makes the path to a message the active one: up to where it joins the active path, and off with what follows there.
create or replace function chatkeep_private.activate_path(chat chatkeep.chats, leaf_id uuid) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  walked bigint := 1;
  joins_at timestamptz;
  between_ids uuid[];
  changed bigint;
begin
  if leaf_id <> '00000000-0000-0000-0000-000000000000' then
    with recursive walk as (
      select m.id, m.parent_id, m.active, m.created_at from chatkeep.messages m
      where m.id = activate_path.leaf_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
      union all
      select n.id, n.parent_id, n.active, n.created_at
      from walk w, lateral (
        select m.id, m.parent_id, m.active, m.created_at from chatkeep.messages m
        where m.id = w.parent_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
        limit 1
      ) n
      where not w.active
    )
    select count(*), max(w.created_at) filter (where w.active), array_agg(w.id) filter (where not w.active)
    into walked, joins_at, between_ids
    from walk w;
  end if;
  if walked = 0 then
    return false;
  end if;
  -- A plain value: under row security an index condition may hold no coalesce, which the planner takes for a leak.
  joins_at := coalesce(joins_at, '-infinity');
  update chatkeep.messages m set active = false
  where m.chat_id = chat.id and m.tenant_id = chat.tenant_id and m.active
    and m.created_at > joins_at;
  if between_ids is not null then
    update chatkeep.messages m set active = true
    where m.id = any (between_ids) and m.chat_id = chat.id and m.tenant_id = chat.tenant_id;
    get diagnostics changed = row_count;
    if changed <> cardinality(between_ids) then
      perform chatkeep_private.refuse_unwritten('chat_id names a chat that');
    end if;
  end if;
  return true;
end
$$;
comment on function chatkeep_private.activate_path(chatkeep.chats, uuid) is 'Moves the active path to end at a message, or to be empty for the nil UUID; false where there is no such message.';

-- The clock may stand behind the chat, and then the chat's own time goes on. It has no time after infinity.
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

-- items at positions, which continue one another from the chat as it stands.
create or replace function chatkeep_private.insert_items(
  chat chatkeep.chats, items jsonb, positions integer[], ids uuid[], first_seq integer, first_time timestamptz
) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  author constant uuid := auth.uid();
  inserted bigint;
begin
  insert into chatkeep.messages (
    id, chat_id, tenant_id, user_id, author_id, seq, parent_id, role, content, parts, status, model, token_count,
    metadata, created_at, updated_at
  )
  select n.id, chat.id, chat.tenant_id, chat.user_id, author, first_seq - 1 + n.place::integer,
    case n.place when 1 then chat.active_leaf_id else ids[n.place - 1] end,
    n.item ->> 'role', n.item ->> 'content', nullif(n.item -> 'parts', 'null'),
    coalesce(n.item ->> 'status', 'complete'), n.item ->> 'model', (n.item ->> 'token_count')::integer,
    coalesce(nullif(n.item -> 'metadata', 'null'), '{}'),
    first_time + (n.place - 1) * interval '1 microsecond',
    first_time + (n.place - 1) * interval '1 microsecond'
  from (
    select u.id, u.place, items -> u.position as item
    from unnest(ids, positions) with ordinality u (id, position, place)
  ) n
  on conflict do nothing;
  get diagnostics inserted = row_count;
  if inserted <> cardinality(ids) then
    if exists (select from unnest(positions) u (position) where items #>> array[u.position::text, 'message_id'] is not null) then
      perform chatkeep_private.refuse_unseen('messages has a message_id that is');
    end if;
    perform chatkeep_private.refuse_unwritten('chat_id names a chat that');
  end if;
end
$$;
comment on function chatkeep_private.insert_items(chatkeep.chats, jsonb, integer[], uuid[], integer, timestamptz) is 'Inserts items of a batch that follow one another.';

revoke all on function
  chatkeep_private.refuse_chat(boolean, timestamptz),
  chatkeep_private.refuse_message(text),
  chatkeep_private.refuse_ambiguous(chatkeep.chats),
  chatkeep_private.locked_chat(uuid, boolean),
  chatkeep_private.visible_chat(uuid),
  chatkeep_private.holds_message(chatkeep.chats, uuid, text, text, text, jsonb),
  chatkeep_private.activate_path(chatkeep.chats, uuid),
  chatkeep_private.next_time(chatkeep.chats),
  chatkeep_private.insert_items(chatkeep.chats, jsonb, integer[], uuid[], integer, timestamptz)
  from public, anon, authenticated, service_role;
grant execute on function
  chatkeep_private.refuse_chat(boolean, timestamptz),
  chatkeep_private.refuse_message(text),
  chatkeep_private.refuse_ambiguous(chatkeep.chats),
  chatkeep_private.locked_chat(uuid, boolean),
  chatkeep_private.visible_chat(uuid),
  chatkeep_private.holds_message(chatkeep.chats, uuid, text, text, text, jsonb),
  chatkeep_private.activate_path(chatkeep.chats, uuid),
  chatkeep_private.next_time(chatkeep.chats),
  chatkeep_private.insert_items(chatkeep.chats, jsonb, integer[], uuid[], integer, timestamptz)
  to authenticated, service_role;

-- Calls --------------------------------------------------------------------------------------------

create or replace function chatkeep.create_chat(
  title text default null,
  metadata jsonb default '{}',
  chat_id uuid default null,
  language text default 'simple'
) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  owner uuid := auth.uid();
  tenant uuid;
  wanted uuid := coalesce(create_chat.chat_id, chatkeep_private.uuid_v7());
  stored chatkeep.chats;
begin
  perform chatkeep_private.check_length('title', create_chat.title, 500);
  perform chatkeep_private.check_present('metadata', create_chat.metadata is not null);
  perform chatkeep_private.check_json('metadata', create_chat.metadata, 'object');
  perform chatkeep_private.check_language('language', create_chat.language);
  tenant := chatkeep_private.enter();

  perform set_config('chatkeep.writing', 'on', true);
  return query
    insert into chatkeep.chats as c (id, tenant_id, user_id, title, metadata, language)
    values (wanted, tenant, owner, create_chat.title, create_chat.metadata, create_chat.language)
    on conflict (id, tenant_id) do nothing
    returning c.*;
  if not found then
    select c.* into stored from chatkeep.chats c
    where c.id = wanted and c.tenant_id = tenant and c.user_id = owner;
    if not found then
      perform chatkeep_private.refuse('PT409', 'chat_id is taken', 'Leave chat_id out, or make a new UUID.');
    elsif stored.deleted_at is not null then
      perform chatkeep_private.refuse_chat(true, stored.deleted_at);
    end if;
    return next stored;
  end if;
  perform set_config('chatkeep.writing', marker, true);
end
$$;

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
  token_count integer default null
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
    append_message.metadata, append_message.status, append_message.model, append_message.token_count);

  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(append_message.chat_id);
  if append_message.message_id is not null and chatkeep_private.holds_message(chat, append_message.message_id, 'message_id',
       append_message.role, append_message.content, append_message.parts) then
    return query
      select m.* from chatkeep.messages m
      where m.id = append_message.message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id;
    perform set_config('chatkeep.writing', marker, true);
    return;
  end if;
  if append_message.parent_id is not null and append_message.parent_id is distinct from chat.active_leaf_id then
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
      where c.id = chat.id and c.tenant_id = chat.tenant_id
      returning c.id
    )
    insert into chatkeep.messages as m (
      id, chat_id, tenant_id, user_id, author_id, seq, parent_id, role, content, parts,
      status, model, token_count, metadata, created_at, updated_at
    )
    select wanted, chat.id, chat.tenant_id, chat.user_id, auth.uid(), chat.last_seq + 1, chat.active_leaf_id,
      append_message.role, append_message.content, append_message.parts, append_message.status,
      append_message.model, append_message.token_count, append_message.metadata, written_at, written_at
    from touched
    on conflict do nothing
    returning m.*;
  if not found then
    -- The chat was counted on, and the message is not there.
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

create or replace function chatkeep.append_messages(
  chat_id uuid,
  messages jsonb
) returns setof chatkeep.appended_message
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
  item record;
  stored uuid[];
  -- Of every item: which message it is, and how it came to be.
  ids uuid[] := '{}'::uuid[];
  outcomes text[] := '{}'::text[];
  -- Items that wait to be inserted: each follows the one in front.
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
    '{role,content,message_id,parts,metadata,parent_id,status,model,token_count}');

  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(append_messages.chat_id);
  seq := chat.last_seq;
  leaf := chat.active_leaf_id;
  -- A lookup for each, since a join may read the whole chat; by plain ids, since under row security the planner takes a
  -- function of the caller's JSON for a leak and looks at every row.
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
      coalesce((e.value ->> 'message_id')::uuid, chatkeep_private.uuid_v7()) as id
    from jsonb_array_elements(append_messages.messages) with ordinality e
  loop
    place := format('messages[%s].', item.position);
    if cardinality(waiting_ids) > 0
       and (item.id = any (stored) or (item.parent_id is not null and item.parent_id is distinct from leaf)) then
      -- What is in front must be in the table, to be compared with or to be branched from.
      perform chatkeep_private.insert_items(chat, append_messages.messages, waiting_at, waiting_ids,
        seq - cardinality(waiting_ids) + 1, last_time - (cardinality(waiting_ids) - 1) * interval '1 microsecond');
      chat.active_leaf_id := leaf;
      waiting_ids := '{}';
      waiting_at := '{}';
    end if;
    ids := ids || item.id;
    if item.id = any (stored) then
      perform chatkeep_private.holds_message(chat, item.id, place || 'message_id',
        item.value ->> 'role', item.value ->> 'content', nullif(item.value -> 'parts', 'null'));
      outcomes := outcomes || 'stored'::text;
      continue;
    end if;
    if item.parent_id is not null and item.parent_id is distinct from leaf then
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
      n.role, n.content, n.parts, n.status, n.author_id, n.written_as, n.model, n.token_count, n.metadata
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
  -- Twice: a statement that has waited for the move of its own user looks for the message where it was.
  for round in 1 .. 2 loop
    chat := chatkeep_private.visible_chat(finish_message.chat_id);
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

create or replace function chatkeep.select_branch(
  chat_id uuid,
  leaf_id uuid
) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
begin
  perform chatkeep_private.check_present('chat_id', select_branch.chat_id is not null);
  perform chatkeep_private.check_present('leaf_id', select_branch.leaf_id is not null);

  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(select_branch.chat_id);
  if select_branch.leaf_id is distinct from chat.active_leaf_id then
    if select_branch.leaf_id = '00000000-0000-0000-0000-000000000000'
       or not chatkeep_private.activate_path(chat, select_branch.leaf_id) then
      perform chatkeep_private.refuse_message('leaf_id');
    end if;
    update chatkeep.chats c set active_leaf_id = select_branch.leaf_id
    where c.id = chat.id and c.tenant_id = chat.tenant_id
    returning c.* into chat;
    if not found then
      perform chatkeep_private.refuse_unwritten('chat_id names a chat that');
    end if;
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next chat;
end
$$;

create or replace function chatkeep.list_messages(
  chat_id uuid,
  before timestamptz default null,
  after timestamptz default null,
  page_size integer default 50
) returns setof chatkeep.messages
-- Rows come in order from the index by time; a plan that gathers the chat's rows and sorts them looks cheaper
-- wherever chats are small on average. Before PostgreSQL 18 the sort that stays costs so much on paper that it would be
-- compiled just in time.
language plpgsql stable set search_path = '' set enable_sort = off set jit = off
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
  until timestamptz := coalesce(list_messages.before, 'infinity');
begin
  perform chatkeep_private.check_present('chat_id', list_messages.chat_id is not null);
  perform chatkeep_private.check_page_size(list_messages.page_size);
  perform set_config('chatkeep.writing', 'off', true);
  chat := chatkeep_private.visible_chat(list_messages.chat_id);
  if list_messages.after is null then
    return query
      select page.* from (
        select m.* from chatkeep.messages m
        where m.chat_id = list_messages.chat_id
          and m.tenant_id = chat.tenant_id
          and m.active
          and m.created_at < until
        order by m.created_at desc
        limit list_messages.page_size
      ) page
      order by page.created_at;
  else
    return query
      select m.* from chatkeep.messages m
      where m.chat_id = list_messages.chat_id
        and m.tenant_id = chat.tenant_id
        and m.active
        and m.created_at > list_messages.after
        and m.created_at < until
      order by m.created_at
      limit list_messages.page_size;
  end if;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
