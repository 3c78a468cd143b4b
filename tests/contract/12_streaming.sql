-- A placeholder before the model answers, finish_message once, fail_stale_messages for writers that died.
begin;
\ir support/identities.psql
select plan(51);

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select id as question from chatkeep.append_message(:'chat', 'user', 'why?') \gset
select pg_temp.rows_are(
  format($$ select seq, content, status from chatkeep.append_message(%L, 'assistant', '', message_id => pg_temp.id('a1'), status => 'streaming', model => 'm-1', metadata => '{"draft":1}') $$, :'chat'),
  $$ values (2, '', 'streaming') $$, 'a placeholder holds its place');
select pg_temp.rows_are(format($$ select seq from chatkeep.append_message(%L, 'user', 'hello?') $$, :'chat'), array[3], 'what is appended while it streams comes after it');
select pg_temp.rows_are(
  format($$ select seq, status from chatkeep.append_message(%L, 'assistant', '', message_id => pg_temp.id('a1'), status => 'streaming') $$, :'chat'),
  $$ values (2, 'streaming') $$, 'a retried placeholder is the same one');

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
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a1'), 'because', status => 'failed') $$, :'chat')), 'PT409 message_id %', 'so is another end');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a1'), 'because', parts => '[]') $$, :'chat')), 'PT409 message_id %', 'and other parts');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a1'), 'because', token_count => 3) $$, :'chat')), 'PT409 message_id %', 'and another token_count');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a1'), 'because', metadata => '{"k":1}') $$, :'chat')), 'PT409 message_id %', 'and other metadata');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, %L, 'what?') $$, :'chat', :'question')), 'PT409 message_id %', 'a message that never streamed is not finished');
select is(pg_temp.listed(:'chat'), 'why? because hello?', 'none of them changed anything');
select alike(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'assistant', '', message_id => pg_temp.id('a1'), status => 'streaming') $$, :'chat')),
  'PT409 message_id is taken %', 'the placeholder of a finished message has other content');
select pg_temp.rows_are(format($$ select status from chatkeep.append_message(%L, 'assistant', 'because', message_id => pg_temp.id('a1')) $$, :'chat'),
  array['complete'], 'and an append of the whole is a retry');

-- Everything it may change.
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', 'so far', message_id => pg_temp.id('a2'), status => 'streaming',
    parts => '[{"type":"text","text":"so far"}]', metadata => '{"draft":1}', token_count => 2) $$, :'chat'), 'a placeholder with something in it');
select pg_temp.rows_are(
  format($$ select content, parts, status, metadata, token_count from chatkeep.finish_message(%L, pg_temp.id('a2'), status => 'failed') $$, :'chat'),
  $$ values ('so far', '[{"type":"text","text":"so far"}]'::jsonb, 'failed', '{"draft":1}'::jsonb, 2) $$, 'a failed answer keeps what there is');
select pg_temp.rows_are(format($$ select status from chatkeep.finish_message(%L, pg_temp.id('a2'), status => 'failed') $$, :'chat'), array['failed'], 'failing again returns the row');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a2')) $$, :'chat')), 'PT409 message_id %', 'failed is final');
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', '', message_id => pg_temp.id('a3'), status => 'streaming', metadata => '{"draft":1,"kept":false}') $$, :'chat'), 'one more');
select pg_temp.rows_are(
  format($$ select content, parts, status, metadata, token_count from chatkeep.finish_message(%L, pg_temp.id('a3'), 'all', '[{"type":"tool-call"}]', 'complete', '{"final":1}', 0) $$, :'chat'),
  $$ values ('all', '[{"type":"tool-call"}]'::jsonb, 'complete', '{"final":1}'::jsonb, 0) $$, 'content, parts, token_count are set and metadata are replaced');
select pg_temp.rows_are(
  format($$ select content from chatkeep.finish_message(%L, pg_temp.id('a3'), 'all', '[{"type":"tool-call"}]', 'complete', '{"final":1}', 0) $$, :'chat'),
  array['all'], 'all of it again is a retry');
