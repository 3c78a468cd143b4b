create table chatkeep.document_metadata (
  document_id uuid not null,
  tenant_id uuid not null,
  document_access text not null,
  user_id uuid not null,
  namespace text not null default 'default',
  tags jsonb not null default '{}',
  properties jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint document_metadata_pkey primary key (document_id, tenant_id, namespace),
  constraint document_metadata_document_id_fkey foreign key (document_id, tenant_id, document_access)
    references chatkeep.documents (id, tenant_id, access) on update cascade on delete cascade,
  -- The writer and the document are in one tenant. When a user is deleted, the metadata they wrote on documents of
  -- others go too.
  constraint document_metadata_user_id_fkey foreign key (user_id, tenant_id)
    references chatkeep.memberships (user_id, tenant_id) on update cascade on delete cascade,
  constraint document_metadata_namespace_length check (char_length(namespace) between 1 and 64),
  constraint document_metadata_tags_is_object check (jsonb_typeof(tags) = 'object'),
  constraint document_metadata_properties_is_object check (jsonb_typeof(properties) = 'object')
);
comment on table chatkeep.document_metadata is 'Tags and properties of a document, one row per namespace.';
comment on column chatkeep.document_metadata.document_access is
  'One of private, tenant, deleted. The document''s access. The policy reads it here, without reading the document.';
comment on column chatkeep.document_metadata.user_id is 'The owner of the namespace: its first writer.';
create index document_metadata_document_id_idx on chatkeep.document_metadata (document_id);
create index document_metadata_tags_idx on chatkeep.document_metadata using gin (tags);
create index document_metadata_user_id_idx on chatkeep.document_metadata (user_id, tenant_id);
create index document_metadata_shared_idx on chatkeep.document_metadata (tenant_id) where document_access = 'tenant';
