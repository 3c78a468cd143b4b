-- The properties of the tables that Realtime and other readers of the log need. docs/supabase.md shows how to publish them.
begin;
select * from no_plan();

create temporary view tables as
  select c.* from pg_catalog.pg_class c
  where c.relnamespace in ('chatkeep'::regnamespace, 'chatkeep_private'::regnamespace) and c.relkind = 'r';

select is_empty(
  $$ select t.oid::regclass from tables t
     join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attname = 'tenant_id'
     where not exists (select from pg_catalog.pg_index i
       where i.indrelid = t.oid and i.indisprimary and a.attnum = any (i.indkey)) $$,
  'the identity of an old row holds its tenant, so a publication can filter every table by tenant');
select is_empty(
  $$ select t.oid::regclass, a.attname from tables t
     join pg_catalog.pg_index i on i.indrelid = t.oid and i.indisprimary
     join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = any (i.indkey)
     where t.oid in ('chatkeep.chats'::regclass, 'chatkeep.messages'::regclass)
       and (not has_column_privilege('authenticated', t.oid, a.attnum, 'select')
         or has_column_privilege('anon', t.oid, a.attnum, 'select')) $$,
  'the keys of chats and messages are selected by who is signed in, and by nobody else');
select is_empty($$ select pubname, tablename from pg_catalog.pg_publication_tables where schemaname like 'chatkeep%' and pubname <> 'one_tenant' $$,
  'the migrations publish nothing by themselves');

select * from finish();
rollback;
