-- document_checksum, register_document: one row per bytes and owner.
begin;
\ir support/identities.psql
select plan(31);

select pg_temp.sign_out();
select is(chatkeep.document_checksum(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'SHA-256 of nothing (FIPS 180-4)');
select is(chatkeep.document_checksum('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 'SHA-256 of abc');
select is(chatkeep.document_checksum(convert_to(repeat('a', 1000000), 'UTF8')), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0', 'SHA-256 of a million a');
select is(chatkeep.document_checksum(null), null, 'and NULL of NULL');
reset role;
create temporary table stored (content bytea) on commit drop;
alter table stored alter content set storage external;
insert into stored select convert_to(repeat('a', 1000000), 'UTF8');
select is((select chatkeep.document_checksum(content) from stored), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0', 'of bytes that lie out of line too');

select pg_temp.sign_in('ada');
select results_eq(
  $$ select outcome, user_id, tenant_id, source_uri, aliases, checksum, title, mime_type, byte_size, status, visibility, supersedes
     from chatkeep.register_document('https://example.com/a', upper(chatkeep.document_checksum('a')), 'A', 'text/html', 1,
       '{"lang":"en","topics":["x","y"]}', 'private', '{"deep":{"er":1}}') $$,
  $$ values ('created', '00000000-0000-4000-8000-00000000ada0'::uuid, '00000000-0000-4000-8000-000000007e01'::uuid, 'https://example.com/a', '{}'::text[],
     'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb', 'A', 'text/html', 1::bigint, 'pending', 'private', null::uuid) $$,
  'a new document is created, its checksum in lower case');
select results_eq($$ select namespace, tags, properties from chatkeep.document_metadata $$,
  $$ values ('default', '{"lang":"en","topics":["x","y"]}'::jsonb, '{"deep":{"er":1}}'::jsonb) $$, 'with its tags and properties');
select id as a, updated_at as changed from chatkeep.documents \gset

select results_eq($$ select outcome, id, aliases, title from chatkeep.register_document('https://example.com/a', chatkeep.document_checksum('a')) $$,
  format($$ values ('duplicate', %L::uuid, '{}'::text[], 'A') $$, :'a'), 'the same bytes of the same source are a duplicate');
select is((select updated_at from chatkeep.documents), :'changed'::timestamptz, 'which writes nothing');
select results_eq($$ select outcome, id, aliases from chatkeep.register_document('https://example.com/b', chatkeep.document_checksum('a')) $$,
  format($$ values ('duplicate', %L::uuid, '{https://example.com/b}'::text[]) $$, :'a'), 'of another source too, which becomes an alias');
select results_eq($$ select outcome, aliases from chatkeep.register_document('https://example.com/b', chatkeep.document_checksum('a')) $$,
  $$ values ('duplicate', '{https://example.com/b}'::text[]) $$, 'once');
select is((select count(*)::int from chatkeep.documents), 1, 'one row in all');

select results_eq($$ select outcome, supersedes from chatkeep.register_document('https://example.com/a', chatkeep.document_checksum('a2')) $$,
  format($$ values ('new_version', %L::uuid) $$, :'a'), 'new bytes of a known source are a new version');
select results_eq(format($$ select status, source_uri, aliases from chatkeep.documents where id = %L $$, :'a'),
  $$ values ('pending', 'https://example.com/b', '{}'::text[]) $$, 'the old one goes on as what its other source holds');
select is((select supersedes from chatkeep.register_document('https://example.com/b', chatkeep.document_checksum('b2'))), :'a'::uuid, 'until that holds new bytes too');
select is((select status from chatkeep.documents where id = :'a'), 'archived', 'then it is archived');
select results_eq($$ select outcome, aliases from chatkeep.register_document('https://example.com/a', chatkeep.document_checksum('a')) $$,
  $$ values ('new_version', '{}'::text[]) $$, 'the old bytes again are a version of their own: history is not rewritten');
select is((select count(*)::int from chatkeep.documents where source_uri = 'https://example.com/a' and status <> 'archived'), 1, 'a source has one current document');

select is((select outcome from chatkeep.register_document('https://example.com/c', chatkeep.document_checksum('c'))), 'created', 'another source');
select is((select outcome from chatkeep.register_document('https://example.com/a', chatkeep.document_checksum('c'))), 'duplicate', 'whose bytes the first source then has');
select results_eq($$ select source_uri, aliases from chatkeep.documents where status <> 'archived' order by 1 $$,
  $$ values ('https://example.com/b', '{}'::text[]), ('https://example.com/c', '{https://example.com/a}') $$, 'is one current document with both sources');

-- Within a tenant.
select pg_temp.sign_in('bob');
select is((select outcome from chatkeep.register_document('bob.html', chatkeep.document_checksum('c'))), 'created', 'a private document of another member does not count');
select is((select outcome from chatkeep.register_document('handbook', chatkeep.document_checksum('h'), tags => '{"kind":"handbook"}', visibility => 'tenant')), 'created', 'a document for the tenant');
select pg_temp.sign_in('ada');
select is((select title is null and visibility = 'tenant' from chatkeep.documents where source_uri = 'handbook'), true, 'is read by the other member');
select is((select tags from chatkeep.document_metadata m join chatkeep.documents d on d.id = m.document_id where d.source_uri = 'handbook'), '{"kind":"handbook"}'::jsonb, 'with its tags');
select results_eq($$ select outcome, user_id, aliases from chatkeep.register_document('copy', chatkeep.document_checksum('h'), visibility => 'tenant') $$,
  $$ values ('duplicate', '00000000-0000-4000-8000-00000000b0b0'::uuid, '{copy}'::text[]) $$, 'the tenant''s documents dedupe across its members');
select is_empty($$ select from chatkeep.documents where source_uri = 'bob.html' $$, 'private ones stay private');

-- Across tenants.
select pg_temp.sign_in('eve');
select is_empty($$ select from chatkeep.documents $$, 'another tenant reads none of them');
select is_empty($$ select from chatkeep.document_metadata $$, 'nor their tags');
select is((select outcome from chatkeep.register_document('handbook', chatkeep.document_checksum('h'), visibility => 'tenant')), 'created',
  'and registers the same bytes as if nobody had them');
select is_empty($$ update chatkeep.documents set status = 'ready' returning id $$, 'a direct update reaches no row');

select * from finish();
rollback;
