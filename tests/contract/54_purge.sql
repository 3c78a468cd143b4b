-- purge_chats in steps: what is half removed stays removed. A chat that a purge has begun with comes back by no call, and the next
-- purge goes on with it.
begin;
\ir support/identities.psql
select plan(57);

-- A chat with so many messages, deleted 31 days ago.
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
-- Of a chat: its row, its messages, its attachments and its entries in the index of search.
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
-- Its last message still streams, and has an attachment. Eve has a chat of the same id, and a message of the same id.
update chatkeep.messages set status = 'streaming' where chat_id = pg_temp.id('c1') and seq = 250;
insert into chatkeep.attachments (tenant_id, user_id, chat_id, message_id, name)
  select tenant_id, user_id, chat_id, id, 'a.png' from chatkeep.messages where chat_id = pg_temp.id('c1') and seq in (1, 250);
create temporary table ids as select max(id::text) filter (where seq = 1)::uuid as first, max(id::text) filter (where seq = 250)::uuid as last from chatkeep.messages where chat_id = pg_temp.id('c1');
grant select on ids to public;
select first, last from ids \gset

select is(pg_temp.purge(100), 100, 'a purge removes as many messages as it may');
select is(pg_temp.left_of(pg_temp.id('c1')), '1 150 1 0', 'and ends within a chat');

-- Every call on the chat, while it is half removed.
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
-- What a call says; what it has done is taken back.
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
select alike(pg_temp.told(call, pg_temp.id('c1')), expected, call || ' is told that a chat is being purged') from calls order by n;
select alike(pg_temp.told('restore_chat(CHAT)', pg_temp.id('c1')), 'PT410 chat_id names a chat that is being purged | _%', 'with a hint what to do');
select is_empty('select from chatkeep.chats', 'the chat is out of sight');
select is_empty('select from chatkeep.messages', 'with what is left of its messages');
select is_empty('select from chatkeep.attachments', 'and attachments');
select is_empty($$ select from chatkeep.search_messages('heron') $$, 'search finds nothing of it');
select is_empty($$ select from chatkeep.fail_stale_messages('0') $$, 'nor are its placeholders anybody''s work');
select matches(pg_temp.refusal('update chatkeep.chats set purged_at = null'), '^42501 ', 'no user takes the mark of a purge away');
select set_config('chatkeep.writing', 'on', true) \g /dev/null
select matches(pg_temp.refusal('update chatkeep.chats set purged_at = null'), '^42501 ', 'not with a forged marker either');
select matches(pg_temp.refusal('insert into chatkeep.chats (id, tenant_id, user_id, purged_at) values (gen_random_uuid(), ''00000000-0000-4000-8000-000000007e01'', ''00000000-0000-4000-8000-00000000ada0'', now())'),
  '^42501 ', 'nor makes a chat with one');
select set_config('chatkeep.writing', '', true) \g /dev/null
select pg_temp.serve();
select alike(pg_temp.told('restore_chat(CHAT)', pg_temp.id('c1')), 'PT410 chat_id names a chat that is being purged%', 'service_role does not restore it');
select alike(pg_temp.told('delete_chat(CHAT)', pg_temp.id('c1')), 'PT410 chat_id names a chat that is being purged%', 'nor delete it anew, which would put the purge off');
select alike(pg_temp.told('list_messages(CHAT)', pg_temp.id('c1')), 'PT410 chat_id %', 'nor list it');
select alike(pg_temp.told('append_message(CHAT, ''assistant'', ''late'')', pg_temp.id('c1')), 'PT410 chat_id %', 'nor append to it');
select is(chatkeep.index_messages(), 0, 'nothing of it is indexed');
select pg_temp.sign_in('bob');
select is((select count(*)::integer from calls where pg_temp.told(call, pg_temp.id('c1')) <> pg_temp.told(call, pg_temp.id('ff')) and call !~ '^(create|import)'), 0, 'to others it is a chat that nobody has');
select is(pg_temp.left_of(pg_temp.id('c1')), '1 150 1 0', 'none of this has removed or stored anything');
-- Another tenant's chat of the same id.
select pg_temp.sign_in('eve');
select is((select title from chatkeep.create_chat('eve''s', chat_id => pg_temp.id('c1'))), 'eve''s', 'another tenant has the id for itself');
select is((select seq from chatkeep.append_message(pg_temp.id('c1'), 'user', 'mine', :'last')), 1, 'and the message ids');

