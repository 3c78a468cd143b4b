-- tag_document: merges tags key by key, in a namespace for each writer.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('ada');
select id as doc from chatkeep.register_document('a', chatkeep.document_checksum('a'), properties => '{"pages":3}', tags => '{"lang":"en","draft":true}') \gset
select id as bare from chatkeep.register_document('b', chatkeep.document_checksum('b')) \gset
select id as shared from chatkeep.register_document('s', chatkeep.document_checksum('s'), visibility => 'tenant') \gset

create function pg_temp.tagged(document uuid, given jsonb, space text default 'default') returns jsonb language sql as $$
  select tags from chatkeep.tag_document(document, given, space)
$$;
create function pg_temp.tagging(document uuid, given text, space text default 'default') returns text language sql as $$
  select pg_temp.refusal(format('select * from chatkeep.tag_document(%L, %s, %L)', document, given, space))
$$;

-- Merging.
select results_eq(
  format($$ select document_id, tenant_id, document_access, user_id, namespace, tags, properties from chatkeep.tag_document(%L, '{"lang":"de","topic":["x","y"]}') $$, :'doc'),
  format($$ values (%L::uuid, '00000000-0000-4000-8000-000000007e01'::uuid, 'private', '00000000-0000-4000-8000-00000000ada0'::uuid, 'default',
    '{"lang":"de","draft":true,"topic":["x","y"]}'::jsonb, '{"pages":3}'::jsonb) $$, :'doc'),
  'tags merge key by key, and properties stay');
select is(pg_temp.tagged(:'doc', '{"draft":null,"none":null}'), '{"lang":"de","topic":["x","y"]}', 'null removes a key, and one that is not there too');
select is(pg_temp.tagged(:'doc', '{"topic":["z"]}'), '{"lang":"de","topic":["z"]}', 'an array is replaced and not appended to');
select is(pg_temp.tagged(:'doc', '{"topic":[null]}'), '{"lang":"de","topic":[null]}', 'null inside an array is a value');
select updated_at as changed from chatkeep.document_metadata where document_id = :'doc' \gset
select is(pg_temp.tagged(:'doc', '{"lang":"de","topic":[null]}'), '{"lang":"de","topic":[null]}', 'the same tags again');
select is(pg_temp.tagged(:'doc', '{}'), '{"lang":"de","topic":[null]}', 'or none at all');
select is(pg_temp.tagged(:'doc', '{"none":null}'), '{"lang":"de","topic":[null]}', 'or the removal of what is not there return the row');
select is((select updated_at from chatkeep.document_metadata where document_id = :'doc'), :'changed'::timestamptz, 'and write nothing');
select is(pg_temp.tagged(:'doc', '{"lang":null,"topic":null}'), '{}', 'the last tag can go');
select results_eq($$ select tags, properties, updated_at > created_at from chatkeep.document_metadata where namespace = 'default' $$,
  $$ values ('{}'::jsonb, '{"pages":3}'::jsonb, true) $$, 'the row stays with its properties and a new updated_at');

-- A row begins with the first tag.
select is_empty(format($$ select * from chatkeep.tag_document(%L, '{}') $$, :'bare'), 'no tags make no row');
select is_empty(format($$ select * from chatkeep.tag_document(%L, '{"a":null}') $$, :'bare'), 'the removal of a tag makes no row');
select is_empty(format($$ select from chatkeep.document_metadata where document_id = %L $$, :'bare'), 'really none');
select is(pg_temp.tagged(:'bare', '{"a":1,"b":null}'), '{"a":1}', 'the first tag makes it');
select is(pg_temp.tagged(:'bare', '{"a":2}', 'review'), '{"a":2}', 'another namespace is another row');
select results_eq(format($$ select namespace, tags from chatkeep.document_metadata where document_id = %L order by namespace $$, :'bare'),
  $$ values ('default', '{"a":1}'::jsonb), ('review', '{"a":2}'::jsonb) $$, 'beside the first');
select is((select updated_at from chatkeep.documents where id = :'bare'), (select created_at from chatkeep.documents where id = :'bare'), 'tags are not a change of the document');

