-- delete_chat, restore_chat, purge_chats: gone from every call and every table, back as it was, or gone for good in batches.
begin;
\ir support/identities.psql
select plan(46);

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

-- What a chat is: its row, its messages, its attachments. Written down to be compared after restoring.
create temporary table was on commit drop as
  select row(c.*)::text as chat,
    (select string_agg(row(m.*)::text, E'\n' order by m.seq) from chatkeep.messages m where m.chat_id = c.id) as messages,
    (select string_agg(row(a.*)::text, E'\n' order by a.id) from chatkeep.attachments a where a.chat_id = c.id) as attachments
  from chatkeep.chats c where c.id = :'chat';
grant select on was to public;

select pg_temp.rows_are(format($$ select id, title, deleted_at between now() - interval '1 minute' and clock_timestamp(), message_count from chatkeep.delete_chat(%L) $$, :'chat'),
  format($$ values (%L::uuid, 'plans', true, 4) $$, :'chat'), 'delete_chat returns the chat with its time of deletion');
select pg_temp.rows_are(format($$ select a.deleted_at = b.deleted_at from chatkeep.delete_chat(%L) a, chatkeep.delete_chat(%L) b $$, :'chat', :'chat'), array[true], 'again it returns the same');

-- Gone.
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
  'PT410 chat_id names a deleted chat%', statement || ' is told that the chat is deleted')
from refused;
select is_empty(format('update chatkeep.chats set title = %L where id = %L returning id', 'x', :'chat'), 'a deleted chat is not renamed');
select pg_temp.sign_in('bob');
select is(
  (select array_agg(pg_temp.refusal(format('select * from chatkeep.%s(%L)', call, :'chat')) order by call) from unnest(array['delete_chat', 'restore_chat']) call),
  (select array_agg(pg_temp.refusal(format('select * from chatkeep.%s(pg_temp.id(''ff''))', call)) order by call) from unnest(array['delete_chat', 'restore_chat']) call),
  'to others a deleted chat is an unknown one');
select alike(pg_temp.refusal(format('select * from chatkeep.restore_chat(%L)', :'chat')), 'PT404 chat_id names no chat of yours%', 'which they cannot restore');

-- Back.
select pg_temp.sign_in('ada');
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
select pg_temp.rows_are(format($$ select seq from chatkeep.append_message(%L, 'user', 'on') $$, :'chat'), array[5], 'and it goes on');

-- By hand.
select alike(pg_temp.refusal('update chatkeep.chats set deleted_at = now()'), '42501 %', 'a chat is not deleted by a direct update');
select lives_ok(format('select * from chatkeep.delete_chat(%L)', :'chat'), 'deleted once more');
select is_empty(format('update chatkeep.chats set deleted_at = null where id = %L returning id', :'chat'), 'nor restored by one');
select is(
  (select array_agg(pg_temp.refusal(format('select * from chatkeep.%s(null)', call)) like '22004 chat_id is missing%') from unnest(array['delete_chat', 'restore_chat']) call),
  array[true, true], 'a chat must be named');
select pg_temp.serve();
select pg_temp.rows_are(format('select id, deleted_at is null from chatkeep.restore_chat(%L)', :'chat'), format('values (%L::uuid, true)', :'chat'), 'service_role restores any chat');
select pg_temp.rows_are(format('select id, deleted_at is null from chatkeep.delete_chat(%L)', :'chat'), format('values (%L::uuid, false)', :'chat'), 'and deletes it');

-- For good, in bounded batches: two chats deleted long ago with 5 and 7 messages, one deleted just now, one kept.
select pg_temp.sign_in('ada');
select id as old from chatkeep.create_chat('old') \gset
select count(*) as stored from chatkeep.append_messages(:'old', (select jsonb_agg(pg_temp.item('heron ' || n)) from generate_series(1, 7) n)) \gset
select id as recent from chatkeep.create_chat('recent') \gset
select count(*) as stored from chatkeep.append_messages(:'recent', (select jsonb_agg(pg_temp.item('heron ' || n)) from generate_series(1, 3) n)) \gset
select count(*) as deleted from (select chatkeep.delete_chat(:'old') union all select chatkeep.delete_chat(:'recent')) d \gset
reset role;
delete from chatkeep.chats where deleted_at is not null and user_id <> '00000000-0000-4000-8000-00000000ada0';
update chatkeep.chats set deleted_at = now() - interval '31 days' where id in (:'chat', :'old');
create function pg_temp.purge(older_than interval, batch_size integer) returns text language plpgsql as $$
declare
  purged integer;
  said text := '';
  total integer := 0;
begin
  for round in 1 .. 50 loop
    purged := chatkeep.purge_chats(older_than, batch_size);
    if purged > batch_size then
      return 'removed ' || purged;
    elsif purged = 0 then
      return total::text;
    end if;
    total := total + purged;
  end loop;
  return 'no end';
end
$$;
select pg_temp.serve();
select is(pg_temp.purge('30 days', 4), '14', 'what was deleted more than 30 days ago is removed, at most so many rows at a time');
reset role;
select pg_temp.rows_are($$ select title from chatkeep.chats where user_id = '00000000-0000-4000-8000-00000000ada0' order by title $$, array['kept', 'recent'],
  'what was deleted later stays, and what was not deleted');
select is((select count(*)::int from chatkeep.messages where chat_id in (:'chat', :'old')), 0, 'with a chat go its messages');
select is((select count(*)::int from chatkeep.attachments where chat_id in (:'chat', :'old')), 0, 'its attachments');
select is((select count(*)::int from chatkeep.message_search where chat_id in (:'chat', :'old')), 0, 'and what search knows of it');
select is((select count(*)::int from chatkeep.messages where chat_id in (:'recent', :'kept')), 4, 'the others keep theirs');
select pg_temp.serve();
select is(pg_temp.purge('0', 10000), '4', 'or whatever is deleted');
select is(chatkeep.purge_chats(), 0, 'nothing is left to do');
select is(
  (select array_agg(pg_temp.refusal('select chatkeep.purge_chats(' || arguments || ')') like expected order by n)
   from (values (1, 'null', '22004 older_than is missing%'), (2, '''-1 day''', '22023 older_than %'), (3, 'batch_size => null', '22004 batch_size is missing%'),
     (4, 'batch_size => 0', '22023 batch_size %'), (5, 'batch_size => -1', '22023 batch_size %')) s (n, arguments, expected)),
  array_fill(true, array[5]), 'bad arguments of purge_chats are refused by name');
select pg_temp.sign_in('ada');
select alike(pg_temp.refusal('select chatkeep.purge_chats()'), '42501 %', 'no user purges, not even the own');
select alike(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'late') $$, :'chat')), 'PT404 chat_id names no chat of yours%', 'a purged chat is an unknown one');
select is((select count(*)::int from chatkeep.list_messages(:'kept')), 1, 'and a kept one is kept');
select is(current_setting('chatkeep.writing', true), '', 'the marker does not outlive a call');

select * from finish();
rollback;
