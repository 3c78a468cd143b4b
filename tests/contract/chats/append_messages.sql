-- append_messages: one append of many messages, in array order, all or nothing, item by item on a retry.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select id as other from chatkeep.create_chat() \gset
select id as foreign_message from chatkeep.append_message(:'other', 'user', 'elsewhere') \gset

select is(
  (select array_agg(a.attname order by a.attnum) from pg_catalog.pg_attribute a where a.attrelid = 'chatkeep.appended_message'::regclass and a.attnum > 0 and not a.attisdropped),
  'outcome'::name || (select array_agg(a.attname order by a.attnum) from pg_catalog.pg_attribute a where a.attrelid = 'chatkeep.messages'::regclass and a.attnum > 0 and not a.attisdropped),
  'a row of the answer is an outcome and the columns of a message');

-- Order. The ids descend, so an order by id would show.
select pg_temp.rows_are(
  format($$ select outcome, id, seq, parent_id, role, content, parts, metadata, status, model, token_count, active, author_id, written_as, user_id, tenant_id
    from chatkeep.append_messages(%L, jsonb_build_array(
      pg_temp.item('one', pg_temp.id('a9')),
      pg_temp.item('two', pg_temp.id('a8'), more => '{"role":"assistant","parts":[{"type":"text"}],"metadata":{"k":"v"},"status":"streaming","model":"m-1","token_count":7}'),
      pg_temp.item('three', pg_temp.id('a7'), more => '{"role":"tool"}'))) $$, :'chat'),
  $$ values
    ('appended', pg_temp.id('a9'), 1, null::uuid, 'user', 'one', null::jsonb, '{}'::jsonb, 'complete', null, null::integer, true,
      '00000000-0000-4000-8000-00000000ada0'::uuid, 'authenticated', '00000000-0000-4000-8000-00000000ada0'::uuid, '00000000-0000-4000-8000-000000007e01'::uuid),
    ('appended', pg_temp.id('a8'), 2, pg_temp.id('a9'), 'assistant', 'two', '[{"type":"text"}]'::jsonb, '{"k":"v"}'::jsonb, 'streaming', 'm-1', 7, true,
      '00000000-0000-4000-8000-00000000ada0'::uuid, 'authenticated', '00000000-0000-4000-8000-00000000ada0'::uuid, '00000000-0000-4000-8000-000000007e01'::uuid),
    ('appended', pg_temp.id('a7'), 3, pg_temp.id('a8'), 'tool', 'three', null::jsonb, '{}'::jsonb, 'complete', null, null::integer, true,
      '00000000-0000-4000-8000-00000000ada0'::uuid, 'authenticated', '00000000-0000-4000-8000-00000000ada0'::uuid, '00000000-0000-4000-8000-000000007e01'::uuid) $$,
  'a batch is stored in array order, each message after the one before it');
select is(pg_temp.listed(:'chat'), 'one two three', 'and reads back in array order');
select pg_temp.rows_are(
  format($$ select c.message_count, c.last_seq, c.active_leaf_id, c.updated_at = m.created_at
    from chatkeep.chats c join chatkeep.messages m on m.chat_id = c.id and m.seq = 3 where c.id = %L $$, :'chat'),
  $$ values (3, 3, pg_temp.id('a7'), true) $$, 'the chat ends with the last of the batch');
select is(
  (select array_agg(m.created_at - f.created_at order by m.seq)
   from chatkeep.messages m join chatkeep.messages f on f.chat_id = m.chat_id and f.seq = 1 where m.chat_id = :'chat'),
  array['0', '1 microsecond', '2 microseconds']::interval[], 'created_at takes consecutive values');

select pg_stat_get_xact_tuples_updated('chatkeep.chats'::regclass) as touches \gset
select pg_temp.rows_are(
  format($$ select outcome, seq, content from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('four'), pg_temp.item('five'), pg_temp.item('six'))) $$, :'chat'),
  $$ values ('appended', 4, 'four'), ('appended', 5, 'five'), ('appended', 6, 'six') $$, 'the next batch continues from there');
