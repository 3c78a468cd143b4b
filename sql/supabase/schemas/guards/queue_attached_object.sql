-- Whatever removes an attachment, cascades included, leaves its object to a worker in the same transaction. SQL cannot
-- delete an object of Storage.
create or replace function chatkeep_private.queue_attached_object() returns trigger
language plpgsql set search_path = ''
as $$
begin
  insert into chatkeep_private.storage_outbox (tenant_id, user_id, storage_path)
  values (old.tenant_id, old.user_id, old.storage_path);
  return null;
end
$$;
comment on function chatkeep_private.queue_attached_object() is
  'Leaves the stored object of an attachment to take_storage_deletions.';
revoke all on function chatkeep_private.queue_attached_object() from public, anon, authenticated, service_role;

create trigger queue_attached_object after delete on chatkeep.attachments
  for each row when (old.storage_path is not null) execute function chatkeep_private.queue_attached_object();
comment on trigger queue_attached_object on chatkeep.attachments is 'The stored object of a removed attachment is deleted later.';

create trigger queue_renamed_object after update of storage_path on chatkeep.attachments
  for each row when (old.storage_path is distinct from new.storage_path and old.storage_path is not null)
  execute function chatkeep_private.queue_attached_object();
comment on trigger queue_renamed_object on chatkeep.attachments is 'So is the one that an attachment no longer names.';
