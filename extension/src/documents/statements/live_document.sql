select d.status = 'pending' and d.user_id = $3, d.visibility
from chatkeep.documents d
where d.id = $2 and d.tenant_id = $1 and d.status <> 'archived' and d.status <> 'failed' and d.deleted_at is null
  and ($5 = 'private' or d.visibility = 'tenant')
  and (d.source_uri = $4 or $4 = any (d.aliases))
