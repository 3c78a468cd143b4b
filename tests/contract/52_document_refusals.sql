-- Bad arguments to the calls of documents: the same SQLSTATE, sentence and advice on every engine, and nothing stored.
begin;
\ir support/identities.psql
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select id as message from chatkeep.append_message(:'chat', 'user', 'x') \gset
select id as document from chatkeep.register_document('a', repeat('a', 64)) \gset
reset role;

create temporary table refused (name text, statement text, expected text) on commit drop;
insert into refused values
  ('the status of nothing', $$set_document_status(null, 'ready')$$, '22004 document_id is missing | Pass a value; null is not accepted here.'),
  ('no status', $$set_document_status(DOC, null)$$, '22004 status is missing | Pass a value; null is not accepted here.'),
  ('a status of another name', $$set_document_status(DOC, 'Ready')$$, '22023 status must be pending, processing, ready, failed or archived | Pass one of the five, in lower case.'),
  ('an empty status', $$set_document_status(DOC, '')$$, '22023 status must be pending, processing, ready, failed or archived | Pass one of the five, in lower case.'),
  ('an error of what did not fail', $$set_document_status(DOC, 'ready', 'hunter2')$$, '22023 error can be given with failed only | Leave it out, or pass failed.'),
  ('an error over 2000 characters', $$set_document_status(DOC, 'failed', repeat('e', 2001))$$, '22023 error is longer than 2000 characters | Shorten it.'),
  ('the status of no document', $$set_document_status(NONE, 'ready')$$, 'PT404 document_id names no document of yours | Register the document, or check the id.'),
  ('two faults: the first argument is named', $$set_document_status(null, 'nothing', repeat('e', 2001))$$, '22004 document_id is missing | Pass a value; null is not accepted here.'),
  ('tags of nothing', $$tag_document(null, '{}')$$, '22004 document_id is missing | Pass a value; null is not accepted here.'),
  ('no tags', $$tag_document(DOC, null)$$, '22004 tags is missing | Pass a value; null is not accepted here.'),
  ('tags that are JSON null', $$tag_document(DOC, 'null')$$, '22023 tags must be a JSON object | Wrap the value in one.'),
  ('tags that nest', $$tag_document(DOC, '{"a":[{}]}')$$, '22023 tags must be flat: scalars, or arrays of scalars | Put nested values into properties.'),
  ('a tag over 64 characters, to be removed', $$tag_document(DOC, jsonb_build_object(repeat('k', 65), null))$$, '22023 tags has a key longer than 64 characters | Shorten the key.'),
  ('no namespace', $$tag_document(DOC, '{}', null)$$, '22004 namespace is missing | Pass a value; null is not accepted here.'),
  ('an empty namespace', $$tag_document(DOC, '{}', '')$$, '22023 namespace must not be empty | Pass a name, or leave it out for default.'),
  ('a namespace over 64 characters', $$tag_document(DOC, '{}', repeat('n', 65))$$, '22023 namespace is longer than 64 characters | Shorten it.'),
  ('tags of no document', $$tag_document(NONE, '{}')$$, 'PT404 document_id names no document of yours | Register the document, or check the id.'),
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
  ('a document that nobody has', $$attach(CHAT, MSG, NONE)$$, 'PT404 document_id names no document of yours | Register the document, or check the id.'),
  ('the deletion of nothing', $$delete_document(null)$$, '22004 document_id is missing | Pass a value; null is not accepted here.'),
  ('the deletion of no document', $$delete_document(NONE)$$, 'PT404 document_id names no document of yours | Register the document, or check the id.');
grant select on refused to public;

select plan(5 + (select count(*)::int from refused));
select pg_temp.sign_in('ada');
select is(
  pg_temp.refusal('select * from chatkeep.' || replace(replace(replace(replace(statement,
    'CHAT', quote_literal(:'chat')), 'MSG', quote_literal(:'message')), 'DOC', quote_literal(:'document')), 'NONE', '''00000000-0000-7000-8000-0000000000ff''')),
  expected, name)
from refused;

select is_empty($$ select from chatkeep.attachments $$, 'no refused attachment is stored');
select is_empty($$ select from chatkeep.document_metadata $$, 'no refused tags are stored');
select results_eq($$ select status, error, updated_at = created_at from chatkeep.documents $$, $$ values ('pending', null::text, true) $$, 'no refused status is stored');

-- What no credential is.
select is((select array_agg(pg_temp.refusal(format('select * from chatkeep.attach(%L, %L, storage_path => %L)', :'chat', :'message', path))) from unnest(array[
    'uploads/a@b.png', 'b/a.png?width=100&tokens=3', 's3://bucket/key?versionId=7', 'uploads/50%.png']) path),
  array_fill('accepted'::text, array[4]), 'a path with an @ or a query is no secret yet');
-- The largest that is allowed.
select is(pg_temp.refusal(format($$ select * from chatkeep.attach(%L, %L, %L, repeat('é', 500), repeat('m', 255), 9223372036854775807, repeat('é', 2048)) $$, :'chat', :'message', :'document')),
  'accepted', 'what is exactly at the limits is stored');

select * from finish();
rollback;
