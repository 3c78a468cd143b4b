-- list_chats: the chats of a person, as a sidebar shows them.
begin;
\ir ../support/identities.psql
select * from no_plan();

-- Every page of a list, from the first to the last, as one line of titles. Each page begins after the last row of the page before.
create function pg_temp.pages(arguments text default '', size integer default 3) returns text language plpgsql as $$
declare
  page jsonb;
  cursor_row jsonb;
  titles text[] := '{}';
begin
  for round in 1 .. 100 loop
    execute format('select coalesce(jsonb_agg(to_jsonb(c)), ''[]'') from chatkeep.list_chats(%s before => $1, page_size => $2) c', arguments) into page using cursor_row, size;
    exit when page = '[]';
    titles := titles || array(select e ->> 'title' from jsonb_array_elements(page) with ordinality e (e, place) order by place);
    cursor_row := page -> -1;
  end loop;
  return array_to_string(titles, ' ');
end
$$;
savepoint people;

-- Order and paging. The whole setting is one transaction, so created_at and updated_at of these chats are equal: ids break the tie.
select pg_temp.sign_in('ada');
select count(*) as made from generate_series(1, 9) n, chatkeep.create_chat('c' || n, chat_id => pg_temp.id('c' || n)) \gset
select is((select count(distinct updated_at)::int from chatkeep.chats), 1, 'nine chats of one moment');
select is(pg_temp.pages(size => size), 'c9 c8 c7 c6 c5 c4 c3 c2 c1', 'in pages of ' || size) from generate_series(1, 10) size;
select count(*) as stored from chatkeep.append_message(pg_temp.id('c3'), 'user', 'x') \gset
select count(*) as stored from chatkeep.append_message(pg_temp.id('c5'), 'user', 'x') \gset
select is(pg_temp.pages(), 'c5 c3 c9 c8 c7 c6 c4 c2 c1', 'the newest message first');
select count(*) as pinned from chatkeep.update_chat(pg_temp.id('c1'), pinned => true) \gset
select pg_temp.tick();
select count(*) as pinned from chatkeep.update_chat(pg_temp.id('c6'), pinned => true) \gset
select is(pg_temp.pages(size => size), 'c6 c1 c5 c3 c9 c8 c7 c4 c2', 'pinned ones before them, the last pin first, in pages of ' || size) from generate_series(1, 10) size;
-- Equal pins, times without end.
reset role;
update chatkeep.chats set pinned_at = 'infinity' where id in (pg_temp.id('c1'), pg_temp.id('c6'), pg_temp.id('c8'));
update chatkeep.chats set updated_at = 'infinity' where id in (pg_temp.id('c2'), pg_temp.id('c4'));
update chatkeep.chats set updated_at = '-infinity' where id in (pg_temp.id('c5'), pg_temp.id('c7'));
select pg_temp.sign_in('ada');
select is(pg_temp.pages(size => size), 'c8 c6 c1 c4 c2 c3 c9 c7 c5', 'pins and times at infinity, in pages of ' || size) from generate_series(1, 10) size;
select is((select count(*)::int from chatkeep.list_chats(before => '{"id":"ffffffff-ffff-ffff-ffff-ffffffffffff","updated_at":"2000-01-01T00:00:00Z"}')), 2, 'a place is enough, also where no chat is');
select is((select count(*)::int from chatkeep.list_chats(before => jsonb_build_object('id', pg_temp.id('c1'), 'pinned_at', null, 'updated_at', moment))), 2, 'also with the time ' || moment)
from unnest(array['2000-01-01 00:00:00+00', '2000-01-01 00:00:00.123456-03', '2000-01-01T05:45:00.5+05:45']) moment;

