select d.id from chatkeep.documents d
where d.id = $2 and d.tenant_id = $1 and d.status <> 'archived' and d.deleted_at is null
for no key update
