-- purge_chats: removes deleted chats for good, in bounded batches, for service_role alone.
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
select count(*) as stored from chatkeep.append_message(:'chat', 'user', 'on') \gset
select count(*) as deleted from chatkeep.delete_chat(:'chat') \gset

-- Two chats were deleted long ago, with 5 and 7 messages. One was deleted just now. One is kept.
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
select is(pg_temp.purge('30 days', 4), '14', 'chats deleted more than 30 days ago are removed, at most batch_size rows at a time');
reset role;
select pg_temp.rows_are($$ select title from chatkeep.chats where user_id = '00000000-0000-4000-8000-00000000ada0' order by title $$, array['kept', 'recent'],
  'chats deleted later and chats that are not deleted stay');
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
select alike(pg_temp.refusal('select chatkeep.purge_chats()'), '42501 %', 'no user purges, not even their own chats');
select alike(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'late') $$, :'chat')), 'PT404 chat_id names no chat of yours%', 'a purged chat is an unknown one');
select is((select count(*)::int from chatkeep.list_messages(:'kept')), 1, 'and a kept one is kept');
select is(current_setting('chatkeep.writing', true), '', 'the marker does not outlive a call');

-- A purge that stops inside a chat. No call brings the chat back, and the next purge continues.
rollback to people;
-- Makes a chat with this many messages, deleted 31 days ago.
create function pg_temp.deleted_chat(chat uuid, messages integer) returns void language plpgsql as $$
begin
  perform pg_temp.sign_in('ada');
  perform chatkeep.create_chat('old', chat_id => chat);
  perform chatkeep.append_messages(chat, coalesce((select jsonb_agg(pg_temp.item('heron ' || n, ('00000000-0000-7000-8000-' || right(chat::text, 4) || lpad(n::text, 8, '0'))::uuid) order by n) from generate_series(1, messages) n), '[]'));
  perform chatkeep.delete_chat(chat);
  perform set_config('role', 'postgres', true);
  update chatkeep.chats set deleted_at = deleted_at - interval '31 days' where id = chat;
end
$$;
create function pg_temp.purge(batch_size integer) returns integer language plpgsql as $$
declare
  caller text := current_setting('role');
  claims text := current_setting('request.jwt.claims', true);
  removed integer;
begin
  perform pg_temp.serve();
  removed := chatkeep.purge_chats('30 days', batch_size);
  perform set_config('role', caller, true), set_config('request.jwt.claims', claims, true);
  return removed;
end
$$;
-- Counts the row, the messages, the attachments and the entries in the full-text index of a chat.
create function pg_temp.left_of(chat uuid) returns text language plpgsql as $$
declare
  caller text := current_setting('role');
  rows text;
begin
  perform set_config('role', 'postgres', true);
  rows := concat_ws(' ', (select count(*) from chatkeep.chats c where c.id = chat), (select count(*) from chatkeep.messages m where m.chat_id = chat),
    (select count(*) from chatkeep.attachments a where a.chat_id = chat), (select count(*) from chatkeep.message_search s where s.chat_id = chat));
  perform set_config('role', caller, true);
  return rows;
end
$$;

select pg_temp.deleted_chat(pg_temp.id('c1'), 250) \g /dev/null
-- Its first and last message have attachments, and the last one still streams.
update chatkeep.messages set status = 'streaming' where chat_id = pg_temp.id('c1') and seq = 250;
insert into chatkeep.attachments (tenant_id, user_id, chat_id, message_id, name)
  select tenant_id, user_id, chat_id, id, 'a.png' from chatkeep.messages where chat_id = pg_temp.id('c1') and seq in (1, 250);
create temporary table ids as select max(id::text) filter (where seq = 1)::uuid as first, max(id::text) filter (where seq = 250)::uuid as last from chatkeep.messages where chat_id = pg_temp.id('c1');
grant select on ids to public;
select first, last from ids \gset

select is(pg_temp.purge(100), 100, 'a purge removes as many messages as it may');
select is(pg_temp.left_of(pg_temp.id('c1')), '1 150 1 0', 'and ends within a chat');

