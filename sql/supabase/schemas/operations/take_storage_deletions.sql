create or replace function chatkeep.take_storage_deletions(
  batch_size integer default 100,
  retry_after interval default '15 minutes'
) returns setof chatkeep.storage_deletion
language plpgsql volatile set search_path = ''
as $$
declare
  moving constant uuid[] := chatkeep_private.moving_tenants();
  taken_before constant timestamptz := chatkeep_private.moment_before('retry_after', retry_after);
  due record;
  given integer := 0;
begin
  perform chatkeep_private.check_batch_size(batch_size, 1000);
  for due in
    select o.id, o.tenant_id, o.user_id, o.storage_path from chatkeep_private.storage_outbox o
    where (o.taken_at is null or o.taken_at < taken_before) and o.tenant_id <> all (moving)
    order by o.created_at
    for update skip locked
  loop
    if chatkeep_private.is_object_used(due.storage_path, due.user_id) then
      -- The removal of what uses it queues it again.
      delete from chatkeep_private.storage_outbox o where o.id = due.id and o.tenant_id = due.tenant_id;
    else
      return query
        update chatkeep_private.storage_outbox o
        set taken_at = clock_timestamp(), attempts = o.attempts + 1
        where o.id = due.id and o.tenant_id = due.tenant_id
        returning o.id, o.tenant_id, o.user_id, o.storage_path, o.created_at, o.attempts;
      given := given + 1;
      exit when given = batch_size;
    end if;
  end loop;
end
$$;
comment on function chatkeep.take_storage_deletions(integer, interval) is
'Gives a worker stored objects to delete: those whose attachment or document was removed, and that nothing names any more. The oldest come first.
done_storage_deletions ends what the worker has deleted. What it does not end is given again after retry_after. Workers that run at the same time get different objects. Tenants that are being moved are left alone. For service_role.
batch_size: 1 to 1,000.
retry_after: How long a worker may take.
Errors: 22023, 22004.';
revoke all on function chatkeep.take_storage_deletions(integer, interval) from public, anon, authenticated, service_role;
grant execute on function chatkeep.take_storage_deletions(integer, interval) to service_role;
