select 'duplicate', d.id, d.tenant_id, d.user_id, d.source_uri, d.aliases, d.checksum, d.title, d.mime_type,
  d.byte_size, d.status, d.error, d.visibility, d.supersedes, d.created_at, d.updated_at, d.deleted_at, d.access
from chatkeep.documents d
where d.ctid = any ($3) and d.user_id = $2 and d.tenant_id = $1
  and d.visibility = 'private' and d.deleted_at is null
  and (d.status = 'ready' or d.status = 'pending' or (d.status = 'processing'
    and d.updated_at >= pg_catalog.clock_timestamp() operator(pg_catalog.-) interval '1 hour'))
