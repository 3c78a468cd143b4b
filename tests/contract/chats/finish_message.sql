-- finish_message: ends a message that streams, once.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select id as question from chatkeep.append_message(:'chat', 'user', 'why?') \gset
select count(*) as stored from chatkeep.append_message(:'chat', 'assistant', '', message_id => pg_temp.id('a1'), status => 'streaming', model => 'm-1', metadata => '{"draft":1}') \gset
select count(*) as stored from chatkeep.append_message(:'chat', 'user', 'hello?') \gset

create temporary table before_finish on commit drop as
  select m.created_at, m.parent_id, c.updated_at as touched_at, c.ctid::text as chat_at
  from chatkeep.messages m join chatkeep.chats c on c.id = m.chat_id where m.id = pg_temp.id('a1');
select pg_temp.rows_are(
  format($$ select id, seq, content, status, parts, metadata, token_count, model from chatkeep.finish_message(%L, pg_temp.id('a1'), 'because') $$, :'chat'),
  $$ values (pg_temp.id('a1'), 2, 'because', 'complete', null::jsonb, '{"draft":1}'::jsonb, null::integer, 'm-1') $$,
  'finishing gives the content; what is left out stays');
select pg_temp.rows_are(
  $$ select m.created_at = b.created_at, m.parent_id = b.parent_id, m.updated_at > b.created_at, m.updated_at <= clock_timestamp(), m.active
     from chatkeep.messages m, before_finish b where m.id = pg_temp.id('a1') $$,
  $$ values (true, true, true, true, true) $$, 'updated_at moves, place and time do not');
select pg_temp.rows_are(
  format($$ select c.updated_at = b.touched_at, c.ctid::text = b.chat_at from chatkeep.chats c, before_finish b where c.id = %L $$, :'chat'),
  $$ values (true, true) $$, 'the chat is not touched');
select is(pg_temp.listed(:'chat'), 'why? because hello?', 'the answer is listed in its place');

-- Once.
create temporary table finished on commit drop as select m.ctid::text as at, m.updated_at from chatkeep.messages m where m.id = pg_temp.id('a1');
select pg_temp.rows_are(
  format($$ select content, status, updated_at from chatkeep.finish_message(%L, pg_temp.id('a1'), 'because') $$, :'chat'),
  $$ select 'because', 'complete', updated_at from finished $$, 'the same finish again returns the row');
select is((select m.ctid::text from chatkeep.messages m where m.id = pg_temp.id('a1')), (select at from finished), 'and writes nothing');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a1'), 'because not') $$, :'chat')), 'PT409 message_id %', 'another content is a conflict');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a1'), 'because', status => 'failed') $$, :'chat')), 'PT409 message_id %', 'another status is a conflict');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a1'), 'because', parts => '[]') $$, :'chat')), 'PT409 message_id %', 'and other parts');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a1'), 'because', token_count => 3) $$, :'chat')), 'PT409 message_id %', 'and another token_count');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a1'), 'because', metadata => '{"k":1}') $$, :'chat')), 'PT409 message_id %', 'and other metadata');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, %L, 'what?') $$, :'chat', :'question')), 'PT409 message_id %', 'a message that never streamed is not finished');
select is(pg_temp.listed(:'chat'), 'why? because hello?', 'the refused finishes changed nothing');
select pg_temp.rows_are(format($$ select content || ' ' || status from chatkeep.append_message(%L, 'assistant', '', message_id => pg_temp.id('a1'), status => 'streaming') $$, :'chat'),
  array['because complete'], 'the placeholder of a finished message is a stale copy');
select pg_temp.rows_are(format($$ select status from chatkeep.append_message(%L, 'assistant', 'because', message_id => pg_temp.id('a1')) $$, :'chat'),
  array['complete'], 'and an append of the whole is a retry');

-- Everything that it may change.
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', 'so far', message_id => pg_temp.id('a2'), status => 'streaming',
    parts => '[{"type":"text","text":"so far"}]', metadata => '{"draft":1}', token_count => 2) $$, :'chat'), 'a placeholder with something in it');
select pg_temp.rows_are(
  format($$ select content, parts, status, metadata, token_count from chatkeep.finish_message(%L, pg_temp.id('a2'), status => 'failed') $$, :'chat'),
  $$ values ('so far', '[{"type":"text","text":"so far"}]'::jsonb, 'failed', '{"draft":1}'::jsonb, 2) $$, 'a failed answer keeps what there is');
