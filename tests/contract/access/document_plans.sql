-- How reads of documents run: by indexes, over the rows of the owner and those that the tenant shares, and over no others.
begin;
\ir ../support/identities.psql
select * from no_plan();

-- 30 tenants of 20 members with 30 documents each, every fifteenth shared, and among them Ada, Bob and Eve with 300 each.
create function pg_temp.member(n integer) returns uuid language sql immutable as $$
  select case n when 0 then '00000000-0000-4000-8000-00000000ada0' when 1 then '00000000-0000-4000-8000-00000000b0b0'
    when 2 then '00000000-0000-4000-8000-00000000e4e0' else pg_temp.id('aa' || n) end
$$;
create function pg_temp.tenant(n integer) returns uuid language sql immutable as $$
  select case when n < 2 then '00000000-0000-4000-8000-000000007e01' when n = 2 then '00000000-0000-4000-8000-000000007e02'
    else pg_temp.id('bb' || n % 30) end
$$;
insert into auth.users (id) select pg_temp.member(n) from generate_series(3, 599) n;
insert into chatkeep.users (id) select pg_temp.member(n) from generate_series(3, 599) n;
insert into chatkeep.memberships (user_id, tenant_id, is_home) select pg_temp.member(n), pg_temp.tenant(n), true from generate_series(3, 599) n;
insert into chatkeep.documents (id, tenant_id, user_id, source_uri, checksum, visibility, status, created_at)
select pg_temp.id('d' || row_number() over ()), pg_temp.tenant(n), pg_temp.member(n), 'https://example.org/' || k,
  encode(sha256(convert_to('document ' || k || case when k % 15 = 0 then ' of ' || n else '' end, 'UTF8')), 'hex'),
  case when k % 15 = 0 then 'tenant' else 'private' end, case when k % 3 = 0 then 'ready' else 'pending' end, now() - k * interval '1 hour'
from generate_series(0, 599) n, lateral generate_series(1, case when n < 3 then 300 else 30 end) k
order by k, n;
insert into chatkeep.document_metadata (document_id, tenant_id, document_access, user_id, tags)
select d.id, d.tenant_id, d.access, d.user_id, jsonb_build_object('number', substr(d.source_uri, 21)::integer, 'topics', array['all', 'topic ' || substr(d.source_uri, 21)])
from chatkeep.documents d;
-- Autovacuum does this. PostgreSQL searches the pending list entry by entry.
select gin_clean_pending_list('chatkeep.document_metadata_tags_idx') \g /dev/null
analyze chatkeep.users, chatkeep.memberships;
analyze chatkeep.documents;
analyze chatkeep.document_metadata;

create function pg_temp.plan(statement text, options text default 'analyze, costs off, timing off, summary off, verbose') returns text language plpgsql as $$
declare
  line text;
  said text := '';
begin
  for line in execute format('explain (%s) %s', options, statement) loop
    said := said || line || E'\n';
  end loop;
  return said;
end
$$;
create temporary table plans (name text, plan text) on commit drop;
grant select, insert on plans to public;

-- Without policies containment uses the index.
select pg_temp.serve();
insert into plans values
  ('service', pg_temp.plan($$ select document_id from chatkeep.document_metadata where tags @> '{"topics":["topic 217"]}' $$));
select matches(plan, 'Bitmap Index Scan on document_metadata_tags_idx', 'service_role finds tags by their index') from plans where name = 'service';
select unalike(plan, '%Seq Scan%', 'and by nothing else') from plans where name = 'service';

-- Under policies the rows of the owner and the shared ones come first, because @> is not leakproof.
select pg_temp.sign_in('ada');
insert into plans values
  ('tags', pg_temp.plan($$ select document_id from chatkeep.document_metadata where tags @> '{"topics":["topic 217"]}' $$)),
  ('documents', pg_temp.plan('select * from chatkeep.documents')),
  ('newest', pg_temp.plan('select * from chatkeep.documents order by created_at desc limit 20')),
  ('status', pg_temp.plan($$ select * from chatkeep.documents where status = 'ready' $$)),
  ('source', pg_temp.plan($$ select * from chatkeep.documents where source_uri = 'https://example.org/7' $$)),
  ('aliases', pg_temp.plan($$ select * from chatkeep.documents where aliases @> '{https://example.org/7}' $$)),
  ('checksum', pg_temp.plan($$ select * from chatkeep.documents where checksum = encode(sha256('document 7'), 'hex') $$)),
  ('range', pg_temp.plan($$ select * from chatkeep.documents where created_at between now() - interval '20 hours' and now() - interval '10 hours' order by created_at $$));
