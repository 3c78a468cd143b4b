-- What plpgsql_check says of the functions of our triggers. `supabase db lint` leaves them out, since they can be
-- checked only together with a table.
set search_path = '';
select c.oid::pg_catalog.regclass || '.' || t.tgname || ': ' || k.complaint
from pg_catalog.pg_trigger t
join pg_catalog.pg_class c on c.oid = t.tgrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_proc p on p.oid = t.tgfoid
join pg_catalog.pg_language l on l.oid = p.prolang
cross join lateral extensions.plpgsql_check_function(
  t.tgfoid, t.tgrelid, oldtable => t.tgoldtable, newtable => t.tgnewtable) k(complaint)
where not t.tgisinternal and l.lanname = 'plpgsql' and n.nspname in ('chatkeep', 'chatkeep_private')
order by 1;
