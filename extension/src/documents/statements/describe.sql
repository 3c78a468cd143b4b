update chatkeep.document_metadata m
set tags = case when $4 = '{}' then m.tags else pg_catalog.jsonb_strip_nulls($4) end,
  properties = case when $5 = '{}' then m.properties else $5 end,
  updated_at = pg_catalog.clock_timestamp()
where m.document_id = $2 and m.tenant_id = $1 and m.user_id = $3 and m.namespace = 'default'
  and (($4 <> '{}' and m.tags <> pg_catalog.jsonb_strip_nulls($4)) or ($5 <> '{}' and m.properties <> $5))