-- Filters.
rollback to people;
select pg_temp.sign_in('ada');
select count(*) as made from generate_series(1, 9) n, chatkeep.create_chat('c' || n, chat_id => pg_temp.id('c' || n)) \gset
select count(*) as filed from generate_series(1, 9) n, lateral chatkeep.update_chat(pg_temp.id('c' || n), pinned => n in (2, 3), folder => case when n % 2 = 0 then 'Work' end, tags => case when n % 3 = 0 then '{a,b}'::text[] when n = 4 then '{b}' end) \gset
update chatkeep.chats set archived_at = now() where id in (pg_temp.id('c2'), pg_temp.id('c9')) \g /dev/null
select is(pg_temp.pages(arguments), expected, 'list_chats(' || arguments || ')')
from (values
  ('', 'c3 c8 c7 c6 c5 c4 c1'), ('archived => true,', 'c2 c9'), ('archived => null,', 'c3 c2 c9 c8 c7 c6 c5 c4 c1'),
  ('folder => ''Work'',', 'c8 c6 c4'), ('folder => ''Work'', archived => null,', 'c2 c8 c6 c4'), ('folder => '''',', 'c3 c7 c5 c1'), ('folder => ''work'',', ''),
  ('tag => ''a'',', 'c3 c6'), ('tag => ''b'',', 'c3 c6 c4'), ('tag => ''b'', folder => ''Work'',', 'c6 c4'), ('tag => '''',', ''), ('deleted => true,', '')
) filter (arguments, expected);
-- The trash.
select count(*) as deleted from unnest(array['c9', 'c2', 'c6']) with ordinality d (name, place), lateral chatkeep.delete_chat(pg_temp.id(d.name)) c, lateral (select pg_temp.tick() where c.id is not null) t \gset
select is(pg_temp.pages(arguments, 1), expected, 'with three deleted chats: list_chats(' || arguments || ')')
from (values ('', 'c3 c8 c7 c5 c4 c1'), ('deleted => true,', 'c6 c2 c9'), ('deleted => true, folder => ''Work'',', 'c6 c2'), ('deleted => true, tag => ''a'',', 'c6 c9')) filter (arguments, expected);
select is((select array_agg(title) from chatkeep.list_chats(deleted => true) where deleted_at is not null), '{c6,c2,c9}', 'the trash says when');
select is((select count(*)::int from chatkeep.chats), 6, 'and opens nothing');
select is(current_setting('chatkeep.writing'), '', 'the call leaves no marker');
reset role;
update chatkeep.chats set deleted_at = '2000-01-01', purged_at = now() where id = pg_temp.id('c2');
update chatkeep.chats set deleted_at = '2000-01-01' where id in (pg_temp.id('c9'), pg_temp.id('c6'));
select pg_temp.sign_in('ada');
select is(pg_temp.pages('deleted => true,', size), 'c9 c6', 'without what is being purged, and with equal times, in pages of ' || size) from generate_series(1, 3) size;

-- The rows: equal to get_chat. Each has the last message, the unread answers and the shares of its own chat.
rollback to people;
select pg_temp.sign_in('bob');
select count(*) as made from chatkeep.create_chat('bob''s', chat_id => pg_temp.id('b1')) \gset
select count(*) as stored from chatkeep.append_message(pg_temp.id('b1'), 'user', 'bob wrote this') \gset
select count(*) as shared from chatkeep.share_chat(pg_temp.id('b1'), with_tenant => true) \gset
select pg_temp.sign_in('ada');
select count(*) as made from generate_series(1, 4) n, chatkeep.create_chat('c' || n, jsonb_build_object('n', n), pg_temp.id('c' || n)) \gset
select count(*) as stored from generate_series(1, 3) n, lateral chatkeep.append_messages(pg_temp.id('c' || n), (select jsonb_agg(pg_temp.item(format('message %s of c%s', s, n), more => case when s % 2 = 0 then '{"role":"assistant"}'::jsonb else '{}' end)) from generate_series(1, 2 * n) s)) \gset
select count(*) as read from generate_series(1, 3) n, lateral chatkeep.update_chat(pg_temp.id('c' || n), read_up_to_seq => n) \gset
select count(*) as shared from chatkeep.share_chat(pg_temp.id('c2'), with_tenant => true) \gset
select count(*) as shared from chatkeep.share_chat(pg_temp.id('c3'), pg_temp.person('bob'), expires_at => now() + interval '1 hour') \gset
reset role;
update chatkeep.chat_shares set expires_at = now() - interval '1 hour' where chat_id = pg_temp.id('c3');
select pg_temp.sign_in('ada');
select pg_temp.rows_are('select title, metadata, preview, preview_role, unread_count, is_shared from chatkeep.list_chats() order by title', $$ values
  ('c1', '{"n":1}'::jsonb, 'message 2 of c1', 'assistant', 1, false), ('c2', '{"n":2}', 'message 4 of c2', 'assistant', 1, true),
  ('c3', '{"n":3}', 'message 6 of c3', 'assistant', 2, false), ('c4', '{"n":4}', null, null, null, false) $$, 'each row tells of its own chat');
