-- Rules for every object, on every engine. `cargo xtask lint` checks policies and privileges, which no engine changes.
begin;
\ir ../support/identities.psql
select * from no_plan();

create temporary view calls as
  select p.* from pg_catalog.pg_proc p
  where p.pronamespace in ('chatkeep'::regnamespace, 'chatkeep_private'::regnamespace);
create temporary view tables as
  select c.* from pg_catalog.pg_class c
  where c.relnamespace in ('chatkeep'::regnamespace, 'chatkeep_private'::regnamespace) and c.relkind = 'r';

select is_empty($$ select proname from calls where prosecdef $$, 'every function is security invoker');
select is_empty($$ select proname from calls group by pronamespace, proname having count(*) > 1 $$,
  'no function is overloaded');
select is_empty(
  $$ select proname from calls
     where prolang <> (select oid from pg_catalog.pg_language where lanname = 'c')
       and not coalesce(proconfig, '{}') @> array['search_path=""'] $$,
  'every function that is not native has an empty search_path');
select is_empty($$ select proname from calls where provolatile = 'v' and proisstrict $$,
  'no function that writes is strict');
select is_empty($$ select relname from tables where not (relrowsecurity and relforcerowsecurity) $$,
  'row level security is enabled and forced on every table');
select is_empty(
  $$ select p.polrelid::regclass, r, p.polcmd from pg_catalog.pg_policy p cross join unnest(p.polroles) r
     join tables t on t.oid = p.polrelid group by 1, 2, 3 having count(*) > 1 $$,
  'one policy per table, role and command');
select is_empty(
  $$ select p.polname from pg_catalog.pg_policy p join tables t on t.oid = p.polrelid
     where not p.polpermissive or p.polcmd = '*' or 0 = any (p.polroles) $$,
  'every policy is permissive, names its command and its roles');
select is_empty(
  $$ select d.classid::regclass, d.objid from pg_catalog.pg_depend d
     join pg_catalog.pg_extension e on e.oid = d.refobjid and d.refclassid = 'pg_extension'::regclass
     where e.extname = 'chatkeep' and d.deptype = 'e'
       and d.classid not in ('pg_proc'::regclass, 'pg_type'::regclass) $$,
  'the extension owns functions and types only');
select is_empty(
  $$ select oid::regclass::text from tables where obj_description(oid, 'pg_class') is null
     union all select oid::regprocedure::text from calls where obj_description(oid, 'pg_proc') is null
     union all select t.oid::regtype::text from pg_catalog.pg_type t join pg_catalog.pg_class c on c.oid = t.typrelid
       where t.typnamespace = 'chatkeep'::regnamespace and c.relkind = 'c' and obj_description(t.oid, 'pg_type') is null
     union all select polname from pg_catalog.pg_policy p join tables t on t.oid = p.polrelid where obj_description(p.oid, 'pg_policy') is null
     union all select tgname from pg_catalog.pg_trigger g join tables t on t.oid = g.tgrelid
       where not g.tgisinternal and obj_description(g.oid, 'pg_trigger') is null $$,
  'every table, function, type, policy and trigger has a comment');
select is_empty(
  $$ select oid::regprocedure from calls c, aclexplode(coalesce(c.proacl, acldefault('f', c.proowner))) a
     where a.grantee = 0 and a.privilege_type = 'EXECUTE' $$,
  'PUBLIC may execute nothing');
select set_eq(
  $$ select proname::text from pg_catalog.pg_proc p
     where p.pronamespace = 'chatkeep'::regnamespace and has_function_privilege('anon', p.oid, 'execute') $$,
  array['rotate_session', 'validate_session', 'pre_request', 'open_share', 'document_checksum', 'engine', 'uid'],
  'anon may call what needs no user, and nothing else');

select set_eq(
  $$ select i.indexrelid::regclass::text || ': ' ||
       regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING (\w+) ', '\1 ')
     from pg_catalog.pg_index i
     where i.indexrelid::regclass::text ~
       '(messages_chat_id_created_at_idx|messages_user_id_idx|message_search_tsv_idx|chats_user_id_updated_at_idx|sessions_user_id_expires_at_idx|sessions_session_token_key|documents_user_id_source_uri_idx|documents_created_at_idx|document_metadata_document_id_idx|document_metadata_tags_idx|attachments_document_id_idx|attachments_created_at_idx)$' $$,
  array[
    'chatkeep.messages_chat_id_created_at_idx: btree (chat_id, created_at DESC, active)',
    'chatkeep.messages_user_id_idx: btree (user_id)',
    'chatkeep.message_search_tsv_idx: gin (tsv)',
    'chatkeep.chats_user_id_updated_at_idx: btree (user_id, updated_at DESC)',
    'chatkeep.sessions_user_id_expires_at_idx: btree (user_id, expires_at)',
    'chatkeep.sessions_session_token_key: btree (session_token)',
    'chatkeep.documents_user_id_source_uri_idx: btree (user_id, source_uri)',
    'chatkeep.documents_created_at_idx: btree (created_at DESC)',
    'chatkeep.document_metadata_document_id_idx: btree (document_id)',
    'chatkeep.document_metadata_tags_idx: gin (tags)',
    'chatkeep.attachments_document_id_idx: btree (document_id, tenant_id)',
    'chatkeep.attachments_created_at_idx: btree (created_at)'
  ],
  'the indexes of the requirement exist by their columns');

select is_empty(
  $$ select a.adrelid::regclass, pg_get_expr(a.adbin, a.adrelid) from pg_catalog.pg_attrdef a join tables t on t.oid = a.adrelid
     where pg_get_expr(a.adbin, a.adrelid) ~ 'infinity' $$,
  'no row begins with an infinite time, which most clients of the Data API cannot hold');

select ok(not rolsuper, 'the suite runs as an owner that is no superuser')
from pg_catalog.pg_roles where rolname = current_user;

select is(
  (select array_agg(substr(u::text, 15, 1) || (get_byte(uuid_send(u), 8) >> 6)::text)
   from (select chatkeep_private.uuid_v7() u from generate_series(1, 50)) made),
  array_fill('72'::text, array[50]),
  'uuid_v7 makes UUIDs of version 7 and variant 2');

select * from finish();
rollback;
