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
