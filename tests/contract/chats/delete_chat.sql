-- delete_chat: takes a chat out of sight of every call and every table, until restore_chat brings it back.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat('plans', chat_id => pg_temp.id('c1')) \gset
select id as kept from chatkeep.create_chat('kept') \gset
select count(*) as stored from chatkeep.append_messages(:'chat', jsonb_build_array(
  pg_temp.item('the purple heron', pg_temp.id('a1')), pg_temp.item('an answer', pg_temp.id('a2')), pg_temp.item('an edit of the purple heron', pg_temp.id('a3'), '00000000-0000-0000-0000-000000000000'),
  pg_temp.item('', pg_temp.id('a4'), more => '{"role":"assistant","status":"streaming"}'))) \gset
select id as message from chatkeep.append_message(:'kept', 'user', 'a heron that stays') \gset
reset role;
insert into chatkeep.attachments (tenant_id, user_id, chat_id, message_id, name) values
  ('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', :'chat', pg_temp.id('a1'), 'a.png'),
  ('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', :'kept', :'message', 'b.png');
select pg_temp.serve();
select chatkeep.index_messages() as indexed \gset
select pg_temp.sign_in('ada');

select pg_temp.rows_are(format($$ select id, title, deleted_at between now() - interval '1 minute' and clock_timestamp(), message_count from chatkeep.delete_chat(%L) $$, :'chat'),
  format($$ values (%L::uuid, 'plans', true, 4) $$, :'chat'), 'delete_chat returns the chat with its time of deletion');
select pg_temp.rows_are(format($$ select a.deleted_at = b.deleted_at from chatkeep.delete_chat(%L) a, chatkeep.delete_chat(%L) b $$, :'chat', :'chat'), array[true], 'again it returns the same');

-- The chat is out of sight.
select pg_temp.rows_are('select id from chatkeep.chats', format('values (%L::uuid)', :'kept'), 'the chat is gone from chats');
select pg_temp.rows_are('select count(*)::int from chatkeep.messages', array[1], 'its messages from messages');
select pg_temp.rows_are('select name from chatkeep.attachments', array['b.png'], 'its attachments from attachments');
select pg_temp.rows_are($$ select chat_id from chatkeep.search_messages('heron') $$, format('values (%L::uuid)', :'kept'), 'its text from search');
select is_empty(format('select * from chatkeep.message_search s where s.chat_id = %L', :'chat'), 'and from the index, as far as a user reads it');
select is_empty($$ select * from chatkeep.fail_stale_messages('0') $$, 'its placeholders are nobody''s work');
create temporary table refused (statement text) on commit drop;
insert into refused values
  ('append_message(CHAT, ''user'', ''x'')'),
  ('append_message(CHAT, ''user'', ''the purple heron'', message_id => pg_temp.id(''a1''))'),
  ('append_messages(CHAT, jsonb_build_array(pg_temp.item(''x'')))'),
  ('append_messages(CHAT, ''[]'')'),
  ('finish_message(CHAT, pg_temp.id(''a4''), ''late'')'),
  ('select_branch(CHAT, pg_temp.id(''a2''))'),
  ('list_messages(CHAT)'),
  ('search_messages(''heron'', CHAT)'),
  ('create_chat(chat_id => CHAT)'),
  ('import_chat(jsonb_build_object(''id'', CHAT, ''messages'', jsonb_build_array(pg_temp.item(''x''))))');
grant select on refused to public;
select alike(pg_temp.refusal('select * from chatkeep.' || replace(statement, 'CHAT', quote_literal(:'chat') || '::uuid')),
  'PT410 chat_id names a deleted chat%', statement || ' refuses a deleted chat')
from refused;
select is_empty(format('update chatkeep.chats set title = %L where id = %L returning id', 'x', :'chat'), 'a deleted chat is not renamed');
select pg_temp.sign_in('bob');
select is(
  (select array_agg(pg_temp.refusal(format('select * from chatkeep.%s(%L)', call, :'chat')) order by call) from unnest(array['delete_chat', 'restore_chat']) call),
  (select array_agg(pg_temp.refusal(format('select * from chatkeep.%s(pg_temp.id(''ff''))', call)) order by call) from unnest(array['delete_chat', 'restore_chat']) call),
  'to others a deleted chat is an unknown one');
select alike(pg_temp.refusal(format('select * from chatkeep.restore_chat(%L)', :'chat')), 'PT404 chat_id names no chat of yours%', 'other users cannot restore a deleted chat');

-- Direct updates, a missing argument, service_role.
select pg_temp.sign_in('ada');
select alike(pg_temp.refusal('update chatkeep.chats set deleted_at = now()'), '42501 %', 'a chat is not deleted by a direct update');
select is(
  (select array_agg(pg_temp.refusal(format('select * from chatkeep.%s(null)', call)) like '22004 chat_id is missing%') from unnest(array['delete_chat', 'restore_chat']) call),
  array[true, true], 'a chat must be named');
select pg_temp.serve();
select pg_temp.rows_are(format('select id, deleted_at is null from chatkeep.delete_chat(%L)', :'kept'), format('values (%L::uuid, false)', :'kept'), 'service_role deletes any chat');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine.
rollback to people;
select pg_temp.sign_in('ada');
select is(pg_temp.refusal('select * from chatkeep.' || call), expected, name)
from (values
  ('no chat to delete', $$delete_chat(null)$$, '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('an unknown chat to delete', $$delete_chat(pg_temp.id('ff'))$$, 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.')
) refused (name, call, expected);

select * from finish();
rollback;
