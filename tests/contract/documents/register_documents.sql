-- register_documents: the same as register_document, many documents in one call.
begin;
\ir ../support/identities.psql
select * from no_plan();

create function pg_temp.sum(content text) returns text language sql immutable as $$ select encode(sha256(convert_to(content, 'UTF8')), 'hex') $$;
-- An item of a batch.
create function pg_temp.doc(source text, content text, more jsonb default '{}') returns jsonb language sql immutable as $$
  select jsonb_build_object('source_uri', source, 'checksum', pg_temp.sum(content)) || more
$$;
-- The answer to a batch: outcome, source and aliases of each row.
create function pg_temp.batch(variadic items jsonb[]) returns text language sql as $$
  select string_agg(concat_ws(' ', r.outcome, r.source_uri, nullif(array_to_string(r.aliases, ' '), '')), ', ' order by r.place)
  from rows from (chatkeep.register_documents(to_jsonb(items))) with ordinality
    r (outcome, id, tenant_id, user_id, source_uri, aliases, checksum, title, mime_type, byte_size, status, error, visibility,
      supersedes, created_at, updated_at, deleted_at, access, place)
$$;
savepoint people;

select pg_temp.sign_in('ada');
select is_empty($$ select * from chatkeep.register_documents('[]') $$, 'an empty batch is nothing');
select is(pg_temp.batch(pg_temp.doc('a', '1'), pg_temp.doc('b', '2'), pg_temp.doc('c', '3')), 'created a, created b, created c', 'new documents, in order');
select is(pg_temp.batch(pg_temp.doc('c', '3'), pg_temp.doc('a', '1')), 'duplicate c, duplicate a', 'and known ones');
select is(pg_temp.batch(pg_temp.doc('d', '4'), pg_temp.doc('a', '1'), pg_temp.doc('e', '5')), 'created d, duplicate a, created e', 'mixed');
select is(pg_temp.batch(pg_temp.doc('f', '6'), pg_temp.doc('f', '6'), pg_temp.doc('g', '6')), 'created f g, duplicate f g, duplicate f g', 'the same bytes in one batch are one document');
select is(pg_temp.batch(pg_temp.doc('h', '7'), pg_temp.doc('h', '8')), 'created h, new_version h', 'the same source twice in one batch is two versions');
select is(pg_temp.batch(pg_temp.doc('a', '11'), pg_temp.doc('b', '12')), 'new_version a, new_version b', 'new versions');
select is(pg_temp.batch(pg_temp.doc('x', '11'), pg_temp.doc('y', '11'), pg_temp.doc('z', '12')), 'duplicate a x y, duplicate a x y, duplicate b z', 'new sources of known bytes');
select is(pg_temp.batch(pg_temp.doc('x', '12'), pg_temp.doc('y', '99')), 'duplicate b z x, new_version y', 'sources that change documents');
select is((select aliases from chatkeep.documents where source_uri = 'a' and status <> 'archived'), '{}', 'leave the old ones');
-- A file that is renamed while another takes its name.
select is(pg_temp.batch(pg_temp.doc('a', 'other'), pg_temp.doc('moved', '11')), 'new_version a, duplicate moved', 'a document whose bytes move to another source is the same');
select is((select count(*)::int from chatkeep.documents d where d.status <> 'archived' and d.user_id = chatkeep.uid()
  and exists (select from chatkeep.documents e where e.id <> d.id and e.status <> 'archived' and e.user_id = d.user_id
    and (e.checksum = d.checksum or (e.source_uri || e.aliases) && (d.source_uri || d.aliases)))), 0, 'no two documents share bytes or a source');

select results_eq(
  $$ select outcome, title, mime_type, byte_size, visibility, status from chatkeep.register_documents(jsonb_build_array(
       pg_temp.doc('full', 'full', '{"title":"T","mime_type":"text/plain","byte_size":9223372036854775807,"visibility":"tenant","tags":{"k":["v"],"n":null},"properties":{"p":{"q":null}}}'),
       pg_temp.doc('nulls', 'nulls', '{"title":null,"mime_type":null,"byte_size":null,"visibility":null,"tags":null,"properties":null}'))) $$,
  $$ values ('created', 'T', 'text/plain', 9223372036854775807, 'tenant', 'pending'), ('created', null, null, null, 'private', 'pending') $$,
  'every argument of register_document is a key; null leaves it out');
