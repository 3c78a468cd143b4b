-- Bad arguments of the conversation calls: the same SQLSTATE, sentence and advice on every engine, and nothing stored.
begin;
\ir support/identities.psql
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select count(*) as stored from chatkeep.append_message(:'chat', 'user', 'one', message_id => pg_temp.id('a1')) \gset
reset role;

create temporary table refused (n integer generated always as identity, name text, statement text, expected text) on commit drop;
insert into refused (name, statement, expected) values
  ('a language of another name', $$create_chat(language => 'klingon')$$, '22023 language names no text search configuration | Pass simple, english, german or another one that PostgreSQL brings.'),
  ('no language', $$create_chat(language => null)$$, '22004 language is missing | Pass a value; null is not accepted here.'),
  ('no batch', $$append_messages(CHAT, null)$$, '22004 messages is missing | Pass a value; null is not accepted here.'),
  ('a batch that is no array', $$append_messages(CHAT, '{}')$$, '22023 messages must be a JSON array | Wrap the value in one.'),
  ('a batch of JSON null', $$append_messages(CHAT, 'null')$$, '22023 messages must be a JSON array | Wrap the value in one.'),
  ('a batch of 1001', $$append_messages(CHAT, (select jsonb_agg('{"role":"user","content":"x"}'::jsonb) from generate_series(1, 1001)))$$, '22023 messages has more than 1000 items | Send it in several calls.'),
  ('an item that is no object', $$append_messages(CHAT, '[{"role":"user","content":"x"},7]')$$, '22023 messages[1] must be a JSON object | Wrap the value in one.'),
  ('an item with an unknown key', $$append_messages(CHAT, '[{"role":"user","content":"x","colour":"red"}]')$$, '22023 messages[0] has an unknown key | The keys are role, content, message_id, parts, metadata, parent_id, status, model and token_count.'),
  ('an item without a role', $$append_messages(CHAT, '[{"content":"x"}]')$$, '22004 messages[0].role is missing | Pass a value; null is not accepted here.'),
  ('an item with a role that is no string', $$append_messages(CHAT, '[{"role":1,"content":"x"}]')$$, '22023 messages[0].role must be a string | Put it in quotes.'),
  ('an item with a role of another name', $$append_messages(CHAT, '[{"role":"bot","content":"x"}]')$$, '22023 messages[0].role must be system, user, assistant or tool | Pass one of the four, in lower case.'),
  ('an item without content', $$append_messages(CHAT, '[{"role":"user"}]')$$, '22004 messages[0].content is missing | Pass a value; null is not accepted here.'),
  ('an item with content that is no string', $$append_messages(CHAT, '[{"role":"user","content":[]}]')$$, '22023 messages[0].content must be a string | Put it in quotes.'),
  ('an item with content over 1 MiB', $$append_messages(CHAT, jsonb_build_array(jsonb_build_object('role', 'user', 'content', repeat('x', 1048577))))$$, '22023 messages[0].content is longer than 1048576 bytes | Split it, or store it as a document and attach that.'),
  ('an item with a message_id that is no UUID', $$append_messages(CHAT, '[{"role":"user","content":"x","message_id":"nope"}]')$$, '22023 messages[0].message_id must be a UUID | Write it as 8-4-4-4-12 hexadecimal digits.'),
  ('an item with a message_id in braces', $$append_messages(CHAT, '[{"role":"user","content":"x","message_id":"{00000000-0000-7000-8000-0000000000a1}"}]')$$, '22023 messages[0].message_id must be a UUID | Write it as 8-4-4-4-12 hexadecimal digits.'),
  ('an item with a parent_id that is no string', $$append_messages(CHAT, '[{"role":"user","content":"x","parent_id":7}]')$$, '22023 messages[0].parent_id must be a UUID | Write it as 8-4-4-4-12 hexadecimal digits.'),
  ('an item with a parent that is not there', $$append_messages(CHAT, '[{"role":"user","content":"x","parent_id":"00000000-0000-7000-8000-0000000000ff"}]')$$, 'PT404 messages[0].parent_id names no message of this chat | Pass the id of a message of the same chat.'),
  ('an item with parts that are no array', $$append_messages(CHAT, '[{"role":"user","content":"x","parts":{}}]')$$, '22023 messages[0].parts must be a JSON array | Wrap the value in one.'),
  ('an item with parts of 65 levels', $$append_messages(CHAT, ('[{"role":"user","content":"x","parts":' || repeat('[', 65) || repeat(']', 65) || '}]')::jsonb)$$, '22023 messages[0].parts is nested deeper than 64 levels | Flatten it, or store it as text.'),
  ('an item with parts over 256 KiB', $$append_messages(CHAT, jsonb_build_array(jsonb_build_object('role', 'user', 'content', 'x', 'parts', jsonb_build_array(repeat('x', 262144)))))$$, '22023 messages[0].parts is larger than 262144 bytes | Store large values as a document and attach that.'),
  ('an item with metadata that is no object', $$append_messages(CHAT, '[{"role":"user","content":"x","metadata":[]}]')$$, '22023 messages[0].metadata must be a JSON object | Wrap the value in one.'),
  ('an item with a status of another name', $$append_messages(CHAT, '[{"role":"user","content":"x","status":"done"}]')$$, '22023 messages[0].status must be complete, streaming or failed | Pass one of the three, or leave it out for complete.'),
  ('an item with a status that is no string', $$append_messages(CHAT, '[{"role":"user","content":"x","status":true}]')$$, '22023 messages[0].status must be a string | Put it in quotes.'),
  ('an item with a model name over 200 characters', $$append_messages(CHAT, jsonb_build_array(jsonb_build_object('role', 'user', 'content', 'x', 'model', repeat('m', 201))))$$, '22023 messages[0].model is longer than 200 characters | Shorten it.'),
  ('an item with a negative token_count', $$append_messages(CHAT, '[{"role":"user","content":"x","token_count":-1}]')$$, '22023 messages[0].token_count must not be negative | Pass the number of tokens, or leave it out.'),
  ('an item with half a token', $$append_messages(CHAT, '[{"role":"user","content":"x","token_count":1.5}]')$$, '22023 messages[0].token_count must be an integer | Pass a whole number of at most 2147483647.'),
  ('an item with a token_count beyond an integer', $$append_messages(CHAT, '[{"role":"user","content":"x","token_count":2147483648}]')$$, '22023 messages[0].token_count must be an integer | Pass a whole number of at most 2147483647.'),
  ('an item with a token_count in quotes', $$append_messages(CHAT, '[{"role":"user","content":"x","token_count":"1"}]')$$, '22023 messages[0].token_count must be an integer | Pass a whole number of at most 2147483647.'),
  ('two bad items: the first is named', $$append_messages(CHAT, '[{"role":"user","content":"x"},{"role":"user"},{"role":"bot"}]')$$, '22004 messages[1].content is missing | Pass a value; null is not accepted here.'),
  ('an item with two faults: kinds come before values', $$append_messages(CHAT, '[{"role":"bot","content":1,"token_count":-1}]')$$, '22023 messages[0].content must be a string | Put it in quotes.'),
  ('a batch for no chat', $$append_messages(null, '[]')$$, '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('a batch for an unknown chat', $$append_messages(pg_temp.id('ff'), '[]')$$, 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'),
  ('a stored id with other content in a batch', $$append_messages(CHAT, '[{"role":"user","content":"other","message_id":"00000000-0000-7000-8000-0000000000a1"}]')$$, 'PT409 messages[0].message_id is taken by a message with other content | Send the same content to retry, or a new message_id for a new message.'),
  ('a finish of no message', $$finish_message(CHAT, null)$$, '22004 message_id is missing | Pass a value; null is not accepted here.'),
  ('a finish for no chat', $$finish_message(null, pg_temp.id('a1'))$$, '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('a finish of an unknown message', $$finish_message(CHAT, pg_temp.id('ff'))$$, 'PT404 message_id names no message of this chat | Pass the id of a message of the same chat.'),
  ('a finish of what does not stream', $$finish_message(CHAT, pg_temp.id('a1'), 'other')$$, 'PT409 message_id names a message that is not streaming | A message is finished once; append a new one instead.'),
  ('a finish without status', $$finish_message(CHAT, pg_temp.id('a1'), status => null)$$, '22004 status is missing | Pass a value; null is not accepted here.'),
  ('a finish that goes on streaming', $$finish_message(CHAT, pg_temp.id('a1'), status => 'streaming')$$, '22023 status must be complete or failed | A message is finished whole or given up.'),
  ('a finish with content over 1 MiB', $$finish_message(CHAT, pg_temp.id('a1'), repeat('x', 1048577))$$, '22023 content is longer than 1048576 bytes | Split it, or store it as a document and attach that.'),
  ('a finish with parts that are no array', $$finish_message(CHAT, pg_temp.id('a1'), parts => '"x"')$$, '22023 parts must be a JSON array | Wrap the value in one.'),
  ('a finish with metadata that are no object', $$finish_message(CHAT, pg_temp.id('a1'), metadata => '[]')$$, '22023 metadata must be a JSON object | Wrap the value in one.'),
  ('a finish with a negative token_count', $$finish_message(CHAT, pg_temp.id('a1'), token_count => -1)$$, '22023 token_count must not be negative | Pass the number of tokens, or leave it out.'),
  ('no leaf', $$select_branch(CHAT, null)$$, '22004 leaf_id is missing | Pass a value; null is not accepted here.'),
  ('a branch of no chat', $$select_branch(null, pg_temp.id('a1'))$$, '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('an unknown leaf', $$select_branch(CHAT, pg_temp.id('ff'))$$, 'PT404 leaf_id names no message of this chat | Pass the id of a message of the same chat.'),
  ('stale since never', $$fail_stale_messages(null)$$, '22004 older_than is missing | Pass a value; null is not accepted here.'),
  ('stale in the future', $$fail_stale_messages('-1 second')$$, '22023 older_than must not be negative | Pass an interval such as ''15 minutes''.'),
  ('a stale batch of nothing', $$fail_stale_messages(batch_size => 0)$$, '22023 batch_size must be between 1 and 1000 | Call again until nothing is left.'),
  ('a stale batch over 1000', $$fail_stale_messages(batch_size => 1001)$$, '22023 batch_size must be between 1 and 1000 | Call again until nothing is left.'),
  ('no stale batch', $$fail_stale_messages(batch_size => null)$$, '22004 batch_size is missing | Pass a value; null is not accepted here.'),
  ('no query', $$search_messages(null)$$, '22004 query is missing | Pass a value; null is not accepted here.'),
  ('a query over 1000 characters', $$search_messages(repeat('q', 1001))$$, '22023 query is longer than 1000 characters | Shorten it.'),
  ('a found page of nothing', $$search_messages('q', page_size => 0)$$, '22023 page_size must be between 1 and 200 | Ask for fewer rows and page on with before or after.'),
  ('a found page over 200', $$search_messages('q', page_size => 201)$$, '22023 page_size must be between 1 and 200 | Ask for fewer rows and page on with before or after.'),
  ('no found page', $$search_messages('q', page_size => null)$$, '22004 page_size is missing | Pass a value; null is not accepted here.'),
  ('a search in an unknown chat', $$search_messages('q', pg_temp.id('ff'))$$, 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'),
  ('no chat to delete', $$delete_chat(null)$$, '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('an unknown chat to delete', $$delete_chat(pg_temp.id('ff'))$$, 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'),
  ('no chat to restore', $$restore_chat(null)$$, '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('an unknown chat to restore', $$restore_chat(pg_temp.id('ff'))$$, 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'),
  ('no import', $$import_chat(null)$$, '22004 chat is missing | Pass a value; null is not accepted here.'),
  ('an import that is no object', $$import_chat('[]')$$, '22023 chat must be a JSON object | Wrap the value in one.'),
  ('an import with an unknown key', $$import_chat('{"colour":"red"}')$$, '22023 chat has an unknown key | The keys are id, title, metadata, language, created_at, archived_at, active_leaf_id and messages.'),
  ('an import with an id that is no UUID', $$import_chat('{"id":"nope"}')$$, '22023 chat.id must be a UUID | Write it as 8-4-4-4-12 hexadecimal digits.'),
  ('an import with a title over 500 characters', $$import_chat(jsonb_build_object('title', repeat('t', 501)))$$, '22023 chat.title is longer than 500 characters | Shorten it.'),
  ('an import with a title that is no string', $$import_chat('{"title":1}')$$, '22023 chat.title must be a string | Put it in quotes.'),
  ('an import with metadata that are no object', $$import_chat('{"metadata":1}')$$, '22023 chat.metadata must be a JSON object | Wrap the value in one.'),
  ('an import in an unknown language', $$import_chat('{"language":"klingon"}')$$, '22023 chat.language names no text search configuration | Pass simple, english, german or another one that PostgreSQL brings.'),
  ('an import made at no time', $$import_chat('{"created_at":"soon"}')$$, '22023 chat.created_at must be a timestamp (RFC 3339) | Write it as 2026-01-31T12:00:00Z.'),
  ('an import archived at no time', $$import_chat('{"archived_at":"2024-01-01"}')$$, '22023 chat.archived_at must be a timestamp (RFC 3339) | Write it as 2026-01-31T12:00:00Z.'),
  ('an import with an unknown leaf', $$import_chat('{"active_leaf_id":"00000000-0000-7000-8000-0000000000ff","messages":[{"role":"user","content":"x"}]}')$$, 'PT404 chat.active_leaf_id names no message of this chat | Pass the id of a message of the same chat.'),
  ('an import with messages that are no array', $$import_chat('{"messages":{}}')$$, '22023 chat.messages must be a JSON array | Wrap the value in one.'),
  ('an import of 1001 messages', $$import_chat(jsonb_build_object('messages', (select jsonb_agg('{"role":"user","content":"x"}'::jsonb) from generate_series(1, 1001))))$$, '22023 chat.messages has more than 1000 items | Send it in several calls.'),
  ('an imported message that is no object', $$import_chat('{"messages":[[]]}')$$, '22023 chat.messages[0] must be a JSON object | Wrap the value in one.'),
  ('an imported message with an unknown key', $$import_chat('{"messages":[{"role":"user","content":"x","message_id":null}]}')$$, '22023 chat.messages[0] has an unknown key | The keys are id, parent_id, role, content, parts, status, model, token_count, metadata and created_at.'),
  ('an imported message without a role', $$import_chat('{"messages":[{"content":"x"}]}')$$, '22004 chat.messages[0].role is missing | Pass a value; null is not accepted here.'),
  ('an imported message with an id that is no UUID', $$import_chat('{"messages":[{"role":"user","content":"x","id":"nope"}]}')$$, '22023 chat.messages[0].id must be a UUID | Write it as 8-4-4-4-12 hexadecimal digits.'),
  ('an imported message at no time', $$import_chat('{"messages":[{"role":"user","content":"x","created_at":"yesterday"}]}')$$, '22023 chat.messages[0].created_at must be a timestamp (RFC 3339) | Write it as 2026-01-31T12:00:00Z.'),
  ('an imported message with a later parent', $$import_chat('{"messages":[{"role":"user","content":"x","parent_id":"00000000-0000-7000-8000-0000000000a1"},{"role":"user","content":"y","id":"00000000-0000-7000-8000-0000000000a1"}]}')$$, 'PT404 chat.messages[0].parent_id names no message of this chat | Pass the id of a message that stands earlier in the array.'),
  ('an import with other content for a stored message', $$import_chat(jsonb_build_object('id', CHAT, 'messages', '[{"id":"00000000-0000-7000-8000-0000000000a1","role":"user","content":"other"}]'::jsonb))$$, 'PT409 chat.messages[0].id is taken by a message with other content | Send the same content to retry, or a new message_id for a new message.'),
  ('an index run by a user', $$index_messages()$$, '42501 permission denied for function index_messages'),
  ('a purge by a user', $$purge_chats()$$, '42501 permission denied for function purge_chats');
grant select on refused to public;

select plan(3 + (select count(*)::int from refused));
select pg_temp.sign_in('ada');
select is(pg_temp.refusal('select * from chatkeep.' || replace(statement, 'CHAT', quote_literal(:'chat') || '::uuid')), expected, name)
from refused order by n;

select is((select count(*)::int from chatkeep.messages), 1, 'no refused message is stored');
select is((select count(*)::int from chatkeep.chats), 1, 'no refused chat is stored');
select pg_temp.rows_are($$ select content, status from chatkeep.messages $$, $$ values ('one', 'complete') $$, 'and what was stored is as it was');

select * from finish();
rollback;
