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