select results_eq($$ select tags, properties from chatkeep.document_metadata $$, $$ values ('{"k":["v"]}'::jsonb, '{"p":{"q":null}}'::jsonb) $$, 'tags and properties with them');
select is((select string_agg(outcome || coalesce(title, '-'), ' ') from chatkeep.register_documents(jsonb_build_array(
  pg_temp.doc('full', 'full', '{"title":"U","tags":{"k":1}}'), pg_temp.doc('nulls', 'nulls')))), 'duplicateU duplicate-', 'a pending document is taken over here too');
select is((select tags from chatkeep.document_metadata), '{"k":1}', 'with its tags');

select is(pg_temp.batch(pg_temp.doc('fresh', 'fresh'), pg_temp.doc('moved too', '11', '{"visibility":"tenant"}')), 'created fresh, duplicate moved moved too', 'private bytes that are to be shared are known, beside new ones');

-- Ten thousand documents, new and known.
select is((select count(*)::int from chatkeep.register_documents((select jsonb_agg(pg_temp.doc('n/' || n, 'n' || n)) from generate_series(1, 10000) n)) where outcome = 'created'),
  10000, 'ten thousand in one call');
reset role;
-- Autovacuum does this soon after. Without statistics, plans for an empty table would scan all ten thousand rows for each item.
analyze chatkeep.documents;
create temporary table tuples on commit drop as
  select d.id, d.ctid::text as version, d.xmin::text as written_by, d.xmax::text as locked_by from chatkeep.documents d;
select pg_temp.sign_in('ada');
select is((select count(*)::int from chatkeep.register_documents((select jsonb_agg(pg_temp.doc('n/' || n, 'n' || n)) from generate_series(10000, 1, -1) n)) where outcome = 'duplicate'),
  10000, 'are known then');
reset role;
select is_empty($$ select d.id, d.ctid::text, d.xmin::text, d.xmax::text from chatkeep.documents d except select * from tuples $$, 'known documents are neither written nor locked');
select pg_temp.sign_in('eve');
select is(pg_temp.batch(pg_temp.doc('n/1', 'n1'), pg_temp.doc('full', 'full', '{"visibility":"tenant"}')), 'created n/1, created full', 'another tenant''s are nobody''s business');
select pg_temp.sign_in('bob');
select is(pg_temp.batch(pg_temp.doc('n/1', 'n1'), pg_temp.doc('bobs', 'full', '{"visibility":"tenant"}'), pg_temp.doc('b2', 'full', '{"visibility":"tenant"}')),
  'created n/1, duplicate full bobs b2, duplicate full bobs b2', 'a colleague''s private ones neither, shared ones are');

-- Refusals name the item, and nothing is stored.
create function pg_temp.refused(items text) returns text language sql as $$
  select pg_temp.refusal(format('select * from chatkeep.register_documents(%L)', replace(items, 'SUM', repeat('a', 64))))
$$;
select is(pg_temp.refusal('select * from chatkeep.register_documents(null)'), '22004 documents is missing | Pass a value; null is not accepted here.', 'no batch');
select is(pg_temp.refused('{}'), '22023 documents must be a JSON array | Wrap the value in one.', 'no array');
select is(pg_temp.refused('[{"source_uri":"ok","checksum":"SUM"},5]'), '22023 documents[1] must be a JSON object | Wrap the value in one.', 'no object');
select is(pg_temp.refused('[{"source_uri":"ok","checksum":"SUM","uri":1}]'), '22023 documents[0] has an unknown key | The keys are source_uri, checksum, title, mime_type, byte_size, tags, visibility and properties.', 'a key of another name');
select is(pg_temp.refused('[{"uri":1}]'),
  '22023 documents[0] has an unknown key | The keys are ' || regexp_replace(string_agg(name, ', ' order by place), ', (\w+)$', ' and \1') || '.',
  'the keys of an item are the arguments of register_document, but for the user')
