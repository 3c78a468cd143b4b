create or replace function chatkeep.done_storage_deletions(ids uuid[]) returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  ended integer;
begin
  perform chatkeep_private.check_present('ids', done_storage_deletions.ids is not null);
  if cardinality(done_storage_deletions.ids) > 1000 then
    perform chatkeep_private.refuse('22023', 'ids has more than 1000 items', 'Send it in several calls.');
  end if;
  delete from chatkeep_private.storage_outbox o where o.id = any (done_storage_deletions.ids);
  get diagnostics ended = row_count;
  return ended;
end
$$;
comment on function chatkeep.done_storage_deletions(uuid[]) is
'Ends deletions that take_storage_deletions gave and that the worker has carried out, and returns how many.
The same ids again end nothing. For service_role.
ids: At most 1,000 ids of take_storage_deletions.
Errors: 22023, 22004.';
revoke all on function chatkeep.done_storage_deletions(uuid[]) from public, anon, authenticated, service_role;
grant execute on function chatkeep.done_storage_deletions(uuid[]) to service_role;
