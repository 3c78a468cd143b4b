-- register_document: sources that move between documents, ingests that are taken over, documents that come to be shared.
begin;
\ir support/identities.psql
select plan(40);

create function pg_temp.sum(content text) returns text language sql immutable as $$ select encode(sha256(convert_to(content, 'UTF8')), 'hex') $$;
create function pg_temp.current_documents() returns text language sql as $$
  select string_agg(concat_ws(' ', d.source_uri, nullif(array_to_string(d.aliases, ' '), '')), ', ' order by d.source_uri)
  from chatkeep.documents d where d.status <> 'archived' and d.deleted_at is null and d.user_id = auth.uid()
$$;

-- A source is one document's, whether as its own or as an alias.
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
select is((select id from chatkeep.register_document('c', pg_temp.sum('1'))), :'one'::uuid, 'which is the same as before');
select results_eq($$ select outcome, source_uri, aliases from chatkeep.register_document('a', pg_temp.sum('1')) $$,
  $$ values ('duplicate', 'c', '{b,a}'::text[]) $$, 'and takes the first source back');

-- An ingest that has not succeeded blocks nobody.
select id as three from chatkeep.register_document('t', pg_temp.sum('t'), 'Old', tags => '{"a":1}') \gset
select results_eq($$ select outcome, id, status, title, mime_type from chatkeep.register_document('t', pg_temp.sum('t'), 'New', 'text/plain', 1, '{"b":2,"c":null}') $$,
  format($$ values ('duplicate', %L::uuid, 'pending', 'New', 'text/plain') $$, :'three'), 'a pending document is taken over, with what is said of it last');
select is((select tags from chatkeep.document_metadata where document_id = :'three'), '{"b":2}', 'and its tags, without those that are null');
select is((select title from chatkeep.register_document('t', pg_temp.sum('t'))), 'New', 'what is not said stays');
select updated_at as changed from chatkeep.documents where id = :'three' \gset
select is((select updated_at from chatkeep.register_document('t', pg_temp.sum('t'), 'New', tags => '{"b":2}')), :'changed'::timestamptz, 'what is said again changes nothing');
reset role;
update chatkeep.documents set status = 'failed', error = 'no parser' where id = :'three';
select pg_temp.sign_in('ada');
select results_eq($$ select outcome, id, status, error from chatkeep.register_document('t', pg_temp.sum('t')) $$,
  format($$ values ('duplicate', %L::uuid, 'pending', null::text) $$, :'three'), 'a failed one begins anew');
reset role;
update chatkeep.documents set status = 'processing', updated_at = now() where id = :'three';
select pg_temp.sign_in('ada');
select results_eq($$ select outcome, status, title from chatkeep.register_document('t', pg_temp.sum('t'), 'Newer') $$,
  $$ values ('duplicate', 'processing', 'New') $$, 'one that is at work is left alone');
reset role;
update chatkeep.documents set updated_at = now() - interval '61 minutes' where id = :'three';
select pg_temp.sign_in('ada');
select results_eq($$ select outcome, status, title from chatkeep.register_document('t', pg_temp.sum('t'), 'Newer') $$,
  $$ values ('duplicate', 'pending', 'Newer') $$, 'one that was given up, an hour ago, begins anew');
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
select is((select outcome from chatkeep.register_document('mine too', pg_temp.sum('s'))), 'created', 'who keeps the same bytes private has a document of their own');
select results_eq($$ select outcome, id, user_id from chatkeep.register_document('mine too', pg_temp.sum('s'), visibility => 'tenant') $$,
  format($$ values ('duplicate', %L::uuid, '00000000-0000-4000-8000-00000000ada0'::uuid) $$, :'shared'), 'until they share them');
select is(pg_temp.current_documents(), null, 'which moves the source to the shared document');
select is((select aliases from chatkeep.documents where id = :'shared'), '{"mine too"}', 'as one of its aliases');
select is((select outcome from chatkeep.register_document('own', pg_temp.sum('own'))), 'created', 'a document of the same name as a colleague''s source');
select pg_temp.sign_in('ada');
select is((select outcome from chatkeep.register_document('own', pg_temp.sum('team'), visibility => 'tenant')), 'created', 'is another document');
select pg_temp.sign_in('bob');
select results_eq($$ select outcome, user_id, aliases from chatkeep.register_document('own', pg_temp.sum('team'), visibility => 'tenant') $$,
  $$ values ('duplicate', '00000000-0000-4000-8000-00000000ada0'::uuid, '{}'::text[]) $$, 'until its owner finds the colleague''s bytes there');
select is((select status from chatkeep.documents where source_uri = 'own' and user_id = auth.uid()), 'archived', 'then theirs is history');
reset role;
update chatkeep.documents set status = 'failed' where checksum = pg_temp.sum('team');
select pg_temp.sign_in('bob');
select results_eq($$ select outcome, status, title from chatkeep.register_document('own', pg_temp.sum('team'), 'Bob''s', visibility => 'tenant') $$,
  $$ values ('duplicate', 'pending', null::text) $$, 'a colleague takes a failed shared document over, and its description stays its owner''s');

-- Deleted documents hold no claim.
reset role;
update chatkeep.documents set deleted_at = now() where id = :'three';
select pg_temp.sign_in('ada');
select results_eq($$ select outcome, supersedes from chatkeep.register_document('t', pg_temp.sum('t')) $$, $$ values ('created', null::uuid) $$,
  'bytes of a deleted document are new, and supersede nothing');

-- The checksum is of the bytes alone.
select isnt(chatkeep.document_checksum('x'), chatkeep.document_checksum('y'), 'one byte makes another checksum');
select results_eq($$ select outcome, checksum, byte_size, title from chatkeep.register_content('content', 'abc', 'Title') $$,
  $$ values ('created', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 3::bigint, 'Title') $$, 'register_content takes checksum and size of the bytes');
select is((select outcome from chatkeep.register_document('content', 'BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD')), 'duplicate', 'and is register_document otherwise');
select is(pg_temp.refusal($$ select * from chatkeep.register_content('x', null) $$), '22004 content is missing | Pass a value; null is not accepted here.', 'content is needed');
select is(pg_temp.refusal($$ select * from chatkeep.register_content(null, 'abc') $$), '22004 source_uri is missing | Pass a value; null is not accepted here.', 'and a source');
select is((select byte_size from chatkeep.register_content('empty', '')), 0::bigint, 'no bytes are content too');

reset role;
create temporary table stored (content bytea) on commit drop;
alter table stored alter content set storage external;
insert into stored select convert_to(repeat('a', 1000000), 'UTF8');
grant select on stored to authenticated;
select pg_temp.sign_in('ada');
select results_eq($$ select r.byte_size, r.checksum from stored, chatkeep.register_content('of a table', content) r $$,
  $$ values (1000000::bigint, 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0') $$, 'bytes that lie out of line too');

select * from finish();
rollback;