select is_empty('select l.* from chatkeep.list_chats() l except select g.* from chatkeep.chats c, chatkeep.get_chat(c.id) g', 'as get_chat does');
select pg_temp.sign_in('bob');
select pg_temp.rows_are('select title, preview, is_shared from chatkeep.list_chats()', $$ values ('bob''s', 'bob wrote this', true) $$, 'what others share is not in the list');

-- Callers.
select pg_temp.sign_in('eve');
select is_empty('select * from chatkeep.list_chats()', 'a stranger has no chats');
select count(*) as made from chatkeep.create_chat('eve''s', chat_id => pg_temp.id('c1')) \gset
select is(pg_temp.refusal(format('select * from chatkeep.list_chats(user_id => %L)', pg_temp.person('ada'))), '42501 user_id can be named by service_role only | Leave user_id out to act for yourself.', 'and names nobody else');
select is((select title from chatkeep.list_chats(user_id => pg_temp.person('eve'))), 'eve''s', 'but herself');
select pg_temp.sign_out();
select is(pg_temp.refusal('select * from chatkeep.list_chats()'), '42501 permission denied for function list_chats', 'anon has no list');
select pg_temp.serve();
select is(pg_temp.refusal('select * from chatkeep.list_chats()'), '42501 no user is signed in | Send the user''s JWT, or call as service_role where a user is named.', 'a service names a user');
select is((select string_agg(title || coalesce(': ' || preview, ''), ', ' order by title) from chatkeep.list_chats(user_id => pg_temp.person('ada'))), 'c1: message 2 of c1, c2: message 4 of c2, c3: message 6 of c3, c4', 'whose chats it sees, although another tenant has one of the ids');
select is((select title from chatkeep.list_chats(user_id => pg_temp.person('eve'))), 'eve''s', 'this one');
select set_config('request.headers', '{"x-chatkeep-tenant":"00000000-0000-4000-8000-000000007e02"}', true) \g /dev/null
select is_empty(format('select * from chatkeep.list_chats(user_id => %L)', pg_temp.person('ada')), 'a tenant that it names limits the list');
select set_config('request.headers', '', true) \g /dev/null
select is_empty($$ select * from chatkeep.list_chats(user_id => '00000000-0000-4000-8000-00000000ffff') $$, 'nobody has no chats');
reset role;
update chatkeep.users set disabled_at = now() where id = pg_temp.person('ada');
select pg_temp.sign_in('ada');
select alike(pg_temp.refusal('select * from chatkeep.list_chats()'), '42501 this user is disabled%', 'a disabled user is told');

-- Plans: a page is one range of an index, whatever else the user and others have.
rollback to people;
insert into chatkeep.chats (id, tenant_id, user_id, title, updated_at, pinned_at, deleted_at)
select pg_temp.id('d' || n), '00000000-0000-4000-8000-000000007e01', pg_temp.person('ada'), 'c' || n, now() - n * interval '1 minute',
  case when n % 1000 = 7 then now() end, case when n % 500 = 9 then now() end
