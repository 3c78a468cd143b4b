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