select is(pg_stat_get_xact_tuples_updated('chatkeep.chats'::regclass) - :touches, 1::bigint, 'with one touch of the chat');
select is(
  (select array_agg(a.parent_id = b.id order by a.seq) from chatkeep.messages a join chatkeep.messages b on b.chat_id = a.chat_id and b.seq = a.seq - 1
   where a.chat_id = :'chat'), array[true, true, true, true, true], 'the path is one line over both');
select is((select array_agg(substr(m.id::text, 15, 1)) from chatkeep.messages m where m.chat_id = :'chat' and m.seq > 3), array['7', '7', '7'],
  'a message without an id gets a UUID version 7');

-- Retries.
create temporary table before_retry on commit drop as
  select c.ctid as chat_at, c.*::chatkeep.chats as chat from chatkeep.chats c where c.id = :'chat';
select pg_temp.rows_are(
  format($$ select outcome, id, seq, content, created_at from chatkeep.append_messages(%L, jsonb_build_array(
      pg_temp.item('one', pg_temp.id('a9')),
      pg_temp.item('two', pg_temp.id('a8'), more => '{"role":"assistant","parts":[{"type":"text"}]}'),
      pg_temp.item('three', pg_temp.id('a7'), more => '{"role":"tool"}'))) $$, :'chat'),
  format($$ select 'stored', id, seq, content, created_at from chatkeep.messages where chat_id = %L and seq <= 3 order by seq $$, :'chat'),
  'a batch that is stored comes back as it is stored');
select is((select c.ctid::text from chatkeep.chats c where c.id = :'chat'), (select chat_at::text from before_retry), 'and writes nothing');
select pg_temp.rows_are(
  format($$ select outcome, seq, content from chatkeep.append_messages(%L, jsonb_build_array(
      pg_temp.item('three', pg_temp.id('a7'), more => '{"role":"tool"}'), pg_temp.item('six and a half', pg_temp.id('a6'), (select active_leaf_id from chatkeep.chats where id = %L)))) $$, :'chat', :'chat'),
  $$ values ('stored', 3, 'three'), ('appended', 7, 'six and a half') $$, 'stored messages stay, new ones are appended, and the outcome distinguishes them');
select is((select message_count from chatkeep.chats where id = :'chat'), 7, 'one message more');
select pg_temp.rows_are(
  format($$ select outcome, seq, parent_id from chatkeep.append_messages(%L, jsonb_build_array(
      pg_temp.item('six and a half', pg_temp.id('a6'), (select parent_id from chatkeep.messages where id = pg_temp.id('a6'))), pg_temp.item('seven', pg_temp.id('a5')))) $$, :'chat'),
  $$ values ('stored', 7, (select parent_id from chatkeep.messages where id = pg_temp.id('a6'))), ('appended', 8, pg_temp.id('a6')) $$,
  'a new message follows the stored one before it');
select is(pg_temp.listed(:'chat'), 'one two three four five six six and a half seven', 'on the same path');
select pg_temp.rows_are(
  format($$ select outcome, seq from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('twice', pg_temp.id('b1')), pg_temp.item('twice', pg_temp.id('b1')))) $$, :'chat'),
  $$ values ('appended', 9), ('stored', 9) $$, 'the same id twice in one batch is one message');
select pg_temp.rows_are(
  format($$ select outcome, seq from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('same'), pg_temp.item('same'), pg_temp.item('same', pg_temp.id('b2')), pg_temp.item('same', pg_temp.id('b3')))) $$, :'chat'),
  $$ values ('appended', 10), ('appended', 11), ('appended', 12), ('appended', 13) $$, 'the same text with other ids, or without, is another message');
select pg_temp.rows_are(
  format($$ select seq from chatkeep.append_message(%L, 'user', 'same', message_id => pg_temp.id('b2')) $$, :'chat'), array[12],
  'append_message knows what a batch stored');
select pg_temp.rows_are(
  format($$ select outcome, seq from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('same', pg_temp.id('b3'), more => '{"metadata":{"try":2}}'))) $$, :'chat'),
  $$ values ('stored', 13) $$, 'role, content and parts decide what is a retry');

