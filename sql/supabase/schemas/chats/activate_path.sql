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