-- The next purges go on.
select is(pg_temp.purge(100), 100, 'the next purge goes on with it');
select pg_temp.sign_in('ada');
select alike(pg_temp.told('restore_chat(CHAT)', pg_temp.id('c1')), 'PT410 chat_id names a chat that is being purged%', 'it still is not restored');
select is(pg_temp.purge(50), 50, 'the one after it takes the last message');
select alike(pg_temp.told('restore_chat(CHAT)', pg_temp.id('c1')), 'PT410 chat_id names a chat that is being purged%', 'a chat without a message is not restored either');
select is(pg_temp.purge(100), 1, 'and then the chat itself goes');
select is(pg_temp.purge(100), 0, 'until nothing is left');
select alike(pg_temp.told('restore_chat(CHAT)', pg_temp.id('c1')), 'PT404 chat_id names no chat of yours%', 'a purged chat is one that nobody has');
select is((select message_count from chatkeep.create_chat('new', chat_id => pg_temp.id('c1'))), 0, 'whose id is free');
select is((select seq from chatkeep.append_message(pg_temp.id('c1'), 'user', 'anew', :'last')), 1, 'with all its message ids');
select is(pg_temp.listed(pg_temp.id('c1')), 'anew', 'and nothing of the old one in it');
select pg_temp.sign_in('eve');
select is(pg_temp.listed(pg_temp.id('c1')), 'mine', 'the other tenant''s chat is as it was');

-- Several chats: a purge ends in the second of four.
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
  array['PT404', 'PT410', 'accep', 'accep', 'PT404'], 'what a purge has begun with is not restored, and what it has not is');
select is((select string_agg(pg_temp.listed(pg_temp.id(n)), ', ' order by n) from unnest(array['d3', 'd4']) n), 'heron 1 heron 2 heron 3, heron 1 heron 2 heron 3', 'whole');
select pg_temp.rows_are($$ select message_count, last_seq, (select count(*)::integer from chatkeep.messages m where m.chat_id = c.id) from chatkeep.chats c order by c.id $$,
  $$ values (3, 3, 3), (3, 3, 3) $$, 'with all that it counts');
select is((select seq from chatkeep.append_message(pg_temp.id('d3'), 'user', 'on')), 4, 'and goes on');

-- One message, and a batch of one.
select pg_temp.deleted_chat(pg_temp.id('f1'), 1) \g /dev/null
select is((select array_agg(pg_temp.purge(1)) from generate_series(1, 5)), array[1, 1, 1, 1, 0], 'a batch of one removes a message or a chat each time');

-- Whoever moves takes a half removed chat along, and it is purged there.
select pg_temp.deleted_chat(pg_temp.id('f2'), 5) \g /dev/null
select is(pg_temp.purge(2), 2, 'a purge begins');
select pg_temp.serve();
select lives_ok($$ update chatkeep.users set tenant_id = '00000000-0000-4000-8000-000000007e03' where id = '00000000-0000-4000-8000-00000000ada0' $$, 'its user moves to another tenant');
select pg_temp.sign_in('ada');
select alike(pg_temp.told('restore_chat(CHAT)', pg_temp.id('f2')), 'PT410 chat_id names a chat that is being purged%', 'where the chat is still being purged');
select is(pg_temp.purge(100), 4, 'and the next purge ends it there');

select * from finish();
rollback;
