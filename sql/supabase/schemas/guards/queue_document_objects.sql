-- Whatever deletes a document leaves its stored sources to a worker in the same transaction.
create or replace function chatkeep_private.queue_document_objects() returns trigger
language plpgsql set search_path = ''
as $$
begin
  insert into chatkeep_private.storage_outbox (tenant_id, user_id, storage_path)
  select old.tenant_id, old.user_id, s.source from unnest(old.source_uri || old.aliases) s (source)
  where s.source like 'storage://%';
  return null;
end
$$;
comment on function chatkeep_private.queue_document_objects() is
  'Leaves the stored sources of a document to take_storage_deletions.';
revoke all on function chatkeep_private.queue_document_objects() from public, anon, authenticated, service_role;

create trigger queue_removed_objects after delete on chatkeep.documents
  for each row when (old.deleted_at is null) execute function chatkeep_private.queue_document_objects();
comment on trigger queue_removed_objects on chatkeep.documents is 'The stored sources of a removed document are deleted later.';

create trigger queue_deleted_objects after update of deleted_at on chatkeep.documents
  for each row when (old.deleted_at is null and new.deleted_at is not null)
  execute function chatkeep_private.queue_document_objects();
comment on trigger queue_deleted_objects on chatkeep.documents is 'So are those of a deleted document.';
