-- delete_document: takes a document out of sight, frees its bytes and sources, and keeps its attachments.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

-- Ada has a chat with two messages, Bob and Eve have a chat each, and all have documents.
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat(chat_id => pg_temp.id('c1')) \gset
select count(*) as stored from chatkeep.append_messages(:'chat', jsonb_build_array(pg_temp.item('look', pg_temp.id('a1')), pg_temp.item('again', pg_temp.id('a2')))) \gset
select id as other from chatkeep.create_chat() \gset
select id as elsewhere from chatkeep.append_message(:'other', 'user', 'elsewhere') \gset
select id as doc, created_at as registered from chatkeep.register_document('a', chatkeep.document_checksum('a'), 'A', tags => '{"a":1}') \gset
select pg_temp.sign_in('bob');
select id as bobs_chat from chatkeep.create_chat() \gset
select id as bobs_message from chatkeep.append_message(:'bobs_chat', 'user', 'bob') \gset
select id as private from chatkeep.register_document('p', chatkeep.document_checksum('p')) \gset
select id as shared from chatkeep.register_document('s', chatkeep.document_checksum('s'), visibility => 'tenant') \gset
select pg_temp.sign_in('eve');
select id as eves_chat from chatkeep.create_chat() \gset
select id as eves_message from chatkeep.append_message(:'eves_chat', 'user', 'eve') \gset
select id as eves from chatkeep.register_document('e', chatkeep.document_checksum('e'), visibility => 'tenant') \gset
reset role;
create temporary table who on commit drop as select :'doc'::uuid as doc, :'private'::uuid as private, :'shared'::uuid as shared, :'eves'::uuid as eves,
  :'chat'::uuid as chat, :'other'::uuid as other, :'elsewhere'::uuid as elsewhere, :'bobs_chat'::uuid as bobs_chat, :'bobs_message'::uuid as bobs_message,
  :'eves_chat'::uuid as eves_chat, :'eves_message'::uuid as eves_message;
grant select on who to public;
create function pg_temp.attaching(arguments text) returns text language sql as $$
  select pg_temp.refusal('select a.* from who w, chatkeep.attach(' || arguments || ') a')
$$;

-- Eight attachments: of both documents, of stored objects, and of both.
select pg_temp.sign_in('ada');
select count(*) as attached from chatkeep.attach(:'chat', pg_temp.id('a1'), :'doc', 'a.pdf', 'application/pdf', 7) \gset
select count(*) as attached from chatkeep.attach(:'chat', pg_temp.id('a1'), storage_path => 'uploads/ada/b.png') \gset
select count(*) as attached from chatkeep.attach(:'chat', pg_temp.id('a1'), :'shared') \gset
select count(*) as attached from chatkeep.attach(:'chat', pg_temp.id('a2'), :'doc', storage_path => 'x') \gset
select count(*) as attached from chatkeep.attach(:'chat', pg_temp.id('a1'), :'doc', 'b.pdf') \gset
select count(*) as attached from chatkeep.attach(:'chat', pg_temp.id('a2'), :'doc', 'a.pdf') \gset
select count(*) as attached from chatkeep.attach(:'chat', pg_temp.id('a1'), :'doc', 'a.pdf', storage_path => 'y') \gset
select count(*) as attached from chatkeep.attach(:'chat', pg_temp.id('a1'), name => 'a.pdf', storage_path => 'y') \gset

-- Soft deletion.
select results_eq(format($$ select id, status, access, deleted_at = updated_at, deleted_at between now() and clock_timestamp() from chatkeep.delete_document(%L) $$, :'doc'),
  format($$ values (%L::uuid, 'pending', 'deleted', true, true) $$, :'doc'), 'delete_document returns the document with the time of its deletion');
select is((select deleted_at from chatkeep.delete_document(:'doc')), (select deleted_at from chatkeep.delete_document(:'doc')), 'again it returns the same');
select is_empty(format('select from chatkeep.documents where id = %L', :'doc'), 'the document is out of sight');
select is_empty(format('select from chatkeep.document_metadata where document_id = %L', :'doc'), 'its metadata are out of sight');
select results_eq(format($$ select name, document_access, document_deleted from chatkeep.attachments where document_id = %L and message_id = pg_temp.id('a1') and storage_path is null order by name $$, :'doc'),
  $$ values ('a.pdf', 'deleted', true), ('b.pdf', 'deleted', true) $$, 'its attachments stay and are marked as deleted');
