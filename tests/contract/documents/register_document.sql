-- register_document: one row for each content of an owner, whatever its sources.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

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
select is((select updated_at from chatkeep.documents), :'changed'::timestamptz, 'a known document is not written');
select results_eq($$ select outcome, id, aliases from chatkeep.register_document('https://example.com/b', chatkeep.document_checksum('a')) $$,
  format($$ values ('duplicate', %L::uuid, '{https://example.com/b}'::text[]) $$, :'a'), 'of another source too, which becomes an alias');
select results_eq($$ select outcome, aliases from chatkeep.register_document('https://example.com/b', chatkeep.document_checksum('a')) $$,
  $$ values ('duplicate', '{https://example.com/b}'::text[]) $$, 'once');
select is((select count(*)::int from chatkeep.documents), 1, 'one row in all');

select results_eq($$ select outcome, supersedes from chatkeep.register_document('https://example.com/a', chatkeep.document_checksum('a2')) $$,
  format($$ values ('new_version', %L::uuid) $$, :'a'), 'new bytes of a known source are a new version');
select results_eq(format($$ select status, source_uri, aliases from chatkeep.documents where id = %L $$, :'a'),
  $$ values ('pending', 'https://example.com/b', '{}'::text[]) $$, 'the old document keeps its other source');
select is((select supersedes from chatkeep.register_document('https://example.com/b', chatkeep.document_checksum('b2'))), :'a'::uuid, 'until that holds new bytes too');
select is((select status from chatkeep.documents where id = :'a'), 'archived', 'then it is archived');
select results_eq($$ select outcome, aliases from chatkeep.register_document('https://example.com/a', chatkeep.document_checksum('a')) $$,
  $$ values ('new_version', '{}'::text[]) $$, 'the old bytes again are a version of their own: history is not rewritten');
select is((select count(*)::int from chatkeep.documents where source_uri = 'https://example.com/a' and status <> 'archived'), 1, 'a source has one current document');

select is((select outcome from chatkeep.register_document('https://example.com/c', chatkeep.document_checksum('c'))), 'created', 'another source');
select is((select outcome from chatkeep.register_document('https://example.com/a', chatkeep.document_checksum('c'))), 'duplicate', 'afterwards the first source has these bytes');
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
select is_empty($$ select from chatkeep.document_metadata $$, 'another tenant cannot read their tags');
select is((select outcome from chatkeep.register_document('handbook', chatkeep.document_checksum('h'), visibility => 'tenant')), 'created',
  'and registers the same bytes as if nobody had them');
select matches(pg_temp.refusal($$ update chatkeep.documents set status = 'ready' $$), '^42501 rows of documents cannot be changed directly', 'a direct update is refused');

-- Sources that move between documents, ingests that are taken over, documents that are shared.
rollback to people;
create function pg_temp.sum(content text) returns text language sql immutable as $$ select encode(sha256(convert_to(content, 'UTF8')), 'hex') $$;
create function pg_temp.current_documents() returns text language sql as $$
  select string_agg(concat_ws(' ', d.source_uri, nullif(array_to_string(d.aliases, ' '), '')), ', ' order by d.source_uri)
  from chatkeep.documents d where d.status <> 'archived' and d.deleted_at is null and d.user_id = chatkeep.uid()
$$;

-- A source belongs to one document, as its source or as an alias.
select pg_temp.sign_in('ada');
select id as one from chatkeep.register_document('a', pg_temp.sum('1')) \gset
select is((select outcome from chatkeep.register_document('b', pg_temp.sum('1'))), 'duplicate', 'a second source of the same bytes');
select is((select outcome from chatkeep.register_document('c', pg_temp.sum('1'))), 'duplicate', 'and a third');
select is(pg_temp.current_documents(), 'a b c', 'are one document');
select results_eq($$ select outcome, supersedes from chatkeep.register_document('b', pg_temp.sum('2')) $$,
  format($$ values ('new_version', %L::uuid) $$, :'one'), 'new bytes of an alias are a new version too');
