-- restore_chat: brings a deleted chat back as it was.
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

-- The row, the messages and the attachments of the chat, to compare with after restoring.
create temporary table was on commit drop as
  select row(c.*)::text as chat,
    (select string_agg(row(m.*)::text, E'\n' order by m.seq) from chatkeep.messages m where m.chat_id = c.id) as messages,
    (select string_agg(row(a.*)::text, E'\n' order by a.id) from chatkeep.attachments a where a.chat_id = c.id) as attachments
  from chatkeep.chats c where c.id = :'chat';
grant select on was to public;
select count(*) as deleted from chatkeep.delete_chat(:'chat') \gset

select pg_temp.rows_are(format('select id, deleted_at, message_count, last_seq from chatkeep.restore_chat(%L)', :'chat'),
  format('values (%L::uuid, null::timestamptz, 4, 4)', :'chat'), 'restore_chat brings the chat back');
select pg_temp.rows_are(
  format($$ select row(c.*)::text, (select string_agg(row(m.*)::text, E'\n' order by m.seq) from chatkeep.messages m where m.chat_id = c.id),
      (select string_agg(row(a.*)::text, E'\n' order by a.id) from chatkeep.attachments a where a.chat_id = c.id)
    from chatkeep.chats c where c.id = %L $$, :'chat'),
  'select chat, messages, attachments from was', 'as it was, with every message and attachment');
select is(pg_temp.listed(:'chat'), 'an edit of the purple heron ', 'its active path lists in order');
select is((select count(*)::int from chatkeep.search_messages('heron')), 3, 'its text is found again');
select lives_ok(format('select * from chatkeep.restore_chat(%L)', :'chat'), 'restoring a chat that is not deleted is harmless');
select pg_temp.rows_are(format($$ select seq from chatkeep.append_message(%L, 'user', 'on') $$, :'chat'), array[5], 'a restored chat can be continued');

-- Direct updates, service_role.
select lives_ok(format('select * from chatkeep.delete_chat(%L)', :'chat'), 'deleted once more');
select is_empty(format('update chatkeep.chats set deleted_at = null where id = %L returning id', :'chat'), 'a deleted chat is not restored by a direct update');
select pg_temp.serve();
select pg_temp.rows_are(format('select id, deleted_at is null from chatkeep.restore_chat(%L)', :'chat'), format('values (%L::uuid, true)', :'chat'), 'service_role restores any chat');
select pg_temp.rows_are(format('select id, deleted_at is null from chatkeep.delete_chat(%L)', :'chat'), format('values (%L::uuid, false)', :'chat'), 'and deletes it');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine.
rollback to people;
select pg_temp.sign_in('ada');
select is(pg_temp.refusal('select * from chatkeep.' || call), expected, name)
from (values
  ('no chat to restore', $$restore_chat(null)$$, '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('an unknown chat to restore', $$restore_chat(pg_temp.id('ff'))$$, 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.')
) refused (name, call, expected);

select * from finish();
rollback;
