-- select_branch: makes another path the active one. No message is lost, and the active path is one line.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select id as other from chatkeep.create_chat() \gset
select id as elsewhere from chatkeep.append_message(:'other', 'user', 'elsewhere') \gset
select count(*) as stored from chatkeep.append_messages(:'chat', jsonb_build_array(
  pg_temp.item('q1', pg_temp.id('a1')), pg_temp.item('a1', pg_temp.id('a2')), pg_temp.item('q2', pg_temp.id('a3')), pg_temp.item('a2', pg_temp.id('a4')))) \gset
-- A regenerated answer, an edited question with its answer, an edited first message.
select count(*) as stored from chatkeep.append_message(:'chat', 'assistant', 'a2b', message_id => pg_temp.id('a5'), parent_id => pg_temp.id('a3')) \gset
select count(*) as stored from chatkeep.append_message(:'chat', 'user', 'q2c', message_id => pg_temp.id('a6'), parent_id => pg_temp.id('a2')) \gset
select count(*) as stored from chatkeep.append_message(:'chat', 'assistant', 'a2c', message_id => pg_temp.id('a7')) \gset
select count(*) as stored from chatkeep.append_message(:'chat', 'user', 'Q1', message_id => pg_temp.id('a8'), parent_id => '00000000-0000-0000-0000-000000000000') \gset

-- Go back.
select pg_temp.rows_are(format($$ select id, active_leaf_id, message_count, last_seq from chatkeep.select_branch(%L, pg_temp.id('a4')) $$, :'chat'),
  format($$ values (%L::uuid, pg_temp.id('a4'), 8, 8) $$, :'chat'), 'select_branch returns the chat with its new leaf');
select is(pg_temp.listed(:'chat'), 'q1 a1 q2 a2', 'the old branch is the active path again');
select lives_ok(format($$ select * from chatkeep.select_branch(%L, pg_temp.id('a7')) $$, :'chat'), 'another branch');
select is(pg_temp.listed(:'chat'), 'q1 a1 q2c a2c', 'is shown from its first message');
select lives_ok(format($$ select * from chatkeep.select_branch(%L, pg_temp.id('a8')) $$, :'chat'), 'the edited beginning');
select is(pg_temp.listed(:'chat'), 'Q1', 'the edited beginning has no other message');
select lives_ok(format($$ select * from chatkeep.select_branch(%L, pg_temp.id('a2')) $$, :'chat'), 'a message within a branch');
select is(pg_temp.listed(:'chat'), 'q1 a1', 'ends the active path: what follows it is inactive');
select pg_temp.rows_are(format($$ select seq, parent_id from chatkeep.append_message(%L, 'user', 'q2d', message_id => pg_temp.id('a9')) $$, :'chat'),
  $$ values (9, pg_temp.id('a2')) $$, 'the next message follows it');
select pg_temp.rows_are(
  format($$ select c.updated_at = m.created_at from chatkeep.chats c join chatkeep.messages m on m.chat_id = c.id and m.seq = 9 where c.id = %L $$, :'chat'),
  array[true], 'choosing a branch does not move the chat up');
create temporary table chosen on commit drop as select c.updated_at, (select string_agg(m.ctid::text, ' ' order by m.seq) from chatkeep.messages m where m.chat_id = c.id) as messages_at
  from chatkeep.chats c where c.id = :'chat';
select lives_ok(format($$ select * from chatkeep.select_branch(%L, pg_temp.id('a9')) $$, :'chat'), 'choosing the active branch');
select pg_temp.rows_are(
  format($$ select c.updated_at, (select string_agg(m.ctid::text, ' ' order by m.seq) from chatkeep.messages m where m.chat_id = c.id) from chatkeep.chats c where c.id = %L $$, :'chat'),
  'select updated_at, messages_at from chosen', 'changes no message');
select is((select count(*)::int from chatkeep.messages where chat_id = :'chat'), 9, 'no branch was ever lost');

-- One user appends under the old leaf while another edits.
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'user', 'q2e', message_id => pg_temp.id('b1'), parent_id => pg_temp.id('a2')) $$, :'chat'), 'one edits');
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', 'a2d', message_id => pg_temp.id('b2'), parent_id => pg_temp.id('a9')) $$, :'chat'), 'another answers the old text');
select is(pg_temp.listed(:'chat'), 'q1 a1 q2d a2d', 'the last writer''s branch is active');
select lives_ok(format($$ select * from chatkeep.select_branch(%L, pg_temp.id('b1')) $$, :'chat'), 'and the other');
select is(pg_temp.listed(:'chat'), 'q1 a1 q2e', 'is readable too');

