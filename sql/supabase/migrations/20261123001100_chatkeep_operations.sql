-- Chatkeep: operations. Written by `cargo xtask generate` from sql/supabase/schemas/operations.

-- operations/types.sql ------------------------------------------------------------

create type chatkeep.storage_deletion as (
  id uuid, tenant_id uuid, user_id uuid, storage_path text, created_at timestamptz, attempts integer
);
comment on type chatkeep.storage_deletion is 'A stored object that a worker is to delete.';
comment on column chatkeep.storage_deletion.id is 'For done_storage_deletions.';
comment on column chatkeep.storage_deletion.user_id is 'Owner of the chat or document that had it. The user may be gone.';
comment on column chatkeep.storage_deletion.storage_path is 'As the attachment named it, or the source of a document: storage://bucket/path.';
comment on column chatkeep.storage_deletion.created_at is 'When its attachment or document was removed.';
comment on column chatkeep.storage_deletion.attempts is 'How often it was given to a worker, this time included.';

-- operations/done_storage_deletions.sql ------------------------------------------------------------

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

-- operations/is_object_used.sql ------------------------------------------------------------

-- All tenants count. Otherwise a user could attach the object of somebody else, remove the attachment, and have the object
-- deleted.
create or replace function chatkeep_private.is_object_used(storage_path text, user_id uuid) returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  -- An attachment and a document may name the same object with and without the scheme.
  bare constant text := regexp_replace(is_object_used.storage_path, '^storage://', '');
  names constant text[] := array[bare, 'storage://' || bare];
begin
  return exists (select from chatkeep.attachments a where a.storage_path = any (names))
    or exists (
      select from chatkeep.documents d where d.source_uri = any (names) and d.source_uri like 'storage://%' and d.deleted_at is null
    )
    or exists (
      select from chatkeep.documents d
      where d.user_id = is_object_used.user_id and d.aliases && names and d.aliases <> '{}' and d.status <> 'archived' and d.deleted_at is null
    );
end
$$;
comment on function chatkeep_private.is_object_used(text, uuid) is 'Whether an attachment or document names the stored object. Of aliases, those of this user count.';
revoke all on function chatkeep_private.is_object_used(text, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.is_object_used(text, uuid) to service_role;

-- operations/take_storage_deletions.sql ------------------------------------------------------------

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

notify pgrst, 'reload schema';
