create type chatkeep.storage_deletion as (
  id uuid, tenant_id uuid, user_id uuid, storage_path text, created_at timestamptz, attempts integer
);
comment on type chatkeep.storage_deletion is 'A stored object that a worker is to delete.';
comment on column chatkeep.storage_deletion.id is 'For done_storage_deletions.';
comment on column chatkeep.storage_deletion.user_id is 'Owner of the chat or document that had it. The user may be gone.';
comment on column chatkeep.storage_deletion.storage_path is 'As the attachment named it, or the source of a document: storage://bucket/path.';
comment on column chatkeep.storage_deletion.created_at is 'When its attachment or document was removed.';
comment on column chatkeep.storage_deletion.attempts is 'How often it was given to a worker, this time included.';
