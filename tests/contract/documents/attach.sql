-- attach: attaches a document, a stored object or both to a message.
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

-- Attachments that are accepted.
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
  format($$ values (%L::uuid, 'x') $$, :'doc'), 'a document and the path of its bytes');
select results_eq($$ select count(*)::int, count(distinct id)::int from chatkeep.attachments $$, 'values (4, 4)', 'four attachments');

-- A retry.
select is((select id from chatkeep.attach(:'chat', pg_temp.id('a1'), :'doc', 'a.pdf', 'application/pdf', 7)), :'own'::uuid, 'the same again is the stored one');
select results_eq(format($$ select id, mime_type, byte_size from chatkeep.attach(%L, pg_temp.id('a1'), %L, 'a.pdf', 'text/plain', 8) $$, :'chat', :'doc'),
  format($$ values (%L::uuid, 'application/pdf', 7::bigint) $$, :'own'), 'as it was stored first');
select is((select count(*)::int from chatkeep.attachments), 4, 'and nothing is written');
select isnt((select id from chatkeep.attach(:'chat', pg_temp.id('a1'), :'doc', 'b.pdf')), :'own'::uuid, 'another name is another attachment');
select isnt((select id from chatkeep.attach(:'chat', pg_temp.id('a2'), :'doc', 'a.pdf')), :'own'::uuid, 'an attachment to another message is another attachment');
select isnt((select id from chatkeep.attach(:'chat', pg_temp.id('a1'), :'doc', 'a.pdf', storage_path => 'y')), :'own'::uuid, 'and another path');
select isnt((select id from chatkeep.attach(:'chat', pg_temp.id('a1'), name => 'a.pdf', storage_path => 'y')), (select id from chatkeep.attachments where document_id = :'doc' and storage_path = 'y'), 'or the same path without the document');

-- Attachments that are refused.
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

-- service_role attaches for the user of the chat, within the rights of that user.
select pg_temp.serve();
select results_eq(format($$ select user_id, tenant_id from chatkeep.attach(%L, %L, %L, 'by service') $$, :'eves_chat', :'eves_message', :'eves'),
  $$ values ('00000000-0000-4000-8000-00000000e4e0'::uuid, '00000000-0000-4000-8000-000000007e02'::uuid) $$, 'service_role attaches for the chat''s user');
select is(pg_temp.attaching('w.chat, pg_temp.id(''a1''), w.private'), 'PT404 document_id names no document of yours | Register the document, or check the id.', 'no colleague''s private document');
select is(pg_temp.attaching('w.eves_chat, w.eves_message, w.shared'), 'PT404 document_id names no document of yours | Register the document, or check the id.', 'and none of another tenant');
-- It may name the person whose chat it means. A colleague's chat is then one that nobody has.
select results_eq(format($$ select user_id, document_id from chatkeep.attach(%L, pg_temp.id('a1'), %L, 'for Ada', user_id => '00000000-0000-4000-8000-00000000ada0') $$, :'chat', :'doc'),
  format($$ values ('00000000-0000-4000-8000-00000000ada0'::uuid, %L::uuid) $$, :'doc'), 'service_role attaches for the person whom it names');
