-- Prints the statements that count the rows of every table and digest them, by the present columns. Run again after an
-- upgrade, those statements show whether a row was lost or changed, whatever columns were added.
\pset format unaligned
\pset tuples_only on
select format(
  'select %L || count(*) || '' '' || coalesce(md5(string_agg(md5(t::text), '''' order by md5(t::text))), '''') from (select %s from %I.%I) t;',
  format('rows %s.%s: ', n.nspname, c.relname),
  string_agg(format('%I', a.attname), ', ' order by a.attnum),
  n.nspname, c.relname)
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p')
  and n.nspname in ('auth', 'chatkeep', 'chatkeep_private')
group by n.nspname, c.relname
order by n.nspname, c.relname;
