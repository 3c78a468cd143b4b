update chatkeep.documents d
set (status, source_uri, aliases, updated_at) = (
  select case when n.source_uri is null then 'archived' else d.status end,
    coalesce(n.source_uri, d.source_uri),
    pg_catalog.array_remove(d.aliases, n.source_uri),
    pg_catalog.clock_timestamp()
  from (select (
    select a.source_uri from pg_catalog.unnest(d.aliases) with ordinality a (source_uri, place)
    where not exists (
      select from chatkeep.documents o
      where o.user_id = $2 and o.source_uri = a.source_uri and o.tenant_id = $1
        and o.id <> d.id and o.status <> 'archived' and o.deleted_at is null
    )
    order by a.place
    limit 1
  ) as source_uri) n
)
where d.user_id = $2 and d.source_uri = $3 and d.tenant_id = $1
  and d.id is distinct from $4 and d.status <> 'archived' and d.deleted_at is null
returning d.id
