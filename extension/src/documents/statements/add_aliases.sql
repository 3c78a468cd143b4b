update chatkeep.documents d
set aliases = pg_catalog.array_cat(d.aliases, i.sources), updated_at = pg_catalog.clock_timestamp()
from (
  select s.id, pg_catalog.array_agg(s.source_uri order by s.place) as sources
  from rows from (pg_catalog.unnest($2), pg_catalog.unnest($3)) with ordinality s (id, source_uri, place)
  group by s.id
) i
where d.id = i.id and d.tenant_id = $1 and d.status <> 'archived' and d.deleted_at is null
  and not i.sources operator(pg_catalog.&&) pg_catalog.array_prepend(d.source_uri, d.aliases)
returning d.id