-- A deep tree.
select id as deep from chatkeep.create_chat() \gset
select count(*) as stored from chatkeep.append_messages(:'deep', (select jsonb_agg(pg_temp.item(n::text, pg_temp.id('d' || n))) from generate_series(1, 1000) n)) \gset
select count(*) as stored from chatkeep.append_messages(:'deep', (select jsonb_agg(pg_temp.item('b' || n, pg_temp.id('e' || n), case when n % 10 = 1 then pg_temp.id('d' || n) end)) from generate_series(1, 1000) n)) \gset
select pg_temp.rows_are(
  format($$ select count(*)::int, bool_and(m.seq <= 991 or m.seq > 1990), max(m.seq) from chatkeep.messages m where m.chat_id = %L and m.active $$, :'deep'),
  $$ values (1001, true, 2000) $$, 'of a hundred branches one is active');
select lives_ok(format($$ select * from chatkeep.select_branch(%L, pg_temp.id('d1000')) $$, :'deep'), 'a thousand messages back');
select is((select array_agg(m.seq order by m.seq) from chatkeep.messages m where m.chat_id = :'deep' and m.active), (select array_agg(n) from generate_series(1, 1000) n), 'make the first line active, all of it');
select is((select array_agg(content::text) from chatkeep.list_messages(:'deep', page_size => 3)), array['998', '999', '1000'], 'the first line is listed without the branches');

-- Refusals.
create temporary table refused (name text, statement text, expected text) on commit drop;
insert into refused values
  ('a leaf of another chat', format('select_branch(%L, %L)', :'chat', :'elsewhere'), 'PT404 leaf_id names no message of this chat%'),
  ('a parent of another chat', format('append_message(%L, ''user'', ''x'', parent_id => %L)', :'chat', :'elsewhere'), 'PT404 parent_id names no message of this chat%'),
  ('an unknown leaf', format('select_branch(%L, pg_temp.id(''ff''))', :'chat'), 'PT404 leaf_id names no message of this chat%'),
  ('the nil UUID as leaf', format('select_branch(%L, ''00000000-0000-0000-0000-000000000000'')', :'chat'), 'PT404 leaf_id names no message of this chat%'),
  ('no leaf', format('select_branch(%L, null)', :'chat'), '22004 leaf_id is missing%'),
  ('no chat', 'select_branch(null, pg_temp.id(''a1''))', '22004 chat_id is missing%'),
  ('an unknown chat', 'select_branch(pg_temp.id(''ff''), pg_temp.id(''a1''))', 'PT404 chat_id names no chat of yours%');
grant select on refused to public;
select is(
  (select string_agg(name || ': ' || pg_temp.refusal('select * from chatkeep.' || statement), ', ') from refused where pg_temp.refusal('select * from chatkeep.' || statement) not like expected),
  null, 'an id that is no message of the chat is refused as parent and as leaf');
select is(pg_temp.listed(:'chat'), 'q1 a1 q2e', 'and changes nothing');

select is(current_setting('chatkeep.writing', true), '', 'the marker does not outlive a call');
select is_empty(
  $$ select m.id from chatkeep.messages m where m.parent_id is not null
     and not exists (select from chatkeep.messages p where p.chat_id = m.chat_id and p.id = m.parent_id and p.seq < m.seq) $$,
  'every parent is an earlier message of the same chat');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine.
rollback to people;
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select count(*) as stored from chatkeep.append_message(:'chat', 'user', 'one', message_id => pg_temp.id('a1')) \gset
select is(pg_temp.refusal('select * from chatkeep.' || replace(call, 'CHAT', quote_literal(:'chat') || '::uuid')), expected, name)
from (values
  ('no leaf', $$select_branch(CHAT, null)$$, '22004 leaf_id is missing | Pass a value; null is not accepted here.'),
  ('a branch of no chat', $$select_branch(null, pg_temp.id('a1'))$$, '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('an unknown leaf', $$select_branch(CHAT, pg_temp.id('ff'))$$, 'PT404 leaf_id names no message of this chat | Pass the id of a message of the same chat.')
) refused (name, call, expected);

select * from finish();
rollback;