select is((select count(*)::int from chatkeep.documents), 320, 'Ada has 300 documents and sees the 20 that Bob shares');
select unalike(plan, '%Seq Scan%', name || ': no sequential scan') from plans where name <> 'service';
select is(
  (select string_agg(name || ': ' || node[1], E'\n') from plans, regexp_matches(plan, 'Index Scan (?:using|on) (?:chatkeep\.)?(?:documents|document_metadata)_\w+[^\n]*\n[^>]*?Index Cond: ([^\n]*)', 'g') node
   where name <> 'service' and node[1] !~ '(user_id|tenant_id) = \(?(\$\d+|\(InitPlan \d+\)\.col\d+)' and node[1] !~ 'created_at'),
  null, 'every index is entered by the user, or by the tenant for what it shares');
select cmp_ok(coalesce((select sum((m[1])::int) from regexp_matches(plan, 'Rows Removed by (?:Filter|Index Recheck): (\d+)', 'g') m), 0), '<=', 320::bigint,
  name || ': no row is read that is neither the owner''s nor shared') from plans where name <> 'service';
select is((select string_agg(name, ' ' order by name) from plans where name in ('documents', 'newest', 'source') and plan like '%Rows Removed by Filter%'), null, 'plans without a further filter remove no row');

-- A registration looks for a duplicate among the caller's rows and the shared ones. The rows of other tenants cost nothing.
create function pg_temp.reads() returns bigint language sql as $$
  select sum(pg_stat_get_xact_tuples_returned(i.indexrelid))::bigint + pg_stat_get_xact_tuples_returned('chatkeep.documents'::regclass)
    + pg_stat_get_xact_tuples_fetched('chatkeep.documents'::regclass)
  from pg_catalog.pg_index i where i.indrelid = 'chatkeep.documents'::regclass
$$;
create function pg_temp.read_by(statement text) returns bigint language plpgsql as $$
declare
  before_it bigint := pg_temp.reads();
begin
  execute statement;
  return pg_temp.reads() - before_it;
end
$$;
create function pg_temp.registering(name text, visibility text) returns bigint language sql as $$
  select pg_temp.read_by(format('select * from chatkeep.register_document(%L, chatkeep.document_checksum(convert_to(%L, ''UTF8'')), visibility => %L)', 'https://example.net/' || name, name, visibility))
$$;
reset role;
insert into chatkeep.documents (tenant_id, user_id, source_uri, checksum, visibility)
select pg_temp.tenant(n), pg_temp.member(n), 'https://example.net/' || name, encode(sha256(convert_to(name, 'UTF8')), 'hex'), 'private'
from generate_series(3, 599) n, unnest(array['everybody has this', 'and would share this']) name;
insert into chatkeep.documents (tenant_id, user_id, source_uri, checksum, visibility)
select pg_temp.tenant(n), pg_temp.member(n), 'https://example.net/shared ' || name, encode(sha256(convert_to(name, 'UTF8')), 'hex'), 'tenant'
from generate_series(3, 32) n, unnest(array['everybody has this', 'and would share this']) name;
select pg_temp.sign_in('ada');
select pg_temp.registering('warm up ' || v, v) as warm from unnest(array['private', 'tenant']) v \g /dev/null
-- The second call finds one more document of Ada's, and the row versions that the first call left.
select pg_temp.registering('nobody else has it', 'private') as nobodys, pg_temp.registering('nobody else shares it', 'tenant') as nobody_shares \gset
select cmp_ok(pg_temp.registering('everybody has this', 'private'), '<=', :nobodys::bigint + 10, 'registering what 597 others store reads no more than what nobody does');
select cmp_ok(pg_temp.registering('and would share this', 'tenant'), '<=', :nobody_shares::bigint + 10, 'to share it neither, though 30 tenants do');
insert into plans values
  ('foreign', pg_temp.plan($$ select * from chatkeep.documents where checksum = encode(sha256('document 30 of 599'), 'hex') $$)),
  ('nobody''s', pg_temp.plan($$ select * from chatkeep.documents where checksum = repeat('0', 64) $$));
