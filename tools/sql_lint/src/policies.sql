-- Every expression of every policy, and which functions are immutable, whatever they are called with.
-- Lines of tab-separated fields, read by policies.rs.
set search_path = '';
select 'function', n.nspname || '.' || p.proname, bool_and(p.provolatile = 'i')
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
group by 2;
select 'policy', n.nspname || '.' || c.relname || '.' || p.polname, e.part,
  -- Which operator it is makes no difference here, and not every parser reads all names of operators.
  pg_catalog.regexp_replace(pg_catalog.translate(pg_catalog.pg_get_expr(e.tree, p.polrelid), E'\n\t', '  '),
    'OPERATOR\([^)]*\)', '=', 'g')
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
cross join lateral (values ('using', p.polqual), ('with check', p.polwithcheck)) e(part, tree)
where n.nspname in ('chatkeep', 'chatkeep_private') and e.tree is not null
order by 2, 3;
