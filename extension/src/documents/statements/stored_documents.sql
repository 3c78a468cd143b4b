select i.outcome, d.id, d.tenant_id, d.user_id, d.source_uri, d.aliases, d.checksum, d.title, d.mime_type,
  d.byte_size, d.status, d.error, d.visibility, d.supersedes, d.created_at, d.updated_at, d.deleted_at, d.access
from rows from (pg_catalog.unnest($2), pg_catalog.unnest($3)) with ordinality i (id, outcome, place),
  lateral (select d.* from chatkeep.documents d where d.id = i.id and d.tenant_id = $1 limit 1) d
order by i.place