-- Limits of the given tags and of the merged ones.
select is(pg_temp.tagging(:'doc', '''[]'''), '22023 tags must be a JSON object | Wrap the value in one.', 'tags are an object');
select is(pg_temp.tagging(:'doc', '''{"a":{"b":1}}'''), '22023 tags must be flat: scalars, or arrays of scalars | Put nested values into properties.', 'and flat');
select is((select count(*) from jsonb_object_keys(pg_temp.tagged(:'doc', (select jsonb_object_agg('k' || n, n) from generate_series(1, 100) n)))), 100::bigint, 'a hundred keys');
select is(pg_temp.tagging(:'doc', '''{"k101":1}'''), '22023 tags would have more than 100 keys | Remove some with null, or use another namespace.', 'and no more');
select is((select count(*) from jsonb_object_keys(pg_temp.tagged(:'doc', '{"k1":null,"k101":1}'))), 100::bigint, 'one goes, one comes');
select is(pg_temp.tagging(:'doc', '(select jsonb_object_agg(''x'' || n, n) from generate_series(1, 101) n)'), '22023 tags has more than 100 keys | Use fewer tags, or another namespace.', 'no call brings more either');
select is((select octet_length(pg_temp.tagged(:'bare', jsonb_build_object('t', repeat('x', 200000)), 'large')::text)), 200009, '200 kB');
select is(pg_temp.tagging(:'bare', 'jsonb_build_object(''u'', repeat(''x'', 62144))', 'large'), '22023 tags would be larger than 262144 bytes | Remove some with null, or use another namespace.', 'and at most 256 KiB');
select is((select octet_length(pg_temp.tagged(:'bare', jsonb_build_object('u', repeat('x', 62126)), 'large')::text)), 262144, 'to the byte');
select is(pg_temp.tagging(:'doc', '''{"a":1}''', ''), '22023 namespace must not be empty | Pass a name, or leave it out for default.', 'a namespace has a name');
select is(pg_temp.tagging(:'doc', '''{"a":1}''', repeat('n', 65)), '22023 namespace is longer than 64 characters | Shorten it.', 'of at most 64 characters');
select is(pg_temp.tagged(:'doc', '{"a":1}', repeat('é', 64)), '{"a":1}', 'and not bytes');

-- Other members.
select pg_temp.sign_in('bob');
select is(pg_temp.tagging(:'doc', '''{"a":1}'''), 'PT404 document_id names no document of yours | Register the document, or check the id.', 'another member''s private document is refused as unknown');
select is(pg_temp.tagging(:'shared', '''{"a":1}'''), '42501 namespace is another member''s | Pass a namespace of your own.', 'default is the owner''s before the owner writes it');
select is(pg_temp.tagged(:'shared', '{"mine":1}', 'bob'), '{"mine":1}', 'a member tags a shared document in their own namespace');
select is(pg_temp.tagged(:'shared', '{"mine":2}', 'bob'), '{"mine":2}', 'as often as wanted');
select pg_temp.sign_in('ada');
select is((select tags from chatkeep.document_metadata where namespace = 'bob'), '{"mine":2}'::jsonb, 'the owner reads the namespace of the member');
select is(pg_temp.tagging(:'shared', '''{"mine":3}''', 'bob'), '42501 namespace is another member''s | Pass a namespace of your own.', 'and does not write');
select is(pg_temp.tagging(:'shared', '''{}''', 'bob'), '42501 namespace is another member''s | Pass a namespace of your own.', 'not even nothing');
select is(pg_temp.tagged(:'shared', '{"own":1}'), '{"own":1}', 'the owner''s namespace is free');
select pg_temp.sign_in('bob');
select is(pg_temp.tagging(:'shared', '''{"own":null}'''), '42501 namespace is another member''s | Pass a namespace of your own.', 'to nobody else');
select pg_temp.sign_in('eve');
select is(pg_temp.tagging(:'shared', '''{"a":1}''', 'eve'), 'PT404 document_id names no document of yours | Register the document, or check the id.', 'to another tenant a shared document is unknown');
select is_empty($$ select from chatkeep.document_metadata $$, 'and its tags are not there');

-- A document that is private again keeps the namespaces of others.
reset role;
update chatkeep.documents set visibility = 'private' where id = :'shared';
select pg_temp.sign_in('ada');
select is((select string_agg(namespace, ' ') from chatkeep.document_metadata where document_id = :'shared'), 'default', 'the owner of a document that is private again sees their own tags');
select is(pg_temp.tagging(:'shared', '''{"a":1}''', 'bob'), '42501 namespace is another member''s | Pass a namespace of your own.', 'a namespace out of sight still belongs to its writer');
select pg_temp.sign_in('bob');
select is(pg_temp.tagging(:'shared', '''{"a":1}''', 'bob'), 'PT404 document_id names no document of yours | Register the document, or check the id.', 'and its writer cannot continue');

-- service_role writes for the owner.
select pg_temp.serve();
select results_eq(format($$ select user_id, tags from chatkeep.tag_document(%L, '{"by":"service"}', 'pipeline') $$, :'bare'),
  $$ values ('00000000-0000-4000-8000-00000000ada0'::uuid, '{"by":"service"}'::jsonb) $$, 'tags that service_role writes belong to the owner');
select is(pg_temp.tagged(:'shared', '{"mine":null,"seen":true}', 'bob'), '{"seen":true}', 'it changes anybody''s');
select is((select user_id from chatkeep.document_metadata where namespace = 'bob'), '00000000-0000-4000-8000-00000000b0b0'::uuid, 'the namespace still belongs to the member');
select pg_temp.sign_in('ada');
select is(pg_temp.tagged(:'bare', '{"by":null}', 'pipeline'), '{}', 'and the owner changes what the service wrote');

