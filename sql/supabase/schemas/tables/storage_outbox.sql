create table chatkeep_private.storage_outbox (
  id uuid not null default chatkeep_private.uuid_v7(),
  tenant_id uuid not null,
  user_id uuid not null,
  storage_path text not null,
  created_at timestamptz not null default clock_timestamp(),
  taken_at timestamptz,
  attempts integer not null default 0,
  constraint storage_outbox_pkey primary key (id, tenant_id)
);
comment on table chatkeep_private.storage_outbox is
  'Stored objects that lost their attachment or document, until a worker has deleted them. It has no foreign keys: it outlives the user and the tenant.';
comment on column chatkeep_private.storage_outbox.user_id is 'Owner of the chat or document.';
comment on column chatkeep_private.storage_outbox.storage_path is 'As the attachment, or the source of the document, named it.';
comment on column chatkeep_private.storage_outbox.taken_at is 'When take_storage_deletions last gave it to a worker.';
comment on column chatkeep_private.storage_outbox.attempts is 'How often it was given to a worker.';
create index storage_outbox_created_at_idx on chatkeep_private.storage_outbox (created_at);