select pg_temp.rows_are(format($$ select status from chatkeep.finish_message(%L, pg_temp.id('a2'), status => 'failed') $$, :'chat'), array['failed'], 'failing again returns the row');
select pg_temp.rows_are(format($$ select content, status from chatkeep.finish_message(%L, pg_temp.id('a2'), 'so far and on') $$, :'chat'),
  $$ values ('so far and on', 'complete') $$, 'a late end lifts what has failed');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a2'), status => 'failed') $$, :'chat')), 'PT409 message_id %', 'complete is final');
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', '', message_id => pg_temp.id('a3'), status => 'streaming', metadata => '{"draft":1,"kept":false}') $$, :'chat'), 'one more');
select pg_temp.rows_are(
  format($$ select content, parts, status, metadata, token_count from chatkeep.finish_message(%L, pg_temp.id('a3'), 'all', '[{"type":"tool-call"}]', 'complete', '{"final":1}', 0) $$, :'chat'),
  $$ values ('all', '[{"type":"tool-call"}]'::jsonb, 'complete', '{"final":1}'::jsonb, 0) $$, 'content, parts, token_count are set and metadata are replaced');
select pg_temp.rows_are(
  format($$ select content from chatkeep.finish_message(%L, pg_temp.id('a3'), 'all', '[{"type":"tool-call"}]', 'complete', '{"final":1}', 0) $$, :'chat'),
  array['all'], 'all of it again is a retry');
select pg_temp.rows_are(
  format($$ select content from chatkeep.finish_message(%L, pg_temp.id('a3'), 'all') $$, :'chat'),
  array['all'], 'a repetition of a part of it is a retry too');

-- On an inactive branch, in batches.
select lives_ok(format($$ select * from chatkeep.append_messages(%L, jsonb_build_array(
    pg_temp.item('again?', pg_temp.id('b1'), '00000000-0000-0000-0000-000000000000'), pg_temp.item('', pg_temp.id('b2'), more => '{"role":"assistant","status":"streaming"}'))) $$, :'chat'),
  'a batch ends with a placeholder');
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'user', 'no', parent_id => '00000000-0000-0000-0000-000000000000') $$, :'chat'), 'somebody edits meanwhile');
select pg_temp.rows_are(format($$ select content, status, active from chatkeep.finish_message(%L, pg_temp.id('b2'), 'again') $$, :'chat'),
  $$ values ('again', 'complete', false) $$, 'an inactive placeholder is finished where it is');
select is(pg_temp.listed(:'chat'), 'no', 'and the active path stays');

-- Refusals.
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', '', message_id => pg_temp.id('a4'), status => 'streaming') $$, :'chat'), 'a last one');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a4'), 'x', status => null) $$, :'chat')), '22004 status is missing%', 'a finish without status');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a4'), repeat('x', 1048577)) $$, :'chat')), '22023 content is longer than 1048576 bytes%', 'content over 1 MiB');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a4'), 'x', parts => '{}') $$, :'chat')), '22023 parts must be a JSON array%', 'parts that are no array');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a4'), 'x', metadata => '[]') $$, :'chat')), '22023 metadata must be a JSON object%', 'metadata that are no object');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a4'), 'x', token_count => -1) $$, :'chat')), '22023 token_count must not be negative%', 'a negative token_count');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('ff'), 'x') $$, :'chat')), 'PT404 message_id names no message of this chat%', 'an unknown message');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, null, 'x') $$, :'chat')), '22004 message_id is missing%', 'no message');
select alike(pg_temp.refusal($$ select * from chatkeep.finish_message(null, pg_temp.id('a4'), 'x') $$), '22004 chat_id is missing%', 'no chat');
select alike(pg_temp.refusal($$ select * from chatkeep.finish_message(pg_temp.id('ff'), pg_temp.id('a4'), 'x') $$), 'PT404 chat_id names no chat of yours%', 'an unknown chat');


-- Progress: a sign of life, and never less than before.
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', '', message_id => pg_temp.id('d1'), status => 'streaming') $$, :'chat'), 'an answer begins');
create temporary table placed on commit drop as select m.updated_at from chatkeep.messages m where m.id = pg_temp.id('d1');
select pg_temp.rows_are(
  format($$ select m.content, m.parts, m.status, m.version, m.updated_at > p.updated_at
    from chatkeep.finish_message(%L, pg_temp.id('d1'), 'half', '[{"type":"text","text":"half"}]', 'streaming', usage => '{"output_tokens":1}') m, placed p $$, :'chat'),
  $$ values ('half', '[{"type":"text","text":"half"}]'::jsonb, 'streaming', 2, true) $$, 'progress is kept');
