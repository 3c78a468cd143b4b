select case
    when d.user_id = $2 and d.has_source and d.visibility = 'private' then
      case when d.unsettled then 'again' else 'duplicate' end
    when d.unsettled or h.held then 'other'
    when d.user_id = $2 and d.has_source and d.source_uri <> i.source_uri then
      case when i.source_uri in (
        select a.source_uri from chatkeep.documents d, pg_catalog.unnest(d.aliases) a (source_uri)
        where d.user_id = $2 and d.tenant_id = $1
          and d.aliases operator(pg_catalog.<>) '{}' and d.status <> 'archived' and d.deleted_at is null
        group by a.source_uri
        having pg_catalog.count(*) > 1
      ) then 'other' else 'duplicate' end
    when i.source_uri in (
      select a.source_uri from chatkeep.documents d, pg_catalog.unnest(d.aliases) a (source_uri)
      where d.user_id = $2 and d.tenant_id = $1
        and d.aliases operator(pg_catalog.<>) '{}' and d.status <> 'archived' and d.deleted_at is null
    ) then 'other'
    when d.id is null then 'new'
    when d.has_source then 'duplicate'
    else 'alias'
  end,
  d.id, d.tenant_id, d.user_id, d.source_uri, d.aliases, d.checksum, d.title, d.mime_type, d.byte_size, d.status,
  d.error, d.visibility, d.supersedes, d.created_at, d.updated_at, d.deleted_at, d.access
from rows from (pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6))
  with ordinality i (source_uri, checksum, visibility, described, place)
left join lateral (
  select u.*, i.source_uri = u.source_uri or i.source_uri = any (u.aliases) as has_source,
    (u.visibility = 'private' and i.visibility = 'tenant')
      or u.status = 'failed'
      or (u.status = 'pending' and i.described and u.user_id = $2)
      or (u.status = 'processing'
        and u.updated_at < pg_catalog.clock_timestamp() operator(pg_catalog.-) interval '1 hour') as unsettled
  from (
    select d.* from chatkeep.documents d
    where d.user_id = $2 and d.checksum = i.checksum and d.tenant_id = $1
      and d.visibility = 'private' and d.status <> 'archived' and d.deleted_at is null
    union all
    select d.* from chatkeep.documents d
    where d.tenant_id = $1 and d.checksum = i.checksum and (d.user_id = $2 or i.visibility = 'tenant')
      and d.visibility = 'tenant' and d.status <> 'archived' and d.deleted_at is null
  ) u
  order by u.visibility = i.visibility desc
  limit 1
) d on true
left join lateral (
  select true as held from chatkeep.documents h
  where (d.id is null or d.user_id <> $2 or d.visibility = 'tenant' or not d.has_source)
    and h.user_id = $2 and h.source_uri = i.source_uri and h.tenant_id = $1
    and h.id is distinct from d.id and h.status <> 'archived' and h.deleted_at is null
  limit 1
) h on true
order by i.place
