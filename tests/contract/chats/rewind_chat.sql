-- rewind_chat: the active path ends earlier, and nothing is deleted.
begin;
\ir ../support/identities.psql
select * from no_plan();
select pg_temp.sign_in('ada');
\set chat 00000000-0000-7000-8000-0000000000c1
select count(*) as made from chatkeep.create_chat('plans', chat_id => :'chat') \gset
select count(*) as written from chatkeep.append_messages(:'chat', jsonb_build_array(
  pg_temp.item('one', pg_temp.id('a1')), pg_temp.item('two', pg_temp.id('a2')), pg_temp.item('three', pg_temp.id('a3')), pg_temp.item('four', pg_temp.id('a4')))) \gset
savepoint written;

select is((select active_leaf_id from chatkeep.rewind_chat(:'chat', pg_temp.id('a3'))), pg_temp.id('a2'), 'the path ends before the message');
select is(pg_temp.listed(:'chat'), 'one two', 'and shows what comes before');
select is((select active_leaf_id from chatkeep.rewind_chat(:'chat', pg_temp.id('a3'))), pg_temp.id('a2'), 'the same call again changes nothing');
select is((select count(*) from chatkeep.messages where chat_id = :'chat'), 4::bigint, 'no message is deleted');
select is((select row(seq, parent_id)::text from chatkeep.append_message(:'chat', 'user', 'other')), format('(5,%s)', pg_temp.id('a2')), 'the next message follows there');
select is(pg_temp.listed(:'chat'), 'one two other', 'on a new branch');
select is((select count(*) from chatkeep.select_branch(:'chat', pg_temp.id('a4'))), 1::bigint, 'the old one can be chosen');
select is(pg_temp.listed(:'chat'), 'one two three four', 'and is whole');
select is((select active_leaf_id from chatkeep.rewind_chat(:'chat', pg_temp.id('a1'))), null, 'before the first message the path is empty');
select is(pg_temp.listed(:'chat'), null, 'and shows nothing');
select is((select active_leaf_id from chatkeep.rewind_chat(:'chat', pg_temp.id('a1'))), null, 'again too');
select is((select row(seq, parent_id)::text from chatkeep.append_message(:'chat', 'user', 'anew')), '(6,)', 'the next message is a first one');

rollback to written;
select count(*) as rewound from chatkeep.rewind_chat(:'chat', pg_temp.id('a2')) \gset
select is(pg_temp.refusal(format('select * from chatkeep.rewind_chat(%L, pg_temp.id(''a4''))', :'chat')), 'PT404 before_message_id names no message of the active path | Pass the id of a message that list_messages shows.', 'a message of another branch');
select is(pg_temp.refusal(format('select * from chatkeep.rewind_chat(%L, pg_temp.id(''ff''))', :'chat')), 'PT404 before_message_id names no message of the active path | Pass the id of a message that list_messages shows.', 'an unknown message');
select is(pg_temp.refusal(format('select * from chatkeep.rewind_chat(%L, null)', :'chat')), '22004 before_message_id is missing | Pass a value; null is not accepted here.', 'no message');
select is(pg_temp.refusal('select * from chatkeep.rewind_chat(null, pg_temp.id(''a1''))'), '22004 chat_id is missing | Pass a value; null is not accepted here.', 'no chat');
select pg_temp.sign_in('bob');
select is(pg_temp.refusal(format('select * from chatkeep.rewind_chat(%L, pg_temp.id(''a1''))', :'chat')), 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'a chat of a colleague');
select pg_temp.serve();
select is((select active_leaf_id from chatkeep.rewind_chat(:'chat', pg_temp.id('a1'))), null, 'a service rewinds too');
select pg_temp.sign_in('ada');
select count(*) as deleted from chatkeep.delete_chat(:'chat') \gset
select is(split_part(pg_temp.refusal(format('select * from chatkeep.rewind_chat(%L, pg_temp.id(''a1''))', :'chat')), ' ', 1), 'PT410', 'a deleted chat');

select * from finish();
rollback;
