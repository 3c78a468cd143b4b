-- append_message: its place in the chat, retries, placeholders, branches, limits.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

\set chat '00000000-0000-7000-8000-00000000c001'
\set first '00000000-0000-7000-8000-00000000a001'

select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.create_chat('Plans', chat_id => :'chat') \gset
select pg_temp.rows_are(
  format($$ select seq, role, content, active, parent_id, author_id, written_as, status, metadata
            from chatkeep.append_message(%L, 'user', 'one', message_id => %L) $$, :'chat', :'first'),
  $$ values (1, 'user', 'one', true, null::uuid, '00000000-0000-4000-8000-00000000ada0'::uuid, 'authenticated', 'complete', '{}'::jsonb) $$,
  'a message is stored with its author and the role it was written as');
select pg_temp.rows_are(
  format($$ select seq, parent_id, parts, model, token_count, metadata from chatkeep.append_message(
    %L, 'assistant', 'two', parts => '[{"type":"text","text":"two"}]', metadata => '{"k":"v"}', model => 'm-1', token_count => 7) $$, :'chat'),
  format($$ values (2, %L::uuid, '[{"type":"text","text":"two"}]'::jsonb, 'm-1', 7, '{"k":"v"}'::jsonb) $$, :'first'),
  'the next one follows it, with everything it was given');
select pg_temp.rows_are(
  format($$ select message_count, last_seq, updated_at = (select max(created_at) from chatkeep.messages), active_leaf_id = (select id from chatkeep.messages where seq = 2)
            from chatkeep.chats where id = %L $$, :'chat'),
  $$ values (2, 2, true, true) $$, 'the chat is touched by the same call');
select is_empty($$ select from chatkeep.messages where created_at <> updated_at $$, 'updated_at begins as created_at');

-- Idempotency.
select pg_temp.rows_are(
  format($$ select seq, id from chatkeep.append_message(%L, 'user', 'one', message_id => %L) $$, :'chat', :'first'),
  format($$ values (1, %L::uuid) $$, :'first'), 'a retry returns the stored row');
select is((select last_seq from chatkeep.chats where id = :'chat'), 2, 'and writes nothing');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'uno', message_id => %L) $$, :'chat', :'first')),
  'PT409 message_id is taken by a message with other content | Send the same content to retry, or a new message_id for a new message.',
  'the same message_id with other content is a conflict');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'assistant', 'one', message_id => %L) $$, :'chat', :'first')),
  'PT409 message_id is taken by a message with other content | Send the same content to retry, or a new message_id for a new message.',
  'the same message_id with another role is a conflict');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'one', parts => '[]', message_id => %L) $$, :'chat', :'first')),
  'PT409 message_id names a message that has been answered, with less content | Only the newest message of a branch grows: append a new message, or branch before this one.',
  'and more parts, once it has been answered');
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'user', 'one') $$, :'chat'), 'the same text with another id is another message');

-- Order within one transaction, where now() does not change.
select lives_ok(
  format($$ select a.* from generate_series(4, 203) n, lateral chatkeep.append_message(%L, 'user', n::text) a $$, :'chat'),
  'two hundred messages in one transaction');
select is(
  (select array_agg(seq order by created_at) from chatkeep.messages where chat_id = :'chat'),
  (select array_agg(n) from generate_series(1, 203) n),
  'created_at orders them as seq does, without a gap or a tie');

-- The clock steps back: the last time of the chat is in the future.
reset role;
update chatkeep.chats set updated_at = '2100-01-01 00:00:00+00' where id = :'chat';
select pg_temp.sign_in('ada');
select is((select created_at from chatkeep.append_message(:'chat', 'user', 'later')), '2100-01-01 00:00:00.000001+00'::timestamptz,
  'created_at increases even if the clock steps back');

-- Branches from a message that is not the last.
select pg_temp.rows_are(
  format($$ select seq, parent_id from chatkeep.append_message(%L, 'assistant', 'two again', parent_id => %L) $$, :'chat', :'first'),
  format($$ values (205, %L::uuid) $$, :'first'), 'a parent that is not the last message starts a branch');
select is((select array_agg(content::text) from chatkeep.list_messages(:'chat')), array['one', 'two again'], 'the branch is the active path');
select is((select count(*)::int from chatkeep.messages where chat_id = :'chat' and not active), 203, 'the old tail stays, inactive');
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'user', 'on') $$, :'chat'), 'without a parent_id');
select is((select array_agg(content::text) from chatkeep.list_messages(:'chat')), array['one', 'two again', 'on'], 'the next message continues the branch');
select pg_temp.rows_are(
  format($$ select seq from chatkeep.append_message(%L, 'user', 'back', parent_id => (select id from chatkeep.messages where seq = 3)) $$, :'chat'),
  array[207], 'a branch from an inactive message');