-- Conflicts: nothing of the batch is stored.
select alike(pg_temp.refusal(format($$ select * from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('new'), pg_temp.item('uno', pg_temp.id('a9')))) $$, :'chat')),
  'PT409 messages[1].message_id is taken %', 'a stored id with other content is a conflict');
select alike(pg_temp.refusal(format($$ select * from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('one', pg_temp.id('a9'), more => '{"role":"assistant"}'))) $$, :'chat')),
  'PT409 messages[0].message_id is taken %', 'a stored id with another role is a conflict');
select alike(pg_temp.refusal(format($$ select * from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('one', pg_temp.id('a9'), more => '{"parts":[]}'))) $$, :'chat')),
  'PT409 messages[0].message_id names a message that has been answered%', 'and more parts, once it has been answered');
select alike(pg_temp.refusal(format($$ select * from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('new', pg_temp.id('b4')), pg_temp.item('old', pg_temp.id('b4')))) $$, :'chat')),
  'PT409 messages[1].message_id is taken %', 'and two contents for one id in a batch');
select pg_temp.rows_are(
  format($$ select message_count, last_seq, (select count(*)::int from chatkeep.messages m where m.chat_id = c.id) from chatkeep.chats c where id = %L $$, :'chat'),
  $$ values (13, 13, 13) $$, 'a refused batch stores nothing');

-- Branches.
select id as tree from chatkeep.create_chat() \gset
select pg_temp.rows_are(
  format($$ select seq, parent_id, active from chatkeep.append_messages(%L, jsonb_build_array(
      pg_temp.item('q', pg_temp.id('c1')), pg_temp.item('a', pg_temp.id('c2')), pg_temp.item('a2', pg_temp.id('c3'), pg_temp.id('c1')), pg_temp.item('q2', pg_temp.id('c4')))) $$, :'tree'),
  $$ values (1, null::uuid, true), (2, pg_temp.id('c1'), false), (3, pg_temp.id('c1'), true), (4, pg_temp.id('c3'), true) $$,
  'a parent_id inside a batch starts a branch, and the next message continues it');
select is(pg_temp.listed(:'tree'), 'q a2 q2', 'the branch is the active path');
select pg_temp.rows_are(
  format($$ select seq, parent_id from chatkeep.append_messages(%L, jsonb_build_array(
      pg_temp.item('Q', pg_temp.id('c5'), '00000000-0000-0000-0000-000000000000'), pg_temp.item('A', pg_temp.id('c6')))) $$, :'tree'),
  $$ values (5, null::uuid), (6, pg_temp.id('c5')) $$, 'the nil UUID as parent starts a new first message');
select is(pg_temp.listed(:'tree'), 'Q A', 'the new first message is the active path');
select pg_temp.rows_are(
  format($$ select seq, parent_id from chatkeep.append_messages(%L, jsonb_build_array(
      pg_temp.item('x', parent => pg_temp.id('c2')), pg_temp.item('y', parent => pg_temp.id('c4')), pg_temp.item('z', parent => pg_temp.id('c4')))) $$, :'tree'),
  $$ values (7, pg_temp.id('c2')), (8, pg_temp.id('c4')), (9, pg_temp.id('c4')) $$, 'each item may name its own parent');
select is(pg_temp.listed(:'tree'), 'q a2 q2 z', 'the last one ends the active path');
select is((select array_agg(seq order by seq) from chatkeep.messages where chat_id = :'tree' and active), array[1, 3, 4, 9], 'and nothing else is active');
select alike(pg_temp.refusal(format($$ select * from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('x', parent => pg_temp.id('d2')), pg_temp.item('y', pg_temp.id('d2')))) $$, :'tree')),
  'PT404 messages[0].parent_id names no message of this chat%', 'a parent comes before its child');
select alike(pg_temp.refusal(format($$ select * from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('x'), pg_temp.item('y', parent => %L))) $$, :'tree', :'foreign_message')),
  'PT404 messages[1].parent_id names no message of this chat%', 'a parent in another chat is refused');
select is((select message_count from chatkeep.chats where id = :'tree'), 9, 'and the batch with it');

