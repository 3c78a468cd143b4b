-- Chatkeep: chats. Written by `cargo xtask generate` from sql/supabase/schemas/chats.

-- chats/types.sql ------------------------------------------------------------

create type chatkeep.appended_message as (
  outcome text,
  id uuid, chat_id uuid, tenant_id uuid, user_id uuid, created_at timestamptz, updated_at timestamptz,
  seq integer, parent_id uuid, active boolean,
  role chatkeep.message_role, content chatkeep.message_content, parts chatkeep.json_array,
  status chatkeep.message_status, author_id uuid, written_as text, model chatkeep.model_name,
  token_count chatkeep.natural_number, metadata chatkeep.json_object,
  redacted_at timestamptz, redacted_by uuid, redaction_reason text, version integer, reply_to uuid, usage chatkeep.json_object
);
comment on type chatkeep.appended_message is 'A message of a batch and its outcome.';
comment on column chatkeep.appended_message.outcome is 'One of appended, stored, grown. stored: the message was there before. grown: it was there and now says more.';

create type chatkeep.found_message as (
  id uuid, chat_id uuid, seq integer, role text, created_at timestamptz, rank real, snippet text
);
comment on type chatkeep.found_message is 'A message that a search found.';
comment on column chatkeep.found_message.role is 'One of system, developer, user, assistant, tool.';
comment on column chatkeep.found_message.rank is 'How well the message matches.';
comment on column chatkeep.found_message.snippet is 'HTML: the text is escaped, and matches are in `<mark>`.';

create type chatkeep.listed_chat as (
  id uuid, tenant_id uuid, user_id uuid, title text, title_source text, metadata jsonb,
  message_count integer, last_seq integer, active_leaf_id uuid, created_at timestamptz, updated_at timestamptz,
  archived_at timestamptz, deleted_at timestamptz, pinned_at timestamptz, folder text, tags text[], read_up_to_seq integer,
  preview text, preview_role text, unread_count integer, is_shared boolean
);
comment on type chatkeep.listed_chat is
  'A chat with its last message. Of a chat that somebody else shares with the caller, it has the title and what the share shows.';
comment on column chatkeep.listed_chat.user_id is 'Owner of the chat.';
comment on column chatkeep.listed_chat.title is 'NULL without a title.';
comment on column chatkeep.listed_chat.title_source is
  'One of user, model. model: a model wrote the title. NULL for a chat of somebody else.';
comment on column chatkeep.listed_chat.metadata is 'A JSON object. Empty for a chat of somebody else.';
comment on column chatkeep.listed_chat.message_count is 'On all branches. NULL for a chat of somebody else.';
comment on column chatkeep.listed_chat.last_seq is 'The seq of the newest message that is shown.';
comment on column chatkeep.listed_chat.active_leaf_id is 'The last message of the path that list_messages shows. NULL without a message.';
comment on column chatkeep.listed_chat.created_at is 'NULL for a chat of somebody else.';
comment on column chatkeep.listed_chat.updated_at is
  'The created_at of the newest message. NULL for a chat of somebody else that is not shared live.';
comment on column chatkeep.listed_chat.archived_at is 'NULL unless the chat is archived.';
comment on column chatkeep.listed_chat.deleted_at is 'NULL unless the chat is deleted.';
comment on column chatkeep.listed_chat.pinned_at is 'NULL unless the chat is pinned.';
comment on column chatkeep.listed_chat.folder is 'NULL without a folder.';
comment on column chatkeep.listed_chat.tags is 'Empty for a chat of somebody else.';
comment on column chatkeep.listed_chat.read_up_to_seq is 'The seq up to which the owner has read. NULL until update_chat is told.';
comment on column chatkeep.listed_chat.preview is 'The first 200 characters of the last message of the active path. NULL without a message.';
comment on column chatkeep.listed_chat.preview_role is 'One of system, developer, user, assistant, tool. The role of this message. NULL without a message.';
comment on column chatkeep.listed_chat.unread_count is
  'How many of the last 100 messages of the active path come after read_up_to_seq and are not the owner''s own. NULL while read_up_to_seq is.';
comment on column chatkeep.listed_chat.is_shared is 'Whether a share of the chat is open.';

-- chats/activate_path.sql ------------------------------------------------------------

-- Activates the path to a message, up to where it joins the active path, and deactivates what follows there.
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
  -- A plain value: under row level security the planner takes coalesce for a possible leak and does not use it as an
  -- index condition.
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
comment on function chatkeep_private.activate_path(chatkeep.chats, uuid) is
  'Makes the active path end at a message, or empties it for the nil UUID. Returns false if the chat has no such message.';