from pg_catalog.pg_proc p, unnest(p.proargnames) with ordinality a (name, place)
where p.oid = 'chatkeep.register_document'::regproc and name <> 'user_id';
select is(pg_temp.refused('[{"source_uri":"ok","checksum":"SUM"},{"source_uri":7,"checksum":"SUM"}]'), '22023 documents[1].source_uri must be a string | Put it in quotes.', 'a source that is no string');
select is(pg_temp.refused('[{"checksum":"SUM"}]'), '22004 documents[0].source_uri is missing | Pass a value; null is not accepted here.', 'no source');
select is(pg_temp.refused('[{"source_uri":"ok"}]'), '22004 documents[0].checksum is missing | Pass a value; null is not accepted here.', 'no checksum');
select is(pg_temp.refused('[{"source_uri":"https://u:hunter2@e.org/","checksum":"SUM"}]'), '22023 documents[0].source_uri carries credentials | Remove user, password, token and signature; a stored URI is readable.', 'a source with a password');
select is(pg_temp.refused('[{"source_uri":"ok","checksum":"SUM","byte_size":1.5}]'), '22023 documents[0].byte_size must be an integer | Pass a whole number of at most 9223372036854775807.', 'half a byte');
select is(pg_temp.refused('[{"source_uri":"ok","checksum":"SUM","byte_size":-1},{"source_uri":"","checksum":"x"}]'), '22023 documents[0].byte_size must not be negative | Pass the number of bytes, or leave it out.', 'the first fault is named');
select is(pg_temp.refusal($$ select * from chatkeep.register_documents((select jsonb_agg(pg_temp.doc('o', 'o')) from generate_series(1, 10001))) $$), '22023 documents has more than 10000 items | Send it in several calls.', 'ten thousand and one');
select is_empty($$ select from chatkeep.documents where source_uri in ('ok', 'o') $$, 'nothing of a refused batch is stored');

-- A service registers for a person. access/acting.sql tests who may name whom.
rollback to people;
create function pg_temp.batch_for(person text, variadic items jsonb[]) returns text language sql as $$
  select string_agg(concat_ws(' ', r.outcome, right(r.user_id::text, 4), r.source_uri, nullif(array_to_string(r.aliases, ' '), '')), ', ' order by r.place)
  from rows from (chatkeep.register_documents(to_jsonb(items), ('00000000-0000-4000-8000-00000000' || person)::uuid)) with ordinality
    r (outcome, id, tenant_id, user_id, source_uri, aliases, checksum, title, mime_type, byte_size, status, error, visibility,
      supersedes, created_at, updated_at, deleted_at, access, place)
$$;
select pg_temp.sign_in('ada');
select is(pg_temp.batch(pg_temp.doc('a', '1'), pg_temp.doc('s', 'shared', '{"visibility":"tenant"}')), 'created a, created s', 'Ada has two documents');
select is(pg_temp.batch_for('ada0', pg_temp.doc('a', '1'), pg_temp.doc('a2', '12')), 'duplicate ada0 a, created ada0 a2', 'a user may name herself');
select pg_temp.serve();
select is(pg_temp.batch_for('b0b0', pg_temp.doc('a', '1', '{"tags":{"by":"bot"}}'), pg_temp.doc('b', '2')), 'created b0b0 a, created b0b0 b', 'service_role registers a batch for a user');
select is(pg_temp.batch_for('b0b0', pg_temp.doc('b', '2'), pg_temp.doc('a', '1')), 'duplicate b0b0 b, duplicate b0b0 a', 'once');
select is(pg_temp.batch_for('b0b0', pg_temp.doc('b', '2'), pg_temp.doc('c', '3'), pg_temp.doc('b3', '3'), pg_temp.doc('a', '4'), pg_temp.doc('mine', 'shared', '{"visibility":"tenant"}')),
  'duplicate b0b0 b, created b0b0 c b3, duplicate b0b0 c b3, new_version b0b0 a, duplicate ada0 s mine', 'with sources, versions and what the tenant shares');
