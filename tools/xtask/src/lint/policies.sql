-- Every expression of every policy as the server has parsed it, and the functions that may be called in one.
-- Lines of tab-separated fields, read by policies.rs.
set search_path = '';
select 'function', p.oid, n.nspname || '.' || p.proname, p.provolatile
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace;
select 'policy', n.nspname || '.' || c.relname || '.' || p.polname, e.part, e.tree
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
cross join lateral (values ('using', p.polqual::text), ('with check', p.polwithcheck::text)) e(part, tree)
where n.nspname in ('chatkeep', 'chatkeep_private') and e.tree is not null
order by 2, 3;
