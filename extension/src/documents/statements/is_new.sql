select not exists (
    select from chatkeep.documents d
    where d.user_id = $2 and d.source_uri = any ($3) and d.tenant_id = $1
      and d.status <> 'archived' and d.deleted_at is null
  ) and not exists (
    select from chatkeep.documents d, pg_catalog.unnest(d.aliases) a (source_uri)
    where d.user_id = $2 and a.source_uri = any ($3) and d.tenant_id = $1
      and d.aliases operator(pg_catalog.<>) '{}' and d.status <> 'archived' and d.deleted_at is null
  ) and not exists (
    select from chatkeep.documents d
    where d.checksum = any ($4) and d.tenant_id = $1
      and d.visibility = 'tenant' and d.status <> 'archived' and d.deleted_at is null
  )
