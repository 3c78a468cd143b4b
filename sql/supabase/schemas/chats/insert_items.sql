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