select is(pg_temp.current_documents(), 'a c, b', 'and the alias leaves its document');
select is((select outcome from chatkeep.register_document('b', pg_temp.sum('1'))), 'duplicate', 'the old bytes of that source again');
select is(pg_temp.current_documents(), 'a c b', 'bring it back');
select is((select status from chatkeep.documents where checksum = pg_temp.sum('2')), 'archived', 'and archive what it held in between');
select is((select outcome from chatkeep.register_document('a', pg_temp.sum('3'))), 'new_version', 'new bytes of the first source');
select is(pg_temp.current_documents(), 'a, c b', 'leave the document to the others');
select is((select id from chatkeep.register_document('c', pg_temp.sum('1'))), :'one'::uuid, 'a registration of the source finds the same document');
select results_eq($$ select outcome, source_uri, aliases from chatkeep.register_document('a', pg_temp.sum('1')) $$,
  $$ values ('duplicate', 'c', '{b,a}'::text[]) $$, 'and takes the first source back');

-- A failed or abandoned ingest blocks nobody.
select id as three from chatkeep.register_document('t', pg_temp.sum('t'), 'Old', tags => '{"a":1}') \gset
select results_eq($$ select outcome, id, status, title, mime_type from chatkeep.register_document('t', pg_temp.sum('t'), 'New', 'text/plain', 1, '{"b":2,"c":null}') $$,
  format($$ values ('duplicate', %L::uuid, 'pending', 'New', 'text/plain') $$, :'three'), 'a pending document is taken over, with its latest title, type and tags');
select is((select tags from chatkeep.document_metadata where document_id = :'three'), '{"b":2}', 'and its tags, without those that are null');
select is((select title from chatkeep.register_document('t', pg_temp.sum('t'))), 'New', 'a takeover keeps the values that are left out');
select updated_at as changed from chatkeep.documents where id = :'three' \gset
select is((select updated_at from chatkeep.register_document('t', pg_temp.sum('t'), 'New', tags => '{"b":2}')), :'changed'::timestamptz, 'a takeover with the same values changes nothing');
reset role;
update chatkeep.documents set status = 'failed', error = 'no parser' where id = :'three';
select pg_temp.sign_in('ada');
select results_eq($$ select outcome, id, status, error from chatkeep.register_document('t', pg_temp.sum('t')) $$,
  format($$ values ('duplicate', %L::uuid, 'pending', null::text) $$, :'three'), 'a failed document becomes pending again');
reset role;
update chatkeep.documents set status = 'processing', updated_at = now() where id = :'three';
select pg_temp.sign_in('ada');
select results_eq($$ select outcome, status, title from chatkeep.register_document('t', pg_temp.sum('t'), 'Newer') $$,
  $$ values ('duplicate', 'processing', 'New') $$, 'one that is at work is left alone');
reset role;
update chatkeep.documents set updated_at = now() - interval '61 minutes' where id = :'three';
select pg_temp.sign_in('ada');
select results_eq($$ select outcome, status, title from chatkeep.register_document('t', pg_temp.sum('t'), 'Newer') $$,
  $$ values ('duplicate', 'pending', 'Newer') $$, 'a document abandoned for an hour becomes pending again');
reset role;
update chatkeep.documents set status = 'ready' where id = :'three';
select pg_temp.sign_in('ada');
select results_eq($$ select outcome, status, title from chatkeep.register_document('t', pg_temp.sum('t'), 'Newest', tags => '{"d":4}') $$,
  $$ values ('duplicate', 'ready', 'Newer') $$, 'one that is ready keeps its description');
select is((select tags from chatkeep.document_metadata where document_id = :'three'), '{"b":2}', 'and its tags');

-- Private and shared.
select id as shared from chatkeep.register_document('s', pg_temp.sum('s'), 'Mine') \gset
select results_eq($$ select outcome, id, visibility, access from chatkeep.register_document('s', pg_temp.sum('s'), visibility => 'tenant') $$,
  format($$ values ('duplicate', %L::uuid, 'tenant', 'tenant') $$, :'shared'), 'the owner shares what is stored');
select results_eq($$ select outcome, id, visibility from chatkeep.register_document('s', pg_temp.sum('s')) $$,
  format($$ values ('duplicate', %L::uuid, 'tenant') $$, :'shared'), 'and does not take it back by registering it once more');
select pg_temp.sign_in('bob');
select is((select outcome from chatkeep.register_document('mine too', pg_temp.sum('s'))), 'created', 'a member who keeps the same bytes private has a document of their own');
select results_eq($$ select outcome, id, user_id from chatkeep.register_document('mine too', pg_temp.sum('s'), visibility => 'tenant') $$,
  format($$ values ('duplicate', %L::uuid, '00000000-0000-4000-8000-00000000ada0'::uuid) $$, :'shared'), 'until they share them');
