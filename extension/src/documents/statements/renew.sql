update chatkeep.documents d
set (status, title, mime_type, byte_size, aliases, visibility, updated_at) = (
  select case when r.begins_anew then 'pending' else d.status end,
    case when r.begins_anew and d.user_id = $3 then coalesce($4, d.title) else d.title end,
    case when r.begins_anew and d.user_id = $3 then coalesce($5, d.mime_type) else d.mime_type end,
    case when r.begins_anew and d.user_id = $3 then coalesce($6, d.byte_size) else d.byte_size end,
    d.aliases || array(
      select s.source_uri from pg_catalog.unnest($7) with ordinality s (source_uri, place)
      where s.source_uri <> d.source_uri and s.source_uri <> all (d.aliases) and (s.place = 1 or d.user_id <> $3)
      group by s.source_uri
      order by pg_catalog.min(s.place)
    ),
    case $8 when 'tenant' then 'tenant' else d.visibility end,
    pg_catalog.clock_timestamp()
  from (select d.status in ('failed', 'pending')
    or (d.status = 'processing' and d.updated_at < pg_catalog.clock_timestamp() - interval '1 hour') as begins_anew) r
)
where d.id = $2 and d.tenant_id = $1 and d.status <> 'archived' and d.deleted_at is null
  and (d.status = 'failed'
    or (d.status = 'processing' and d.updated_at < pg_catalog.clock_timestamp() - interval '1 hour')
    or (d.status = 'pending' and d.user_id = $3
      and (coalesce($4, d.title) is distinct from d.title
        or coalesce($5, d.mime_type) is distinct from d.mime_type
        or coalesce($6, d.byte_size) is distinct from d.byte_size))
    or (($7)[1] <> d.source_uri and ($7)[1] <> all (d.aliases))
    or ($8 = 'tenant' and d.visibility = 'private'))
