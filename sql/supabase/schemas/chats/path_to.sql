create or replace function chatkeep_private.path_to(chat chatkeep.chats, message_id uuid) returns uuid[]
language plpgsql stable set search_path = ''
as $$
#variable_conflict use_column
declare
  -- Of a chat that the call opens through a share, the active path as far as the share goes.
  is_opened constant boolean := current_setting('chatkeep.writing', true) like '% %';
  shown_to constant integer := case when is_opened then coalesce(chatkeep_private.opened_to(), 0) else 2147483647 end;
begin
  if path_to.message_id is null then
    return array(
      select m.id from chatkeep.messages m
      where m.chat_id = chat.id and m.tenant_id = chat.tenant_id and m.active and m.seq <= shown_to
      order by m.seq
    );
  end if;
  -- Up to where the branch joins the active path.
  return array(
    with recursive branch as (
      select m.id, m.parent_id, m.seq, m.active from chatkeep.messages m
      where m.id = path_to.message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
        and m.seq <= shown_to and (m.active or not is_opened)
      union all
      select p.id, p.parent_id, p.seq, p.active
      from branch b, lateral (
        select m.id, m.parent_id, m.seq, m.active from chatkeep.messages m
        where m.id = b.parent_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
        limit 1
      ) p
      where not b.active
    )
    select p.id
    from (
      select b.id, b.seq from branch b where not b.active
      union all
      select m.id, m.seq from chatkeep.messages m
      where m.chat_id = chat.id and m.tenant_id = chat.tenant_id and m.active
        and m.seq <= (select max(b.seq) from branch b where b.active)
    ) p
    order by p.seq
  );
end
$$;
comment on function chatkeep_private.path_to(chatkeep.chats, uuid) is
  'The ids of a message and its ancestors, the first message first, or of the active path. Empty if the call shows no such message.';
revoke all on function chatkeep_private.path_to(chatkeep.chats, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.path_to(chatkeep.chats, uuid) to authenticated, service_role;
