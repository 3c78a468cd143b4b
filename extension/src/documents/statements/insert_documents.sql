insert into chatkeep.documents as d (
  id, tenant_id, user_id, source_uri, checksum, title, mime_type, byte_size, visibility, supersedes
)
select i.id, $1, $2, i.source_uri, i.checksum, i.title, i.mime_type, i.byte_size, i.visibility, $10
from rows from (pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6),
    pg_catalog.unnest($7), pg_catalog.unnest($8), pg_catalog.unnest($9))
  i (id, source_uri, checksum, title, mime_type, byte_size, visibility)
on conflict do nothing
returning 'created', d.id, d.tenant_id, d.user_id, d.source_uri, d.aliases, d.checksum, d.title, d.mime_type,
  d.byte_size, d.status, d.error, d.visibility, d.supersedes, d.created_at, d.updated_at, d.deleted_at, d.access