select is(pg_temp.batch_for('ada0', pg_temp.doc('a', '1'), pg_temp.doc('a2', '12')), 'duplicate ada0 a, duplicate ada0 a2', 'a colleague''s documents of the same sources are as they were');
select is(pg_temp.refusal($$ select * from chatkeep.register_documents(jsonb_build_array(pg_temp.doc('x', 'x'), pg_temp.doc('y', 'y', '{"user_id":"00000000-0000-4000-8000-00000000ada0"}')), '00000000-0000-4000-8000-00000000b0b0') $$),
  '22023 documents[1] has an unknown key | The keys are source_uri, checksum, title, mime_type, byte_size, tags, visibility and properties.', 'an item names no user');
select alike(pg_temp.refusal($$ select * from chatkeep.register_documents(jsonb_build_array(pg_temp.doc('x', 'x'))) $$), '42501 no user is signed in%', 'a batch for nobody is refused');
select pg_temp.sign_in('bob');
select is(pg_temp.batch(pg_temp.doc('c', '3'), pg_temp.doc('a', '4')), 'duplicate c b3, duplicate a', 'the user has them');

-- Sizes at the end of numbers.
rollback to people;
select pg_temp.sign_in('ada');
select is(pg_temp.refusal($$ select * from chatkeep.register_documents('[{"source_uri":"bigger","checksum":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","byte_size":9223372036854775807}]') $$), 'accepted', 'a document of a batch may be as large as a number');
select is((select array_agg(pg_temp.refusal(format($$ select * from chatkeep.register_documents('[{"source_uri":"bigger","checksum":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","byte_size":%s}]') $$, v)) order by n)
    from unnest(array['9223372036854775808', '-9223372036854775809', '1e400', '1.5', '1e2', '12345678901234567890123']) with ordinality u (v, n)),
  array['22023 documents[0].byte_size must be an integer | Pass a whole number of at most 9223372036854775807.', '22023 documents[0].byte_size must be an integer | Pass a whole number of at most 9223372036854775807.',
    '22023 documents[0].byte_size must be an integer | Pass a whole number of at most 9223372036854775807.', '22023 documents[0].byte_size must be an integer | Pass a whole number of at most 9223372036854775807.',
    'accepted', '22023 documents[0].byte_size must be an integer | Pass a whole number of at most 9223372036854775807.'], 'and no larger, nor a fraction');

-- Values in JSON of a wrong kind.
rollback to people;
\ir ../support/kinds.psql
select pg_temp.sign_in('ada');
select pg_temp.kinds_are_refused(call, argument, kind) from (values
  ('register_documents(''[{"source_uri":"x","checksum":"SUM","byte_size":VALUE}]'')', 'documents[0].byte_size', 'bigint'),
  ('register_documents(''[{"source_uri":"y","checksum":"SUM"},{"source_uri":"x","checksum":"SUM","byte_size":VALUE}]'')', 'documents[1].byte_size', 'bigint'),
  ('register_documents(''[{"source_uri":VALUE,"checksum":"SUM"}]'')', 'documents[0].source_uri', 'string'),
  ('register_documents(''[{"source_uri":"x","checksum":VALUE}]'')', 'documents[0].checksum', 'string'),
  ('register_documents(''[{"source_uri":"x","checksum":"SUM","title":VALUE}]'')', 'documents[0].title', 'string'),
  ('register_documents(''[{"source_uri":"x","checksum":"SUM","mime_type":VALUE}]'')', 'documents[0].mime_type', 'string'),
  ('register_documents(''[{"source_uri":"x","checksum":"SUM","visibility":VALUE}]'')', 'documents[0].visibility', 'string'),
  ('register_documents(''[{"source_uri":"x","checksum":"SUM","tags":VALUE}]'')', 'documents[0].tags', 'object'),
  ('register_documents(''[{"source_uri":"x","checksum":"SUM","properties":VALUE}]'')', 'documents[0].properties', 'object')
) places (call, argument, kind);
select is((select count(*)::integer from chatkeep.documents), 0, 'no refused document is stored');

select * from finish();
rollback;
