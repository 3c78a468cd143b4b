create table chatkeep.attachments (
  id uuid not null default chatkeep_private.uuid_v7(),
  tenant_id uuid not null,
  user_id uuid not null,
  chat_id uuid not null,
  message_id uuid not null,
  document_id uuid,
  document_access text,
  document_deleted boolean not null
    generated always as (document_access is not null and (document_id is null or document_access = 'deleted')) stored,
  name text,
  mime_type text,
  byte_size bigint,
  storage_path text,
  created_at timestamptz not null default now(),
  constraint attachments_pkey primary key (id, tenant_id),
  constraint attachments_message_id_fkey foreign key (message_id, chat_id, tenant_id)
    references chatkeep.messages (id, chat_id, tenant_id) on update cascade on delete cascade,
  -- An attachment changes hands with its chat.
  constraint attachments_chat_id_fkey foreign key (user_id, chat_id, tenant_id)
    references chatkeep.chats (user_id, id, tenant_id) on update cascade on delete cascade,
  constraint attachments_document_id_fkey foreign key (document_id, tenant_id, document_access)
    references chatkeep.documents (id, tenant_id, access) on update cascade on delete set null (document_id),
  -- A foreign key with a NULL among its columns checks nothing.
  constraint attachments_document_access_given check (document_id is null or document_access is not null),
  constraint attachments_name_length check (char_length(name) between 1 and 500),
  constraint attachments_mime_type_length check (char_length(mime_type) <= 255),
  constraint attachments_byte_size_is_natural check (byte_size >= 0),
  constraint attachments_storage_path_length check (char_length(storage_path) between 1 and 2048)
);
comment on column chatkeep.attachments.document_access is
  'One of private, tenant, deleted. The document''s access while there is a document; NULL if none was attached.';
comment on column chatkeep.attachments.document_deleted is 'Whether the attached document has been deleted.';
comment on table chatkeep.attachments is
  'A document or a stored object attached to a message. It stays readable when the document is deleted.';
create index attachments_message_id_idx on chatkeep.attachments (message_id, chat_id, tenant_id);
create index attachments_document_id_idx on chatkeep.attachments (document_id, tenant_id);
create index attachments_created_at_idx on chatkeep.attachments (created_at);
-- For is_object_used. A path may be longer than an entry of a B-tree.
create index attachments_storage_path_idx on chatkeep.attachments using hash (storage_path) where storage_path is not null;
create index attachments_user_id_idx on chatkeep.attachments (user_id, chat_id, tenant_id);
