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