select is((select array_agg(seq) from chatkeep.list_messages(:'chat')), array[1, 2, 3, 207], 'brings its own ancestors back');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'x', parent_id => %L) $$, :'chat', :'chat')),
  'PT404 parent_id names no message of this chat | Pass the id of a message of the same chat.',
  'a parent must be a message of the same chat');

-- A deleted chat.
reset role;
update chatkeep.chats set deleted_at = now() where id = :'chat';
select pg_temp.sign_in('ada');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'x') $$, :'chat')),
  'PT410 chat_id names a deleted chat | Restore it with restore_chat, or start a new one.', 'a deleted chat takes no message');

select is(current_setting('chatkeep.writing', true), '', 'the marker does not outlive a call');

-- A placeholder for an answer that streams.
rollback to people;
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select id as question from chatkeep.append_message(:'chat', 'user', 'why?') \gset
select pg_temp.rows_are(
  format($$ select seq, content, status from chatkeep.append_message(%L, 'assistant', '', message_id => pg_temp.id('a1'), status => 'streaming', model => 'm-1', metadata => '{"draft":1}') $$, :'chat'),
  $$ values (2, '', 'streaming') $$, 'a placeholder holds its place');
select pg_temp.rows_are(format($$ select seq from chatkeep.append_message(%L, 'user', 'hello?') $$, :'chat'), array[3], 'a message that is appended during the stream comes after it');
select pg_temp.rows_are(
  format($$ select seq, status from chatkeep.append_message(%L, 'assistant', '', message_id => pg_temp.id('a1'), status => 'streaming') $$, :'chat'),
  $$ values (2, 'streaming') $$, 'a retried placeholder is the same one');

-- An answer that is generated again, a question that is edited.
rollback to people;
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select count(*) as stored from chatkeep.append_messages(:'chat', jsonb_build_array(
  pg_temp.item('q1', pg_temp.id('a1')), pg_temp.item('a1', pg_temp.id('a2')), pg_temp.item('q2', pg_temp.id('a3')), pg_temp.item('a2', pg_temp.id('a4')))) \gset

-- Regenerate.
select pg_temp.rows_are(
  format($$ select seq, parent_id, active from chatkeep.append_message(%L, 'assistant', 'a2b', message_id => pg_temp.id('a5'), parent_id => pg_temp.id('a3')) $$, :'chat'),
  $$ values (5, pg_temp.id('a3'), true) $$, 'a regenerated answer follows the question');
select is(pg_temp.listed(:'chat'), 'q1 a1 q2 a2b', 'and takes the place of the old answer');
select is((select array_agg(content::text order by seq) from chatkeep.messages where chat_id = :'chat' and parent_id = pg_temp.id('a3')), array['a2', 'a2b'], 'the old answer stays as its sibling');
-- Edit.
select pg_temp.rows_are(
  format($$ select seq, parent_id from chatkeep.append_message(%L, 'user', 'q2c', message_id => pg_temp.id('a6'), parent_id => pg_temp.id('a2')) $$, :'chat'),
  $$ values (6, pg_temp.id('a2')) $$, 'an edited question follows the message before it');
select is(pg_temp.listed(:'chat'), 'q1 a1 q2c', 'the continuation of the old message is inactive');
select pg_temp.rows_are(format($$ select seq, parent_id from chatkeep.append_message(%L, 'assistant', 'a2c', message_id => pg_temp.id('a7')) $$, :'chat'),
  $$ values (7, pg_temp.id('a6')) $$, 'the answer follows the edited question');
-- Edit the first.
select pg_temp.rows_are(
  format($$ select seq, parent_id from chatkeep.append_message(%L, 'user', 'Q1', message_id => pg_temp.id('a8'), parent_id => '00000000-0000-0000-0000-000000000000') $$, :'chat'),
  $$ values (8, null::uuid) $$, 'the nil UUID edits the first message: it has no parent either');
select is(pg_temp.listed(:'chat'), 'Q1', 'and is the whole active path');
select pg_temp.rows_are(
  format($$ select seq, parent_id from chatkeep.append_message(%L, 'user', 'Q1', message_id => pg_temp.id('a8'), parent_id => '00000000-0000-0000-0000-000000000000') $$, :'chat'),
  $$ values (8, null::uuid) $$, 'a retry of it is a retry');
select id as fresh from chatkeep.create_chat() \gset
select pg_temp.rows_are(
  format($$ select seq, parent_id from chatkeep.append_message(%L, 'user', 'x', parent_id => '00000000-0000-0000-0000-000000000000') $$, :'fresh'),
  $$ values (1, null::uuid) $$, 'in an empty chat the nil UUID changes nothing');

