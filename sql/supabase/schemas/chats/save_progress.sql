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