-- How many.
select is_empty(format($$ select * from chatkeep.append_messages(%L, '[]') $$, :'tree'), 'an empty array appends nothing');
select is((select message_count from chatkeep.chats where id = :'tree'), 9, 'and touches nothing');
select id as long from chatkeep.create_chat() \gset
select is(
  (select array_agg(a.seq || ' ' || a.content) from chatkeep.append_messages(:'long', (select jsonb_agg(pg_temp.item(n::text)) from generate_series(1, 1000) n)) a),
  (select array_agg(n || ' ' || n) from generate_series(1, 1000) n), 'a thousand messages in one call, answered in order');
select is((select array_agg(content::integer order by created_at) from chatkeep.messages where chat_id = :'long'), (select array_agg(n) from generate_series(1, 1000) n),
  'and stored in order');
select alike(pg_temp.refusal(format($$ select * from chatkeep.append_messages(%L, (select jsonb_agg(pg_temp.item(n::text)) from generate_series(1, 1001) n)) $$, :'long')),
  '22023 messages %', 'a thousand and one are refused');
select is((select message_count from chatkeep.chats where id = :'long'), 1000, 'all of them');

-- null for an optional key means the same as no key.
select pg_temp.rows_are(
  format($$ select parts, model, token_count, parent_id = (select id from chatkeep.messages where chat_id = %L and seq = 1000)
    from chatkeep.append_messages(%L, '[{"role":"user","content":"x","message_id":null,"parts":null,"parent_id":null,"model":null,"token_count":null}]') $$, :'long', :'long'),
  $$ values (null::jsonb, null, null::integer, true) $$, 'null for an optional key is the key left out');

-- The clock steps back.
reset role;
update chatkeep.chats set updated_at = '2100-01-01 00:00:00+00' where id = :'long';
select pg_temp.sign_in('ada');
select is((select array_agg(a.created_at) from chatkeep.append_messages(:'long', jsonb_build_array(pg_temp.item('x'), pg_temp.item('y'))) a),
  array['2100-01-01 00:00:00.000001+00', '2100-01-01 00:00:00.000002+00']::timestamptz[], 'created_at increases even if the clock steps back');

-- A refusal names the place of the item, and nothing of the batch is stored.
create temporary table refused (name text, item text, expected text) on commit drop;
insert into refused values
  ('a role of another name', '{"role":"bot","content":"x"}', '22023 messages[3].role must be %'),
  ('no role', '{"content":"x"}', '22004 messages[3].role %'),
  ('no content', '{"role":"user"}', '22004 messages[3].content %'),
  ('content of null', '{"role":"user","content":null}', '22004 messages[3].content %'),
  ('content that is no text', '{"role":"user","content":{"a":1}}', '22023 messages[3].content %'),
  ('a role that is no text', '{"role":1,"content":"x"}', '22023 messages[3].role %'),
  ('a message_id that is no UUID', '{"role":"user","content":"x","message_id":"nope"}', '22___ messages[3].message_id %'),
  ('a parent_id that is no UUID', '{"role":"user","content":"x","parent_id":7}', '22___ messages[3].parent_id %'),
  ('parts that are no array', '{"role":"user","content":"x","parts":{}}', '22023 messages[3].parts must be %'),
  ('metadata that is no object', '{"role":"user","content":"x","metadata":[]}', '22023 messages[3].metadata must be %'),
  ('a status of another name', '{"role":"user","content":"x","status":"done"}', '22023 messages[3].status must be %'),
  ('a negative token_count', '{"role":"user","content":"x","token_count":-1}', '22023 messages[3].token_count must not %'),
  ('a token_count that is no number', '{"role":"user","content":"x","token_count":"many"}', '22023 messages[3].token_count %'),
  ('half a token', '{"role":"user","content":"x","token_count":1.5}', '22023 messages[3].token_count %'),
  ('an endless token_count', '{"role":"user","content":"x","token_count":3000000000}', '22023 messages[3].token_count %'),
  ('an unknown key', '{"role":"user","content":"x","colour":"red"}', '22023 messages[3]%'),
  ('a time of its own', '{"role":"user","content":"x","created_at":"2024-01-01T00:00:00Z"}', '22023 messages[3]%'),
  ('a tenant', '{"role":"user","content":"x","tenant_id":"00000000-0000-4000-8000-000000007e02"}', '22023 messages[3]%'),
  ('an item that is no object', '"x"', '22023 messages[3] must be %'),
  ('an item of null', 'null', '22___ messages[3] %');