-- Who continues what.
rollback to people;
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'user', 'one', pg_temp.id('c1'), expected_leaf => '00000000-0000-0000-0000-000000000000') $$, :'chat'), 'an empty chat is expected');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'tab two', expected_leaf => '00000000-0000-0000-0000-000000000000') $$, :'chat')),
  format('PT409 expected_leaf is not the last message: that is %s | Read what was appended meanwhile, and decide whether to append after it.', pg_temp.id('c1')), 'somebody was faster');
select pg_temp.rows_are(format($$ select content from chatkeep.append_message(%L, 'user', 'one', pg_temp.id('c1'), expected_leaf => '00000000-0000-0000-0000-000000000000') $$, :'chat'), array['one'], 'a retry is a retry');
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'user', 'two', pg_temp.id('c2'), expected_leaf => pg_temp.id('c1')) $$, :'chat'), 'the last message is expected');
select alike(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'x', expected_leaf => pg_temp.id('ff')) $$, :'chat')), 'PT409 expected_leaf %', 'a leaf of no chat');
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'user', 'branch', pg_temp.id('c3'), parent_id => pg_temp.id('c1'), expected_leaf => pg_temp.id('c2')) $$, :'chat'), 'a branch from what was seen');
select lives_ok(format($$ select * from chatkeep.select_branch(%L, pg_temp.id('c2')) $$, :'chat'), 'back');

-- Two questions at once: both answers stay in view.
select pg_temp.rows_are(format($$ select parent_id, reply_to from chatkeep.append_message(%L, 'assistant', 'to one', pg_temp.id('c4'), reply_to => pg_temp.id('c1')) $$, :'chat'),
  $$ values (pg_temp.id('c2'), pg_temp.id('c1')) $$, 'an answer to an earlier message continues the path');
select is(pg_temp.listed(:'chat'), 'one two to one', 'and hides nothing');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'assistant', 'x', reply_to => pg_temp.id('ff')) $$, :'chat')),
  'PT404 reply_to names no message of this chat | Pass the id of a message of the same chat.', 'an answer to no message');

-- Tools that are called side by side.
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', 'calls a, b, c', pg_temp.id('70')) $$, :'chat'), 'a call of three tools');
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'tool', %L, parent_id => pg_temp.id('70')) $$, :'chat', result), 'result ' || result) from unnest(array['a', 'b', 'c']) result;
select is(pg_temp.listed(:'chat'), 'one two to one calls a, b, c a b c', 'each result follows the others');
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', 'done') $$, :'chat'), 'the answer');
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'tool', 'd', parent_id => pg_temp.id('70')) $$, :'chat'), 'a result after the answer');
select is(pg_temp.listed(:'chat'), 'one two to one calls a, b, c d', 'starts a branch');
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', 'again', parent_id => pg_temp.id('70')) $$, :'chat'), 'what is no result');
select is(pg_temp.listed(:'chat'), 'one two to one calls a, b, c again', 'branches as ever');

-- Usage, roles, a status from the start.
select pg_temp.rows_are(
  format($$ select role, status, usage from chatkeep.append_message(%L, 'developer', 'be brief', status => 'stopped', usage => '{"input_tokens":12,"output_tokens":0,"cached_input_tokens":10,"reasoning_tokens":0,"cost":0.000125,"currency":"EUR"}') $$, :'chat'),
  $$ values ('developer', 'stopped', '{"input_tokens":12,"output_tokens":0,"cached_input_tokens":10,"reasoning_tokens":0,"cost":0.000125,"currency":"EUR"}'::jsonb) $$, 'usage is stored');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'x', usage => %L) $$, :'chat', usage)), '22023 usage ' || expected, usage || ' is refused')