select is(pg_temp.current_documents(), null, 'sharing moves the source to the shared document');
select is((select aliases from chatkeep.documents where id = :'shared'), '{"mine too"}', 'as one of its aliases');
select is((select outcome from chatkeep.register_document('own', pg_temp.sum('own'))), 'created', 'a document of the same name as a colleague''s source');
select pg_temp.sign_in('ada');
select is((select outcome from chatkeep.register_document('own', pg_temp.sum('team'), visibility => 'tenant')), 'created', 'is another document');
select pg_temp.sign_in('bob');
select results_eq($$ select outcome, user_id, aliases from chatkeep.register_document('own', pg_temp.sum('team'), visibility => 'tenant') $$,
  $$ values ('duplicate', '00000000-0000-4000-8000-00000000ada0'::uuid, '{}'::text[]) $$, 'until its owner finds the colleague''s bytes there');
select is((select status from chatkeep.documents where source_uri = 'own' and user_id = chatkeep.uid()), 'archived', 'then theirs is history');
reset role;
update chatkeep.documents set status = 'failed' where checksum = pg_temp.sum('team');
select pg_temp.sign_in('bob');
select results_eq($$ select outcome, status, title from chatkeep.register_document('own', pg_temp.sum('team'), 'Bob''s', visibility => 'tenant') $$,
  $$ values ('duplicate', 'pending', null::text) $$, 'a colleague takes a failed shared document over, and its description stays its owner''s');

-- Deleted documents hold no claim on bytes or sources.
reset role;
update chatkeep.documents set deleted_at = now() where id = :'three';
select pg_temp.sign_in('ada');
select results_eq($$ select outcome, supersedes from chatkeep.register_document('t', pg_temp.sum('t')) $$, $$ values ('created', null::uuid) $$,
  'bytes of a deleted document are new, and supersede nothing');

-- A service registers for a person, by the person's rights. access/acting.sql tests who may name whom.
rollback to people;
select pg_temp.sign_in('ada');
select id as private from chatkeep.register_document('private', repeat('a', 64), 'Ada''s') \gset
select id as shared from chatkeep.register_document('shared', repeat('b', 64), 'Ada''s', visibility => 'tenant') \gset
select id as current from chatkeep.register_document('notes', repeat('c', 64)) \gset
reset role;
create temporary table adas on commit drop as select d.id, d.source_uri, d.title, d.status, d.checksum, d.user_id from chatkeep.documents d;
grant select on adas to public;
create function pg_temp.for_bob(source text, checksum text, visibility text default 'private') returns text language sql as $$
  select concat_ws(' ', r.outcome, right(r.user_id::text, 4), nullif(array_to_string(r.aliases, ' '), ''), r.title)
  from chatkeep.register_document(source, repeat(checksum, 64), 'The bot''s', tags => '{"by":"bot"}', visibility => visibility, user_id => '00000000-0000-4000-8000-00000000b0b0') r
$$;
select pg_temp.serve();
select is(pg_temp.for_bob('notes', 'd'), 'created b0b0 The bot''s', 'service_role registers a document for a user');
select is(pg_temp.for_bob('notes', 'd'), 'duplicate b0b0 The bot''s', 'once');
select is(pg_temp.for_bob('more', 'd'), 'duplicate b0b0 more The bot''s', 'with a second source');
select is(pg_temp.for_bob('notes', 'e'), 'new_version b0b0 The bot''s', 'and a new version');
select is(pg_temp.for_bob('private', 'a'), 'created b0b0 The bot''s', 'a colleague''s private bytes are unknown to the user');
select is(pg_temp.for_bob('bobs', 'b', 'tenant'), 'duplicate ada0 bobs Ada''s', 'shared bytes are known and stay their owner''s');
select is_empty('select * from adas except select d.id, d.source_uri, d.title, d.status, d.checksum, d.user_id from chatkeep.documents d', 'nothing of the colleague''s has changed');
select results_eq($$ select distinct user_id from chatkeep.document_metadata $$, $$ values ('00000000-0000-4000-8000-00000000b0b0'::uuid) $$, 'the tags are the user''s');
select pg_temp.sign_in('bob');
select is((select outcome from chatkeep.register_document('notes', repeat('e', 64))), 'duplicate', 'the user has the document');
select is((select outcome from chatkeep.register_document('notes', repeat('e', 64), user_id => '00000000-0000-4000-8000-00000000b0b0')), 'duplicate', 'also by naming himself');
select is((select outcome from chatkeep.register_document('notes', repeat('f', 64), user_id => '00000000-0000-4000-8000-00000000b0b0')), 'new_version', 'and goes on with it');
select results_eq($$ select tags from chatkeep.document_metadata where document_id = (select id from chatkeep.documents where checksum = repeat('e', 64)) $$,
  $$ values ('{"by":"bot"}'::jsonb) $$, 'with its tags');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine. Nothing is stored.