revoke all on function chatkeep_private.activate_path(chatkeep.chats, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.activate_path(chatkeep.chats, uuid) to authenticated, service_role;

-- chats/append_message.sql ------------------------------------------------------------

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

-- chats/append_messages.sql ------------------------------------------------------------

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

-- chats/check_import.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_import(chat jsonb) returns void
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.check_present('chat', chat is not null);
  if jsonb_typeof(chat) <> 'object' then
    perform chatkeep_private.refuse('22023', 'chat must be a JSON object', 'Wrap the value in one.');
  end if;
  if chat - '{id,title,metadata,language,created_at,archived_at,active_leaf_id,messages}'::text[] <> '{}' then
    perform chatkeep_private.refuse('22023', 'chat has an unknown key',
      'The keys are id, title, metadata, language, created_at, archived_at, active_leaf_id and messages.');
  end if;
  perform chatkeep_private.check_kind('chat.id', chat -> 'id', 'uuid');
  perform chatkeep_private.check_kind('chat.title', chat -> 'title', 'string');
  perform chatkeep_private.check_length('chat.title', chat ->> 'title', 500);
  if chat -> 'metadata' <> 'null' then
    perform chatkeep_private.check_json('chat.metadata', chat -> 'metadata', 'object');
  end if;
  perform chatkeep_private.check_kind('chat.language', chat -> 'language', 'string');
  perform chatkeep_private.check_language('chat.language', coalesce(chat ->> 'language', 'simple'));
  perform chatkeep_private.check_kind('chat.created_at', chat -> 'created_at', 'timestamp');
  perform chatkeep_private.check_kind('chat.archived_at', chat -> 'archived_at', 'timestamp');
  perform chatkeep_private.check_kind('chat.active_leaf_id', chat -> 'active_leaf_id', 'uuid');
  perform chatkeep_private.check_items('chat.messages', coalesce(nullif(chat -> 'messages', 'null'), '[]'),
    '{id,parent_id,role,content,parts,status,model,token_count,metadata,created_at,reply_to,usage}');
end
$$;
comment on function chatkeep_private.check_import(jsonb) is
  'Refuses what import_chat cannot store, and names the position.';
revoke all on function chatkeep_private.check_import(jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_import(jsonb) to authenticated, service_role;

-- chats/check_leaf.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_leaf(chat chatkeep.chats, expected_leaf uuid) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if expected_leaf <> coalesce(chat.active_leaf_id, '00000000-0000-0000-0000-000000000000') then
    perform chatkeep_private.refuse('PT409',
      'expected_leaf is not the last message: ' || coalesce('that is ' || chat.active_leaf_id, 'there is none'),
      'Read what was appended meanwhile, and decide whether to append after it.');
  end if;
end
$$;
comment on function chatkeep_private.check_leaf(chatkeep.chats, uuid) is
  'Refuses to append after another message than the one expected. The nil UUID expects none.';
revoke all on function chatkeep_private.check_leaf(chatkeep.chats, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_leaf(chatkeep.chats, uuid) to authenticated, service_role;

-- chats/check_reply.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_reply(chat chatkeep.chats, argument text, reply_to uuid) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if not exists (
    select from chatkeep.messages m
    where m.id = check_reply.reply_to and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
  ) then
    perform chatkeep_private.refuse_message(argument);
  end if;
end
$$;
comment on function chatkeep_private.check_reply(chatkeep.chats, text, uuid) is
  'Refuses an answer to a message that the chat does not have.';
revoke all on function chatkeep_private.check_reply(chatkeep.chats, text, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_reply(chatkeep.chats, text, uuid) to authenticated, service_role;

-- chats/copy_chat.sql ------------------------------------------------------------

create or replace function chatkeep.copy_chat(
  chat_id uuid,
  up_to_message_id uuid default null,
  title text default null,
  new_chat_id uuid default null,
  user_id uuid default null
) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  author constant uuid := chatkeep.uid();
  owner uuid := coalesce(copy_chat.user_id, author);
  tenant uuid;
  reading text;
  original chatkeep.chats;
  is_own boolean;
  made chatkeep.chats;
  path uuid[];
  -- As many messages as fit into memory however long they are.
  batch constant integer := 100;
  done integer := 0;
  messages chatkeep.messages[];
  attachments chatkeep.attachments[];
  ids uuid[];
  previous uuid;
  written bigint;
begin
  perform chatkeep_private.check_present('chat_id', copy_chat.chat_id is not null);
  perform chatkeep_private.check_length('title', copy_chat.title, 500);
  tenant := chatkeep_private.enter(copy_chat.user_id);
  perform set_config('chatkeep.writing', 'on', true);
  select s.* into made from chatkeep_private.stored_copy(copy_chat.new_chat_id, tenant, owner, copy_chat.chat_id) s;
  if found then
    perform set_config('chatkeep.writing', marker, true);
    return next made;
    return;
  end if;

  if copy_chat.user_id is null then
    perform set_config('chatkeep.writing', 'off', true);
    original := chatkeep_private.visible_chat(copy_chat.chat_id, or_shared => true);
  else
    original := chatkeep_private.locked_chat(copy_chat.chat_id, of_user => copy_chat.user_id, of_tenant => tenant);
  end if;
  -- A shared chat is read under the marker that names the share, and the copy is written under the caller's own. So no
  -- statement does both.
  reading := current_setting('chatkeep.writing');
  is_own := original.user_id = owner;
  select c.* into original from chatkeep.chats c
  where c.id = original.id and c.tenant_id = original.tenant_id and c.user_id = original.user_id;
  if not found then
    perform chatkeep_private.refuse_chat(false, null);
  end if;
  path := chatkeep_private.path_to(original, copy_chat.up_to_message_id);
  if copy_chat.up_to_message_id is not null and path = '{}' then
    perform chatkeep_private.refuse_message('up_to_message_id');
  end if;

  loop
    perform set_config('chatkeep.writing', reading, true);
    messages := array(
      -- LIMIT makes the planner look each message up by its key. It would read the whole chat for every batch.
      select m.stored from unnest(path[done + 1 : done + batch]) with ordinality p (id, place), lateral (
        select m as stored from chatkeep.messages m
        where m.id = p.id and m.chat_id = original.id and m.tenant_id = original.tenant_id and (is_own or m.active)
        limit 1
      ) m
      order by p.place
    );
    if cardinality(messages) <> least(batch, cardinality(path) - done) then
      perform chatkeep_private.refuse('PT409', 'chat_id names a chat whose path has changed during the copy', 'Copy it again.');
    end if;
    attachments := array(
      select a from chatkeep.attachments a
      where a.message_id = any (path[done + 1 : done + batch]) and a.chat_id = original.id and a.tenant_id = original.tenant_id
      order by a.id
    );
    perform set_config('chatkeep.writing', 'on', true);

    if done = 0 then
      insert into chatkeep.chats as c (id, tenant_id, user_id, title, metadata, language, created_at, updated_at)
      values (
        coalesce(copy_chat.new_chat_id, chatkeep_private.uuid_v7()), tenant, owner, nullif(coalesce(copy_chat.title, original.title), ''),
        case when is_own then original.metadata else '{}' end
          || jsonb_build_object('copied_from', jsonb_build_object('chat_id', original.id, 'message_id', path[cardinality(path)])),
        original.language, coalesce((messages[1]).created_at, now()), coalesce((messages[1]).created_at, now())
      )
      on conflict do nothing
      returning c.* into made;
      if not found then
        -- Somebody else has the id, or the same call has run at the same time.
        select s.* into made from chatkeep_private.stored_copy(copy_chat.new_chat_id, tenant, owner, copy_chat.chat_id) s;
        if not found then
          perform chatkeep_private.refuse('PT409', 'new_chat_id is taken', 'Leave new_chat_id out, or make a new UUID.');
        end if;
        perform set_config('chatkeep.writing', marker, true);
        return next made;
        return;
      end if;
    end if;
    exit when messages = '{}';

    ids := array(
      select chatkeep_private.imported_id(made.id, place) from generate_series(done + 1, done + cardinality(messages)) place
    );
    insert into chatkeep.messages (
      id, chat_id, tenant_id, user_id, author_id, seq, parent_id, active,
      role, content, parts, status,
      model, token_count, metadata, created_at, updated_at,
      redacted_at, redacted_by, redaction_reason,
      reply_to
    )
    select ids[m.ordinality], made.id, made.tenant_id, made.user_id, author, done + m.ordinality, coalesce(ids[m.ordinality - 1], previous), true,
      m.role, m.content, m.parts, case m.status when 'streaming' then 'failed' else m.status end,
      m.model, m.token_count, m.metadata, m.created_at, m.updated_at,
      m.redacted_at, m.redacted_by, m.redaction_reason,
      chatkeep_private.imported_id(made.id, array_position(path, m.reply_to))
    from unnest(messages) with ordinality m;
    get diagnostics written = row_count;
    if written <> cardinality(messages) then
      perform chatkeep_private.refuse_unwritten('new_chat_id names a chat that');
    end if;

    if attachments <> '{}' then
      with readable as (
        select d.id, d.access from chatkeep.documents d
        where d.id in (select a.document_id from unnest(attachments) a) and d.tenant_id = made.tenant_id
          and (d.user_id = made.user_id or d.visibility = 'tenant') and d.deleted_at is null
        for key share
      )
      insert into chatkeep.attachments (
        tenant_id, user_id, chat_id, message_id, document_id, document_access, name, mime_type, byte_size, storage_path
      )
      select made.tenant_id, made.user_id, made.id, ids[array_position(path, a.message_id) - done], d.id, coalesce(d.access, a.document_access),
        a.name, a.mime_type, a.byte_size, a.storage_path
      from unnest(attachments) a left join readable d on d.id = a.document_id;
      get diagnostics written = row_count;
      if written <> cardinality(attachments) then
        perform chatkeep_private.refuse_unwritten('new_chat_id names a chat that');
      end if;
    end if;

    done := done + cardinality(messages);
    previous := ids[cardinality(ids)];
    made.updated_at := (messages[cardinality(messages)]).created_at;
  end loop;

  update chatkeep.chats c
  set message_count = done,
    last_seq = done,
    active_leaf_id = previous,
    updated_at = made.updated_at,
    title_source = case when is_own and copy_chat.title is null then original.title_source else 'user' end,
    folder = case when is_own then original.folder end,
    tags = case when is_own then original.tags else '{}' end
  where c.id = made.id and c.tenant_id = made.tenant_id
  returning c.* into made;
  if not found then
    perform chatkeep_private.refuse_unwritten('new_chat_id names a chat that');
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next made;
end
$$;
comment on function chatkeep.copy_chat(uuid, uuid, text, uuid, uuid) is
'Copies a chat of the caller, or one that is shared with the caller, up to a message, into a new chat of the caller, and returns the new chat.
The copy has one path: the messages with their times, and their attachments. A streaming message becomes failed, a redacted one stays redacted, and the caller is the author. The metadata of the new chat say in copied_from which chat and message it continues.
A copy of one''s own chat has its metadata, folder and tags too, and no pin. Of a shared chat, the copy has the title and what the share shows, and private documents are missing in its attachments. Ratings, shares and usage are not copied.
chat_id: The chat to copy.
up_to_message_id: The last message of the copy. Left out, the copy has the active path.
title: At most 500 characters. Left out, the title of the original. An empty one: no title.
new_chat_id: The idempotency key. The same call again returns the copy that is there. A new one is made when it is left out.
user_id: For service_role only: the person whose chat it is.
Returns: one row.
Errors: 22023, 22004, 42501, PT404, PT409, PT410, PT503.';
revoke all on function chatkeep.copy_chat(uuid, uuid, text, uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.copy_chat(uuid, uuid, text, uuid, uuid) to authenticated, service_role;

-- chats/create_chat.sql ------------------------------------------------------------

create or replace function chatkeep.create_chat(
  title text default null,
  metadata jsonb default '{}',
  chat_id uuid default null,
  language text default 'simple',
  user_id uuid default null
) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  owner uuid := coalesce(create_chat.user_id, chatkeep.uid());
  tenant uuid;
  wanted uuid := coalesce(create_chat.chat_id, chatkeep_private.uuid_v7());
  stored chatkeep.chats;
begin
  perform chatkeep_private.check_length('title', create_chat.title, 500);
  perform chatkeep_private.check_present('metadata', create_chat.metadata is not null);
  perform chatkeep_private.check_json('metadata', create_chat.metadata, 'object');
  perform chatkeep_private.check_language('language', create_chat.language);
  tenant := chatkeep_private.enter(create_chat.user_id);

  perform set_config('chatkeep.writing', 'on', true);
  return query
    insert into chatkeep.chats as c (id, tenant_id, user_id, title, metadata, language)
    values (wanted, tenant, owner, create_chat.title, create_chat.metadata, create_chat.language)
    -- Two keys of chats begin with the id, and a race may meet either first, so no key is named.
    on conflict do nothing
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
comment on function chatkeep.create_chat(text, jsonb, uuid, text, uuid) is
'Makes a chat of the signed-in user, or of the user_id that service_role names, and returns it.
With a chat_id that the user already has, returns the stored chat.
title: At most 500 characters.
metadata: At most 256 KiB.
chat_id: The idempotency key. A new one is made when it is left out.
language: The text search configuration of its messages, such as english.
user_id: For service_role only.
Returns: one row.
Errors: 22023, 22004, 42501, PT404, PT409, PT410, PT503.';
revoke all on function chatkeep.create_chat(text, jsonb, uuid, text, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.create_chat(text, jsonb, uuid, text, uuid) to authenticated, service_role;

-- chats/delete_chat.sql ------------------------------------------------------------

create or replace function chatkeep.delete_chat(chat_id uuid) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
begin
  return next chatkeep_private.set_deleted(delete_chat.chat_id, true);
end
$$;
comment on function chatkeep.delete_chat(uuid) is
'Deletes a chat of the caller until restore_chat.
Its messages are not listed, found or appended to meanwhile.
Returns: one row.
Errors: 22004, PT404, PT410, PT503.';
revoke all on function chatkeep.delete_chat(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.delete_chat(uuid) to authenticated, service_role;

-- chats/fail_stale_messages.sql ------------------------------------------------------------

create or replace function chatkeep.fail_stale_messages(
  older_than interval default '15 minutes',
  batch_size integer default 1000
) returns setof chatkeep.messages
language plpgsql volatile set search_path = ''
as $$
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  moving constant uuid[] := chatkeep_private.moving_tenants();
  silent_since constant timestamptz := chatkeep_private.moment_before('older_than', older_than);
begin
  perform chatkeep_private.check_batch_size(batch_size, 1000);
  perform set_config('chatkeep.writing', 'on', true);
  return query
    with stale as (
      select m.id, m.chat_id, m.tenant_id from chatkeep.messages m
      where m.status = 'streaming'
        -- The index is by created_at, which no progress changes.
        and m.created_at < silent_since
        and m.updated_at < silent_since
        and (m.user_id = (select chatkeep.uid()) or chatkeep_private.serves(m.tenant_id))
        and m.tenant_id <> all (moving)
        and (select c.deleted_at is null from chatkeep.chats c where c.id = m.chat_id and c.tenant_id = m.tenant_id)
      order by m.updated_at
      limit batch_size
      for no key update skip locked
    )
    update chatkeep.messages m
    set status = 'failed', updated_at = greatest(clock_timestamp(), m.updated_at)
    from stale s
    where m.id = s.id and m.chat_id = s.chat_id and m.tenant_id = s.tenant_id and m.status = 'streaming'
    returning m.*;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.fail_stale_messages(interval, integer) is
'Marks streaming messages as failed that nobody has written for longer than older_than, and returns them: the caller''s own, for service_role everyone''s outside of tenants that are being moved.
older_than: How long ago finish_message kept their progress, or append_message stored them.
batch_size: 1 to 1,000.
Errors: 22023, 22004, PT503.';
revoke all on function chatkeep.fail_stale_messages(interval, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep.fail_stale_messages(interval, integer) to authenticated, service_role;

-- chats/finish_message.sql ------------------------------------------------------------

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

-- chats/get_chat.sql ------------------------------------------------------------

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

-- chats/grow_message.sql ------------------------------------------------------------

-- What follows a message was said to it as it was, so only the newest message of a branch grows, or one that is streaming.
create or replace function chatkeep_private.grow_message(
  chat_id uuid, tenant_id uuid, message_id uuid, argument text, content text, parts jsonb, metadata jsonb, status text, token_count integer,
  usage jsonb
) returns void
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
begin
  if exists (
    select from chatkeep.messages m
    join chatkeep.messages next on next.chat_id = m.chat_id and next.tenant_id = m.tenant_id and next.parent_id = m.id
      and next.created_at > m.created_at
    where m.id = grow_message.message_id and m.chat_id = grow_message.chat_id and m.tenant_id = grow_message.tenant_id
      and m.status <> 'streaming'
  ) then
    perform chatkeep_private.refuse('PT409', grow_message.argument || ' names a message that has been answered, with less content',
      'Only the newest message of a branch grows: append a new message, or branch before this one.');
  end if;
  update chatkeep.messages m
  set content = grow_message.content,
    parts = grow_message.parts,
    metadata = m.metadata || grow_message.metadata,
    status = case when m.status = 'streaming' or grow_message.status = 'complete' then grow_message.status else m.status end,
    token_count = coalesce(grow_message.token_count, m.token_count),
    usage = coalesce(grow_message.usage, m.usage),
    version = m.version + 1,
    updated_at = greatest(clock_timestamp(), m.updated_at)
  where m.id = grow_message.message_id and m.chat_id = grow_message.chat_id and m.tenant_id = grow_message.tenant_id;
  if not found then
    perform chatkeep_private.refuse_unwritten(grow_message.argument || ' names a message that');
  end if;
  update chatkeep.message_search s set tsv = chatkeep_private.search_vector(s.language, grow_message.content)
  where s.chat_id = grow_message.chat_id and s.message_id = grow_message.message_id and s.tenant_id = grow_message.tenant_id;
end
$$;
comment on function chatkeep_private.grow_message(uuid, uuid, uuid, text, text, jsonb, jsonb, text, integer, jsonb) is
  'Stores a copy of a message that says more. Refuses it once the message has been answered.';
revoke all on function chatkeep_private.grow_message(uuid, uuid, uuid, text, text, jsonb, jsonb, text, integer, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.grow_message(uuid, uuid, uuid, text, text, jsonb, jsonb, text, integer, jsonb) to authenticated, service_role;

-- chats/holds_message.sql ------------------------------------------------------------

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

-- chats/import_chat.sql ------------------------------------------------------------

create or replace function chatkeep.import_chat(chat jsonb, user_id uuid default null) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  items jsonb;
  author constant uuid := chatkeep.uid();
  owner uuid := coalesce(import_chat.user_id, author);
  tenant uuid;
  kept chatkeep.chats;
  item record;
  place text;
  previous uuid;
  leaf uuid;
  on_path uuid;
  -- For the messages that are new: their positions in the array, and what they become.
  positions integer[] := '{}'::integer[];
  ids uuid[] := '{}'::uuid[];
  parents uuid[] := '{}'::uuid[];
  times timestamptz[] := '{}'::timestamptz[];
  actives boolean[];
  found_at integer;
  inserted bigint;
begin
  perform chatkeep_private.check_import(import_chat.chat);
  items := coalesce(nullif(import_chat.chat -> 'messages', 'null'), '[]');
  leaf := (import_chat.chat ->> 'active_leaf_id')::uuid;
  tenant := chatkeep_private.enter(import_chat.user_id);
  perform set_config('chatkeep.writing', 'on', true);

  insert into chatkeep.chats (id, tenant_id, user_id, title, metadata, language, created_at, updated_at, archived_at)
  select coalesce((import_chat.chat ->> 'id')::uuid, chatkeep_private.uuid_v7()), tenant, owner,
    import_chat.chat ->> 'title', coalesce(nullif(import_chat.chat -> 'metadata', 'null'), '{}'),
    coalesce(import_chat.chat ->> 'language', 'simple'), made.at, made.at,
    (import_chat.chat ->> 'archived_at')::timestamptz
  from (
    select least(clock_timestamp(), coalesce((import_chat.chat ->> 'created_at')::timestamptz, (
      select min((e.value ->> 'created_at')::timestamptz) from jsonb_array_elements(items) e))) as at
  ) made
  on conflict do nothing
  returning * into kept;
  if not found then
    select c.* into kept from chatkeep.chats c
    where c.id = (import_chat.chat ->> 'id')::uuid and c.tenant_id = tenant and c.user_id = owner
    for no key update;
    if not found then
      perform chatkeep_private.refuse('PT409', 'chat.id is taken', 'Leave it out, or make a new UUID.');
    elsif kept.deleted_at is not null then
      perform chatkeep_private.refuse('PT410', 'chat.id names a deleted chat',
        'Restore it with restore_chat, or start a new one.');
    end if;
  end if;

  previous := kept.active_leaf_id;
  for item in
    select e.value, e.ordinality::integer - 1 as position,
      coalesce((e.value ->> 'id')::uuid, chatkeep_private.imported_id(kept.id, e.ordinality::integer)) as id,
      (e.value ->> 'parent_id')::uuid as parent_id, (e.value ->> 'reply_to')::uuid as reply_to
    from jsonb_array_elements(items) with ordinality e
  loop
    place := format('chat.messages[%s].', item.position);
    if item.id = any (ids) then
      perform chatkeep_private.refuse('22023', place || 'id is the id of a message in front', 'Give each message its own.');
    end if;
    if not chatkeep_private.holds_message(kept, item.id, place || 'id',
         item.value ->> 'role', item.value ->> 'content', nullif(item.value -> 'parts', 'null')) then
      if item.parent_id <> '00000000-0000-0000-0000-000000000000' and item.parent_id <> all (ids) and not exists (
        select from chatkeep.messages m
        where m.id = item.parent_id and m.chat_id = kept.id and m.tenant_id = kept.tenant_id
      ) then
        perform chatkeep_private.refuse('PT404', place || 'parent_id names no message of this chat',
          'Pass the id of a message that stands earlier in the array.');
      end if;
      if item.reply_to is not null and item.reply_to <> all (ids) then
        perform chatkeep_private.check_reply(kept, place || 'reply_to', item.reply_to);
      end if;
      positions := positions || item.position;
      ids := ids || item.id;
      parents := parents || nullif(coalesce(item.parent_id, previous), '00000000-0000-0000-0000-000000000000');
      times := times || (item.value ->> 'created_at')::timestamptz;
    end if;
    previous := item.id;
  end loop;

  if cardinality(ids) > 0 then
    if kept.last_seq > 0 then
      perform chatkeep_private.next_time(kept);
    end if;
    times := chatkeep_private.in_order(times,
      case kept.last_seq when 0 then '-infinity' else kept.updated_at end, clock_timestamp());
    leaf := coalesce(leaf, previous);
    actives := array_fill(false, array[cardinality(ids)]);
    on_path := leaf;
    loop
      found_at := array_position(ids, on_path);
      exit when found_at is null;
      actives[found_at] := true;
      on_path := parents[found_at];
    end loop;
    -- Where the new part of the path joins the stored part.
    if on_path is distinct from kept.active_leaf_id
       and not chatkeep_private.activate_path(kept, coalesce(on_path, '00000000-0000-0000-0000-000000000000')) then
      perform chatkeep_private.refuse('PT404', 'chat.active_leaf_id names no message of this chat',
        'Pass the id of a message of the same chat.');
    end if;
    insert into chatkeep.messages (
      id, chat_id, tenant_id, user_id, author_id, seq, parent_id, active, role, content, parts, status, model,
      token_count, metadata, created_at, updated_at, reply_to, usage
    )
    select n.id, kept.id, kept.tenant_id, kept.user_id, author, kept.last_seq + n.place::integer, n.parent_id, n.active,
      n.item ->> 'role', n.item ->> 'content', nullif(n.item -> 'parts', 'null'),
      coalesce(n.item ->> 'status', 'complete'), n.item ->> 'model', (n.item ->> 'token_count')::integer,
      coalesce(nullif(n.item -> 'metadata', 'null'), '{}'), n.created_at, n.created_at,
      (n.item ->> 'reply_to')::uuid, nullif(n.item -> 'usage', 'null')
    from (
      select u.*, items -> u.position as item
      from unnest(positions, ids, parents, times, actives) with ordinality
        u (position, id, parent_id, created_at, active, place)
    ) n
    on conflict do nothing;
    get diagnostics inserted = row_count;
    if inserted <> cardinality(ids) then
      if exists (select from unnest(positions) u (position) where items #>> array[u.position::text, 'id'] is not null) then
        perform chatkeep_private.refuse_unseen('chat.messages has an id that is');
      end if;
      perform chatkeep_private.refuse_unwritten('chat.id names a chat that');
    end if;
    update chatkeep.chats c
    set last_seq = c.last_seq + cardinality(ids),
      message_count = c.message_count + cardinality(ids),
      active_leaf_id = leaf,
      updated_at = times[cardinality(times)]
    where c.id = kept.id and c.tenant_id = kept.tenant_id
    returning c.* into kept;
    if not found then
      perform chatkeep_private.refuse_unwritten('chat.id names a chat that');
    end if;
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next kept;
end
$$;
comment on function chatkeep.import_chat(jsonb, uuid) is
'Stores a whole chat of the signed-in user, or of the user_id that service_role names, with its times, at most 1,000 messages per call, and returns it.
The same chat again changes nothing; new messages are appended.
chat: An object with id, title, metadata, language, created_at, archived_at, active_leaf_id and messages, at most 1,000. id is the idempotency key.
user_id: For service_role only.
Returns: one row.
Errors: 22023, 22004, 42501, PT404, PT409, PT410, PT503; they name the position.';
revoke all on function chatkeep.import_chat(jsonb, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.import_chat(jsonb, uuid) to authenticated, service_role;

-- chats/imported_id.sql ------------------------------------------------------------

-- A UUID version 8 (RFC 9562 section 5.8): the same for the same chat and position, so that an import can be
-- repeated.
create or replace function chatkeep_private.imported_id(chat_id uuid, place integer) returns uuid
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return chatkeep_private.uuid_v8(sha256(uuid_send(chat_id) || int4send(place)));
end
$$;
comment on function chatkeep_private.imported_id(uuid, integer) is 'The id of an imported message that has none.';
revoke all on function chatkeep_private.imported_id(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.imported_id(uuid, integer) to authenticated, service_role;

-- chats/in_order.sql ------------------------------------------------------------

-- Keeps the given times where they increase strictly. Moves the others by as little as possible, after floor and not
-- beyond ceiling.
create or replace function chatkeep_private.in_order(given timestamptz[], floor timestamptz, ceiling timestamptz) returns timestamptz[]
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  tick constant interval := interval '1 microsecond';
  times timestamptz[] := given;
  total constant integer := cardinality(given);
  known integer := 1;
begin
  while known < total and given[known] is null loop
    known := known + 1;
  end loop;
  for place in 1 .. total loop
    -- A message without a time comes right before the first message that has one, or else right after the message
    -- before it.
    times[place] := coalesce(given[place],
      case when place < known then coalesce(given[known], ceiling) - (known - place) * tick
           when place = known then ceiling end);
    if place = 1 then
      times[place] := greatest(times[place], floor + tick);
    else
      times[place] := greatest(times[place], times[place - 1] + tick);
    end if;
  end loop;
  if total > 0 then
    times[total] := least(times[total], greatest(ceiling, floor + total * tick));
  end if;
  for place in reverse total - 1 .. 1 loop
    times[place] := least(times[place], times[place + 1] - tick);
  end loop;
  return times;
end
$$;
comment on function chatkeep_private.in_order(timestamptz[], timestamptz, timestamptz) is
  'Times in strict order, moved by as little as possible.';
revoke all on function chatkeep_private.in_order(timestamptz[], timestamptz, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.in_order(timestamptz[], timestamptz, timestamptz) to authenticated, service_role;

-- chats/index_messages.sql ------------------------------------------------------------

create or replace function chatkeep.index_messages(batch_size integer default 1000) returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  moving constant uuid[] := chatkeep_private.moving_tenants();
  chat record;
  indexed integer;
  indexed_to timestamptz;
  total integer := 0;
  ids uuid[] := '{}'::uuid[];
  tenants uuid[] := '{}'::uuid[];
  ends timestamptz[] := '{}'::timestamptz[];
begin
  perform chatkeep_private.check_batch_size(batch_size, 100000);
  -- One call at a time. The number is arbitrary.
  if not pg_try_advisory_xact_lock(4841369552730651) then
    return 0;
  end if;
  for chat in
    select c.id, c.tenant_id, c.user_id, c.language, coalesce(c.indexed_to, '-infinity') as indexed_to, c.updated_at
    from chatkeep.chats c
    where c.updated_at > coalesce(c.indexed_to, '-infinity') and c.deleted_at is null and c.tenant_id <> all (moving)
  loop
    -- A transaction that deletes or moves the chat's messages locks the chat first. Such a chat is skipped, and so is a
    -- chat that has got another owner or tenant since.
    perform from chatkeep.chats c
    where c.id = chat.id and c.tenant_id = chat.tenant_id and c.user_id = chat.user_id
    for key share skip locked;
    continue when not found;
    with pending as (
      select m.id, m.created_at, m.content from chatkeep.messages m
      where m.chat_id = chat.id and m.tenant_id = chat.tenant_id
        and m.created_at > chat.indexed_to and m.created_at <= chat.updated_at
        -- A streaming message will have other content, so the index stops before it.
        and m.created_at < coalesce((
          select min(s.created_at) from chatkeep.messages s
          where s.chat_id = chat.id and s.tenant_id = chat.tenant_id
            and s.created_at > chat.indexed_to and s.status = 'streaming'
        ), 'infinity')
      order by m.created_at
      limit batch_size - total
    ), added as (
      insert into chatkeep.message_search (message_id, chat_id, tenant_id, user_id, language, created_at, tsv)
      select p.id, chat.id, chat.tenant_id, chat.user_id, chat.language, p.created_at,
        chatkeep_private.search_vector(chat.language, p.content)
      from pending p
      on conflict do nothing
    )
    select count(*), max(p.created_at) into indexed, indexed_to from pending p;
    total := total + indexed;
    if indexed_to is null and not exists (
      select from chatkeep.messages m
      where m.chat_id = chat.id and m.tenant_id = chat.tenant_id and m.created_at > chat.indexed_to
    ) then
      indexed_to := chat.updated_at;
    end if;
    if indexed_to is not null then
      ids := ids || chat.id;
      tenants := tenants || chat.tenant_id;
      ends := ends || indexed_to;
    end if;
    exit when total >= batch_size;
  end loop;
  -- Last, so that writers wait for this update only and not for the indexing. A chat that is locked is marked next
  -- time.
  with free as (
    select c.id, c.tenant_id, w.indexed_to
    from unnest(ids, tenants, ends) w (id, tenant_id, indexed_to)
    join chatkeep.chats c on c.id = w.id and c.tenant_id = w.tenant_id
    for no key update of c skip locked
  )
  update chatkeep.chats c set indexed_to = f.indexed_to
  from free f
  where c.id = f.id and c.tenant_id = f.tenant_id;
  return total;
end
$$;
comment on function chatkeep.index_messages(integer) is
'Indexes at most batch_size messages for search and returns how many.
0 means that nothing is left, or that another call is running. Tenants that are being moved are left alone. For service_role, on a schedule.
batch_size: 1 to 100,000.
Errors: 22023, 22004.';
revoke all on function chatkeep.index_messages(integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep.index_messages(integer) to service_role;

-- chats/insert_items.sql ------------------------------------------------------------

-- Inserts the items at these positions. They follow one another and the chat as it is.
create or replace function chatkeep_private.insert_items(
  chat chatkeep.chats, items jsonb, positions integer[], ids uuid[], first_seq integer, first_time timestamptz
) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  author constant uuid := chatkeep.uid();
  inserted bigint;
begin
  insert into chatkeep.messages (
    id, chat_id, tenant_id, user_id, author_id, seq, parent_id, role, content, parts, status, model, token_count,
    metadata, created_at, updated_at, reply_to, usage
  )
  select n.id, chat.id, chat.tenant_id, chat.user_id, author, first_seq - 1 + n.place::integer,
    case n.place when 1 then chat.active_leaf_id else ids[n.place - 1] end,
    n.item ->> 'role', n.item ->> 'content', nullif(n.item -> 'parts', 'null'),
    coalesce(n.item ->> 'status', 'complete'), n.item ->> 'model', (n.item ->> 'token_count')::integer,
    coalesce(nullif(n.item -> 'metadata', 'null'), '{}'),
    first_time + (n.place - 1) * interval '1 microsecond',
    first_time + (n.place - 1) * interval '1 microsecond',
    (n.item ->> 'reply_to')::uuid, nullif(n.item -> 'usage', 'null')
  from (
    select u.id, u.place, items -> u.position as item
    from unnest(ids, positions) with ordinality u (id, position, place)
  ) n
  where (select chatkeep_private.may_still_write())
  on conflict do nothing;
  get diagnostics inserted = row_count;
  if inserted <> cardinality(ids) then
    if chatkeep_private.may_still_write() and exists (select from unnest(positions) u (position) where items #>> array[u.position::text, 'message_id'] is not null) then
      perform chatkeep_private.refuse_unseen('messages has a message_id that is');
    end if;
    perform chatkeep_private.refuse_unwritten('chat_id names a chat that');
  end if;
end
$$;
comment on function chatkeep_private.insert_items(chatkeep.chats, jsonb, integer[], uuid[], integer, timestamptz) is
  'Inserts items of a batch that follow one another.';
revoke all on function chatkeep_private.insert_items(chatkeep.chats, jsonb, integer[], uuid[], integer, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.insert_items(chatkeep.chats, jsonb, integer[], uuid[], integer, timestamptz) to authenticated, service_role;

-- chats/list_chats.sql ------------------------------------------------------------

create or replace function chatkeep.list_chats(
  folder text default null,
  tag text default null,
  archived boolean default false,
  deleted boolean default false,
  before jsonb default null,
  page_size integer default 50,
  user_id uuid default null
) returns setof chatkeep.listed_chat
-- As in list_messages: indexes return chats in order, and a page needs no sort of all chats.
language plpgsql stable parallel unsafe set search_path = '' set enable_sort = off set jit = off
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  last_place constant uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid;
  is_service constant boolean := chatkeep_private.is_service();
  -- Who may read the chats of a member does not see what this member has deleted.
  owner constant uuid := case when list_chats.user_id is null and not list_chats.deleted then chatkeep_private.member() end;
  listed uuid := coalesce(owner, chatkeep_private.acting_for(list_chats.user_id));
  tenant uuid := case when is_service then chatkeep_private.named_tenant() else chatkeep.tenant_id() end;
  -- Where the page begins: among the pinned chats, or behind them.
  at_pinned constant boolean := list_chats.before is null or (list_chats.before ->> 'pinned_at') is not null;
  deleted_before timestamptz;
  pinned_before timestamptz;
  updated_before timestamptz;
  id_before uuid;
begin
  perform chatkeep_private.check_length('folder', list_chats.folder, 200);
  perform chatkeep_private.check_length('tag', list_chats.tag, 100);
  perform chatkeep_private.check_present('deleted', list_chats.deleted is not null);
  perform chatkeep_private.check_chat_place(list_chats.before, case when list_chats.deleted then 'deleted_at' else 'updated_at' end);
  perform chatkeep_private.check_page_size(list_chats.page_size);
  if not is_service and tenant is null and exists (select from chatkeep.memberships m where m.user_id = listed) then
    perform chatkeep_private.refuse_outsider(listed);
  end if;
  id_before := coalesce((list_chats.before ->> 'id')::uuid, last_place);
  deleted_before := coalesce((list_chats.before ->> 'deleted_at')::timestamptz, 'infinity');
  pinned_before := coalesce((list_chats.before ->> 'pinned_at')::timestamptz, 'infinity');
  updated_before := coalesce(case when not at_pinned then (list_chats.before ->> 'updated_at')::timestamptz end, 'infinity');
  perform set_config('chatkeep.writing', 'off', true);
  return query
    with page as (
      select p.* from (
        (
          select c.id, c.tenant_id, false as is_pinned, c.deleted_at as place from chatkeep.chats c
          where list_chats.deleted
            and c.user_id = listed and (tenant is null or c.tenant_id = tenant)
            and c.deleted_at is not null and c.purged_at is null
            and (c.deleted_at, c.id) < (deleted_before, id_before)
            and (list_chats.folder is null or coalesce(c.folder, '') = list_chats.folder)
            and (list_chats.tag is null or list_chats.tag = any (c.tags))
          order by c.deleted_at desc, c.id desc
          limit list_chats.page_size
        )
        union all
        (
          select c.id, c.tenant_id, true, c.pinned_at from chatkeep.chats c
          where not list_chats.deleted and at_pinned
            and c.user_id = listed and (tenant is null or c.tenant_id = tenant)
            and c.deleted_at is null and c.pinned_at is not null
            and (c.pinned_at, c.id) < (pinned_before, id_before)
            and (list_chats.archived is null or (c.archived_at is not null) = list_chats.archived)
            and (list_chats.folder is null or coalesce(c.folder, '') = list_chats.folder)
            and (list_chats.tag is null or list_chats.tag = any (c.tags))
          order by c.pinned_at desc, c.id desc
          limit list_chats.page_size
        )
        union all
        (
          select c.id, c.tenant_id, false, c.updated_at from chatkeep.chats c
          where not list_chats.deleted
            and c.user_id = listed and (tenant is null or c.tenant_id = tenant)
            and c.deleted_at is null and c.pinned_at is null
            and (c.updated_at, c.id) < (updated_before, case when at_pinned then last_place else id_before end)
            and (list_chats.archived is null or (c.archived_at is not null) = list_chats.archived)
            and (list_chats.folder is null or coalesce(c.folder, '') = list_chats.folder)
            and (list_chats.tag is null or list_chats.tag = any (c.tags))
          order by c.updated_at desc, c.id desc
          limit list_chats.page_size
        )
      ) p
      order by p.is_pinned desc, p.place desc, p.id desc
      limit list_chats.page_size
    )
    select l.* from page p, lateral (
      select l.* from chatkeep_private.listed_chats l where l.id = p.id and l.tenant_id = p.tenant_id limit 1
    ) l
    order by p.is_pinned desc, p.place desc, p.id desc;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.list_chats(text, text, boolean, boolean, jsonb, integer, uuid) is
'A page of the chats of the signed-in user, or of the user_id that service_role names: pinned ones first, then the newest first.
Each has the beginning of its last message, how many messages are unread, and whether it is shared.
folder: Only chats in this folder. Empty text means chats without a folder.
tag: Only chats with this tag.
archived: false without archived chats, true for archived chats alone, NULL for both. The trash has both.
deleted: true for the trash: chats that are deleted and can be restored, the last deleted first.
before: A row of listed_chat, the last of the page before. Only its id, pinned_at, updated_at and deleted_at count.
page_size: 1 to 200.
user_id: For service_role only.
Errors: 22023, 22004, 42501, PT404.';
revoke all on function chatkeep.list_chats(text, text, boolean, boolean, jsonb, integer, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.list_chats(text, text, boolean, boolean, jsonb, integer, uuid) to authenticated, service_role;

-- chats/list_messages.sql ------------------------------------------------------------

create or replace function chatkeep.list_messages(
  chat_id uuid,
  before timestamptz default null,
  after timestamptz default null,
  page_size integer default 50,
  from_summary boolean default false
) returns setof chatkeep.messages
-- The index by time returns rows in order. Where chats are small on average, the planner prefers to collect and sort
-- a chat's rows. Before PostgreSQL 18 the estimate of the remaining sort is so high that the query would be compiled
-- just in time.
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
  if list_messages.from_summary is not false then
    perform chatkeep_private.check_present('from_summary', list_messages.from_summary is not null);
    if list_messages.before is not null then
      perform chatkeep_private.refuse('22023', 'from_summary cannot be true with before',
        'The page begins at the newest summary and goes forward: page on with after.');
    end if;
  end if;
  perform set_config('chatkeep.writing', 'off', true);
  chat := chatkeep_private.visible_chat(list_messages.chat_id, or_shared => true);
  if list_messages.from_summary and list_messages.after is null then
    return query
      select p.* from chatkeep_private.page_from_summary(list_messages.chat_id, chat.tenant_id, list_messages.page_size) p;
  elsif list_messages.after is null then
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
comment on function chatkeep.list_messages(uuid, timestamptz, timestamptz, integer, boolean) is
'A page of the active path, oldest first: the newest page, or the page before or after a created_at (exclusive).
At most 200 rows.
before: Exclusive. With neither before nor after: the newest page.
after: Exclusive.
page_size: 1 to 200.
from_summary: true begins with the newest summary of the active path, as one row, and goes forward; without a summary, with the first message. With after it adds nothing, and before is refused.
Errors: 22023, 22004, PT404, PT410.';
revoke all on function chatkeep.list_messages(uuid, timestamptz, timestamptz, integer, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep.list_messages(uuid, timestamptz, timestamptz, integer, boolean) to authenticated, service_role;

-- chats/listed_chats.sql ------------------------------------------------------------

-- The columns of chatkeep.listed_chat. Of long content, left() reads only the beginning.
create view chatkeep_private.listed_chats with (security_invoker = true) as
select c.id, c.tenant_id, c.user_id, c.title, c.title_source, c.metadata,
  c.message_count, c.last_seq, c.active_leaf_id, c.created_at, c.updated_at,
  c.archived_at, c.deleted_at, c.pinned_at, c.folder, c.tags, c.read_up_to_seq,
  leaf.preview, leaf.role as preview_role,
  case when c.read_up_to_seq is not null then (
    select count(*)::integer
    from (
      -- No more messages than the chat has got since: a chat that is read to its end costs nothing.
      select m.seq, m.role, m.author_id from chatkeep.messages m
      where m.chat_id = c.id and m.tenant_id = c.tenant_id and m.active
      order by m.created_at desc
      limit greatest(least(c.last_seq - greatest(c.read_up_to_seq, 0), 100), 0)
    ) newest
    where newest.seq > c.read_up_to_seq and (newest.role <> 'user' or newest.author_id is distinct from c.user_id)
  ) end as unread_count,
  exists (
    select from chatkeep_private.open_shares s
    where s.chat_id = c.id and s.tenant_id = c.tenant_id and s.user_id = c.user_id
  ) as is_shared
from chatkeep.chats c
left join lateral (
  select left(m.content, 200) as preview, m.role::text as role from chatkeep.messages m
  where m.id = c.active_leaf_id and m.chat_id = c.id and m.tenant_id = c.tenant_id
  limit 1
) leaf on true;
comment on view chatkeep_private.listed_chats is 'The chats that the caller sees, with what a list shows of each.';
revoke all on chatkeep_private.listed_chats from public, anon, authenticated, service_role;
grant select on chatkeep_private.listed_chats to authenticated, service_role;

-- chats/locked_chat.sql ------------------------------------------------------------

-- The lock orders all writers of the chat. The statements after it see what the others committed.
create or replace function chatkeep_private.locked_chat(
  chat_id uuid, or_deleted boolean default false, or_shared boolean default false, of_user uuid default null, of_tenant uuid default null
) returns chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
declare
  chat chatkeep.chats;
begin
  -- A second round, because a statement that waited for the move of its own user still looks for the chat in the old
  -- tenant. A third one for a chat that is shared with the caller.
  for round in 1 .. 3 loop
    select c.* into chat from chatkeep.chats c
    where c.id = locked_chat.chat_id
      and (c.user_id = (select chatkeep_private.writer()) or chatkeep_private.serves(c.tenant_id))
      and (of_user is null or (c.user_id, c.tenant_id) = (of_user, of_tenant))
    for no key update;
    exit when found;
    if round = 2 and or_shared then
      perform chatkeep_private.open_chat(locked_chat.chat_id);
    elsif round > 1 then
      perform chatkeep_private.refuse_chat(false, null);
    end if;
  end loop;
  -- For everybody else the policy has asked tenant_id().
  if not row_security_active('chatkeep.chats'::regclass) then
    if of_user is null then
      perform chatkeep_private.refuse_ambiguous(chat);
    end if;
    perform chatkeep_private.check_moving(chat.tenant_id);
  end if;
  if chat.deleted_at is not null and not or_deleted then
    perform chatkeep_private.refuse_chat(true, chat.deleted_at);
  end if;
  return chat;
end
$$;
comment on function chatkeep_private.locked_chat(uuid, boolean, boolean, uuid, uuid) is
  'A chat of the caller, locked until the transaction ends. A deleted one only with or_deleted. With or_shared also one that is shared with the caller. With of_user and of_tenant, a chat of this person alone.';
revoke all on function chatkeep_private.locked_chat(uuid, boolean, boolean, uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.locked_chat(uuid, boolean, boolean, uuid, uuid) to authenticated, service_role;

-- chats/merge_patch.sql ------------------------------------------------------------

create or replace function chatkeep_private.merge_patch(target jsonb, patch jsonb) returns jsonb
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  kept jsonb;
begin
  if jsonb_typeof(patch) <> 'object' then
    return patch;
  end if;
  kept := case when jsonb_typeof(target) = 'object' then target else '{}' end;
  return (kept - array(select jsonb_object_keys(patch))) || coalesce((
    select jsonb_object_agg(e.key, chatkeep_private.merge_patch(kept -> e.key, e.value))
    from jsonb_each(patch) e
    where e.value <> 'null'
  ), '{}');
end
$$;
comment on function chatkeep_private.merge_patch(jsonb, jsonb) is
  'A JSON value after a JSON Merge Patch (RFC 7396): objects are merged key by key, null removes a key, other values replace.';
revoke all on function chatkeep_private.merge_patch(jsonb, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.merge_patch(jsonb, jsonb) to authenticated, service_role;

-- chats/next_time.sql ------------------------------------------------------------

-- If the clock is behind the chat's last message, the time of that message plus one microsecond is used. After
-- infinity there is no time.
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
revoke all on function chatkeep_private.next_time(chatkeep.chats) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.next_time(chatkeep.chats) to authenticated, service_role;

-- chats/only_results_follow.sql ------------------------------------------------------------

-- Tools that are called side by side end in any order. Each result names the call as its parent, and none of them hides
-- another.
create or replace function chatkeep_private.only_results_follow(chat_id uuid, tenant_id uuid, message_id uuid) returns boolean
language plpgsql stable set search_path = ''
as $$
#variable_conflict use_column
declare
  called_at timestamptz;
begin
  select m.created_at into called_at from chatkeep.messages m
  where m.id = only_results_follow.message_id and m.chat_id = only_results_follow.chat_id
    and m.tenant_id = only_results_follow.tenant_id and m.active;
  return found and not exists (
    select from chatkeep.messages m
    where m.chat_id = only_results_follow.chat_id and m.tenant_id = only_results_follow.tenant_id and m.active
      and m.created_at > called_at and m.role <> 'tool'
  );
end
$$;
comment on function chatkeep_private.only_results_follow(uuid, uuid, uuid) is
  'Whether nothing but results of tools comes after the message on the active path.';
revoke all on function chatkeep_private.only_results_follow(uuid, uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.only_results_follow(uuid, uuid, uuid) to authenticated, service_role;

-- chats/page_from_summary.sql ------------------------------------------------------------

-- The summary as a row of messages. It is made from a JSON object, so a column that messages get later is NULL. Its id is
-- derived from that of the message, so it is stable and no message has it. The page goes on after the message: the row
-- has its created_at.
create or replace function chatkeep_private.page_from_summary(chat_id uuid, tenant_id uuid, page_size integer)
returns setof chatkeep.messages
-- As in list_messages, which both engines call this from.
language plpgsql stable set search_path = '' set enable_sort = off set jit = off
as $$
#variable_conflict use_column
declare
  summary record;
  place timestamptz := '-infinity'::timestamptz;
  rest integer := page_from_summary.page_size;
begin
  select s.*, m.created_at as place into summary
  from chatkeep.chat_summaries s
  join chatkeep.messages m on m.id = s.message_id and m.chat_id = s.chat_id and m.tenant_id = s.tenant_id
  where s.chat_id = page_from_summary.chat_id and s.tenant_id = page_from_summary.tenant_id
    and m.active and m.version = s.message_version
  order by s.up_to_seq desc
  limit 1;
  if found then
    place := summary.place;
    rest := rest - 1;
    return query
      select r.* from jsonb_populate_record(null::chatkeep.messages, jsonb_build_object(
        'id', chatkeep_private.uuid_v8(sha256(uuid_send(summary.chat_id) || uuid_send(summary.message_id))),
        'chat_id', summary.chat_id, 'tenant_id', summary.tenant_id, 'user_id', summary.user_id,
        'created_at', summary.place, 'updated_at', summary.updated_at, 'seq', summary.up_to_seq, 'active', true,
        'role', 'system', 'content', summary.content, 'status', 'complete', 'written_as', 'chatkeep',
        'model', summary.model, 'token_count', summary.token_count, 'version', 1,
        'metadata', summary.metadata::jsonb || jsonb_build_object('chatkeep_summary',
          jsonb_build_object('message_id', summary.message_id, 'up_to_seq', summary.up_to_seq))
      )) r;
  end if;
  return query
    select m.* from chatkeep.messages m
    where m.chat_id = page_from_summary.chat_id
      and m.tenant_id = page_from_summary.tenant_id
      and m.active
      and m.created_at > place
    order by m.created_at
    limit rest;
end
$$;
comment on function chatkeep_private.page_from_summary(uuid, uuid, integer) is
  'The newest summary of the active path and the messages after it, or the first messages without a summary.';
revoke all on function chatkeep_private.page_from_summary(uuid, uuid, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.page_from_summary(uuid, uuid, integer) to authenticated, service_role;

-- chats/path_to.sql ------------------------------------------------------------

create or replace function chatkeep_private.path_to(chat chatkeep.chats, message_id uuid) returns uuid[]
language plpgsql stable set search_path = ''
as $$
#variable_conflict use_column
declare
  -- Of a chat that the call opens through a share, the active path as far as the share goes.
  is_opened constant boolean := current_setting('chatkeep.writing', true) like '% %';
  shown_to constant integer := case when is_opened then coalesce(chatkeep_private.opened_to(), 0) else 2147483647 end;
begin
  if path_to.message_id is null then
    return array(
      select m.id from chatkeep.messages m
      where m.chat_id = chat.id and m.tenant_id = chat.tenant_id and m.active and m.seq <= shown_to
      order by m.seq
    );
  end if;
  -- Up to where the branch joins the active path.
  return array(
    with recursive branch as (
      select m.id, m.parent_id, m.seq, m.active from chatkeep.messages m
      where m.id = path_to.message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
        and m.seq <= shown_to and (m.active or not is_opened)
      union all
      select p.id, p.parent_id, p.seq, p.active
      from branch b, lateral (
        select m.id, m.parent_id, m.seq, m.active from chatkeep.messages m
        where m.id = b.parent_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
        limit 1
      ) p
      where not b.active
    )
    select p.id
    from (
      select b.id, b.seq from branch b where not b.active
      union all
      select m.id, m.seq from chatkeep.messages m
      where m.chat_id = chat.id and m.tenant_id = chat.tenant_id and m.active
        and m.seq <= (select max(b.seq) from branch b where b.active)
    ) p
    order by p.seq
  );
end
$$;
comment on function chatkeep_private.path_to(chatkeep.chats, uuid) is
  'The ids of a message and its ancestors, the first message first, or of the active path. Empty if the call shows no such message.';
revoke all on function chatkeep_private.path_to(chatkeep.chats, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.path_to(chatkeep.chats, uuid) to authenticated, service_role;

-- chats/purge_chats.sql ------------------------------------------------------------

create or replace function chatkeep.purge_chats(
  older_than interval default '30 days',
  batch_size integer default 10000
) returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  deleted_before constant timestamptz := chatkeep_private.moment_before('older_than', older_than);
  moving constant uuid[] := chatkeep_private.moving_tenants();
  chat record;
  removed integer;
  total integer := 0;
begin
  perform chatkeep_private.check_batch_size(batch_size, 100000);
  loop
    -- One chat after the other, so that another purge takes the chats that this one has not reached.
    select c.id, c.tenant_id into chat from chatkeep.chats c
    where c.deleted_at < deleted_before and c.tenant_id <> all (moving)
    order by c.deleted_at
    limit 1
    for update skip locked;
    exit when not found;
    delete from chatkeep.messages m
    where m.chat_id = chat.id and m.tenant_id = chat.tenant_id
      and m.id in (
        select n.id from chatkeep.messages n
        where n.chat_id = chat.id and n.tenant_id = chat.tenant_id
        order by n.created_at
        limit batch_size - total
      );
    get diagnostics removed = row_count;
    total := total + removed;
    if total >= batch_size then
      -- The next batch removes the rest. Until then the mark keeps anyone from restoring half a chat.
      update chatkeep.chats c set purged_at = coalesce(c.purged_at, clock_timestamp())
      where c.id = chat.id and c.tenant_id = chat.tenant_id;
      exit;
    end if;
    delete from chatkeep.chats c where c.id = chat.id and c.tenant_id = chat.tenant_id;
    total := total + 1;
    exit when total >= batch_size;
  end loop;
  return total;
end
$$;
comment on function chatkeep.purge_chats(interval, integer) is
'Removes for good the chats that were deleted longer ago than older_than, at most batch_size messages and chats, and returns how many.
0 means that nothing is left. Tenants that are being moved are left alone. For service_role.
older_than: How long ago they were deleted.
batch_size: 1 to 100,000.
Errors: 22023, 22004.';
revoke all on function chatkeep.purge_chats(interval, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep.purge_chats(interval, integer) to service_role;

-- chats/rate_message.sql ------------------------------------------------------------

create or replace function chatkeep.rate_message(
  chat_id uuid,
  message_id uuid,
  rating integer default null,
  comment text default null,
  labels text[] default null,
  user_id uuid default null
) returns setof chatkeep.message_ratings
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  rater constant uuid := coalesce(rate_message.user_id, chatkeep.uid());
  tenant uuid;
  chat chatkeep.chats;
  stored chatkeep.message_ratings;
begin
  perform chatkeep_private.check_present('chat_id', rate_message.chat_id is not null);
  perform chatkeep_private.check_present('message_id', rate_message.message_id is not null);
  if rate_message.rating not in (-1, 1) then
    perform chatkeep_private.refuse('22023', 'rating must be 1 or -1', 'Pass null to take the rating back.');
  end if;
  perform chatkeep_private.check_length('comment', rate_message.comment, 2000);
  perform chatkeep_private.check_chat_tags(rate_message.labels, 'labels');
  if rate_message.rating is null and (rate_message.comment is not null or rate_message.labels <> '{}') then
    perform chatkeep_private.refuse('22023', 'rating is missing beside a comment or labels',
      'Pass 1 or -1 with them, or leave them out to take the rating back.');
  end if;
  tenant := chatkeep_private.enter(rate_message.user_id);

  if rate_message.user_id is null then
    perform set_config('chatkeep.writing', 'off', true);
    chat := chatkeep_private.visible_chat(rate_message.chat_id, or_shared => true);
    -- A share to read is enough. Its id stays in the marker, so that the policies show the shared chat and nothing else.
    perform set_config('chatkeep.writing', replace(current_setting('chatkeep.writing'), 'off', 'on'), true);
  else
    perform set_config('chatkeep.writing', 'on', true);
    chat := chatkeep_private.locked_chat(rate_message.chat_id, of_user => rate_message.user_id, of_tenant => tenant);
  end if;
  -- The chat keeps its owner until the call ends. Appends go on.
  perform from chatkeep.chats c
  where c.id = chat.id and c.tenant_id = chat.tenant_id and c.user_id = chat.user_id
  for key share;
  if not found then
    perform chatkeep_private.refuse_chat(false, null);
  end if;
  perform from chatkeep.messages m
  where m.id = rate_message.message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
    and (chat.user_id = rater or (m.active and m.seq <= (select chatkeep_private.opened_to())));
  if not found then
    perform chatkeep_private.refuse_message('message_id');
  end if;

  if rate_message.rating is null then
    delete from chatkeep.message_ratings r
    where r.message_id = rate_message.message_id and r.chat_id = chat.id and r.tenant_id = chat.tenant_id and r.rated_by = rater;
    if chatkeep_private.reading_tenant() is null and not chatkeep_private.is_service() then
      perform chatkeep_private.refuse_unwritten('message_id names a message that');
    end if;
  else
    select r.* into stored from chatkeep.message_ratings r
    where r.message_id = rate_message.message_id and r.chat_id = chat.id and r.tenant_id = chat.tenant_id and r.rated_by = rater;
    if not found or (stored.rating, stored.comment, stored.labels)
         is distinct from (rate_message.rating, rate_message.comment, chatkeep_private.unique_names(rate_message.labels)) then
      insert into chatkeep.message_ratings as r (message_id, chat_id, tenant_id, user_id, rated_by, rating, comment, labels)
      select rate_message.message_id, chat.id, chat.tenant_id, chat.user_id, rater, rate_message.rating, rate_message.comment,
        chatkeep_private.unique_names(rate_message.labels)
      -- The share may have ended. The policy would end this statement with an error of its own.
      where (select chatkeep_private.reading_tenant()) is not null or chatkeep_private.is_service()
      on conflict on constraint message_ratings_pkey do update
      set rating = excluded.rating, comment = excluded.comment, labels = excluded.labels, updated_at = clock_timestamp()
      returning r.* into stored;
      if not found then
        perform chatkeep_private.refuse_unwritten('message_id names a message that');
      end if;
    end if;
    return next stored;
  end if;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.rate_message(uuid, uuid, integer, text, text[], uuid) is
'Stores what the caller thinks of a message, thumb up or down, and returns the rating.
Each person has one rating of a message. Another one takes its place, with its comment and labels; the same again writes nothing.
In a chat that is shared with the caller: a message that the share shows. The owner of the chat reads all ratings in message_ratings.
rating: 1 or -1. NULL, or leaving it out, takes the rating back, and the call returns no row.
comment: At most 2,000 characters.
labels: At most 50 of 1 to 100 characters each.
user_id: For service_role only: the person whose chat it is and who rates.
Returns: one row or none.
Errors: 22023, 22004, 42501, PT404, PT410, PT503.';
revoke all on function chatkeep.rate_message(uuid, uuid, integer, text, text[], uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.rate_message(uuid, uuid, integer, text, text[], uuid) to authenticated, service_role;

-- chats/redact_message.sql ------------------------------------------------------------

create or replace function chatkeep.redact_message(chat_id uuid, message_id uuid, reason text default null)
returns setof chatkeep.messages
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
  stored chatkeep.messages;
begin
  perform chatkeep_private.check_present('chat_id', redact_message.chat_id is not null);
  perform chatkeep_private.check_present('message_id', redact_message.message_id is not null);
  perform chatkeep_private.check_length('reason', redact_message.reason, 500);
  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(redact_message.chat_id);
  select m.* into stored from chatkeep.messages m
  where m.id = redact_message.message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id;
  if not found then
    perform chatkeep_private.refuse_message('message_id');
  end if;
  if stored.redacted_at is null then
    delete from chatkeep.message_search s
    where s.chat_id = chat.id and s.message_id = stored.id and s.tenant_id = chat.tenant_id;
    delete from chatkeep.attachments a
    where a.message_id = stored.id and a.chat_id = chat.id and a.tenant_id = chat.tenant_id;
    update chatkeep.messages m
    set content = '', parts = null, metadata = '{}', status = case m.status when 'streaming' then 'failed' else m.status end,
      version = m.version + 1, updated_at = greatest(clock_timestamp(), m.updated_at), redacted_at = clock_timestamp(),
      redacted_by = chatkeep.uid(), redaction_reason = redact_message.reason
    where m.id = stored.id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
    returning m.* into stored;
    if not found then
      perform chatkeep_private.refuse_unwritten('message_id names a message that');
    end if;
  end if;
  -- Also for a message that is redacted already: a job that had read it may have stored a summary since.
  perform chatkeep_private.remove_summaries(chat.id, chat.tenant_id, stored.id, stored.seq);
  perform set_config('chatkeep.writing', marker, true);
  return next stored;
end
$$;
comment on function chatkeep.redact_message(uuid, uuid, text) is
'Removes for good what a message said: content, parts, metadata, attachments, its row of search, and every summary that covers it. The message keeps its place in the chat, and what follows it stays.
Again returns the row as it is, and removes summaries that were stored since. A streaming message ends as failed. Stored objects of attachments stay in their bucket.
reason: Why, at most 500 characters. It is shown with the message.
Returns: one row.
Errors: 22023, 22004, PT404, PT410, PT503.';
revoke all on function chatkeep.redact_message(uuid, uuid, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep.redact_message(uuid, uuid, text) to authenticated, service_role;

-- chats/refuse_ambiguous.sql ------------------------------------------------------------

create or replace function chatkeep_private.refuse_ambiguous(chat chatkeep.chats) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if not row_security_active('chatkeep.chats'::regclass) and exists (
    select from chatkeep.chats c where c.id = chat.id and c.tenant_id <> chat.tenant_id and chatkeep_private.serves(c.tenant_id)
  ) then
    perform chatkeep_private.refuse('PT409', 'chat_id names chats of several tenants',
      'Name the tenant in the header x-chatkeep-tenant, or call as the chat''s user.');
  end if;
end
$$;
comment on function chatkeep_private.refuse_ambiguous(chatkeep.chats) is
  'Refuses an id that a caller who bypasses RLS sees in several tenants.';
revoke all on function chatkeep_private.refuse_ambiguous(chatkeep.chats) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_ambiguous(chatkeep.chats) to authenticated, service_role;

-- chats/refuse_chat.sql ------------------------------------------------------------

-- Not immutable: the planner would call an immutable function with constant arguments, and a statement would be
-- refused when it is planned. The other functions that refuse are stable or volatile for the same reason.
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
comment on function chatkeep_private.refuse_chat(boolean, timestamptz) is
  'Refuses a chat that does not exist or is deleted.';
revoke all on function chatkeep_private.refuse_chat(boolean, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_chat(boolean, timestamptz) to authenticated, service_role;

-- chats/refuse_finished.sql ------------------------------------------------------------

create or replace function chatkeep_private.refuse_finished(status text) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if refuse_finished.status = 'stopped' then
    perform chatkeep_private.refuse('PT409', 'message_id names a message that was stopped',
      'End the stream. What is left of it can be stored with the status stopped.');
  end if;
  perform chatkeep_private.refuse('PT409', 'message_id names a message that is not streaming',
    'A message is finished once; append a new one instead.');
end
$$;
comment on function chatkeep_private.refuse_finished(text) is 'Refuses to finish a message that has ended with this status.';
revoke all on function chatkeep_private.refuse_finished(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_finished(text) to authenticated, service_role;

-- chats/refuse_message.sql ------------------------------------------------------------

create or replace function chatkeep_private.refuse_message(argument text) returns void
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.refuse('PT404', argument || ' names no message of this chat',
    'Pass the id of a message of the same chat.');
end
$$;
comment on function chatkeep_private.refuse_message(text) is
  'Refuses the id of a message that the chat does not have.';
revoke all on function chatkeep_private.refuse_message(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_message(text) to authenticated, service_role;

-- chats/refuse_other_content.sql ------------------------------------------------------------

create or replace function chatkeep_private.refuse_other_content(argument text) returns void
language plpgsql stable set search_path = ''
as $$
begin
  perform chatkeep_private.refuse('PT409', argument || ' is taken by a message with other content',
    'Send the same content to retry, or a new message_id for a new message.');
end
$$;
comment on function chatkeep_private.refuse_other_content(text) is 'Refuses a message whose id another one has.';
revoke all on function chatkeep_private.refuse_other_content(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_other_content(text) to authenticated, service_role;

-- chats/refuse_shared_branch.sql ------------------------------------------------------------

create or replace function chatkeep_private.refuse_shared_branch(argument text) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if chatkeep_private.presented_share() is not null then
    perform chatkeep_private.refuse('PT409', argument || ' names a message that is not the last one',
      'Read the chat again and append after its last message: only its owner starts branches.');
  end if;
end
$$;
comment on function chatkeep_private.refuse_shared_branch(text) is 'Refuses a branch in a chat of somebody else.';
revoke all on function chatkeep_private.refuse_shared_branch(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_shared_branch(text) to authenticated, service_role;

-- chats/refuse_unseen.sql ------------------------------------------------------------

-- For an id that the caller has chosen and that no visible row has.
create or replace function chatkeep_private.refuse_unseen(what text) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform chatkeep_private.refuse('PT409', what || ' taken by a message that you cannot see',
    'Pass a new id; if it is refused again, a policy, trigger or rule of this database keeps the row out.');
end
$$;
comment on function chatkeep_private.refuse_unseen(text) is
  'Refuses a message that was not stored although no visible message has its id.';
revoke all on function chatkeep_private.refuse_unseen(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_unseen(text) to authenticated, service_role;

-- chats/remove_summaries.sql ------------------------------------------------------------

-- A summary may repeat what any covered message said. Whether one covers the message is found by a walk from it towards the
-- first message. Older summaries come first and a walk ends at one of them, so a long branch is walked once, however many
-- summaries it has. A walk that a policy of an operator's cuts short proves nothing: the summary goes.
create or replace function chatkeep_private.remove_summaries(chat_id uuid, tenant_id uuid, message_id uuid, seq integer) returns void
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  summary record;
  reached record;
  spared uuid[] := '{}'::uuid[];
  covering uuid[] := '{}'::uuid[];
  removed bigint;
begin
  for summary in
    select s.message_id from chatkeep.chat_summaries s
    where s.chat_id = remove_summaries.chat_id and s.tenant_id = remove_summaries.tenant_id and s.up_to_seq >= remove_summaries.seq
    order by s.up_to_seq
  loop
    with recursive walk as (
      select m.id, m.parent_id, m.seq from chatkeep.messages m
      where m.id = summary.message_id and m.chat_id = remove_summaries.chat_id and m.tenant_id = remove_summaries.tenant_id
      union all
      select n.id, n.parent_id, n.seq
      from walk w, lateral (
        select m.id, m.parent_id, m.seq from chatkeep.messages m
        where m.id = w.parent_id and m.chat_id = remove_summaries.chat_id and m.tenant_id = remove_summaries.tenant_id
        limit 1
      ) n
      where w.seq > remove_summaries.seq and w.id <> all (spared) and w.id <> all (covering)
    )
    select w.id, w.parent_id, w.seq into reached from walk w order by w.seq limit 1;
    if reached.id = any (spared) or reached.seq < remove_summaries.seq
        or (reached.parent_id is null and reached.id <> remove_summaries.message_id) then
      spared := spared || summary.message_id;
    else
      covering := covering || summary.message_id;
    end if;
  end loop;
  delete from chatkeep.chat_summaries s
  where s.chat_id = remove_summaries.chat_id and s.tenant_id = remove_summaries.tenant_id and s.message_id = any (covering);
  get diagnostics removed = row_count;
  if removed <> cardinality(covering) then
    perform chatkeep_private.refuse_unwritten('message_id names a message whose summary');
  end if;
end
$$;
comment on function chatkeep_private.remove_summaries(uuid, uuid, uuid, integer) is
  'Removes every summary that covers a message.';
revoke all on function chatkeep_private.remove_summaries(uuid, uuid, uuid, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.remove_summaries(uuid, uuid, uuid, integer) to authenticated, service_role;

-- chats/restore_chat.sql ------------------------------------------------------------

create or replace function chatkeep.restore_chat(chat_id uuid) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
begin
  return next chatkeep_private.set_deleted(restore_chat.chat_id, false);
end
$$;
comment on function chatkeep.restore_chat(uuid) is
'Restores a deleted chat as it was, unless purge_chats has begun to remove it.
Returns: one row.
Errors: 22004, PT404, PT410, PT503.';
revoke all on function chatkeep.restore_chat(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.restore_chat(uuid) to authenticated, service_role;

-- chats/rewind_chat.sql ------------------------------------------------------------

create or replace function chatkeep.rewind_chat(chat_id uuid, before_message_id uuid) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
  message record;
begin
  perform chatkeep_private.check_present('chat_id', rewind_chat.chat_id is not null);
  perform chatkeep_private.check_present('before_message_id', rewind_chat.before_message_id is not null);
  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(rewind_chat.chat_id);
  select m.parent_id, m.active into message from chatkeep.messages m
  where m.id = rewind_chat.before_message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id;
  if not found or (not message.active and message.parent_id is distinct from chat.active_leaf_id) then
    perform chatkeep_private.refuse('PT404', 'before_message_id names no message of the active path',
      'Pass the id of a message that list_messages shows.');
  end if;
  if message.active then
    if not chatkeep_private.activate_path(chat, coalesce(message.parent_id, '00000000-0000-0000-0000-000000000000')) then
      perform chatkeep_private.refuse_message('before_message_id');
    end if;
    if exists (
      select from chatkeep.messages m
      where m.id = rewind_chat.before_message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id and m.active
    ) then
      perform chatkeep_private.refuse_unwritten('before_message_id names a message that');
    end if;
    update chatkeep.chats c set active_leaf_id = message.parent_id
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
comment on function chatkeep.rewind_chat(uuid, uuid) is
'Makes the active path end before a message, and returns the chat. Before the first message the path is empty.
Nothing is deleted: select_branch brings the rest back. The same call again returns the chat as it is.
before_message_id: A message of the active path.
Returns: one row.
Errors: 22004, PT404, PT410, PT503.';
revoke all on function chatkeep.rewind_chat(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.rewind_chat(uuid, uuid) to authenticated, service_role;

-- chats/save_again.sql ------------------------------------------------------------

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

-- chats/save_progress.sql ------------------------------------------------------------

-- The rare ways of finish_message: progress, an early end, and a message that has ended before.
create or replace function chatkeep_private.save_progress(
  chat_id uuid, tenant_id uuid, message_id uuid, content text, parts jsonb, status text, metadata jsonb, token_count integer, usage jsonb
) returns boolean
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  stored chatkeep.messages;
  verdict text;
  is_kept boolean;
begin
  -- Waits until another writer of the message has ended. The next statement sees what that writer stored.
  perform from chatkeep.messages m
  where m.id = save_progress.message_id and m.chat_id = save_progress.chat_id and m.tenant_id = save_progress.tenant_id
  for no key update;
  select m.* into stored from chatkeep.messages m
  where m.id = save_progress.message_id and m.chat_id = save_progress.chat_id and m.tenant_id = save_progress.tenant_id;
  if not found then
    return false;
  end if;
  verdict := chatkeep_private.growth(stored.content, stored.parts,
    coalesce(save_progress.content, stored.content), coalesce(save_progress.parts, stored.parts));

  if stored.redacted_at is not null then
    perform chatkeep_private.refuse_finished(stored.status);
  elsif verdict = 'stale'
      and (save_progress.status = stored.status or (save_progress.status = 'streaming' and stored.status <> 'stopped')) then
    -- A late copy.
    return true;
  elsif stored.status = 'complete' and save_progress.status = 'complete' and verdict = 'grown' then
    perform chatkeep_private.grow_message(save_progress.chat_id, save_progress.tenant_id, stored.id, 'message_id',
      coalesce(save_progress.content, stored.content), coalesce(save_progress.parts, stored.parts),
      coalesce(save_progress.metadata, '{}'), 'complete', save_progress.token_count, save_progress.usage);
    return true;
  elsif stored.status = 'streaming' or (stored.status = 'failed' and save_progress.status in ('streaming', 'complete'))
     or (stored.status in ('failed', 'stopped') and save_progress.status = stored.status and verdict = 'grown') then
    -- Whoever ends a message early may know less of it than its writer has kept.
    is_kept := verdict = 'stale' and save_progress.status <> 'complete';
    update chatkeep.messages m
    set content = case when is_kept then m.content else coalesce(save_progress.content, m.content) end,
      parts = case when is_kept then m.parts else coalesce(save_progress.parts, m.parts) end,
      status = save_progress.status,
      metadata = coalesce(save_progress.metadata, m.metadata),
      token_count = coalesce(save_progress.token_count, m.token_count),
      usage = coalesce(save_progress.usage, m.usage),
      version = m.version + 1,
      updated_at = greatest(clock_timestamp(), m.updated_at)
    where m.id = stored.id and m.chat_id = save_progress.chat_id and m.tenant_id = save_progress.tenant_id
    returning m.content into stored.content;
    if not found then
      perform chatkeep_private.refuse_unwritten('message_id names a message that');
    end if;
    update chatkeep.message_search s set tsv = chatkeep_private.search_vector(s.language, stored.content)
    where s.chat_id = save_progress.chat_id and s.message_id = stored.id and s.tenant_id = save_progress.tenant_id;
    return true;
  -- What is left is a retry.
  elsif verdict <> 'same' or save_progress.status not in (stored.status, case stored.status when 'complete' then 'streaming' end)
     or stored.metadata <> coalesce(save_progress.metadata, stored.metadata)
     or stored.token_count is distinct from coalesce(save_progress.token_count, stored.token_count)
     or stored.usage is distinct from coalesce(save_progress.usage, stored.usage) then
    perform chatkeep_private.refuse_finished(stored.status);
  end if;
  return true;
end
$$;
comment on function chatkeep_private.save_progress(uuid, uuid, uuid, text, jsonb, text, jsonb, integer, jsonb) is
  'Stores the progress or the end of a message. Returns false if the chat has no such message, and refuses one that has ended otherwise.';
revoke all on function chatkeep_private.save_progress(uuid, uuid, uuid, text, jsonb, text, jsonb, integer, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.save_progress(uuid, uuid, uuid, text, jsonb, text, jsonb, integer, jsonb) to authenticated, service_role;

-- chats/search_messages.sql ------------------------------------------------------------

create or replace function chatkeep.search_messages(
  query text,
  chat_id uuid default null,
  page_size integer default 20,
  before timestamptz default null
) returns setof chatkeep.found_message
-- An index returns the owner's rows newest first, and a frequent word fills the page at once. The planner cannot know
-- how frequent a word is and prefers to collect and sort. Before PostgreSQL 18 the estimate of the remaining sorts is
-- so high that the query would be compiled just in time.
language plpgsql stable set search_path = '' set enable_sort = off set jit = off
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
  owner uuid := chatkeep_private.member();
  until timestamptz := coalesce(search_messages.before, 'infinity');
begin
  perform chatkeep_private.check_present('query', search_messages.query is not null);
  perform chatkeep_private.check_length('query', search_messages.query, 1000);
  perform chatkeep_private.check_page_size(search_messages.page_size);
  perform set_config('chatkeep.writing', 'off', true);
  if search_messages.chat_id is not null then
    chat := chatkeep_private.visible_chat(search_messages.chat_id);
    owner := chat.user_id;
  elsif owner is null and chatkeep_private.is_service() then
    perform chatkeep_private.refuse('22004', 'chat_id is missing',
      'A service has no chats of its own: name the one to search.');
  elsif chatkeep.tenant_id() is null and exists (select from chatkeep.memberships m where m.user_id = owner) then
    perform chatkeep_private.refuse_outsider(owner);
  end if;
  return query
    with asked as materialized (
      select l.language, websearch_to_tsquery(l.language::regconfig, search_messages.query) as tsquery
      from (
        select distinct c.language::text from chatkeep.chats c
        where c.user_id = owner
          and c.deleted_at is null
          and (chat.id is null or (c.id = chat.id and c.tenant_id = chat.tenant_id))
      ) l
    ),
    found as (
      select a.language, a.tsquery, s.message_id, s.chat_id, s.tenant_id, s.created_at, s.tsv
      from asked a, lateral (
        -- The owner's rows, newest first, until the page is full.
        select s.* from chatkeep.message_search s
        where s.user_id = owner
          and s.language = a.language
          and s.created_at < until
          and (chat.id is null or s.chat_id = chat.id)
          and s.tsv @@ a.tsquery
          and (select c.deleted_at is null from chatkeep.chats c where c.id = s.chat_id and c.tenant_id = s.tenant_id)
        order by s.created_at desc
        fetch first search_messages.page_size rows with ties
      ) s
      union all
      -- What index_messages has not reached yet is searched in its text.
      select a.language, a.tsquery, m.id, m.chat_id, m.tenant_id, m.created_at, v.tsv
      from chatkeep.chats c
      join asked a on a.language = c.language
      join chatkeep.messages m
        on m.chat_id = c.id and m.tenant_id = c.tenant_id
          and m.created_at > coalesce(c.indexed_to, '-infinity') and m.created_at < until,
      lateral (select chatkeep_private.search_vector(c.language, m.content) as tsv offset 0) v
      where c.user_id = owner
        and c.updated_at > coalesce(c.indexed_to, '-infinity')
        and c.deleted_at is null
        and (chat.id is null or (c.id = chat.id and c.tenant_id = chat.tenant_id))
        and v.tsv @@ a.tsquery
        and not exists (
          select from chatkeep.message_search s
          where s.message_id = m.id and s.chat_id = m.chat_id and s.tenant_id = m.tenant_id
        )
    ),
    page as (
      select f.* from found f order by f.created_at desc
      fetch first search_messages.page_size rows with ties
    )
    select m.id, m.chat_id, m.seq, m.role::text, m.created_at, ts_rank(p.tsv, p.tsquery),
      chatkeep_private.snippet(p.language, m.content, p.tsquery)
    from page p
    join chatkeep.messages m on m.id = p.message_id and m.chat_id = p.chat_id and m.tenant_id = p.tenant_id
    order by m.created_at desc, m.id;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.search_messages(text, uuid, integer, timestamptz) is
'Searches the caller''s messages, or one chat, with the syntax of websearch_to_tsquery in each chat''s language.
Newest first, with rank and a snippet of safe HTML.
query: Words, "phrases", -without, or: as for websearch_to_tsquery. At most 1,000 characters.
chat_id: All chats of the caller when it is left out.
page_size: 1 to 200.
before: Exclusive.
Errors: 22023, 22004, PT404, PT410.';
revoke all on function chatkeep.search_messages(text, uuid, integer, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep.search_messages(text, uuid, integer, timestamptz) to authenticated, service_role;

-- chats/search_vector.sql ------------------------------------------------------------

create or replace function chatkeep_private.search_vector(language text, content text) returns tsvector
language plpgsql immutable parallel safe set search_path = '' set client_min_messages = warning
as $$
declare
  config regconfig := language::regconfig;
  vector tsvector := ''::tsvector;
  piece text;
  place integer := 1;
begin
  if octet_length(content) <= 262144 then
    begin
      return to_tsvector(config, content);
    exception when program_limit_exceeded then
      null;
    end;
  end if;
  -- A tsvector holds at most 1 MiB, positions included. Without positions, built piece by piece, the words of 1 MiB
  -- of text fit. If they do not, the first ones are kept.
  while place <= char_length(content) loop
    piece := substr(content, place, 50000);
    if char_length(piece) = 50000 and position(' ' in piece) > 0 then
      piece := left(piece, 50001 - position(' ' in reverse(piece)));
    end if;
    begin
      vector := vector || strip(to_tsvector(config, piece));
    exception when program_limit_exceeded then
      return vector;
    end;
    place := place + char_length(piece);
  end loop;
  return vector;
end
$$;
comment on function chatkeep_private.search_vector(text, text) is
  'The words of a message of any size; never an error.';
revoke all on function chatkeep_private.search_vector(text, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.search_vector(text, text) to authenticated, service_role;

-- chats/select_branch.sql ------------------------------------------------------------

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
comment on function chatkeep.select_branch(uuid, uuid) is
'Makes the path that ends at a message the active one and returns the chat.
leaf_id: The message at which the path ends.
Returns: one row.
Errors: 22004, PT404, PT410, PT503.';
revoke all on function chatkeep.select_branch(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.select_branch(uuid, uuid) to authenticated, service_role;

-- chats/set_deleted.sql ------------------------------------------------------------

create or replace function chatkeep_private.set_deleted(chat_id uuid, deleted boolean) returns chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
begin
  perform chatkeep_private.check_present('chat_id', set_deleted.chat_id is not null);
  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(set_deleted.chat_id, or_deleted => true);
  if chat.purged_at is not null then
    perform chatkeep_private.refuse('PT410', 'chat_id names a chat that is being purged', 'Start a new one.');
  end if;
  if (chat.deleted_at is not null) <> set_deleted.deleted then
    update chatkeep.chats c set deleted_at = case when set_deleted.deleted then clock_timestamp() end
    where c.id = chat.id and c.tenant_id = chat.tenant_id
    returning c.* into chat;
    if not found then
      perform chatkeep_private.refuse_unwritten('chat_id names a chat that');
    end if;
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return chat;
end
$$;
comment on function chatkeep_private.set_deleted(uuid, boolean) is
  'Deletes or restores a chat of the caller. A chat that is already in that state stays as it is.';
revoke all on function chatkeep_private.set_deleted(uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.set_deleted(uuid, boolean) to authenticated, service_role;

-- chats/snippet.sql ------------------------------------------------------------

create or replace function chatkeep_private.snippet(language text, content text, query tsquery) returns text
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  -- Private use characters stand for the marks and for angle brackets, which the parser would drop as tags.
  marked text := ts_headline(
    language::regconfig,
    translate(left(content, 32768), '<>' || E'\uE000\uE001\uE002\uE003', E'\uE002\uE003'),
    query,
    E'StartSel="\uE000", StopSel="\uE001", FragmentDelimiter=" … ", MinWords=8, MaxWords=25, '
      || case when char_length(content) <= 300 then 'HighlightAll=true' else 'MaxFragments=2' end);
begin
  marked := replace(replace(marked, '&', '&amp;'), '"', '&quot;');
  marked := replace(replace(marked, E'\uE002', '&lt;'), E'\uE003', '&gt;');
  return replace(replace(marked, E'\uE000', '<mark>'), E'\uE001', '</mark>');
end
$$;
comment on function chatkeep_private.snippet(text, text, tsquery) is
  'An excerpt of a message, or all of a short one, as HTML: the text is escaped, and matches are in <mark>.';
revoke all on function chatkeep_private.snippet(text, text, tsquery) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.snippet(text, text, tsquery) to authenticated, service_role;

-- chats/stored_copy.sql ------------------------------------------------------------

create or replace function chatkeep_private.stored_copy(new_chat_id uuid, tenant_id uuid, user_id uuid, chat_id uuid)
returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  stored chatkeep.chats;
begin
  select c.* into stored from chatkeep.chats c
  where c.id = stored_copy.new_chat_id and c.tenant_id = stored_copy.tenant_id and c.user_id = stored_copy.user_id;
  if not found then
    return;
  elsif stored.deleted_at is not null then
    perform chatkeep_private.refuse('PT410', 'new_chat_id names a deleted chat', 'Restore it with restore_chat, or make a new UUID.');
  elsif stored.metadata #>> '{copied_from,chat_id}' is distinct from stored_copy.chat_id::text then
    perform chatkeep_private.refuse('PT409', 'new_chat_id is taken', 'Leave new_chat_id out, or make a new UUID.');
  end if;
  return next stored;
end
$$;
comment on function chatkeep_private.stored_copy(uuid, uuid, uuid, uuid) is
  'The copy of a chat that an earlier call has made under this id. Refuses any other chat of the person that has the id.';
revoke all on function chatkeep_private.stored_copy(uuid, uuid, uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.stored_copy(uuid, uuid, uuid, uuid) to authenticated, service_role;

-- chats/summarise_chat.sql ------------------------------------------------------------

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

-- chats/unique_names.sql ------------------------------------------------------------

create or replace function chatkeep_private.unique_names(names text[]) returns text[]
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return array(
    select n.name from unnest(names) with ordinality n (name, place)
    group by n.name
    order by min(n.place)
  );
end
$$;
comment on function chatkeep_private.unique_names(text[]) is 'Tags or labels, each once, in the order in which they were given.';
revoke all on function chatkeep_private.unique_names(text[]) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.unique_names(text[]) to authenticated, service_role;

-- chats/update_chat.sql ------------------------------------------------------------

create or replace function chatkeep.update_chat(
  chat_id uuid,
  title text default null,
  if_title_source text default null,
  metadata_merge jsonb default null,
  pinned boolean default null,
  folder text default null,
  tags text[] default null,
  read_up_to_seq integer default null
) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
  changed chatkeep.chats;
begin
  perform chatkeep_private.check_present('chat_id', update_chat.chat_id is not null);
  perform chatkeep_private.check_length('title', update_chat.title, 500);
  if update_chat.if_title_source <> 'model' then
    perform chatkeep_private.refuse('22023', 'if_title_source must be model', 'Leave it out for a title that a person wrote.');
  end if;
  if update_chat.metadata_merge is not null then
    perform chatkeep_private.check_json('metadata_merge', update_chat.metadata_merge, 'object');
  end if;
  perform chatkeep_private.check_folder(nullif(update_chat.folder, ''));
  perform chatkeep_private.check_chat_tags(update_chat.tags);
  if update_chat.read_up_to_seq < 0 then
    perform chatkeep_private.refuse('22023', 'read_up_to_seq must not be negative', 'Pass the seq of a message, or 0 for an unread chat.');
  end if;

  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(update_chat.chat_id);
  changed := chat;
  if update_chat.title is not null
     and (update_chat.if_title_source is null or chat.title is null or chat.title_source = 'model') then
    changed.title := nullif(update_chat.title, '');
    changed.title_source := case when changed.title is null then 'user' else coalesce(update_chat.if_title_source, 'user') end;
  end if;
  if update_chat.metadata_merge is not null then
    changed.metadata := chatkeep_private.merge_patch(chat.metadata, update_chat.metadata_merge);
  end if;
  if update_chat.pinned is not null then
    changed.pinned_at := case when update_chat.pinned then coalesce(chat.pinned_at, clock_timestamp()) end;
  end if;
  if update_chat.folder is not null then
    changed.folder := nullif(update_chat.folder, '');
  end if;
  if update_chat.tags is not null then
    changed.tags := chatkeep_private.unique_names(update_chat.tags);
  end if;
  if update_chat.read_up_to_seq is not null then
    changed.read_up_to_seq := least(update_chat.read_up_to_seq, chat.last_seq);
  end if;
  if changed is distinct from chat then
    update chatkeep.chats c
    set title = changed.title,
      title_source = changed.title_source,
      metadata = changed.metadata,
      pinned_at = changed.pinned_at,
      folder = changed.folder,
      tags = changed.tags,
      read_up_to_seq = changed.read_up_to_seq
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
comment on function chatkeep.update_chat(uuid, text, text, jsonb, boolean, text, text[], integer) is
'Changes what the arguments name of a chat of the caller, and returns the chat.
An argument that is NULL or left out changes nothing. Messages and updated_at stay.
title: At most 500 characters. An empty one removes the title.
if_title_source: One of model. A model wrote this title: it is stored unless a person wrote the present one. Leave it out for a title by a person.
metadata_merge: Merged into the metadata by RFC 7396: objects are merged key by key, and null removes a key.
pinned: true pins the chat, false unpins it.
folder: At most 200 characters. An empty one takes the chat out of its folder.
tags: At most 50 of 1 to 100 characters each. They replace the tags; an empty array removes them.
read_up_to_seq: The seq up to which the owner has read. 0 makes the whole chat unread.
Returns: one row.
Errors: 22023, 22004, 42501, PT404, PT409, PT410.';
revoke all on function chatkeep.update_chat(uuid, text, text, jsonb, boolean, text, text[], integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep.update_chat(uuid, text, text, jsonb, boolean, text, text[], integer) to authenticated, service_role;

-- chats/usage_by_day.sql ------------------------------------------------------------

-- The chat and the day come from columns of messages, so a condition on the chat reaches the index by time.
create view chatkeep.usage_by_day with (security_invoker = true) as
select m.tenant_id, m.user_id, m.chat_id, (m.created_at at time zone 'UTC')::date as day, m.model::text as model, u.currency,
  count(*) as messages,
  coalesce(sum(u.input_tokens), 0)::bigint as input_tokens,
  coalesce(sum(u.output_tokens), 0)::bigint as output_tokens,
  coalesce(sum(u.cached_input_tokens), 0)::bigint as cached_input_tokens,
  coalesce(sum(u.reasoning_tokens), 0)::bigint as reasoning_tokens,
  sum(u.cost) as cost
from chatkeep.messages m,
  jsonb_to_record(m.usage) u (
    input_tokens integer, output_tokens integer, cached_input_tokens integer, reasoning_tokens integer, cost numeric, currency text
  )
where m.usage is not null
group by m.tenant_id, m.user_id, m.chat_id, day, m.model::text, u.currency;
comment on view chatkeep.usage_by_day is
  'What messages took, summed by chat, day, model and currency: those of all branches that have usage.';
comment on column chatkeep.usage_by_day.user_id is 'Owner of the chat.';
comment on column chatkeep.usage_by_day.day is 'The day in UTC on which the messages were made.';
comment on column chatkeep.usage_by_day.model is 'NULL of messages without a model.';
comment on column chatkeep.usage_by_day.currency is 'NULL of messages without a cost.';
comment on column chatkeep.usage_by_day.messages is 'How many messages are in the sums.';
comment on column chatkeep.usage_by_day.cost is 'NULL without a currency.';
revoke all on chatkeep.usage_by_day from public, anon, authenticated, service_role;
grant select on chatkeep.usage_by_day to authenticated, service_role;

-- chats/visible_chat.sql ------------------------------------------------------------

create or replace function chatkeep_private.visible_chat(chat_id uuid, or_shared boolean default false) returns chatkeep.chats
language plpgsql stable set search_path = ''
as $$
declare
  chat chatkeep.chats;
begin
  for round in 1 .. 2 loop
    select c.id, c.tenant_id, c.user_id, c.deleted_at into chat.id, chat.tenant_id, chat.user_id, chat.deleted_at
    from chatkeep.chats c
    where c.id = visible_chat.chat_id
      and (c.user_id = (select chatkeep_private.reader()) or chatkeep_private.serves(c.tenant_id));
    exit when found;
    if round = 2 or not or_shared then
      perform chatkeep_private.refuse_chat(false, null);
    end if;
    perform chatkeep_private.open_chat(visible_chat.chat_id);
  end loop;
  perform chatkeep_private.refuse_ambiguous(chat);
  if chat.deleted_at is not null then
    perform chatkeep_private.refuse_chat(true, chat.deleted_at);
  end if;
  return chat;
end
$$;
comment on function chatkeep_private.visible_chat(uuid, boolean) is
  'The key and the owner of a chat of the caller, without a lock. With or_shared also of a chat that is shared with the caller.';
revoke all on function chatkeep_private.visible_chat(uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.visible_chat(uuid, boolean) to authenticated, service_role;