grant select on refused to public;
select alike(
  pg_temp.refusal(format($$ select * from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('0'), pg_temp.item('1'), pg_temp.item('2'), %L::jsonb)) $$, :'other', item)),
  expected, name || ' is refused by its place')
from refused;
select pg_temp.rows_are(format($$ select message_count, last_seq from chatkeep.chats where id = %L $$, :'other'), $$ values (1, 1) $$, 'no refused batch is half stored');
select is(current_setting('chatkeep.writing', true), '', 'the marker does not outlive a call');

-- Who continues what, in a batch.
rollback to people;
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select pg_temp.rows_are(
  format($$ select outcome, content, reply_to, usage from chatkeep.append_messages(%L, jsonb_build_array(
    pg_temp.item('one', pg_temp.id('c1')), pg_temp.item('two', pg_temp.id('c2')),
    pg_temp.item('to one', pg_temp.id('c3'), more => jsonb_build_object('role', 'assistant', 'reply_to', pg_temp.id('c1'), 'usage', '{"output_tokens":3}'::jsonb))),
    expected_leaf => '00000000-0000-0000-0000-000000000000') $$, :'chat'),
  $$ values ('appended', 'one', null::uuid, null::jsonb), ('appended', 'two', null, null), ('appended', 'to one', pg_temp.id('c1'), '{"output_tokens":3}') $$,
  'an item answers an earlier one of its batch');
select is(pg_temp.listed(:'chat'), 'one two to one', 'and all are on the path');
select pg_temp.rows_are(format($$ select outcome from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('one', pg_temp.id('c1'))), expected_leaf => '00000000-0000-0000-0000-000000000000') $$, :'chat'),
  array['stored'], 'a retry expects nothing');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('one', pg_temp.id('c1')), pg_temp.item('late')), expected_leaf => pg_temp.id('c2')) $$, :'chat')),
  format('PT409 expected_leaf is not the last message: that is %s | Read what was appended meanwhile, and decide whether to append after it.', pg_temp.id('c3')), 'a new item expects the leaf');
select lives_ok(format($$ select * from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('one', pg_temp.id('c1')), pg_temp.item('calls', pg_temp.id('70'), more => '{"role":"assistant"}'),
    pg_temp.item('a', parent => pg_temp.id('70'), more => '{"role":"tool"}'), pg_temp.item('b', parent => pg_temp.id('70'), more => '{"role":"tool"}')), expected_leaf => pg_temp.id('c3')) $$, :'chat'),
  'a call and its results in one batch');
