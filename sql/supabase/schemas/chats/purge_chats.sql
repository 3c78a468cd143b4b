create or replace function chatkeep.purge_chats(
  older_than interval default '30 days',
  batch_size integer default 10000
) returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  deleted_before constant timestamptz := chatkeep_private.moment_before('older_than', older_than);
  moving constant uuid[] := chatkeep_private.moving_tenants();
  chat record;
  removed integer;
  total integer := 0;
begin
  perform chatkeep_private.check_batch_size(batch_size, 100000);
  loop
    -- One chat after the other, so that another purge takes the chats that this one has not reached.
    select c.id, c.tenant_id into chat from chatkeep.chats c
    where c.deleted_at < deleted_before and c.tenant_id <> all (moving)
    order by c.deleted_at
    limit 1
    for update skip locked;
    exit when not found;
    delete from chatkeep.messages m
    where m.chat_id = chat.id and m.tenant_id = chat.tenant_id
      and m.id in (
        select n.id from chatkeep.messages n
        where n.chat_id = chat.id and n.tenant_id = chat.tenant_id
        order by n.created_at
        limit batch_size - total
      );
    get diagnostics removed = row_count;
    total := total + removed;
    if total >= batch_size then
      -- The next batch removes the rest. Until then the mark keeps anyone from restoring half a chat.
      update chatkeep.chats c set purged_at = coalesce(c.purged_at, clock_timestamp())
      where c.id = chat.id and c.tenant_id = chat.tenant_id;
      exit;
    end if;
    delete from chatkeep.chats c where c.id = chat.id and c.tenant_id = chat.tenant_id;
    total := total + 1;
    exit when total >= batch_size;
  end loop;
  return total;
end
$$;
comment on function chatkeep.purge_chats(interval, integer) is
'Removes for good the chats that were deleted longer ago than older_than, at most batch_size messages and chats, and returns how many.
0 means that nothing is left. Tenants that are being moved are left alone. For service_role.
older_than: How long ago they were deleted.
batch_size: 1 to 100,000.
Errors: 22023, 22004.';
revoke all on function chatkeep.purge_chats(interval, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep.purge_chats(interval, integer) to service_role;