select pg_temp.rows_are(
  format($$ select content, parts, status, version, usage from chatkeep.finish_message(%L, pg_temp.id('d1'), 'ha', '[{"type":"text","text":"ha"}]', 'streaming', '{"late":true}', 9) $$, :'chat'),
  $$ values ('half', '[{"type":"text","text":"half"}]'::jsonb, 'streaming', 2, '{"output_tokens":1}'::jsonb) $$, 'progress that arrives late changes nothing');
select is((select m.metadata || jsonb_build_object('n', m.token_count) from chatkeep.messages m where m.id = pg_temp.id('d1')), '{"n":null}', 'nothing at all');
select pg_temp.rows_are(format($$ select content, version from chatkeep.finish_message(%L, pg_temp.id('d1'), status => 'streaming') $$, :'chat'),
  $$ values ('half', 3) $$, 'a sign of life needs no content');
select pg_temp.rows_are(format($$ select content from chatkeep.finish_message(%L, pg_temp.id('d1'), 'Half', '[]', 'streaming') $$, :'chat'),
  array['Half'], 'what streams may be rewritten');
select pg_temp.rows_are(
  format($$ select content, parts, status, usage from chatkeep.finish_message(%L, pg_temp.id('d1'), 'Ha', '[]', usage => '{"output_tokens":2,"cost":0.01,"currency":"USD"}') $$, :'chat'),
  $$ values ('Ha', '[]'::jsonb, 'complete', '{"output_tokens":2,"cost":0.01,"currency":"USD"}'::jsonb) $$, 'the end counts, even if it is shorter');
select pg_temp.rows_are(format($$ select content, status from chatkeep.finish_message(%L, pg_temp.id('d1'), 'H', status => 'streaming') $$, :'chat'),
  $$ values ('Ha', 'complete') $$, 'progress that arrives after the end changes nothing');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('d1'), 'Hi', status => 'streaming') $$, :'chat')), 'PT409 message_id %', 'unless it says something else');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('d1'), 'Ha', usage => '{}') $$, :'chat')), 'PT409 message_id %', 'and another usage is a conflict');
select pg_temp.rows_are(format($$ select content, status, version, metadata from chatkeep.finish_message(%L, pg_temp.id('d1'), 'Ha ha', metadata => '{"laughs":2}') $$, :'chat'),
  $$ values ('Ha ha', 'complete', 6, '{"laughs":2}'::jsonb) $$, 'a complete message grows');
select pg_temp.rows_are(format($$ select content, version from chatkeep.finish_message(%L, pg_temp.id('d1'), 'Ha') $$, :'chat'),
  $$ values ('Ha ha', 6) $$, 'and its old copy is stale');
select pg_temp.rows_are(format($$ select content, status from chatkeep.append_message(%L, 'user', 'go on') $$, :'chat'), $$ values ('go on', 'complete') $$, 'it is answered');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('d1'), 'Ha ha ha') $$, :'chat')), 'PT409 message_id names a message that has been answered%', 'and grows no more');

-- The user stops it.
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', '', message_id => pg_temp.id('d2'), status => 'streaming') $$, :'chat'), 'another answer');
select lives_ok(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('d2'), 'one two', status => 'streaming') $$, :'chat'), 'with some progress');
select pg_temp.rows_are(format($$ select content, status, metadata from chatkeep.finish_message(%L, pg_temp.id('d2'), 'one', status => 'stopped', metadata => '{"by":"tab"}') $$, :'chat'),
  $$ values ('one two', 'stopped', '{"by":"tab"}'::jsonb) $$, 'a stop that has seen less keeps what there is');
select is(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('d2'), 'one two three', status => %L) $$, :'chat', status)),
  'PT409 message_id names a message that was stopped | End the stream. What is left of it can be stored with the status stopped.', status || ' after a stop is refused')
from unnest(array['streaming', 'complete', 'failed']) status;
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('d2'), 'one', status => 'streaming') $$, :'chat')), 'PT409 message_id names a message that was stopped%', 'also where it says less, so that the writer learns it');
select pg_temp.rows_are(format($$ select content, status from chatkeep.finish_message(%L, pg_temp.id('d2'), 'one two three', status => 'stopped') $$, :'chat'),
  $$ values ('one two three', 'stopped') $$, 'the writer adds what it had');
