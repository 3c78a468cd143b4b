-- Views that would read with their owner's rights, who is exempt from row level security: nobody's policies would hold.
set search_path = '';
select c.oid::pg_catalog.regclass || ' is not security_invoker'
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('chatkeep', 'chatkeep_private') and c.relkind = 'v'
  and not coalesce(c.reloptions, '{}') && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1'];