-- Every call on the chat while half of it is removed.
create temporary table calls (n integer generated always as identity, call text, expected text) on commit drop;
insert into calls (call, expected) values
  ('restore_chat(CHAT)', 'PT410 chat_id names a chat that is being purged%'),
  ('delete_chat(CHAT)', 'PT410 chat_id names a chat that is being purged%'),
  ('list_messages(CHAT)', 'PT410 chat_id %'),
  ('append_message(CHAT, ''user'', ''x'')', 'PT410 chat_id %'),
  ('append_message(CHAT, ''user'', ''heron 250'', LAST)', 'PT410 chat_id %'),
  ('append_message(CHAT, ''user'', ''heron 1'', FIRST)', 'PT410 chat_id %'),
  ('append_messages(CHAT, ''[]'')', 'PT410 chat_id %'),
  ('append_messages(CHAT, ''[{"role":"user","content":"x"}]'')', 'PT410 chat_id %'),
  ('finish_message(CHAT, LAST, ''x'')', 'PT410 chat_id %'),
  ('select_branch(CHAT, LAST)', 'PT410 chat_id %'),
  ('search_messages(''heron'', CHAT)', 'PT410 chat_id %'),
  ('attach(CHAT, LAST, storage_path => ''b/a.png'')', 'PT410 chat_id %'),
  ('create_chat(chat_id => CHAT)', 'PT410 chat_id %'),
  ('import_chat(jsonb_build_object(''id'', CHAT))', 'PT410 chat.id %'),
  ('import_chat(jsonb_build_object(''id'', CHAT, ''messages'', ''[{"role":"user","content":"x"}]''::jsonb))', 'PT410 chat.id %');
grant select on calls to public;
-- The answer of a call. The call is rolled back.
create function pg_temp.told(call text, chat uuid) returns text language plpgsql as $$
declare
  said text;
begin
  said := pg_temp.refusal('select * from chatkeep.' || replace(replace(replace(call, 'CHAT', quote_literal(chat) || '::uuid'),
    'FIRST', quote_literal((select first from ids))), 'LAST', quote_literal((select last from ids))));
  raise exception using errcode = 'ZZ000', message = said;
exception when sqlstate 'ZZ000' then
  return sqlerrm;
end
$$;
select pg_temp.sign_in('ada');
select alike(pg_temp.told(call, pg_temp.id('c1')), expected, call || ' refuses a chat that is being purged') from calls order by n;
select alike(pg_temp.told('restore_chat(CHAT)', pg_temp.id('c1')), 'PT410 chat_id names a chat that is being purged | _%', 'with a hint what to do');
select is_empty('select from chatkeep.chats', 'the chat is out of sight');
select is_empty('select from chatkeep.messages', 'with what is left of its messages');
select is_empty('select from chatkeep.attachments', 'and attachments');
select is_empty($$ select from chatkeep.search_messages('heron') $$, 'search finds nothing of it');
select is_empty($$ select from chatkeep.fail_stale_messages('0') $$, 'its placeholders are not failed');
select matches(pg_temp.refusal('update chatkeep.chats set purged_at = null'), '^42501 ', 'no user takes the mark of a purge away');
select set_config('chatkeep.writing', 'on', true) \g /dev/null
select matches(pg_temp.refusal('update chatkeep.chats set purged_at = null'), '^42501 ', 'not with a forged marker either');
select matches(pg_temp.refusal('insert into chatkeep.chats (id, tenant_id, user_id, purged_at) values (gen_random_uuid(), ''00000000-0000-4000-8000-000000007e01'', ''00000000-0000-4000-8000-00000000ada0'', now())'),
  '^42501 ', 'no user makes a chat with a purge mark');
select set_config('chatkeep.writing', '', true) \g /dev/null
select pg_temp.serve();
select alike(pg_temp.told('restore_chat(CHAT)', pg_temp.id('c1')), 'PT410 chat_id names a chat that is being purged%', 'service_role does not restore it');
select alike(pg_temp.told('delete_chat(CHAT)', pg_temp.id('c1')), 'PT410 chat_id names a chat that is being purged%', 'it cannot be deleted again, which would postpone the purge');
select alike(pg_temp.told('list_messages(CHAT)', pg_temp.id('c1')), 'PT410 chat_id %', 'it cannot be listed');
select alike(pg_temp.told('append_message(CHAT, ''assistant'', ''late'')', pg_temp.id('c1')), 'PT410 chat_id %', 'nothing can be appended to it');
select is(chatkeep.index_messages(), 0, 'nothing of it is indexed');
select pg_temp.sign_in('bob');
select is((select count(*)::integer from calls where pg_temp.told(call, pg_temp.id('c1')) <> pg_temp.told(call, pg_temp.id('ff')) and call !~ '^(create|import)'), 0, 'to others it is a chat that nobody has');
select is(pg_temp.left_of(pg_temp.id('c1')), '1 150 1 0', 'the refused calls have removed and stored nothing');
-- A chat of another tenant with the same id.
select pg_temp.sign_in('eve');
select is((select title from chatkeep.create_chat('eve''s', chat_id => pg_temp.id('c1'))), 'eve''s', 'another tenant has the id for itself');
select is((select seq from chatkeep.append_message(pg_temp.id('c1'), 'user', 'mine', :'last')), 1, 'and the message ids');

