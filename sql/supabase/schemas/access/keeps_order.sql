-- The calls need the right to change last_seq and the columns beside it, so clients have the same column grants. This
-- policy takes the right back outside of calls. The function is volatile, so it sees the row that is about to be
-- replaced. A stable function would see the row as it was when the statement began, and would refuse a new title if a
-- message arrived in between.
create or replace function chatkeep_private.keeps_order(
  id uuid, tenant_id uuid, message_count integer, last_seq integer, active_leaf_id uuid,
  updated_at timestamptz, deleted_at timestamptz
) returns boolean
language plpgsql volatile set search_path = ''
as $$
begin
  if current_setting('chatkeep.writing', true) = 'on' then
    return true;
  end if;
  -- In a shared chat somebody who may write appends messages, and changes nothing else.
  if current_setting('chatkeep.writing', true) like 'on %' and deleted_at is null and chatkeep_private.writer() is not null then
    return true;
  end if;
  if current_setting('chatkeep.writing', true) like '% %' or not exists (
    select from chatkeep.chats c
    where c.id = keeps_order.id and c.tenant_id = keeps_order.tenant_id and c.user_id = chatkeep.uid()
      and (c.message_count, c.last_seq, c.active_leaf_id, c.updated_at, c.deleted_at)
        is not distinct from (keeps_order.message_count, keeps_order.last_seq, keeps_order.active_leaf_id,
          keeps_order.updated_at, keeps_order.deleted_at)
  ) then
    perform chatkeep_private.refuse('42501', 'only title, metadata, archived_at, pinned_at, folder, tags and read_up_to_seq of a chat can be changed directly',
      'Messages move the other columns: use append_message.');
  end if;
  perform chatkeep_private.check_moving(keeps_order.tenant_id);
  return true;
end
$$;
comment on function chatkeep_private.keeps_order(uuid, uuid, integer, integer, uuid, timestamptz, timestamptz) is
  'Refuses an update of a chat outside of calls that changes more than clients may change directly, or whose tenant is being moved.';
revoke all on function chatkeep_private.keeps_order(uuid, uuid, integer, integer, uuid, timestamptz, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.keeps_order(uuid, uuid, integer, integer, uuid, timestamptz, timestamptz) to authenticated, service_role;