select set_eq($$ select coalesce(document_id::text, storage_path), document_deleted from chatkeep.attachments where name is null and storage_path is distinct from 'x' $$,
  format($$ values ('uploads/ada/b.png', false), (%L, false) $$, :'shared'), 'other attachments do not');
select is(pg_temp.attaching('w.chat, pg_temp.id(''a1''), w.doc, ''a.pdf'''), 'PT410 document_id names a deleted document | Register the document anew.', 'it is not attached any more, nor again');
select is(pg_temp.refusal(format('select * from chatkeep.tag_document(%L, ''{"a":1}'')', :'doc')), 'PT410 document_id names a deleted document | Register the document anew.', 'a deleted document cannot be tagged');
select is(pg_temp.refusal(format('select * from chatkeep.set_document_status(%L, ''ready'')', :'doc')), 'PT410 document_id names a deleted document | Register the document anew.', 'a deleted document cannot be ingested');
select results_eq(format($$ select id <> %L, status from chatkeep.register_document('a', chatkeep.document_checksum('a')) $$, :'doc'),
  $$ values (true, 'pending') $$, 'its source and its bytes are free');
select is_empty($$ select from chatkeep.document_metadata m join chatkeep.documents d on d.id = m.document_id where d.source_uri = 'a' $$, 'and begin without its tags');

-- Other users.
select is(pg_temp.refusal(format('select * from chatkeep.delete_document(%L)', :'shared')),
  '42501 document_id names a document of another member | Its owner, or service_role, can archive, delete or describe it.', 'a shared document is its owner''s to delete');
select is(pg_temp.refusal(format('select * from chatkeep.delete_document(%L)', :'private')), 'PT404 document_id names no document of yours | Register the document, or check the id.', 'a private one is unknown to others');
select is(pg_temp.refusal(format('select * from chatkeep.delete_document(%L)', :'eves')), 'PT404 document_id names no document of yours | Register the document, or check the id.', 'as is another tenant''s');
select is(pg_temp.refusal(format('delete from chatkeep.documents where id = %L', :'doc')), '42501 permission denied for table documents', 'users cannot delete rows of documents');
select pg_temp.sign_in('bob');
select is((select access from chatkeep.delete_document(:'shared')), 'deleted', 'its owner deletes it');
select pg_temp.sign_in('ada');
select results_eq(format($$ select document_access, document_deleted from chatkeep.attachments where document_id = %L $$, :'shared'),
  $$ values ('deleted', true) $$, 'the attachment of a colleague is marked as deleted too');
select is(pg_temp.refusal(format('select * from chatkeep.delete_document(%L)', :'shared')),
  pg_temp.refusal('select * from chatkeep.delete_document(pg_temp.id(''ff''))'), 'and a colleague gets the answer for a document that never existed');
select pg_temp.serve();
select is((select access from chatkeep.delete_document(:'private')), 'deleted', 'service_role deletes anybody''s');

-- Rows that are deleted for good.
delete from chatkeep.documents where id in (:'doc', :'shared');
select pg_temp.sign_in('ada');
select set_eq($$ select name, document_id, document_deleted, storage_path from chatkeep.attachments where message_id = pg_temp.id('a1') $$,
  $$ values ('a.pdf', null::uuid, true, null::text), ('b.pdf', null, true, null), ('a.pdf', null, true, 'y'), ('a.pdf', null, false, 'y'), (null, null, false, 'uploads/ada/b.png'), (null, null, true, null) $$,
  'after a removal the attachments stay and are marked as deleted');
select is((select document_deleted from chatkeep.attach(:'chat', pg_temp.id('a1'), name => 'a.pdf', storage_path => 'y')), false, 'a retry does not take one of them for its own');
select is((select count(*)::int from chatkeep.attachments where message_id = pg_temp.id('a1')), 6, 'and finds its own');
reset role;
select is_empty(format('select from chatkeep.document_metadata where document_id in (%L, %L)', :'doc', :'shared'), 'the metadata are gone');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine.
rollback to people;
select pg_temp.sign_in('ada');
select is(pg_temp.refusal('select * from chatkeep.' || replace(call, 'NONE', '''00000000-0000-7000-8000-0000000000ff''')), expected, name)
from (values
  ('the deletion of nothing', $$delete_document(null)$$, '22004 document_id is missing | Pass a value; null is not accepted here.'),
  ('the deletion of no document', $$delete_document(NONE)$$, 'PT404 document_id names no document of yours | Register the document, or check the id.')
) refused (name, call, expected);

select * from finish();
rollback;
