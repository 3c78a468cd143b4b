create type chatkeep.document_registration as (
  outcome text,
  id uuid, tenant_id uuid, user_id uuid, source_uri text, aliases text[], checksum text, title text,
  mime_type text, byte_size bigint, status text, error text, visibility text, supersedes uuid,
  created_at timestamptz, updated_at timestamptz, deleted_at timestamptz, access text
);
comment on type chatkeep.document_registration is 'A document and its outcome: created, duplicate or new_version.';