select is(pg_temp.listed(:'chat'), 'one two to one calls a b', 'the results follow one another');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('x'), pg_temp.item('y', more => %L))) $$, :'chat', more)), expected, more || ' is refused')
from (values
  ('{"reply_to":"00000000-0000-0000-0000-0000000000ff"}', 'PT404 messages[1].reply_to names no message of this chat | Pass the id of a message of the same chat.'),
  ('{"reply_to":"first"}', '22023 messages[1].reply_to must be a UUID | Write it as 8-4-4-4-12 hexadecimal digits.'),
  ('{"usage":{"cost":1}}', '22023 messages[1].usage has only one of cost and currency | Pass both, or neither.'),
  ('{"usage":1}', '22023 messages[1].usage must be a JSON object | Wrap the value in one.')
) bad (more, expected);
select is(pg_temp.listed(:'chat'), 'one two to one calls a b', 'nothing of these is stored');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine. Nothing is stored.
rollback to people;
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select count(*) as stored from chatkeep.append_message(:'chat', 'user', 'one', message_id => pg_temp.id('a1')) \gset
select is(pg_temp.refusal('select * from chatkeep.' || replace(call, 'CHAT', quote_literal(:'chat') || '::uuid')), expected, name)
from (values
  ('no batch', $$append_messages(CHAT, null)$$, '22004 messages is missing | Pass a value; null is not accepted here.'),
  ('a batch that is no array', $$append_messages(CHAT, '{}')$$, '22023 messages must be a JSON array | Wrap the value in one.'),
  ('a batch of JSON null', $$append_messages(CHAT, 'null')$$, '22023 messages must be a JSON array | Wrap the value in one.'),
  ('a batch of 1001', $$append_messages(CHAT, (select jsonb_agg('{"role":"user","content":"x"}'::jsonb) from generate_series(1, 1001)))$$, '22023 messages has more than 1000 items | Send it in several calls.'),
  ('an item that is no object', $$append_messages(CHAT, '[{"role":"user","content":"x"},7]')$$, '22023 messages[1] must be a JSON object | Wrap the value in one.'),
  ('an item with an unknown key', $$append_messages(CHAT, '[{"role":"user","content":"x","colour":"red"}]')$$, '22023 messages[0] has an unknown key | The keys are role, content, message_id, parts, metadata, parent_id, status, model, token_count, reply_to and usage.'),
  ('an item without a role', $$append_messages(CHAT, '[{"content":"x"}]')$$, '22004 messages[0].role is missing | Pass a value; null is not accepted here.'),
  ('an item with a role that is no string', $$append_messages(CHAT, '[{"role":1,"content":"x"}]')$$, '22023 messages[0].role must be a string | Put it in quotes.'),
  ('an item with a role of another name', $$append_messages(CHAT, '[{"role":"bot","content":"x"}]')$$, '22023 messages[0].role must be system, developer, user, assistant or tool | Pass one of the five, in lower case.'),
  ('an item without content', $$append_messages(CHAT, '[{"role":"user"}]')$$, '22004 messages[0].content is missing | Pass a value; null is not accepted here.'),
  ('an item with content that is no string', $$append_messages(CHAT, '[{"role":"user","content":[]}]')$$, '22023 messages[0].content must be a string | Put it in quotes.'),
  ('an item with content over 1 MiB', $$append_messages(CHAT, jsonb_build_array(jsonb_build_object('role', 'user', 'content', repeat('x', 1048577))))$$, '22023 messages[0].content is longer than 1048576 bytes | Split it, or store it as a document and attach that.'),
  ('an item with a message_id that is no UUID', $$append_messages(CHAT, '[{"role":"user","content":"x","message_id":"nope"}]')$$, '22023 messages[0].message_id must be a UUID | Write it as 8-4-4-4-12 hexadecimal digits.'),
  ('an item with a message_id in braces', $$append_messages(CHAT, '[{"role":"user","content":"x","message_id":"{00000000-0000-7000-8000-0000000000a1}"}]')$$, '22023 messages[0].message_id must be a UUID | Write it as 8-4-4-4-12 hexadecimal digits.'),
  ('an item with a parent_id that is no string', $$append_messages(CHAT, '[{"role":"user","content":"x","parent_id":7}]')$$, '22023 messages[0].parent_id must be a UUID | Write it as 8-4-4-4-12 hexadecimal digits.'),
  ('an item with a parent that is not there', $$append_messages(CHAT, '[{"role":"user","content":"x","parent_id":"00000000-0000-7000-8000-0000000000ff"}]')$$, 'PT404 messages[0].parent_id names no message of this chat | Pass the id of a message of the same chat.'),
  ('an item with parts that are no array', $$append_messages(CHAT, '[{"role":"user","content":"x","parts":{}}]')$$, '22023 messages[0].parts must be a JSON array | Wrap the value in one.'),
  ('an item with parts of 65 levels', $$append_messages(CHAT, ('[{"role":"user","content":"x","parts":' || repeat('[', 65) || repeat(']', 65) || '}]')::jsonb)$$, '22023 messages[0].parts is nested deeper than 64 levels | Flatten it, or store it as text.'),
  ('an item with parts over 256 KiB', $$append_messages(CHAT, jsonb_build_array(jsonb_build_object('role', 'user', 'content', 'x', 'parts', jsonb_build_array(repeat('x', 262144)))))$$, '22023 messages[0].parts is larger than 262144 bytes | Move files (data URLs) to Storage and attach them by storage_path; store other large values as a document and attach that.'),
  ('an item with metadata that is no object', $$append_messages(CHAT, '[{"role":"user","content":"x","metadata":[]}]')$$, '22023 messages[0].metadata must be a JSON object | Wrap the value in one.'),
  ('an item with a status of another name', $$append_messages(CHAT, '[{"role":"user","content":"x","status":"done"}]')$$, '22023 messages[0].status must be complete, streaming, failed or stopped | Pass one of the four, or leave it out for complete.'),
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
  ('a stored id with other content in a batch', $$append_messages(CHAT, '[{"role":"user","content":"other","message_id":"00000000-0000-7000-8000-0000000000a1"}]')$$, 'PT409 messages[0].message_id is taken by a message with other content | Send the same content to retry, or a new message_id for a new message.')
) refused (name, call, expected);
select is((select count(*)::int from chatkeep.messages), 1, 'no refused message is stored');
select pg_temp.rows_are($$ select content, status from chatkeep.messages $$, $$ values ('one', 'complete') $$, 'the messages from before the refusals are unchanged');