-- Direct writes.
select is(pg_temp.refusal(format($$ insert into chatkeep.document_metadata (document_id, tenant_id, document_access, user_id, namespace) values
  (%L, '00000000-0000-4000-8000-000000007e01', 'private', '00000000-0000-4000-8000-00000000ada0', 'raw') $$, :'doc')),
  '42501 new row violates row-level security policy for table "document_metadata"', 'metadata are not inserted by hand');
select matches(pg_temp.refusal($$ update chatkeep.document_metadata set tags = '{}' $$), '^42501 rows of document_metadata cannot be changed directly', 'metadata cannot be changed directly');
reset role;
create temporary table ada on commit drop as select :'doc'::uuid as id;
grant select on ada to public;
select pg_temp.sign_in('bob');
select set_config('chatkeep.writing', 'on', true) \g /dev/null
create function pg_temp.raw(access text, person text default '00000000-0000-4000-8000-00000000b0b0', tenant text default '00000000-0000-4000-8000-000000007e01') returns text language sql as $$
  select pg_temp.refusal(format('insert into chatkeep.document_metadata (document_id, tenant_id, document_access, user_id, namespace) values (%L, %L, %L, %L, ''raw'')',
    (select a.id from ada a), tenant, access, person))
$$;
select is(array[pg_temp.raw('private'), pg_temp.raw('tenant'), pg_temp.raw('private', tenant => '00000000-0000-4000-8000-000000007e02'), pg_temp.raw('private', '00000000-0000-4000-8000-00000000ada0')],
  array_fill('42501 new row violates row-level security policy for table "document_metadata"'::text, array[4]),
  'with a forged marker a colleague''s private document takes no tags');
select is(pg_temp.refusal(format('update chatkeep.document_metadata set document_access = ''tenant'' where document_id = %L', :'doc')), '42501 permission denied for table document_metadata', 'and no row is moved into the open');

-- Tags are deleted with the account of their writer.
reset role;
select isnt_empty($$ select from chatkeep.document_metadata where user_id = '00000000-0000-4000-8000-00000000b0b0' $$, 'a colleague has tagged what was shared');
delete from auth.users where id = '00000000-0000-4000-8000-00000000b0b0';
select is_empty($$ select from chatkeep.document_metadata where user_id = '00000000-0000-4000-8000-00000000b0b0' $$, 'tags go with the person who set them');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine.
rollback to people;
select pg_temp.sign_in('ada');
select id as document from chatkeep.register_document('a', repeat('a', 64)) \gset
select is(pg_temp.refusal('select * from chatkeep.' || replace(replace(call, 'DOC', quote_literal(:'document')), 'NONE', '''00000000-0000-7000-8000-0000000000ff''')), expected, name)
from (values
  ('tags of nothing', $$tag_document(null, '{}')$$, '22004 document_id is missing | Pass a value; null is not accepted here.'),
  ('no tags', $$tag_document(DOC, null)$$, '22004 tags is missing | Pass a value; null is not accepted here.'),
  ('tags that are JSON null', $$tag_document(DOC, 'null')$$, '22023 tags must be a JSON object | Wrap the value in one.'),
  ('tags that nest', $$tag_document(DOC, '{"a":[{}]}')$$, '22023 tags must be flat: scalars, or arrays of scalars | Put nested values into properties.'),
  ('a tag over 64 characters, to be removed', $$tag_document(DOC, jsonb_build_object(repeat('k', 65), null))$$, '22023 tags has a key longer than 64 characters | Shorten the key.'),
  ('no namespace', $$tag_document(DOC, '{}', null)$$, '22004 namespace is missing | Pass a value; null is not accepted here.'),
  ('an empty namespace', $$tag_document(DOC, '{}', '')$$, '22023 namespace must not be empty | Pass a name, or leave it out for default.'),
  ('a namespace over 64 characters', $$tag_document(DOC, '{}', repeat('n', 65))$$, '22023 namespace is longer than 64 characters | Shorten it.'),
  ('tags of no document', $$tag_document(NONE, '{}')$$, 'PT404 document_id names no document of yours | Register the document, or check the id.')
) refused (name, call, expected);
select is_empty($$ select from chatkeep.document_metadata $$, 'no refused tags are stored');
select is((select string_agg(s || ': ' || r.said, ', ') from unnest(array['{}', '[]', '""', '1', 'true']) s,
    lateral (select pg_temp.refusal(format('select * from chatkeep.tag_document(pg_temp.id(''ff''), %L)', s)) as said) r where r.said !~ '^(PT404 document_id|22023 tags must be) '), null, 'tags are named');

select * from finish();
rollback;
