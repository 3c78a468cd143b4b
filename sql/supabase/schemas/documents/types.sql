create type chatkeep.document_registration as (
  outcome text,
  id uuid, tenant_id uuid, user_id uuid, source_uri text, aliases text[], checksum text, title text,
  mime_type text, byte_size bigint, status text, error text, visibility text, supersedes uuid,
  created_at timestamptz, updated_at timestamptz, deleted_at timestamptz, access text
);
comment on type chatkeep.document_registration is 'A document and the outcome of its registration.';
comment on column chatkeep.document_registration.outcome is
  'One of created, duplicate, new_version. duplicate: the bytes were stored. new_version: the source had other bytes before.';