rollback to people;
select pg_temp.sign_in('ada');
select is(pg_temp.refusal('select * from chatkeep.' || replace(call, 'SUM', 'repeat(''a'', 64)')), expected, name)
from (values
  ('no source', $$register_document(null, SUM)$$, '22004 source_uri is missing | Pass a value; null is not accepted here.'),
  ('an empty source', $$register_document('', SUM)$$, '22023 source_uri must not be empty | Pass the URI or path the bytes came from.'),
  ('a source over 2048 characters', $$register_document(repeat('s', 2049), SUM)$$, '22023 source_uri is longer than 2048 characters | Shorten it.'),
  ('a source with a line break', $$register_document(E'a\nb', SUM)$$, '22023 source_uri contains a control character | Percent-encode it (RFC 3986 section 2.1).'),
  ('a source with a password', $$register_document('https://u:hunter2@example.com/', SUM)$$, '22023 source_uri carries credentials | Remove user, password, token and signature; a stored URI is readable.'),
  ('a source with a signature', $$register_document('https://example.com/a?v=1&X-Amz-Signature=hunter2', SUM)$$, '22023 source_uri carries credentials | Remove user, password, token and signature; a stored URI is readable.'),
  ('no checksum', $$register_document('a', null)$$, '22004 checksum is missing | Pass a value; null is not accepted here.'),
  ('a checksum of 63 characters', $$register_document('a', left(SUM, 63))$$, '22023 checksum must be 64 hexadecimal characters | Pass the SHA-256 of the bytes, as document_checksum gives it.'),
  ('a checksum that is not hexadecimal', $$register_document('a', repeat('g', 64))$$, '22023 checksum must be 64 hexadecimal characters | Pass the SHA-256 of the bytes, as document_checksum gives it.'),
  ('a document title over 500 characters', $$register_document('a', SUM, repeat('t', 501))$$, '22023 title is longer than 500 characters | Shorten it.'),
  ('a mime type over 255 characters', $$register_document('a', SUM, mime_type => repeat('m', 256))$$, '22023 mime_type is longer than 255 characters | Shorten it.'),
  ('a negative size', $$register_document('a', SUM, byte_size => -1)$$, '22023 byte_size must not be negative | Pass the number of bytes, or leave it out.'),
  ('tags that are no object', $$register_document('a', SUM, tags => '[]')$$, '22023 tags must be a JSON object | Wrap the value in one.'),
  ('tags that nest', $$register_document('a', SUM, tags => '{"a":{"b":1}}')$$, '22023 tags must be flat: scalars, or arrays of scalars | Put nested values into properties.'),
  ('tags that nest in an array', $$register_document('a', SUM, tags => '{"a":[[1]]}')$$, '22023 tags must be flat: scalars, or arrays of scalars | Put nested values into properties.'),
  ('a tag over 64 characters that nests', $$register_document('a', SUM, tags => jsonb_build_object(repeat('k', 65), '{"a":1}'::jsonb))$$, '22023 tags must be flat: scalars, or arrays of scalars | Put nested values into properties.'),
  ('a tag over 64 characters', $$register_document('a', SUM, tags => jsonb_build_object(repeat('k', 65), 1))$$, '22023 tags has a key longer than 64 characters | Shorten the key.'),
  ('more than 100 tags', $$register_document('a', SUM, tags => (select jsonb_object_agg('k' || n, n) from generate_series(1, 101) n))$$, '22023 tags has more than 100 keys | Use fewer tags, or another namespace.'),
  ('a visibility of another name', $$register_document('a', SUM, visibility => 'public')$$, '22023 visibility must be private or tenant | Pass one of the two, or leave it out for private.'),
  ('no properties', $$register_document('a', SUM, properties => null)$$, '22004 properties is missing | Pass a value; null is not accepted here.')
) refused (name, call, expected);
select is_empty($$ select from chatkeep.documents $$, 'no refused document is stored');
select is(pg_temp.refusal($$ select * from chatkeep.register_document('big', repeat('a', 64), byte_size => 9223372036854775807) $$), 'accepted', 'a document may be as large as a number');

select * from finish();
rollback;
