create table chatkeep.documents (
  id uuid not null default chatkeep_private.uuid_v7(),
  tenant_id uuid not null,
  user_id uuid not null,
  source_uri text not null,
  aliases text[] not null default '{}',
  checksum text collate "C" not null,
  title text,
  mime_type text,
  byte_size bigint,
  status text not null default 'pending',
  error text,
  visibility text not null default 'private',
  supersedes uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  access text not null generated always as (case when deleted_at is null then visibility else 'deleted' end) stored,
  constraint documents_pkey primary key (id, tenant_id),
  constraint documents_access_key unique (id, tenant_id, access),
  constraint documents_user_id_fkey foreign key (user_id, tenant_id)
    references chatkeep.memberships (user_id, tenant_id) on update cascade on delete cascade,
  constraint documents_source_uri_length check (char_length(source_uri) between 1 and 2048),
  constraint documents_checksum_is_sha256 check (checksum = encode(decode(checksum, 'hex'), 'hex') and octet_length(checksum) = 64),
  constraint documents_title_length check (char_length(title) <= 500),
  constraint documents_mime_type_length check (char_length(mime_type) <= 255),
  constraint documents_byte_size_is_natural check (byte_size >= 0),
  constraint documents_error_length check (char_length(error) between 1 and 2000),
  constraint documents_error_of_failed check (error is null or status = 'failed'),
  constraint documents_status_known check (status in ('pending', 'processing', 'ready', 'failed', 'archived')),
  constraint documents_visibility_known check (visibility in ('private', 'tenant'))
);
comment on table chatkeep.documents is
  'A document that the assistant may use: its source and the checksum of its bytes. The bytes are stored elsewhere.';
comment on column chatkeep.documents.aliases is
  'Other sources of the same bytes, in the order of their registration.';
comment on column chatkeep.documents.checksum is 'SHA-256 of the bytes, 64 lower-case hexadecimal characters.';
comment on column chatkeep.documents.status is
  'The state of its ingest. It changes only along the graph in docs/documents.md.';
comment on column chatkeep.documents.error is 'Why the ingest failed, from set_document_status.';
comment on column chatkeep.documents.supersedes is 'The document that this source had before these bytes.';
comment on column chatkeep.documents.access is
  'One of private, tenant, deleted. The visibility, unless the document is deleted. Metadata and attachments carry a copy, which their foreign keys keep up to date.';
create index documents_user_id_source_uri_idx on chatkeep.documents (user_id, source_uri);
-- For is_object_used.
create index documents_stored_object_idx on chatkeep.documents using hash (source_uri) where source_uri like 'storage://%';
create index documents_created_at_idx on chatkeep.documents (created_at desc);

-- A checksum is unique per owner and tenant. A global constraint would tell one tenant what another one stores. Archived and
-- deleted rows are history and do not count. The checksum comes first, because it alone identifies nearly all rows.
create unique index documents_private_checksum_key on chatkeep.documents (checksum, user_id, tenant_id)
  where visibility = 'private' and status <> 'archived' and deleted_at is null;
create unique index documents_tenant_checksum_key on chatkeep.documents (checksum, tenant_id)
  where visibility = 'tenant' and status <> 'archived' and deleted_at is null;

-- The first 64 bits of the checksum: a fifth of the size. The native engine looks up whole batches here. The owner is
-- the second column, so that a lookup costs the same whatever others store. The predicate uses access, which no
-- statement does, so the planner never chooses this index: without statistics a scan by the second column looks
-- cheap, and it reads the index from end to end.
create index documents_checksum_front_idx on chatkeep.documents (((('x' || left(checksum, 16))::bit(64))::bigint), user_id)
  where access = 'private' and status <> 'archived';

-- A source has one current document: two registrations of new bytes cannot both supersede it. The predicate uses
-- access for the same reason as above: the planner would take the index for a way to find a checksum by the owner
-- alone. documents_user_id_source_uri_idx finds sources.
create unique index documents_current_source_uri_key on chatkeep.documents (user_id, source_uri, tenant_id)
  where status <> 'archived' and access <> 'deleted';

-- For the part of the policy that concerns the tenant. Without an index that begins with the tenant, every read of
-- documents scans the whole primary key, and a read by source_uri fetches rows of other tenants with the same source.
create index documents_shared_idx on chatkeep.documents (tenant_id, source_uri) where visibility = 'tenant';

-- Finds a source among aliases. Few documents have aliases. An index of the aliases themselves would not help: under
-- row level security containment may not be evaluated before the policy.
create index documents_user_id_aliased_idx on chatkeep.documents (user_id)
  where aliases <> '{}' and status <> 'archived' and deleted_at is null;