from (values
  ('[]', 'must be a JSON object | Wrap the value in one.'),
  ('{"inputTokens":1}', 'has an unknown key | The keys are input_tokens, output_tokens, cached_input_tokens, reasoning_tokens, cost and currency.'),
  ('{"input_tokens":-1}', 'has a number of tokens that is not a whole number | Pass whole numbers from 0 to 2147483647.'),
  ('{"input_tokens":1.0}', 'has a number of tokens that is not a whole number | Pass whole numbers from 0 to 2147483647.'),
  ('{"output_tokens":"1"}', 'has a number of tokens that is not a whole number | Pass whole numbers from 0 to 2147483647.'),
  ('{"cached_input_tokens":null}', 'has a number of tokens that is not a whole number | Pass whole numbers from 0 to 2147483647.'),
  ('{"reasoning_tokens":2147483648}', 'has a number of tokens that is not a whole number | Pass whole numbers from 0 to 2147483647.'),
  ('{"cost":-0.01,"currency":"USD"}', 'has a cost that is no amount | Pass a number from 0 to 1000000000000, in units of the currency.'),
  ('{"cost":1e13,"currency":"USD"}', 'has a cost that is no amount | Pass a number from 0 to 1000000000000, in units of the currency.'),
  ('{"cost":1,"currency":"usd"}', 'has a currency that is no code | Pass three capital letters (ISO 4217), such as USD.'),
  ('{"cost":1}', 'has only one of cost and currency | Pass both, or neither.'),
  ('{"currency":"USD"}', 'has only one of cost and currency | Pass both, or neither.')
) bad (usage, expected);
select pg_temp.rows_are(format($$ select content, usage from chatkeep.append_message(%L, 'assistant', 'gr', pg_temp.id('e9'), usage => '{"output_tokens":1}') $$, :'chat'),
  $$ values ('gr', '{"output_tokens":1}'::jsonb) $$, 'usage of a first copy');
select pg_temp.rows_are(format($$ select content, usage from chatkeep.append_message(%L, 'assistant', 'grow', pg_temp.id('e9'), usage => '{"output_tokens":2}') $$, :'chat'),
  $$ values ('grow', '{"output_tokens":2}'::jsonb) $$, 'a growth brings its own');
select pg_temp.rows_are(format($$ select content, usage from chatkeep.append_message(%L, 'assistant', 'grown', pg_temp.id('e9')) $$, :'chat'),
  $$ values ('grown', '{"output_tokens":2}'::jsonb) $$, 'or keeps what there is');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine. Nothing is stored.
rollback to people;
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select is(pg_temp.refusal('select * from chatkeep.' || replace(call, 'CHAT', quote_literal(:'chat') || '::uuid')), expected, name)
from (values
  ('a role of another name', $$append_message(CHAT, 'User', 'x')$$, '22023 role must be system, developer, user, assistant or tool | Pass one of the five, in lower case.'),
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
  ('parts over 256 KiB', $$append_message(CHAT, 'user', 'x', parts => jsonb_build_array(jsonb_build_object('type', 'file', 'url', 'data:image/png;base64,' || repeat('A', 262144))))$$, '22023 parts is larger than 262144 bytes | Move files (data URLs) to Storage and attach them by storage_path; store other large values as a document and attach that.'),
  ('metadata over 256 KiB', $$append_message(CHAT, 'user', 'x', metadata => jsonb_build_object('a', repeat('x', 262144)))$$, '22023 metadata is larger than 262144 bytes | Store large values as a document and attach that.'),
  ('metadata of 65 levels', $$append_message(CHAT, 'user', 'x', metadata => (repeat('{"a":', 65) || '1' || repeat('}', 65))::jsonb)$$, '22023 metadata is nested deeper than 64 levels | Flatten it, or store it as text.'),
  ('parts of 65 levels', $$append_message(CHAT, 'user', 'x', parts => (repeat('[', 65) || repeat(']', 65))::jsonb)$$, '22023 parts is nested deeper than 64 levels | Flatten it, or store it as text.'),
  ('a status of another name', $$append_message(CHAT, 'user', 'x', status => 'done')$$, '22023 status must be complete, streaming, failed or stopped | Pass one of the four, or leave it out for complete.'),
  ('no status', $$append_message(CHAT, 'user', 'x', status => null)$$, '22004 status is missing | Pass a value; null is not accepted here.'),
  ('a model name over 200 characters', $$append_message(CHAT, 'user', 'x', model => repeat('m', 201))$$, '22023 model is longer than 200 characters | Shorten it.'),
  ('a negative token_count', $$append_message(CHAT, 'user', 'x', token_count => -1)$$, '22023 token_count must not be negative | Pass the number of tokens, or leave it out.'),
  ('two faults: the first argument is named', $$append_message(CHAT, 'nobody', null, token_count => -1)$$, '22023 role must be system, developer, user, assistant or tool | Pass one of the five, in lower case.')
) refused (name, call, expected);
select is_empty($$ select from chatkeep.messages $$, 'no refused message is stored');
-- The largest values that are allowed.
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'tool', repeat('x', 1048576), model => repeat('m', 200), token_count => 0,
    metadata => (repeat('{"a":', 64) || '1' || repeat('}', 64))::jsonb, parts => (repeat('[', 64) || '"[[[[{{{{\""' || repeat(']', 64))::jsonb) $$, :'chat'),
  'values at the limits are stored');
select is((select token_count::integer from chatkeep.append_message(:'chat', 'user', 'x', token_count => 2147483647)), 2147483647, 'a count of tokens may be as large as a number');

select * from finish();
rollback;