select is(pg_temp.refusal($$ select * from chatkeep.append_messages(pg_temp.id('c1'), '[{"colour":"red"}]') $$),
  '22023 messages[0] has an unknown key | The keys are ' || regexp_replace(string_agg(name, ', ' order by place), ', (\w+)$', ' and \1') || '.',
  'the keys of an item are the arguments of append_message but chat_id and expected_leaf')
from pg_catalog.pg_proc p, unnest(p.proargnames) with ordinality a (name, place)
where p.oid = 'chatkeep.append_message'::regproc and name not in ('chat_id', 'expected_leaf');

-- Values in JSON of a wrong kind, and of the right kind.
rollback to people;
\ir ../support/kinds.psql
select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('c1')) \gset
select count(*) as stored from chatkeep.append_message(pg_temp.id('c1'), 'user', 'one', pg_temp.id('a1')) \gset
select pg_temp.kinds_are_refused(call, argument, kind) from (values
  ('append_messages(CHAT, ''[{"role":"user","content":"x","message_id":VALUE}]'')', 'messages[0].message_id', 'uuid'),
  ('append_messages(CHAT, ''[{"role":"user","content":"x"},{"role":"user","content":"x","parent_id":VALUE}]'')', 'messages[1].parent_id', 'uuid'),
  ('append_messages(CHAT, ''[{"role":"user","content":"x","token_count":VALUE}]'')', 'messages[0].token_count', 'integer'),
  ('append_messages(CHAT, ''[{"role":"user","content":"x","model":VALUE}]'')', 'messages[0].model', 'string'),
  ('append_messages(CHAT, ''[{"role":"user","content":"x","status":VALUE}]'')', 'messages[0].status', 'string'),
  ('append_messages(CHAT, ''[{"role":"user","content":"x","metadata":VALUE}]'')', 'messages[0].metadata', 'object'),
  ('append_messages(CHAT, ''[{"role":"user","content":"x","parts":VALUE}]'')', 'messages[0].parts', 'array')
) places (call, argument, kind);
select is((select count(*)::integer from chatkeep.messages), 1, 'no refused message is stored');
select is((select string_agg(v || ': ' || r.said, ', ') from unnest(array['0', '1', '-0', '2147483647', '1e2', 'null', '2.147483647e9']) v,
    lateral (select pg_temp.refusal(format('select * from chatkeep.append_messages(pg_temp.id(''c1''), %L)', replace('[{"role":"user","content":"x","token_count":VALUE}]', 'VALUE', v))) as said) r where r.said <> 'accepted'),
  null, 'a whole number is one');
select is((select string_agg(v || ': ' || r.said, ', ') from unnest(array['"00000000-0000-7000-8000-0000000000B1"', '"ffffffff-ffff-ffff-ffff-ffffffffffff"', 'null']) v,
    lateral (select pg_temp.refusal(format('select * from chatkeep.append_messages(pg_temp.id(''c1''), %L)', replace('[{"role":"user","content":"x","message_id":VALUE}]', 'VALUE', v))) as said) r where r.said <> 'accepted'),
  null, 'a UUID is one in either case');

select * from finish();
rollback;
