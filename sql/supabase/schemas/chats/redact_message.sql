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
