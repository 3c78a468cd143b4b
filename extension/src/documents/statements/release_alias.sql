with released as (
  update chatkeep.documents d
  set aliases = pg_catalog.array_remove(d.aliases, $3), updated_at = pg_catalog.clock_timestamp()
  where d.user_id = $2 and d.tenant_id = $1
    and d.aliases operator(pg_catalog.<>) '{}' and $3 = any (d.aliases)
    and d.id is distinct from $4 and d.status <> 'archived' and d.deleted_at is null
  returning d.id, d.visibility
)
select r.id from released r order by r.visibility, r.id