from generate_series(1, 5000) n;
insert into chatkeep.chats (id, tenant_id, user_id, title, updated_at) select pg_temp.id('e' || n), '00000000-0000-4000-8000-000000007e01', pg_temp.person('bob'), 'b', now() - n * interval '1 minute' from generate_series(1, 5000) n;
insert into chatkeep.messages (id, chat_id, tenant_id, user_id, seq, role, content, created_at, updated_at) select c.id, c.id, c.tenant_id, c.user_id, 1, 'user', 'x', now(), now() from chatkeep.chats c;
update chatkeep.chats c set active_leaf_id = c.id, last_seq = 1, message_count = 1, read_up_to_seq = 0;
create function pg_temp.reads() returns bigint language sql as $$
  select sum(pg_stat_get_xact_tuples_returned(i.indexrelid))::bigint + sum(distinct pg_stat_get_xact_tuples_returned(i.indrelid))::bigint
  from pg_catalog.pg_index i where i.indrelid in ('chatkeep.chats'::regclass, 'chatkeep.messages'::regclass, 'chatkeep.chat_shares'::regclass)
$$;
create function pg_temp.read_by(statement text) returns bigint language plpgsql as $$
declare
  before_it bigint := pg_temp.reads();
begin
  execute 'select count(*) from (' || statement || ') s';
  return pg_temp.reads() - before_it;
end
$$;
select pg_temp.sign_in('ada');
select cmp_ok(pg_temp.read_by(format('select * from chatkeep.list_chats(%s)', arguments)), '<=', most::bigint, format('list_chats(%s) reads %s entries at most', arguments, most))
from (values
  -- A page of 50: the page, the pins and what is deleted in between; then for each chat itself, its last message, its newest message.
  ('', 280), ('page_size => 10', 60), ('before => jsonb_build_object(''id'', pg_temp.id(''d2500''), ''updated_at'', now() - interval ''2500 minutes'')', 280), ('deleted => true', 60)
) plan (arguments, most);

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine.
select is(pg_temp.refusal(format('select * from chatkeep.list_chats(%s)', arguments)), expected, arguments)
from (values
  ('folder => repeat(''ä'', 201)', '22023 folder is longer than 200 characters | Shorten it.'),
  ('tag => repeat(''ä'', 101)', '22023 tag is longer than 100 characters | Shorten it.'),
  ('deleted => null', '22004 deleted is missing | Pass a value; null is not accepted here.'),
  ('before => ''[]''', '22023 before must be a JSON object | Pass the last chat of the page before.'),
  ('before => ''null''', '22023 before must be a JSON object | Pass the last chat of the page before.'),
  ('before => ''{}''', '22023 before has no id | Pass the last chat of the page before.'),
  ('before => ''{"id":"x","updated_at":"2000-01-01T00:00:00Z"}''', '22023 before.id must be a UUID | Write it as 8-4-4-4-12 hexadecimal digits.'),
  ('before => ''{"id":"00000000-0000-4000-8000-00000000ada0"}''', '22023 before has no updated_at | Pass the last chat of the page before.'),
  ('before => ''{"id":"00000000-0000-4000-8000-00000000ada0","updated_at":"2000-01-01T00:00:00Z"}'', deleted => true', '22023 before has no deleted_at | Pass the last chat of the page before.'),
  ('before => ''{"id":"00000000-0000-4000-8000-00000000ada0","updated_at":"yesterday"}''', '22023 before.updated_at must be a timestamp (RFC 3339) | Write it as 2026-01-31T12:00:00Z.'),
  ('before => ''{"id":"00000000-0000-4000-8000-00000000ada0","updated_at":"2000-01-01T00:00:00Z","pinned_at":7}''', '22023 before.pinned_at must be a timestamp (RFC 3339) | Write it as 2026-01-31T12:00:00Z.'),
  ('before => ''{"id":"00000000-0000-4000-8000-00000000ada0","updated_at":["infinity"]}''', '22023 before.updated_at must be a timestamp (RFC 3339) | Write it as 2026-01-31T12:00:00Z.'),
  ('page_size => 0', '22023 page_size must be between 1 and 200 | Ask for fewer rows and page on with before or after.'),
  ('page_size => 201', '22023 page_size must be between 1 and 200 | Ask for fewer rows and page on with before or after.'),
  ('page_size => null', '22004 page_size is missing | Pass a value; null is not accepted here.')
) refused (arguments, expected);

select * from finish();
rollback;
