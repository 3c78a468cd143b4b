-- Chatkeep, portable engine: conversations. Running this again is harmless, and selects these functions.

create or replace function chatkeep.create_chat(
  title text default null,
  metadata jsonb default '{}',
  chat_id uuid default null
) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  owner uuid := auth.uid();
  tenant uuid;
  wanted uuid := coalesce(create_chat.chat_id, chatkeep_private.uuid_v7());
  stored chatkeep.chats;
begin
  perform chatkeep_private.check_length('title', create_chat.title, 500);
  perform chatkeep_private.check_present('metadata', create_chat.metadata is not null);
  perform chatkeep_private.check_json('metadata', create_chat.metadata, 'object');
  tenant := chatkeep_private.enter();

  perform set_config('chatkeep.writing', 'on', true);
  return query
    insert into chatkeep.chats as c (id, tenant_id, user_id, title, metadata)
    values (wanted, tenant, owner, create_chat.title, create_chat.metadata)
    on conflict (id, tenant_id) do nothing
    returning c.*;
  if not found then
    select c.* into stored from chatkeep.chats c
    where c.id = wanted and c.tenant_id = tenant and c.user_id = owner;
    if not found then
      perform chatkeep_private.refuse('PT409', 'chat_id is taken', 'Leave chat_id out, or make a new UUID.');
    elsif stored.deleted_at is not null then
      perform chatkeep_private.refuse('PT410', 'chat_id names a deleted chat',
        'Restore it with restore_chat, or start a new one.');
    end if;
    return next stored;
  end if;
  perform set_config('chatkeep.writing', '', true);
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
  chat record;
  stored chatkeep.messages;
  wanted uuid;
  written_at timestamptz;