select pg_temp.rows_are(format($$ select content, status from chatkeep.finish_message(%L, pg_temp.id('d2'), status => 'stopped') $$, :'chat'),
  $$ values ('one two three', 'stopped') $$, 'stopping again returns the row');

-- What fail_stale_messages gave up was indexed. The words of the late end are found.
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', 'slow', message_id => pg_temp.id('d3'), status => 'streaming') $$, :'chat'), 'a slow answer');
select pg_temp.rows_are(format($$ select status from chatkeep.finish_message(%L, pg_temp.id('d3'), status => 'failed') $$, :'chat'), array['failed'], 'is given up');
select pg_temp.serve();
select cmp_ok(chatkeep.index_messages(), '>', 0, 'and indexed');
select pg_temp.sign_in('ada');
select pg_temp.rows_are(format($$ select status from chatkeep.finish_message(%L, pg_temp.id('d3'), 'slow and', status => 'streaming') $$, :'chat'), array['streaming'], 'its writer is alive');
select pg_temp.rows_are(format($$ select status from chatkeep.finish_message(%L, pg_temp.id('d3'), 'slow and steady') $$, :'chat'), array['complete'], 'and ends it');
select pg_temp.rows_are($$ select id from chatkeep.search_messages('steady') $$, $$ values (pg_temp.id('d3')) $$, 'search finds the end');

-- A redacted message takes no more.
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', 'secret', message_id => pg_temp.id('d4'), status => 'streaming') $$, :'chat'), 'an answer');
select lives_ok(format($$ select * from chatkeep.redact_message(%L, pg_temp.id('d4')) $$, :'chat'), 'that is redacted');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('d4'), 'secret again', status => %L) $$, :'chat', status)), 'PT409 message_id %', status || ' after a redaction is refused')
from unnest(array['streaming', 'complete', 'stopped', 'failed']) status;

select is(current_setting('chatkeep.writing', true), '', 'the marker does not outlive a call');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine.
rollback to people;
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select count(*) as stored from chatkeep.append_message(:'chat', 'user', 'one', message_id => pg_temp.id('a1')) \gset
select is(pg_temp.refusal('select * from chatkeep.' || replace(call, 'CHAT', quote_literal(:'chat') || '::uuid')), expected, name)
from (values
  ('a finish of no message', $$finish_message(CHAT, null)$$, '22004 message_id is missing | Pass a value; null is not accepted here.'),
  ('a finish for no chat', $$finish_message(null, pg_temp.id('a1'))$$, '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('a finish of an unknown message', $$finish_message(CHAT, pg_temp.id('ff'))$$, 'PT404 message_id names no message of this chat | Pass the id of a message of the same chat.'),
  ('a finish of what does not stream', $$finish_message(CHAT, pg_temp.id('a1'), 'other')$$, 'PT409 message_id names a message that is not streaming | A message is finished once; append a new one instead.'),
  ('a finish without status', $$finish_message(CHAT, pg_temp.id('a1'), status => null)$$, '22004 status is missing | Pass a value; null is not accepted here.'),
  ('a finish with a status of another name', $$finish_message(CHAT, pg_temp.id('a1'), status => 'done')$$, '22023 status must be complete, streaming, failed or stopped | Pass one of the four. streaming keeps what there is so far.'),
  ('a finish with an unknown kind of usage', $$finish_message(CHAT, pg_temp.id('a1'), usage => '{"tokens":1}')$$, '22023 usage has an unknown key | The keys are input_tokens, output_tokens, cached_input_tokens, reasoning_tokens, cost and currency.'),
  ('a finish with content over 1 MiB', $$finish_message(CHAT, pg_temp.id('a1'), repeat('x', 1048577))$$, '22023 content is longer than 1048576 bytes | Split it, or store it as a document and attach that.'),
  ('a finish with parts that are no array', $$finish_message(CHAT, pg_temp.id('a1'), parts => '"x"')$$, '22023 parts must be a JSON array | Wrap the value in one.'),
  ('a finish with metadata that are no object', $$finish_message(CHAT, pg_temp.id('a1'), metadata => '[]')$$, '22023 metadata must be a JSON object | Wrap the value in one.'),
  ('a finish with a negative token_count', $$finish_message(CHAT, pg_temp.id('a1'), token_count => -1)$$, '22023 token_count must not be negative | Pass the number of tokens, or leave it out.')
) refused (name, call, expected);
select pg_temp.rows_are($$ select content, status from chatkeep.messages $$, $$ values ('one', 'complete') $$, 'the messages from before the refusals are unchanged');

select * from finish();
rollback;