select is(pg_temp.attaching(arguments), expected, name) from (values
  ('a colleague''s chat', 'w.bobs_chat, w.bobs_message, w.shared, user_id => ''00000000-0000-4000-8000-00000000ada0''', 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'),
  ('another tenant''s chat', 'w.eves_chat, w.eves_message, w.eves, user_id => ''00000000-0000-4000-8000-00000000ada0''', 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'),
  ('a chat that nobody has', 'pg_temp.id(''ff''), w.eves_message, w.eves, user_id => ''00000000-0000-4000-8000-00000000ada0''', 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'),
  ('a document that the person cannot read', 'w.chat, pg_temp.id(''a1''), w.private, user_id => ''00000000-0000-4000-8000-00000000ada0''', 'PT404 document_id names no document of yours | Register the document, or check the id.'),
  ('an unknown person', 'w.chat, pg_temp.id(''a1''), w.doc, user_id => pg_temp.id(''ff'')', 'PT404 user_id names no user | Pass the id of a user in auth.users, or of one in chatkeep.users.')
) r (name, arguments, expected);
-- Two tenants hold the id: the person says which chat is meant.
reset role;
insert into chatkeep.chats (id, tenant_id, user_id) values (:'chat', '00000000-0000-4000-8000-000000007e02', '00000000-0000-4000-8000-00000000e4e0');
select pg_temp.serve();
select alike(pg_temp.attaching('w.chat, pg_temp.id(''a1''), w.doc, ''for Ada'''), 'PT409 chat_id names chats of several tenants%', 'an id of two tenants is ambiguous');
select is((select a.tenant_id from who w, chatkeep.attach(w.chat, pg_temp.id('a1'), w.doc, 'for Ada', user_id => '00000000-0000-4000-8000-00000000ada0') a), '00000000-0000-4000-8000-000000007e01'::uuid, 'unless the person is named');
select is(pg_temp.attaching('w.chat, pg_temp.id(''a1''), storage_path => ''x'', user_id => ''00000000-0000-4000-8000-00000000e4e0'''), 'PT404 message_id names no message of this chat | Pass the id of a message of the same chat.', 'and the other person has another chat');
reset role;
delete from chatkeep.chats where id = :'chat' and tenant_id = '00000000-0000-4000-8000-000000007e02';
delete from chatkeep.attachments where name = 'for Ada';

select pg_temp.sign_in('bob');
select is(pg_temp.attaching('w.bobs_chat, w.bobs_message, w.shared, ''own'', user_id => ''00000000-0000-4000-8000-00000000b0b0'''), 'accepted', 'a user may name himself');
select is(pg_temp.attaching('w.chat, pg_temp.id(''a1''), w.doc, user_id => ''00000000-0000-4000-8000-00000000ada0'''), '42501 user_id can be named by service_role only | Leave user_id out to act for yourself.', 'and not a colleague');
select is(pg_temp.attaching('w.chat, pg_temp.id(''a1''), w.shared, user_id => ''00000000-0000-4000-8000-00000000b0b0'''), 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'whose chat stays out of reach');
reset role;
delete from chatkeep.attachments where name = 'own';
select pg_temp.sign_out();
select is(pg_temp.attaching('w.chat, pg_temp.id(''a1''), w.doc'), '42501 permission denied for function attach', 'anon attaches nothing');

-- Direct writes, also with the marker of a call.
select pg_temp.sign_in('ada');
select is(pg_temp.refusal(format($$ insert into chatkeep.attachments (tenant_id, user_id, chat_id, message_id, name) values
  ('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', %L, pg_temp.id('a1'), 'raw') $$, :'chat')),
  '42501 new row violates row-level security policy for table "attachments"', 'attachments are not inserted by hand');
select is(pg_temp.refusal('delete from chatkeep.attachments'), '42501 rows of attachments cannot be deleted directly | redact_message removes what belongs to a message, and delete_chat the whole chat.', 'attachments cannot be deleted directly');
select is(pg_temp.refusal('update chatkeep.attachments set document_id = null'), '42501 permission denied for table attachments', 'attachments cannot be changed directly');
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
select matches(pg_temp.raw(w.chat, pg_temp.id('a1'), w.doc, 'tenant'), '^23503 ', 'the caller''s document is not attached with a false access') from who w;
select matches(pg_temp.raw(w.chat, pg_temp.id('a1'), w.doc), '^23514 .*attachments_document_access_given', 'nor left without its access') from who w;
select set_config('chatkeep.writing', '', true) \g /dev/null

-- A deleted chat takes no attachment until it is restored.
select id as gone from chatkeep.delete_chat(:'chat') \gset
select is(pg_temp.attaching('w.chat, pg_temp.id(''a1''), w.doc, ''a.pdf'''), 'PT410 chat_id names a deleted chat | Restore it with restore_chat, or start a new one.', 'nothing is attached in a deleted chat, not even again');
select id as back from chatkeep.restore_chat(:'chat') \gset

-- A document that is private again: out of sight, and not deleted.
select pg_temp.sign_in('bob');
select id as lent from chatkeep.register_document('l', chatkeep.document_checksum('l'), visibility => 'tenant') \gset
select pg_temp.sign_in('ada');
select id as stays from chatkeep.attach(:'other', :'elsewhere', :'lent', 'stays') \gset
select pg_temp.serve();
update chatkeep.documents set visibility = 'private' where id = :'lent';
select pg_temp.sign_in('ada');
select results_eq($$ select a.document_access, a.document_deleted, d.id is null from chatkeep.attachments a left join chatkeep.documents d on d.id = a.document_id where a.name = 'stays' $$,
  $$ values ('private', false, true) $$, 'a document that is private again stays attached, out of sight');

-- A user who moves to another tenant, or whose account is gone, loses the documents of others.
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
update chatkeep.memberships set tenant_id = '00000000-0000-4000-8000-000000007e03' where user_id = '00000000-0000-4000-8000-00000000ada0';
select pg_temp.sign_in('ada');
select results_eq($$ select name, document_id is null, document_deleted from chatkeep.attachments where name in ('own', 'lent', 'borrowed', 'held') order by name $$,
  $$ values ('borrowed', true, true), ('own', false, false) $$, 'a user who moves keeps their documents, and loses those of the old tenant');
select is((select tags from chatkeep.document_metadata where document_id = :'adas'), '{"t":1}'::jsonb, 'with their tags');
select pg_temp.sign_in('bob');
select results_eq($$ select name, document_id is null, document_deleted from chatkeep.attachments where name in ('own', 'lent', 'borrowed', 'held') order by name $$,
  $$ values ('held', false, false), ('lent', true, true) $$, 'and a user who stays loses the documents that leave');
select id as back from chatkeep.attach(:'bobs_chat', :'bobs_message', storage_path => 'z') \gset
reset role;
update chatkeep.memberships set tenant_id = '00000000-0000-4000-8000-000000007e01' where user_id = '00000000-0000-4000-8000-00000000ada0';
select pg_temp.sign_in('bob');
select id as lent from chatkeep.attach(:'bobs_chat', :'bobs_message', :'adas', 'lent again') \gset
reset role;
delete from auth.users where id = '00000000-0000-4000-8000-00000000ada0';
select pg_temp.sign_in('bob');
select results_eq($$ select document_id, document_deleted from chatkeep.attachments where name = 'lent again' $$,
  format($$ values (%L::uuid, false) $$, :'adas'), 'and keeps a shared document whose owner is gone');
reset role;
select is_empty(format('select 1 from chatkeep.attachments where user_id = %1$L union all select 2 from chatkeep.document_metadata where user_id = %1$L',
  '00000000-0000-4000-8000-00000000ada0'), 'their own rows are gone');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine.
rollback to people;
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select id as message from chatkeep.append_message(:'chat', 'user', 'x') \gset
select id as document from chatkeep.register_document('a', repeat('a', 64)) \gset
select is(pg_temp.refusal('select * from chatkeep.' || replace(replace(replace(replace(call, 'CHAT', quote_literal(:'chat')), 'MSG', quote_literal(:'message')), 'DOC', quote_literal(:'document')), 'NONE', '''00000000-0000-7000-8000-0000000000ff''')), expected, name)
from (values
  ('an attachment in no chat', $$attach(null, MSG, DOC)$$, '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('an attachment to no message', $$attach(CHAT, null, DOC)$$, '22004 message_id is missing | Pass a value; null is not accepted here.'),
  ('an attachment of nothing', $$attach(CHAT, MSG)$$, '22023 document_id or storage_path is missing | Pass one of the two, or both.'),
  ('an attachment without a name', $$attach(CHAT, MSG, DOC, '')$$, '22023 name must not be empty | Pass the name of the file, or leave it out.'),
  ('a name over 500 characters', $$attach(CHAT, MSG, DOC, repeat('n', 501))$$, '22023 name is longer than 500 characters | Shorten it.'),
  ('a mime type over 255 characters', $$attach(CHAT, MSG, DOC, mime_type => repeat('m', 256))$$, '22023 mime_type is longer than 255 characters | Shorten it.'),
  ('a negative size', $$attach(CHAT, MSG, DOC, byte_size => -1)$$, '22023 byte_size must not be negative | Pass the number of bytes, or leave it out.'),
  ('an empty path', $$attach(CHAT, MSG, DOC, storage_path => '')$$, '22023 storage_path must not be empty | Pass where the object lies, or leave it out.'),
  ('a path over 2048 characters', $$attach(CHAT, MSG, DOC, storage_path => repeat('s', 2049))$$, '22023 storage_path is longer than 2048 characters | Shorten it.'),
  ('a path with a line break', $$attach(CHAT, MSG, storage_path => E'a\nb')$$, '22023 storage_path contains a control character | Percent-encode it (RFC 3986 section 2.1).'),
  ('a path with a password', $$attach(CHAT, MSG, storage_path => 's3://u:hunter2@bucket/a')$$, '22023 storage_path carries credentials | Pass the path in the bucket, and sign a URL when it is needed.'),
  ('a signed URL of the storage', $$attach(CHAT, MSG, storage_path => 'https://x.supabase.co/storage/v1/object/sign/b/a.png?token=hunter2')$$, '22023 storage_path carries credentials | Pass the path in the bucket, and sign a URL when it is needed.'),
  ('a path with a signature', $$attach(CHAT, MSG, storage_path => 'b/a.png?v=1&X-Amz-Signature=hunter2')$$, '22023 storage_path carries credentials | Pass the path in the bucket, and sign a URL when it is needed.'),
  ('a path with a token behind it', $$attach(CHAT, MSG, storage_path => 'https://example.org/a.png#page=1&access_token=hunter2')$$, '22023 storage_path carries credentials | Pass the path in the bucket, and sign a URL when it is needed.'),
  ('a path with a token in disguise', $$attach(CHAT, MSG, storage_path => 'b/a.png?%74oken=hunter2')$$, '22023 storage_path carries credentials | Pass the path in the bucket, and sign a URL when it is needed.'),
  ('a chat that nobody has', $$attach(NONE, MSG, DOC)$$, 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'),
  ('a message that nobody has', $$attach(CHAT, NONE, DOC)$$, 'PT404 message_id names no message of this chat | Pass the id of a message of the same chat.'),
  ('a document that nobody has', $$attach(CHAT, MSG, NONE)$$, 'PT404 document_id names no document of yours | Register the document, or check the id.')
) refused (name, call, expected);
select is_empty($$ select from chatkeep.attachments $$, 'no refused attachment is stored');
-- Paths without credentials.
select is((select array_agg(pg_temp.refusal(format('select * from chatkeep.attach(%L, %L, storage_path => %L)', :'chat', :'message', path))) from unnest(array[
    'uploads/a@b.png', 'b/a.png?width=100&tokens=3', 's3://bucket/key?versionId=7', 'uploads/50%.png']) path),
  array_fill('accepted'::text, array[4]), 'a path with an @ or a query is no secret yet');
-- The largest values that are allowed.
select is(pg_temp.refusal(format($$ select * from chatkeep.attach(%L, %L, %L, repeat('é', 500), repeat('m', 255), 9223372036854775807, repeat('é', 2048)) $$, :'chat', :'message', :'document')),
  'accepted', 'values at the limits are stored');

select * from finish();
rollback;