select is((select regexp_replace(plan, 'checksum = [^)]*\)', '', 'g') from plans where name = 'foreign'), (select regexp_replace(plan, 'checksum = [^)]*\)', '', 'g') from plans where name = 'nobody''s'),
  'and a direct look for what another tenant shares reads what one for nothing does');

-- A statement looks up its caller once.
select is(
  (select string_agg(name || ': ' || line, E'\n') from plans, regexp_split_to_table(plan, E'\n') line
   where line ~ '(auth\.uid|current_setting|tenant_id\(\)|\muid\(\)|is_service|\mjwt\()' and line !~ '^\s*Output: '),
  null, 'no filter calls a function of the caller''s identity');
select is(
  (select string_agg(name || ': ' || line, E'\n') from plans, regexp_split_to_table(plan, 'InitPlan') with ordinality part (piece, n), regexp_substr(piece, 'actual[^)]*\)') line
   where n > 1 and line !~ 'loops=[01]\)'),
  null, 'and every InitPlan runs once per statement, or not at all');

-- A few users have many documents, and Ada has three. An index of all documents would lead to hers through those of the others.
reset role;
truncate chatkeep.documents cascade;
insert into chatkeep.documents (tenant_id, user_id, source_uri, checksum, visibility, created_at)
select pg_temp.tenant(n), pg_temp.member(n), 'https://example.org/' || k, encode(sha256(convert_to(k::text, 'UTF8')), 'hex'),
  case when k % 20 = 0 then 'tenant' else 'private' end, now() - k * interval '1 minute'
from unnest(array[0, 2, 3, 4, 5, 6, 7, 8, 9, 10]) n, generate_series(1, 2000) k
where n <> 0 or k in (1000, 1500, 1777);
analyze chatkeep.documents;
delete from plans;
select pg_temp.sign_in('ada');
insert into plans values
  ('documents', pg_temp.plan('select * from chatkeep.documents')),
  ('newest', pg_temp.plan('select * from chatkeep.documents order by created_at desc limit 20')),
  ('ready', pg_temp.plan($$ select * from chatkeep.documents where status = 'ready' order by created_at limit 20 $$)),
  ('source', pg_temp.plan($$ select * from chatkeep.documents where source_uri = 'https://example.org/7' $$)),
  ('checksum', pg_temp.plan($$ select * from chatkeep.documents where checksum = encode(sha256('7'), 'hex') $$)),
  ('range', pg_temp.plan($$ select * from chatkeep.documents where created_at > now() - interval '1 day' order by created_at desc limit 20 $$));
select is((select count(*)::int from chatkeep.documents), 3, 'Ada has three documents of 18,003');
select cmp_ok(coalesce((select sum((m[1])::int) from regexp_matches(plan, 'Rows Removed by (?:Filter|Index Recheck): (\d+)', 'g') m), 0), '<=', 3::bigint,
  'among few users: ' || name || ' reads no row of the others') from plans;
select is((select string_agg(name, ' ') from plans where plan ~ 'Seq Scan|using documents_created_at_idx|on documents_pkey'), null, 'by no index that holds the rows of all');

-- Two indexes serve other purposes: that of the fronts of checksums serves the native engine, that of current sources is a constraint. No
-- statement may use them. With the owner as their only key, each item of a batch would read all entries of the owner, or all entries
-- where the planner has no statistics yet.
reset role;
drop index chatkeep.documents_private_checksum_key, chatkeep.documents_user_id_source_uri_idx, chatkeep.documents_user_id_aliased_idx, chatkeep.documents_created_at_idx;
set local enable_seqscan = off;
set local enable_bitmapscan = off;
select unalike(
  pg_temp.plan($$ select from chatkeep.documents d where d.user_id = '00000000-0000-4000-8000-00000000ada0' and d.checksum = 'x'
    and d.visibility = 'private' and d.status <> 'archived' and d.deleted_at is null $$, 'costs off'),
  all_of.index, 'no statement is planned with ' || all_of.index)
from (values ('%documents_checksum_front_idx%'), ('%documents_current_source_uri_key%')) all_of (index);

select * from finish();
rollback;
