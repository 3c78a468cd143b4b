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
    references chatkeep.users (id, tenant_id) on update cascade on delete cascade,
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
comment on table chatkeep.documents is 'A document that the assistant may use: where it came from and what its bytes hash to. The bytes lie elsewhere.';
comment on column chatkeep.documents.aliases is 'Other sources of the same bytes, in the order they were registered.';
comment on column chatkeep.documents.checksum is 'SHA-256 of the bytes, 64 lower-case hexadecimal characters.';
comment on column chatkeep.documents.status is 'How far its ingest got: pending, processing, ready, failed or archived. It moves along the graph in docs/documents.md alone.';
comment on column chatkeep.documents.error is 'Why the ingest failed, as set_document_status was told.';
comment on column chatkeep.documents.supersedes is 'The document that this source held before these bytes.';
comment on column chatkeep.documents.access is 'visibility, or deleted. Metadata and attachments carry a copy, which their foreign keys keep true.';
create index documents_user_id_source_uri_idx on chatkeep.documents (user_id, source_uri);
create index documents_created_at_idx on chatkeep.documents (created_at desc);

-- unique(checksum) holds per owner: a global one would tell one tenant what another stores. Archived and deleted rows are history and hold no claim.
-- The checksum comes first, as it alone tells nearly all rows apart.
create unique index documents_private_checksum_key on chatkeep.documents (checksum, user_id)
  where visibility = 'private' and status <> 'archived' and deleted_at is null;
create unique index documents_tenant_checksum_key on chatkeep.documents (checksum, tenant_id)
  where visibility = 'tenant' and status <> 'archived' and deleted_at is null;

-- The same by the first 64 bits of the checksum, a fifth of the size: where the native engine looks up a whole batch. The
-- owner is a part of it too, so that a look costs the same whatever others store. It says of access what the others say of
-- visibility and deleted_at, so that no statement is planned with it: by its second column alone it is read from end to end,
-- which looks cheap as long as the table has no statistics.
create index documents_checksum_front_idx on chatkeep.documents (((('x' || left(checksum, 16))::bit(64))::bigint), user_id)
  where access = 'private' and status <> 'archived';

-- A source has one current document: two registrations of new bytes cannot both supersede. In words that no statement uses, for
-- the same reason: it would be taken for a way to a checksum, by the owner alone. documents_user_id_source_uri_idx finds sources.
create unique index documents_current_source_uri_key on chatkeep.documents (user_id, source_uri)
  where status <> 'archived' and access <> 'deleted';

-- The half of the policy that is not the owner's: without an index that begins with the tenant, every read of documents
-- goes through all entries of the primary key, and one by source_uri fetches the rows of other tenants that have the same.
create index documents_shared_idx on chatkeep.documents (tenant_id, source_uri) where visibility = 'tenant';

-- What else a source may be found as: few documents have aliases, and an index of the aliases themselves would be of no use
-- under row security, where containment may not be asked before the policy.
create index documents_user_id_aliased_idx on chatkeep.documents (user_id)
  where aliases <> '{}' and status <> 'archived' and deleted_at is null;