select pg_temp.rows_are(
  format($$ select content from chatkeep.finish_message(%L, pg_temp.id('a3'), 'all') $$, :'chat'),
  array['all'], 'so is a part of it');

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
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a4'), 'x', status => 'streaming') $$, :'chat')), '22023 status must be %', 'a finish that goes on streaming');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a4'), 'x', status => null) $$, :'chat')), '22004 status is missing%', 'a finish without status');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a4'), repeat('x', 1048577)) $$, :'chat')), '22023 content is longer than 1048576 bytes%', 'content over 1 MiB');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a4'), 'x', parts => '{}') $$, :'chat')), '22023 parts must be a JSON array%', 'parts that are no array');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a4'), 'x', metadata => '[]') $$, :'chat')), '22023 metadata must be a JSON object%', 'metadata that are no object');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a4'), 'x', token_count => -1) $$, :'chat')), '22023 token_count must not be negative%', 'a negative token_count');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('ff'), 'x') $$, :'chat')), 'PT404 message_id names no message of this chat%', 'an unknown message');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, null, 'x') $$, :'chat')), '22004 message_id is missing%', 'no message');
select alike(pg_temp.refusal($$ select * from chatkeep.finish_message(null, pg_temp.id('a4'), 'x') $$), '22004 chat_id is missing%', 'no chat');
select alike(pg_temp.refusal($$ select * from chatkeep.finish_message(pg_temp.id('ff'), pg_temp.id('a4'), 'x') $$), 'PT404 chat_id names no chat of yours%', 'an unknown chat');

-- Writers that died. Eve has one too.
select pg_temp.sign_in('eve');
select id as eves from chatkeep.create_chat() \gset
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', '', message_id => pg_temp.id('e1'), status => 'streaming') $$, :'eves'), 'another tenant streams');
select pg_temp.sign_in('ada');
select lives_ok(format($$ select * from chatkeep.append_messages(%L, jsonb_build_array(
    pg_temp.item('', pg_temp.id('a5'), more => '{"status":"streaming"}'), pg_temp.item('half', pg_temp.id('a6'), more => '{"status":"streaming"}'))) $$, :'chat'), 'two more of the own');
reset role;
update chatkeep.messages set created_at = now() - case id when pg_temp.id('a4') then interval '16 minutes' when pg_temp.id('a5') then interval '14 minutes' when pg_temp.id('a6') then interval '3 hours' else interval '2 hours' end
  where status = 'streaming';
select pg_temp.sign_in('ada');
select pg_temp.rows_are('select id, status, content from chatkeep.fail_stale_messages(batch_size => 1)', $$ values (pg_temp.id('a6'), 'failed', 'half') $$, 'the oldest first, as many as asked for');
select pg_temp.rows_are('select id, status from chatkeep.fail_stale_messages()', $$ values (pg_temp.id('a4'), 'failed') $$, 'what is older than 15 minutes fails');
select pg_temp.rows_are($$ select id from chatkeep.fail_stale_messages('1 minute') $$, $$ values (pg_temp.id('a5')) $$, 'or what is older than was said');
select is_empty($$ select id from chatkeep.fail_stale_messages('0') $$, 'and then nothing of the own');
select alike(pg_temp.refusal(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a4'), 'late') $$, :'chat')), 'PT409 message_id %', 'a writer that comes back is told');
select pg_temp.serve();
select is((select array_agg(f.id) from chatkeep.fail_stale_messages() f where f.chat_id = :'eves'), array[pg_temp.id('e1')], 'service_role fails everybody''s');
select is(
  (select array_agg(pg_temp.refusal('select * from chatkeep.fail_stale_messages(' || arguments || ')') like expected order by n)
   from (values (1, 'null', '22004 older_than is missing%'), (2, '''-1 minute''', '22023 older_than %'), (3, 'batch_size => null', '22004 batch_size is missing%'),
     (4, 'batch_size => 0', '22023 batch_size must be between 1 and 1000%'), (5, 'batch_size => 1001', '22023 batch_size must be between 1 and 1000%')) s (n, arguments, expected)),
  array_fill(true, array[5]), 'bad arguments of fail_stale_messages are refused by name');
select pg_temp.sign_in('ada');
select is(current_setting('chatkeep.writing', true), '', 'the marker does not outlive a call');

select * from finish();
rollback;
