-- Publishes the rows of one tenant, as a move of that tenant to another database does. The whole contract runs beside this
-- publication, because it lets no table be updated or deleted from whose replica identity lacks the filtered column. People
-- and issuers belong to no tenant.
set client_min_messages = error;
select 'create publication one_tenant for table ' ||
  string_agg(c.oid::regclass || case when a.attname is null then '' else format(' where (%I = %L)', a.attname, '00000000-0000-4000-8000-000000007e01') end, ', ')
from pg_catalog.pg_class c
left join pg_catalog.pg_attribute a
  on a.attrelid = c.oid and a.attname = case c.relname when 'tenants' then 'id' else 'tenant_id' end
where c.relnamespace in ('chatkeep'::regnamespace, 'chatkeep_private'::regnamespace) and c.relkind = 'r'
\gexec
