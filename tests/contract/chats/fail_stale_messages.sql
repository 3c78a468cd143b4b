-- fail_stale_messages: ends placeholders whose writer died.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select count(*) as stored from chatkeep.append_message(:'chat', 'assistant', '', message_id => pg_temp.id('a4'), status => 'streaming') \gset

-- Eve has a placeholder too.
select pg_temp.sign_in('eve');
select id as eves from chatkeep.create_chat() \gset
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', '', message_id => pg_temp.id('e1'), status => 'streaming') $$, :'eves'), 'another tenant streams');
select pg_temp.sign_in('ada');
select lives_ok(format($$ select * from chatkeep.append_messages(%L, jsonb_build_array(
    pg_temp.item('', pg_temp.id('a5'), more => '{"status":"streaming"}'), pg_temp.item('half', pg_temp.id('a6'), more => '{"status":"streaming"}'))) $$, :'chat'), 'two more placeholders of the user');
reset role;
create temporary table ages on commit drop as
  select m.id, now() - case m.id when pg_temp.id('a4') then interval '16 minutes' when pg_temp.id('a5') then interval '14 minutes' when pg_temp.id('a6') then interval '3 hours' else interval '2 hours' end as at
  from chatkeep.messages m where m.status = 'streaming';
update chatkeep.messages m set created_at = a.at, updated_at = a.at from ages a where a.id = m.id;
select pg_temp.sign_in('ada');
select pg_temp.rows_are('select id, status, content from chatkeep.fail_stale_messages(batch_size => 1)', $$ values (pg_temp.id('a6'), 'failed', 'half') $$, 'a batch takes the oldest messages first');
select pg_temp.rows_are('select id, status from chatkeep.fail_stale_messages()', $$ values (pg_temp.id('a4'), 'failed') $$, 'messages older than 15 minutes fail by default');
select pg_temp.rows_are($$ select id from chatkeep.fail_stale_messages('1 minute') $$, $$ values (pg_temp.id('a5')) $$, 'messages older than older_than fail');
select is_empty($$ select id from chatkeep.fail_stale_messages('0') $$, 'and then the user has none left');
select pg_temp.rows_are(format($$ select content, status from chatkeep.finish_message(%L, pg_temp.id('a4'), 'late') $$, :'chat'), $$ values ('late', 'complete') $$, 'a writer that comes back ends its message');
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', '', message_id => pg_temp.id('a7'), status => 'streaming') $$, :'chat'), 'a long answer');
reset role;
update chatkeep.messages m set created_at = now() - interval '20 minutes', updated_at = now() - interval '20 minutes' where m.id = pg_temp.id('a7');
select pg_temp.sign_in('ada');
select lives_ok(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('a7'), 'still here', status => 'streaming') $$, :'chat'), 'shows that it is alive');
select is_empty('select id from chatkeep.fail_stale_messages()', 'and does not fail');
select pg_temp.serve();
select is((select array_agg(f.id) from chatkeep.fail_stale_messages() f where f.chat_id = :'eves'), array[pg_temp.id('e1')], 'service_role fails everybody''s');
select is(
  (select array_agg(pg_temp.refusal('select * from chatkeep.fail_stale_messages(' || arguments || ')') like expected order by n)
   from (values (1, 'null', '22004 older_than is missing%'), (2, '''-1 minute''', '22023 older_than %'), (3, 'batch_size => null', '22004 batch_size is missing%'),
     (4, 'batch_size => 0', '22023 batch_size must be between 1 and 1000%'), (5, 'batch_size => 1001', '22023 batch_size must be between 1 and 1000%')) s (n, arguments, expected)),
  array_fill(true, array[5]), 'bad arguments of fail_stale_messages are refused by name');

select pg_temp.sign_in('ada');
select is(current_setting('chatkeep.writing', true), '', 'the marker does not outlive a call');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine.
rollback to people;
select pg_temp.sign_in('ada');
select is(pg_temp.refusal('select * from chatkeep.' || call), expected, name)
from (values
  ('stale since never', $$fail_stale_messages(null)$$, '22004 older_than is missing | Pass a value; null is not accepted here.'),
  ('stale in the future', $$fail_stale_messages('-1 second')$$, '22023 older_than must not be negative | Pass an interval such as ''15 minutes''.'),
  ('a stale batch of nothing', $$fail_stale_messages(batch_size => 0)$$, '22023 batch_size must be between 1 and 1000 | Call again until nothing is left.'),
  ('a stale batch over 1000', $$fail_stale_messages(batch_size => 1001)$$, '22023 batch_size must be between 1 and 1000 | Call again until nothing is left.'),
  ('no stale batch', $$fail_stale_messages(batch_size => null)$$, '22004 batch_size is missing | Pass a value; null is not accepted here.')
) refused (name, call, expected);

select * from finish();
rollback;
