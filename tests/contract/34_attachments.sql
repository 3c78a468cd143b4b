-- attach and delete_document: what hangs on a message, and what stays of it when the document goes.
begin;
\ir support/identities.psql
select plan(69);

-- Ada's chat with two messages, one of Bob's and of Eve's each, and everybody's documents.
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

-- What can be attached.
select pg_temp.sign_in('ada');
select results_eq(
  format($$ select tenant_id, user_id, chat_id, message_id, document_id, document_access, document_deleted, name, mime_type, byte_size, storage_path, created_at >= now()
    from chatkeep.attach(%L, pg_temp.id('a1'), %L, 'a.pdf', 'application/pdf', 7) $$, :'chat', :'doc'),
  format($$ values ('00000000-0000-4000-8000-000000007e01'::uuid, '00000000-0000-4000-8000-00000000ada0'::uuid, %L::uuid, pg_temp.id('a1'), %L::uuid, 'private', false,
    'a.pdf', 'application/pdf', 7::bigint, null::text, true) $$, :'chat', :'doc'), 'an own document');
select id as own from chatkeep.attachments \gset
select results_eq(
  format($$ select document_id, document_access, document_deleted, name, storage_path from chatkeep.attach(%L, pg_temp.id('a1'), storage_path => 'uploads/ada/b.png') $$, :'chat'),
  $$ values (null::uuid, null::text, false, null::text, 'uploads/ada/b.png') $$, 'a stored object without a document');
select results_eq(format($$ select user_id, document_access from chatkeep.attach(%L, pg_temp.id('a1'), %L) $$, :'chat', :'shared'),
  $$ values ('00000000-0000-4000-8000-00000000ada0'::uuid, 'tenant') $$, 'a document that the tenant shares');
select results_eq(format($$ select document_id, storage_path from chatkeep.attach(%L, pg_temp.id('a2'), %L, storage_path => 'x') $$, :'chat', :'doc'),
  format($$ values (%L::uuid, 'x') $$, :'doc'), 'a document and where its bytes lie');
select results_eq($$ select count(*)::int, count(distinct id)::int from chatkeep.attachments $$, 'values (4, 4)', 'four attachments');

-- A retry.
select is((select id from chatkeep.attach(:'chat', pg_temp.id('a1'), :'doc', 'a.pdf', 'application/pdf', 7)), :'own'::uuid, 'the same again is the stored one');
select results_eq(format($$ select id, mime_type, byte_size from chatkeep.attach(%L, pg_temp.id('a1'), %L, 'a.pdf', 'text/plain', 8) $$, :'chat', :'doc'),
  format($$ values (%L::uuid, 'application/pdf', 7::bigint) $$, :'own'), 'as it was stored first');
select is((select count(*)::int from chatkeep.attachments), 4, 'and nothing is written');
select isnt((select id from chatkeep.attach(:'chat', pg_temp.id('a1'), :'doc', 'b.pdf')), :'own'::uuid, 'another name is another attachment');
select isnt((select id from chatkeep.attach(:'chat', pg_temp.id('a2'), :'doc', 'a.pdf')), :'own'::uuid, 'so is another message');
select isnt((select id from chatkeep.attach(:'chat', pg_temp.id('a1'), :'doc', 'a.pdf', storage_path => 'y')), :'own'::uuid, 'and another path');
select isnt((select id from chatkeep.attach(:'chat', pg_temp.id('a1'), name => 'a.pdf', storage_path => 'y')), (select id from chatkeep.attachments where document_id = :'doc' and storage_path = 'y'), 'or the same path without the document');

