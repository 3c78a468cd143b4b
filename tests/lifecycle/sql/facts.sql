-- What a dump must bring back, one line per fact: rows, policies, indexes, functions and grants.
-- Run by psql on the original and on the restored database; the two outputs must be equal. The variable schemas says whose.
\pset format unaligned
\pset tuples_only on
select format(
  'select %L || count(*) || '' '' || coalesce(md5(string_agg(md5(t::text), '''' order by md5(t::text))), '''') from %I.%I t',
  format('rows %I.%I: ', n.nspname, c.relname), n.nspname, c.relname)
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p')
  and n.nspname = any (string_to_array(:'schemas', ','))
order by n.nspname, c.relname
\gexec
select format('policy %s.%s %s %s %s %s using %s check %s',
  schemaname, tablename, policyname, permissive, roles, cmd, qual, with_check)
from pg_catalog.pg_policies
where schemaname = any (string_to_array(:'schemas', ','))
order by schemaname, tablename, policyname;
select format('index %s', indexdef)
from pg_catalog.pg_indexes
where schemaname = any (string_to_array(:'schemas', ','))
order by schemaname, tablename, indexname;
select format('constraint %s on %s: %s', k.conname, k.conrelid::regclass, pg_catalog.pg_get_constraintdef(k.oid))
from pg_catalog.pg_constraint k
join pg_catalog.pg_namespace n on n.oid = k.connamespace
where n.nspname in ('chatkeep', 'chatkeep_private')
order by 1;
select format('table %s security %s forced %s grants %s', c.oid::regclass, c.relrowsecurity, c.relforcerowsecurity,
  (select string_agg(a::text, ',' order by a::text) from unnest(c.relacl) a))
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('chatkeep', 'chatkeep_private')
order by 1;
select format('function %s definer %s grants %s source %s', p.oid::regprocedure, p.prosecdef,
  (select string_agg(a::text, ',' order by a::text) from unnest(p.proacl) a), md5(p.prosrc))
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('chatkeep', 'chatkeep_private')
order by 1;