-- The next purges continue.
select is(pg_temp.purge(100), 100, 'the next purge continues with it');
select pg_temp.sign_in('ada');
select alike(pg_temp.told('restore_chat(CHAT)', pg_temp.id('c1')), 'PT410 chat_id names a chat that is being purged%', 'it still is not restored');
select is(pg_temp.purge(50), 50, 'the one after it takes the last message');
select alike(pg_temp.told('restore_chat(CHAT)', pg_temp.id('c1')), 'PT410 chat_id names a chat that is being purged%', 'a chat without a message is not restored either');
select is(pg_temp.purge(100), 1, 'and then the chat itself goes');
select is(pg_temp.purge(100), 0, 'until nothing is left');
select alike(pg_temp.told('restore_chat(CHAT)', pg_temp.id('c1')), 'PT404 chat_id names no chat of yours%', 'a purged chat is one that nobody has');
select is((select message_count from chatkeep.create_chat('new', chat_id => pg_temp.id('c1'))), 0, 'the id of a purged chat is free');
select is((select seq from chatkeep.append_message(pg_temp.id('c1'), 'user', 'anew', :'last')), 1, 'with all its message ids');
select is(pg_temp.listed(pg_temp.id('c1')), 'anew', 'and nothing of the old one in it');
select pg_temp.sign_in('eve');
select is(pg_temp.listed(pg_temp.id('c1')), 'mine', 'the other tenant''s chat is as it was');

-- Several chats: a purge stops inside the second of four.
reset role;
delete from chatkeep.chats;
select pg_temp.deleted_chat(pg_temp.id('d' || n), 3), pg_temp.deleted_chat(pg_temp.id('e0'), 0) from generate_series(1, 4) n limit 1 \g /dev/null
select pg_temp.deleted_chat(pg_temp.id('d' || n), 3) from generate_series(2, 4) n \g /dev/null
update chatkeep.chats set deleted_at = deleted_at - interval '1 day' * (5 - right(id::text, 1)::integer) where id <> pg_temp.id('e0');
update chatkeep.chats set deleted_at = deleted_at - interval '9 days' where id = pg_temp.id('e0');
select is(pg_temp.purge(7), 7, 'an empty chat, a chat of three messages and two messages of the next');
select is((select string_agg(n || ': ' || pg_temp.left_of(pg_temp.id(n)), ', ' order by n) from unnest(array['d1', 'd2', 'd3', 'd4', 'e0']) n),
  'd1: 0 0 0 0, d2: 1 1 0 0, d3: 1 3 0 0, d4: 1 3 0 0, e0: 0 0 0 0', 'are what a purge of seven removes, oldest first');
select pg_temp.sign_in('ada');
select is((select array_agg(left(pg_temp.refusal(format('select * from chatkeep.restore_chat(%L)', pg_temp.id(n))), 5) order by n) from unnest(array['d1', 'd2', 'd3', 'd4', 'e0']) n),
  array['PT404', 'PT410', 'accep', 'accep', 'PT404'], 'a chat whose purge has begun is not restored, and the other chats are');
select is((select string_agg(pg_temp.listed(pg_temp.id(n)), ', ' order by n) from unnest(array['d3', 'd4']) n), 'heron 1 heron 2 heron 3, heron 1 heron 2 heron 3', 'whole');
select pg_temp.rows_are($$ select message_count, last_seq, (select count(*)::integer from chatkeep.messages m where m.chat_id = c.id) from chatkeep.chats c order by c.id $$,
  $$ values (3, 3, 3), (3, 3, 3) $$, 'with all that it counts');
select is((select seq from chatkeep.append_message(pg_temp.id('d3'), 'user', 'on')), 4, 'a restored chat can be continued');

-- One message, in batches of one.
select pg_temp.deleted_chat(pg_temp.id('f1'), 1) \g /dev/null
select is((select array_agg(pg_temp.purge(1)) from generate_series(1, 5)), array[1, 1, 1, 1, 0], 'a batch of one removes a message or a chat each time');

-- A user moves to another tenant with a chat that is half removed. The next purge finishes it there.
select pg_temp.deleted_chat(pg_temp.id('f2'), 5) \g /dev/null
select is(pg_temp.purge(2), 2, 'a purge begins');
select pg_temp.serve();
select lives_ok($$ update chatkeep.memberships set tenant_id = '00000000-0000-4000-8000-000000007e03' where user_id = '00000000-0000-4000-8000-00000000ada0' $$, 'its user moves to another tenant');
select pg_temp.sign_in('ada');
select alike(pg_temp.told('restore_chat(CHAT)', pg_temp.id('f2')), 'PT410 chat_id names a chat that is being purged%', 'in the new tenant the chat is still being purged');
select is(pg_temp.purge(100), 4, 'and the next purge ends it there');

-- Users purge nothing.
rollback to people;
select pg_temp.sign_in('ada');
select is(pg_temp.refusal('select * from chatkeep.' || call), expected, name)
from (values
  ('a purge by a user', $$purge_chats()$$, '42501 permission denied for function purge_chats')
) refused (name, call, expected);

select * from finish();
rollback;