-- What cannot.
select is(pg_temp.attaching(arguments), expected, name) from (values
  ('neither document nor path', 'w.chat, pg_temp.id(''a1''), name => ''a.pdf''', '22023 document_id or storage_path is missing | Pass one of the two, or both.'),
  ('a private document of another member', 'w.chat, pg_temp.id(''a1''), w.private', 'PT404 document_id names no document of yours | Register the document, or check the id.'),
  ('a shared document of another tenant', 'w.chat, pg_temp.id(''a1''), w.eves', 'PT404 document_id names no document of yours | Register the document, or check the id.'),
  ('no document at all', 'w.chat, pg_temp.id(''a1''), pg_temp.id(''ff'')', 'PT404 document_id names no document of yours | Register the document, or check the id.'),
  ('a message of another chat', 'w.chat, w.elsewhere, w.doc', 'PT404 message_id names no message of this chat | Pass the id of a message of the same chat.'),
  ('a message of another member', 'w.chat, w.bobs_message, w.doc', 'PT404 message_id names no message of this chat | Pass the id of a message of the same chat.'),
  ('a message of another tenant', 'w.chat, w.eves_message, w.doc', 'PT404 message_id names no message of this chat | Pass the id of a message of the same chat.'),
  ('a chat of another member', 'w.bobs_chat, w.bobs_message, w.shared', 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'),
  ('a chat of another tenant', 'w.eves_chat, w.eves_message, w.doc', 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.')
) r (name, arguments, expected);
select is((select count(*)::int from chatkeep.attachments), 8, 'nothing of this is stored');

-- service_role attaches in the name of the chat's user, and what that user might.
select pg_temp.serve();
select results_eq(format($$ select user_id, tenant_id from chatkeep.attach(%L, %L, %L, 'by service') $$, :'eves_chat', :'eves_message', :'eves'),
  $$ values ('00000000-0000-4000-8000-00000000e4e0'::uuid, '00000000-0000-4000-8000-000000007e02'::uuid) $$, 'service_role attaches for the chat''s user');
select is(pg_temp.attaching('w.chat, pg_temp.id(''a1''), w.private'), 'PT404 document_id names no document of yours | Register the document, or check the id.', 'no colleague''s private document');
select is(pg_temp.attaching('w.eves_chat, w.eves_message, w.shared'), 'PT404 document_id names no document of yours | Register the document, or check the id.', 'and none of another tenant');
select pg_temp.sign_out();
select is(pg_temp.attaching('w.chat, pg_temp.id(''a1''), w.doc'), '42501 permission denied for function attach', 'nobody signed in attaches nothing');

-- By hand, with the marker set as the calls set it.
select pg_temp.sign_in('ada');
select is(pg_temp.refusal(format($$ insert into chatkeep.attachments (tenant_id, user_id, chat_id, message_id, name) values
  ('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', %L, pg_temp.id('a1'), 'raw') $$, :'chat')),
  '42501 new row violates row-level security policy for table "attachments"', 'attachments are not inserted by hand');
select is(pg_temp.refusal('delete from chatkeep.attachments'), '42501 permission denied for table attachments', 'nor deleted');
select is(pg_temp.refusal('update chatkeep.attachments set document_id = null'), '42501 permission denied for table attachments', 'nor changed');
select set_config('chatkeep.writing', 'on', true) \g /dev/null
create function pg_temp.raw(chat uuid, message uuid, document uuid default null, access text default null, tenant text default '00000000-0000-4000-8000-000000007e01', person text default '00000000-0000-4000-8000-00000000ada0') returns text language sql as $$
  select pg_temp.refusal(format('insert into chatkeep.attachments (tenant_id, user_id, chat_id, message_id, document_id, document_access, name) values (%L, %L, %L, %L, %L, %L, ''raw'')',
    tenant, person, chat, message, document, access))
$$;
select is(refused, '42501 new row violates row-level security policy for table "attachments"', 'with the marker set by hand, ' || name) from who w, lateral (values
  ('a colleague''s private document is refused', pg_temp.raw(w.chat, pg_temp.id('a1'), w.private, 'private')),
  ('whatever is said of it', pg_temp.raw(w.chat, pg_temp.id('a1'), w.private, 'tenant')),
  ('as is a document that nobody has', pg_temp.raw(w.chat, pg_temp.id('a1'), pg_temp.id('ff'), 'private')),
  ('another tenant''s document', pg_temp.raw(w.chat, pg_temp.id('a1'), w.eves, 'tenant')),
  ('in that tenant''s name too', pg_temp.raw(w.eves_chat, w.eves_message, w.eves, 'tenant', '00000000-0000-4000-8000-000000007e02')),
  ('a colleague''s message', pg_temp.raw(w.bobs_chat, w.bobs_message, w.doc, 'private')),
  ('in the colleague''s name too', pg_temp.raw(w.bobs_chat, w.bobs_message, w.shared, 'tenant', person => '00000000-0000-4000-8000-00000000b0b0')),
  ('a message of another chat', pg_temp.raw(w.chat, w.elsewhere))
) r (name, refused);
select matches(pg_temp.raw(w.chat, pg_temp.id('a1'), w.doc, 'tenant'), '^23503 ', 'the own document is not called what it is not') from who w;
select matches(pg_temp.raw(w.chat, pg_temp.id('a1'), w.doc), '^23514 .*attachments_document_access_given', 'nor left without its access') from who w;
select set_config('chatkeep.writing', '', true) \g /dev/null

-- A deleted chat, where nothing can be attached until it is back.
select id as gone from chatkeep.delete_chat(:'chat') \gset
select is(pg_temp.attaching('w.chat, pg_temp.id(''a1''), w.doc, ''a.pdf'''), 'PT410 chat_id names a deleted chat | Restore it with restore_chat, or start a new one.', 'nothing is attached in a deleted chat, not even again');
select id as back from chatkeep.restore_chat(:'chat') \gset

-- Soft deletion.
select results_eq(format($$ select id, status, access, deleted_at = updated_at, deleted_at between now() and clock_timestamp() from chatkeep.delete_document(%L) $$, :'doc'),
  format($$ values (%L::uuid, 'pending', 'deleted', true, true) $$, :'doc'), 'delete_document returns the document with the time of its deletion');
select is((select deleted_at from chatkeep.delete_document(:'doc')), (select deleted_at from chatkeep.delete_document(:'doc')), 'again it returns the same');
select is_empty(format('select from chatkeep.documents where id = %L', :'doc'), 'the document is out of sight');
select is_empty(format('select from chatkeep.document_metadata where document_id = %L', :'doc'), 'so are its metadata');
select results_eq(format($$ select name, document_access, document_deleted from chatkeep.attachments where document_id = %L and message_id = pg_temp.id('a1') and storage_path is null order by name $$, :'doc'),
  $$ values ('a.pdf', 'deleted', true), ('b.pdf', 'deleted', true) $$, 'its attachments stay, and say that it is deleted');
select set_eq($$ select coalesce(document_id::text, storage_path), document_deleted from chatkeep.attachments where name is null and storage_path is distinct from 'x' $$,
  format($$ values ('uploads/ada/b.png', false), (%L, false) $$, :'shared'), 'others say no such thing');
select is(pg_temp.attaching('w.chat, pg_temp.id(''a1''), w.doc, ''a.pdf'''), 'PT410 document_id names a deleted document | Register the document anew.', 'it is not attached any more, nor again');
select is(pg_temp.refusal(format('select * from chatkeep.tag_document(%L, ''{"a":1}'')', :'doc')), 'PT410 document_id names a deleted document | Register the document anew.', 'nor tagged');
select is(pg_temp.refusal(format('select * from chatkeep.set_document_status(%L, ''ready'')', :'doc')), 'PT410 document_id names a deleted document | Register the document anew.', 'nor ingested');
select results_eq(format($$ select id <> %L, status from chatkeep.register_document('a', chatkeep.document_checksum('a')) $$, :'doc'),
  $$ values (true, 'pending') $$, 'its source and its bytes are free');
select is_empty($$ select from chatkeep.document_metadata m join chatkeep.documents d on d.id = m.document_id where d.source_uri = 'a' $$, 'and begin without its tags');

-- Whose it is to delete.
select is(pg_temp.refusal(format('select * from chatkeep.delete_document(%L)', :'shared')),
  '42501 document_id names a document of another member | Its owner, or service_role, can archive, delete or describe it.', 'a shared document is its owner''s to delete');
select is(pg_temp.refusal(format('select * from chatkeep.delete_document(%L)', :'private')), 'PT404 document_id names no document of yours | Register the document, or check the id.', 'a private one is unknown to others');
select is(pg_temp.refusal(format('select * from chatkeep.delete_document(%L)', :'eves')), 'PT404 document_id names no document of yours | Register the document, or check the id.', 'as is another tenant''s');
select is(pg_temp.refusal(format('delete from chatkeep.documents where id = %L', :'doc')), '42501 permission denied for table documents', 'nobody deletes for good');
select pg_temp.sign_in('bob');
select is((select access from chatkeep.delete_document(:'shared')), 'deleted', 'its owner deletes it');
select pg_temp.sign_in('ada');
select results_eq(format($$ select document_access, document_deleted from chatkeep.attachments where document_id = %L $$, :'shared'),
  $$ values ('deleted', true) $$, 'which a colleague''s attachment says too');
select is(pg_temp.refusal(format('select * from chatkeep.delete_document(%L)', :'shared')),
  pg_temp.refusal('select * from chatkeep.delete_document(pg_temp.id(''ff''))'), 'and is told no more of than of one that never was');
select pg_temp.serve();
select is((select access from chatkeep.delete_document(:'private')), 'deleted', 'service_role deletes anybody''s');

-- For good.
delete from chatkeep.documents where id in (:'doc', :'shared');
select pg_temp.sign_in('ada');
select set_eq($$ select name, document_id, document_deleted, storage_path from chatkeep.attachments where message_id = pg_temp.id('a1') $$,
  $$ values ('a.pdf', null::uuid, true, null::text), ('b.pdf', null, true, null), ('a.pdf', null, true, 'y'), ('a.pdf', null, false, 'y'), (null, null, false, 'uploads/ada/b.png'), (null, null, true, null) $$,
  'deleted for good, the attachments stay and say so');
select is((select document_deleted from chatkeep.attach(:'chat', pg_temp.id('a1'), name => 'a.pdf', storage_path => 'y')), false, 'a retry does not take one of them for its own');
select is((select count(*)::int from chatkeep.attachments where message_id = pg_temp.id('a1')), 6, 'and finds its own');
reset role;
select is_empty(format('select from chatkeep.document_metadata where document_id in (%L, %L)', :'doc', :'shared'), 'the metadata are gone');

-- No longer shared: it is not deleted, and not in sight.
select pg_temp.sign_in('bob');
select id as lent from chatkeep.register_document('l', chatkeep.document_checksum('l'), visibility => 'tenant') \gset
select pg_temp.sign_in('ada');
select id as stays from chatkeep.attach(:'other', :'elsewhere', :'lent', 'stays') \gset
select pg_temp.serve();
update chatkeep.documents set visibility = 'private' where id = :'lent';
select pg_temp.sign_in('ada');
select results_eq($$ select a.document_access, a.document_deleted, d.id is null from chatkeep.attachments a left join chatkeep.documents d on d.id = a.document_id where a.name = 'stays' $$,
  $$ values ('private', false, true) $$, 'a document that is private again stays attached, out of sight');

-- Who moves to another tenant, or is gone, parts with the documents of the others.
select pg_temp.sign_in('ada');
select id as adas from chatkeep.register_document('t', chatkeep.document_checksum('t'), visibility => 'tenant', tags => '{"t":1}') \gset
select id as kept from chatkeep.attach(:'other', :'elsewhere', :'adas', 'own') \gset
select pg_temp.sign_in('bob');
select id as bobs from chatkeep.register_document('u', chatkeep.document_checksum('u'), visibility => 'tenant') \gset
select id as lent from chatkeep.attach(:'bobs_chat', :'bobs_message', :'adas', 'lent') \gset
select id as held from chatkeep.attach(:'bobs_chat', :'bobs_message', :'bobs', 'held') \gset
select pg_temp.sign_in('ada');
select id as borrowed from chatkeep.attach(:'other', :'elsewhere', :'bobs', 'borrowed') \gset
select pg_temp.serve();
update chatkeep.users set tenant_id = '00000000-0000-4000-8000-000000007e03' where id = '00000000-0000-4000-8000-00000000ada0';
select pg_temp.sign_in('ada');
select results_eq($$ select name, document_id is null, document_deleted from chatkeep.attachments where name in ('own', 'lent', 'borrowed', 'held') order by name $$,
  $$ values ('borrowed', true, true), ('own', false, false) $$, 'who moves keeps the own documents, and parts with those of the old tenant');
select is((select tags from chatkeep.document_metadata where document_id = :'adas'), '{"t":1}'::jsonb, 'with their tags');
select pg_temp.sign_in('bob');
select results_eq($$ select name, document_id is null, document_deleted from chatkeep.attachments where name in ('own', 'lent', 'borrowed', 'held') order by name $$,
  $$ values ('held', false, false), ('lent', true, true) $$, 'as who stays parts with the documents that leave');
select id as back from chatkeep.attach(:'bobs_chat', :'bobs_message', storage_path => 'z') \gset
reset role;
update chatkeep.users set tenant_id = '00000000-0000-4000-8000-000000007e01' where id = '00000000-0000-4000-8000-00000000ada0';
select pg_temp.sign_in('bob');
select id as lent from chatkeep.attach(:'bobs_chat', :'bobs_message', :'adas', 'lent again') \gset
reset role;
delete from auth.users where id = '00000000-0000-4000-8000-00000000ada0';
select pg_temp.sign_in('bob');
select results_eq($$ select document_id, document_deleted from chatkeep.attachments where name = 'lent again' $$,
  $$ values (null::uuid, true) $$, 'and when their owner is gone');
reset role;
select is_empty(format('select from chatkeep.attachments where user_id = %L union all select from chatkeep.document_metadata where document_id = %L',
  '00000000-0000-4000-8000-00000000ada0', :'adas'), 'whose own rows are gone too');

select * from finish();
rollback;