begin
  perform chatkeep_private.check_present('chat_id', append_message.chat_id is not null);
  perform chatkeep_private.check_present('role', append_message.role is not null);
  if append_message.role not in ('system', 'user', 'assistant', 'tool') then
    perform chatkeep_private.refuse('22023', 'role must be system, user, assistant or tool',
      'Pass one of the four, in lower case.');
  end if;
  perform chatkeep_private.check_present('content', append_message.content is not null);
  if octet_length(append_message.content) > 1048576 then
    perform chatkeep_private.refuse('22023', 'content is longer than 1048576 bytes',
      'Split it, or store it as a document and attach that.');
  end if;
  if append_message.parts is not null then
    perform chatkeep_private.check_json('parts', append_message.parts, 'array');
  end if;
  perform chatkeep_private.check_present('metadata', append_message.metadata is not null);
  perform chatkeep_private.check_json('metadata', append_message.metadata, 'object');
  perform chatkeep_private.check_present('status', append_message.status is not null);
  if append_message.status not in ('complete', 'streaming', 'failed') then
    perform chatkeep_private.refuse('22023', 'status must be complete, streaming or failed',
      'Pass one of the three, or leave it out for complete.');
  end if;
  perform chatkeep_private.check_length('model', append_message.model, 200);
  if append_message.token_count < 0 then
    perform chatkeep_private.refuse('22023', 'token_count must not be negative',
      'Pass the number of tokens, or leave it out.');
  end if;

  perform set_config('chatkeep.writing', 'on', true);
  -- The lock orders all writers of the chat; what follows sees what they committed.
  select c.tenant_id, c.user_id, c.active_leaf_id, c.updated_at, c.deleted_at into chat
  from chatkeep.chats c
  where c.id = append_message.chat_id
    and (c.user_id = (select auth.uid()) or (select chatkeep_private.is_service()))
  for update;
  if not found then
    perform chatkeep_private.refuse('PT404', 'chat_id names no chat of yours',
      'Make the chat with create_chat, or check the id.');
  elsif chat.deleted_at is not null then
    perform chatkeep_private.refuse('PT410', 'chat_id names a deleted chat',
      'Restore it with restore_chat, or start a new one.');
  end if;

  if append_message.message_id is not null then
    select m.* into stored from chatkeep.messages m
    where m.id = append_message.message_id
      and m.chat_id = append_message.chat_id
      and m.tenant_id = chat.tenant_id;
    if found then
      if (stored.role, stored.content, stored.parts)
         is distinct from (append_message.role, append_message.content, append_message.parts) then
        perform chatkeep_private.refuse('PT409', 'message_id is taken by a message with other content',
          'Send the same content to retry, or a new message_id for a new message.');
      end if;
      perform set_config('chatkeep.writing', '', true);
      return next stored;
      return;
    end if;
  end if;
  wanted := coalesce(append_message.message_id, chatkeep_private.uuid_v7());

  if append_message.parent_id is not null and append_message.parent_id is distinct from chat.active_leaf_id then
    -- A branch: the path to the parent becomes the active one, the old tail stays, inactive.
    with recursive path as (
      select m.id, m.parent_id from chatkeep.messages m
      where m.id = append_message.parent_id
        and m.chat_id = append_message.chat_id
        and m.tenant_id = chat.tenant_id
      union all
      select m.id, m.parent_id from path p
      join chatkeep.messages m
        on m.id = p.parent_id and m.chat_id = append_message.chat_id and m.tenant_id = chat.tenant_id
    )
    update chatkeep.messages m
    set active = not m.active
    where m.chat_id = append_message.chat_id
      and m.tenant_id = chat.tenant_id
      and m.active is distinct from (m.id in (select p.id from path p))
      and exists (select from path);
    if not exists (
      select from chatkeep.messages m
      where m.id = append_message.parent_id
        and m.chat_id = append_message.chat_id
        and m.tenant_id = chat.tenant_id
    ) then
      perform chatkeep_private.refuse('PT404', 'parent_id names no message of this chat',
        'Pass the id of a message of the same chat, or leave parent_id out.');
    end if;
  end if;

  written_at := greatest(clock_timestamp(), chat.updated_at + interval '1 microsecond');
  return query
    with touched as (
      update chatkeep.chats c
      set last_seq = c.last_seq + 1,
        message_count = c.message_count + 1,
        active_leaf_id = wanted,
        updated_at = written_at
      where c.id = append_message.chat_id and c.tenant_id = chat.tenant_id
      returning c.last_seq
    )
    insert into chatkeep.messages as m (
      id, chat_id, tenant_id, user_id, seq, parent_id, role, content, parts,
      status, model, token_count, metadata, created_at, updated_at
    )
    select
      wanted, append_message.chat_id, chat.tenant_id, chat.user_id, t.last_seq,
      coalesce(append_message.parent_id, chat.active_leaf_id),
      append_message.role, append_message.content, append_message.parts, append_message.status,
      append_message.model, append_message.token_count, append_message.metadata, written_at, written_at
    from touched t
    returning m.*;
  perform set_config('chatkeep.writing', '', true);
end
$$;

create or replace function chatkeep.list_messages(
  chat_id uuid,
  before timestamptz default null,
  after timestamptz default null,
  page_size integer default 50
) returns setof chatkeep.messages
language plpgsql stable set search_path = ''
as $$
#variable_conflict use_column
declare
  chat record;
begin
  perform chatkeep_private.check_present('chat_id', list_messages.chat_id is not null);
  perform chatkeep_private.check_present('page_size', list_messages.page_size is not null);
  if list_messages.page_size not between 1 and 200 then
    perform chatkeep_private.refuse('22023', 'page_size must be between 1 and 200',
      'Ask for fewer rows and page on with before or after.');
  end if;
  select c.tenant_id, c.deleted_at into chat from chatkeep.chats c
  where c.id = list_messages.chat_id
    and (c.user_id = (select auth.uid()) or (select chatkeep_private.is_service()));
  if not found then
    perform chatkeep_private.refuse('PT404', 'chat_id names no chat of yours',
      'Make the chat with create_chat, or check the id.');
  elsif chat.deleted_at is not null then
    perform chatkeep_private.refuse('PT410', 'chat_id names a deleted chat',
      'Restore it with restore_chat, or start a new one.');
  end if;
  if list_messages.after is null then
    return query
      select page.* from (
        select m.* from chatkeep.messages m
        where m.chat_id = list_messages.chat_id
          and m.tenant_id = chat.tenant_id
          and m.active
          and m.created_at < coalesce(list_messages.before, 'infinity')
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
        and m.created_at < coalesce(list_messages.before, 'infinity')
      order by m.created_at
      limit list_messages.page_size;
  end if;
end
$$;
