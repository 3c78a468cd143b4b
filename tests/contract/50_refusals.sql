-- Bad arguments: the same SQLSTATE, sentence and advice on every engine, and nothing stored.
begin;
\ir support/identities.psql
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
reset role;

create temporary table refused (name text, statement text, expected text) on commit drop;
insert into refused values
  ('a role of another name', $$append_message(CHAT, 'User', 'x')$$, '22023 role must be system, user, assistant or tool | Pass one of the four, in lower case.'),
  ('no role', $$append_message(CHAT, null, 'x')$$, '22004 role is missing | Pass a value; null is not accepted here.'),
  ('no content', $$append_message(CHAT, 'user', null)$$, '22004 content is missing | Pass a value; null is not accepted here.'),
  ('no chat', $$append_message(null, 'user', 'x')$$, '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('an unknown chat', $$append_message('00000000-0000-7000-8000-0000000000ff', 'user', 'x')$$, 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'),
  ('content over 1 MiB', $$append_message(CHAT, 'user', repeat('x', 1048577))$$, '22023 content is longer than 1048576 bytes | Split it, or store it as a document and attach that.'),
  ('content over 1 MiB in bytes, not in characters', $$append_message(CHAT, 'user', repeat('é', 524289))$$, '22023 content is longer than 1048576 bytes | Split it, or store it as a document and attach that.'),
  ('parts that are no array', $$append_message(CHAT, 'user', 'x', parts => '{}')$$, '22023 parts must be a JSON array | Wrap the value in one.'),
  ('parts that are JSON null', $$append_message(CHAT, 'user', 'x', parts => 'null')$$, '22023 parts must be a JSON array | Wrap the value in one.'),
  ('metadata that is no object', $$append_message(CHAT, 'user', 'x', metadata => '[]')$$, '22023 metadata must be a JSON object | Wrap the value in one.'),
  ('no metadata', $$append_message(CHAT, 'user', 'x', metadata => null)$$, '22004 metadata is missing | Pass a value; null is not accepted here.'),
  ('metadata over 256 KiB', $$append_message(CHAT, 'user', 'x', metadata => jsonb_build_object('a', repeat('x', 262144)))$$, '22023 metadata is larger than 262144 bytes | Store large values as a document and attach that.'),
  ('metadata of 65 levels', $$append_message(CHAT, 'user', 'x', metadata => (repeat('{"a":', 65) || '1' || repeat('}', 65))::jsonb)$$, '22023 metadata is nested deeper than 64 levels | Flatten it, or store it as text.'),
  ('parts of 65 levels', $$append_message(CHAT, 'user', 'x', parts => (repeat('[', 65) || repeat(']', 65))::jsonb)$$, '22023 parts is nested deeper than 64 levels | Flatten it, or store it as text.'),
  ('a status of another name', $$append_message(CHAT, 'user', 'x', status => 'done')$$, '22023 status must be complete, streaming or failed | Pass one of the three, or leave it out for complete.'),
  ('no status', $$append_message(CHAT, 'user', 'x', status => null)$$, '22004 status is missing | Pass a value; null is not accepted here.'),
  ('a model name over 200 characters', $$append_message(CHAT, 'user', 'x', model => repeat('m', 201))$$, '22023 model is longer than 200 characters | Shorten it.'),
  ('a negative token_count', $$append_message(CHAT, 'user', 'x', token_count => -1)$$, '22023 token_count must not be negative | Pass the number of tokens, or leave it out.'),
  ('two faults: the first argument is named', $$append_message(CHAT, 'nobody', null, token_count => -1)$$, '22023 role must be system, user, assistant or tool | Pass one of the four, in lower case.'),
  ('a title over 500 characters', $$create_chat(repeat('t', 501))$$, '22023 title is longer than 500 characters | Shorten it.'),
  ('chat metadata that is no object', $$create_chat(metadata => '"x"')$$, '22023 metadata must be a JSON object | Wrap the value in one.'),
  ('no chat metadata', $$create_chat(metadata => null)$$, '22004 metadata is missing | Pass a value; null is not accepted here.'),
  ('a page of nothing', $$list_messages(CHAT, page_size => 0)$$, '22023 page_size must be between 1 and 200 | Ask for fewer rows and page on with before or after.'),
  ('a page over 200', $$list_messages(CHAT, page_size => 201)$$, '22023 page_size must be between 1 and 200 | Ask for fewer rows and page on with before or after.'),
  ('no page size', $$list_messages(CHAT, page_size => null)$$, '22004 page_size is missing | Pass a value; null is not accepted here.'),
  ('a page of no chat', $$list_messages(null)$$, '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('a session without end', $$create_session(ttl => null)$$, '22004 ttl is missing | Pass a value; null is not accepted here.'),
  ('a session of no time', $$create_session(ttl => '0')$$, '22023 ttl must be between 1 second and 400 days | Pass an interval such as ''30 days''.'),
  ('a session over 400 days', $$create_session(ttl => '401 days')$$, '22023 ttl must be between 1 second and 400 days | Pass an interval such as ''30 days''.'),
  ('a session of 14 months', $$create_session(ttl => '14 months')$$, '22023 ttl must be between 1 second and 400 days | Pass an interval such as ''30 days''.'),
  ('a negative idle time', $$create_session(idle_ttl => '-1 hour')$$, '22023 idle_ttl must be between 1 second and 400 days | Pass an interval such as ''30 days''.'),
  ('no sessions at most', $$create_session(max_sessions => 0)$$, '22023 max_sessions must be between 1 and 1000 | Leave it out for no limit.'),
  ('a user agent over 1000 characters', $$create_session(user_agent => repeat('u', 1001))$$, '22023 user_agent is longer than 1000 characters | Shorten it.'),
  ('session metadata that is no object', $$create_session(metadata => '[]')$$, '22023 metadata must be a JSON object | Wrap the value in one.'),
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
  ('no properties', $$register_document('a', SUM, properties => null)$$, '22004 properties is missing | Pass a value; null is not accepted here.');
grant select on refused to public;

select plan(5 + (select count(*)::int from refused));
select pg_temp.sign_in('ada');
select is(
  pg_temp.refusal('select * from chatkeep.' || replace(replace(statement, 'CHAT', quote_literal(:'chat')), 'SUM', 'repeat(''a'', 64)')),
  expected, name)
from refused;

select is_empty($$ select from chatkeep.messages $$, 'no refused message is stored');
select is((select count(*)::int from chatkeep.chats), 1, 'no refused chat is stored');
select is_empty($$ select from chatkeep.documents $$, 'no refused document is stored');
select is_empty($$ select id from chatkeep.sessions $$, 'no refused session is stored');

-- The largest that is allowed.
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'tool', repeat('x', 1048576), model => repeat('m', 200), token_count => 0,
    metadata => (repeat('{"a":', 64) || '1' || repeat('}', 64))::jsonb, parts => (repeat('[', 64) || '"[[[[{{{{\""' || repeat(']', 64))::jsonb) $$, :'chat'),
  'what is exactly at the limits is stored');

select * from finish();
rollback;
