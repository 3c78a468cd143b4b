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
