insert into chatkeep.document_metadata (document_id, tenant_id, document_access, user_id, tags, properties)
select i.id, $1, i.visibility, $2, pg_catalog.jsonb_strip_nulls(i.tags), i.properties
from rows from (pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6))
  i (id, visibility, tags, properties)
on conflict do nothing
