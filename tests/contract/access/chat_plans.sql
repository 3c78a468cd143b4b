-- How statements about chats and messages run: a page is one range of an index, and policies look up the caller once per statement.
begin;
\ir ../support/identities.psql
select * from no_plan();

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat(chat_id => pg_temp.id('c1')) \gset
-- A thousand messages, then three hundred branches of ten from its middle and one long one; 3,000 more in another chat.
select count(*) as stored from chatkeep.append_messages(:'chat', (select jsonb_agg(pg_temp.item(n::text, pg_temp.id('d' || n))) from generate_series(1, 1000) n)) \gset
select count(*) as stored from generate_series(1, 3) batch, lateral chatkeep.append_messages(:'chat', (select jsonb_agg(pg_temp.item('branch ' || batch, parent => case when n % 10 = 1 then pg_temp.id('d500') end)) from generate_series(1, 1000) n)) a \gset
select count(*) as stored from chatkeep.append_messages(:'chat', (select jsonb_agg(pg_temp.item('long ' || n, parent => case when n = 1 then pg_temp.id('d500') end)) from generate_series(1, 1000) n)) \gset
select id as other from chatkeep.create_chat() \gset
select count(*) as stored from generate_series(1, 3) batch, lateral chatkeep.append_messages(:'other', (select jsonb_agg(pg_temp.item('other ' || batch || n)) from generate_series(1, 1000) n)) a \gset
select count(*) as stored from generate_series(1, 300) n, lateral chatkeep.create_chat('chat ' || n) \gset
reset role;
-- The table is written again, because vacuum could not remove the index entries of rows that this transaction changed. Other rows of the
-- database do not count then.
create temporary table written on commit drop as select m.* from chatkeep.messages m where m.user_id = '00000000-0000-4000-8000-00000000ada0';
truncate chatkeep.messages cascade;
insert into chatkeep.messages select * from written;
analyze chatkeep.chats;
analyze chatkeep.messages;
analyze chatkeep.users, chatkeep.memberships;
select pg_temp.rows_are(format('select count(*)::int, count(*) filter (where active)::int from chatkeep.messages where chat_id = %L', :'chat'), $$ values (5000, 1500) $$, 'a chat of 5,000 messages on 301 branches');

-- How much a call reads of messages: entries of its indexes, and rows by sequential scans.
create function pg_temp.reads() returns bigint language sql as $$
  select sum(pg_stat_get_xact_tuples_returned(i.indexrelid))::bigint + pg_stat_get_xact_tuples_returned('chatkeep.messages'::regclass)
  from pg_catalog.pg_index i where i.indrelid = 'chatkeep.messages'::regclass
$$;
create function pg_temp.read_by(statement text) returns bigint language plpgsql as $$
declare
  before_it bigint := pg_temp.reads();
begin
  execute statement;
  return pg_temp.reads() - before_it;
end
$$;
create temporary table bounded (n integer, name text, statement text, most integer) on commit drop;
insert into bounded
select n, name, replace(replace(statement, 'CHAT', quote_literal(:'chat') || '::uuid'), 'FORK', (select quote_literal(m.created_at) from chatkeep.messages m where m.id = pg_temp.id('d500'))), most
from (values
  (1, 'the newest page of 50 reads 50 entries of one index', 'list_messages(CHAT, page_size => 50)', 51),
  (2, 'so does the oldest', 'list_messages(CHAT, after => ''-infinity'', page_size => 50)', 51),
  (3, 'and one in the middle, before', 'list_messages(CHAT, before => FORK, page_size => 50)', 51),
  (4, 'or after a message that 300 branches follow', 'list_messages(CHAT, after => FORK, page_size => 50)', 51),
  (5, 'an append reads no history', 'append_message(CHAT, ''user'', ''x'', message_id => pg_temp.id(''ee1''))', 3),
  (6, 'a retry reads its message', 'append_message(CHAT, ''user'', ''x'', message_id => pg_temp.id(''ee1''))', 3),
  (7, 'a batch reads no history', 'append_messages(CHAT, jsonb_build_array(pg_temp.item(''x''), pg_temp.item(''y'', pg_temp.id(''ee2''))))', 6),
  (9, 'a page from the newest of three summaries reads their messages and the page', 'list_messages(CHAT, page_size => 50, from_summary => true)', 53),
  (8, 'nor does choosing the branch that is active', 'select_branch(CHAT, (select c.active_leaf_id from chatkeep.chats c where c.id = CHAT))', 6)) b (n, name, statement, most);
grant select on bounded to public;
select pg_temp.sign_in('ada');
select count(*) as made from generate_series(1, 3) n, chatkeep.summarise_chat(:'chat', (select m.id from chatkeep.messages m where m.chat_id = :'chat' and m.content = 'long ' || n * 300), 'so far') s \gset
select cmp_ok(pg_temp.read_by('select * from chatkeep.' || statement), '<=', most::bigint, name) from bounded order by n;
select pg_temp.rows_are($$ select content from chatkeep.list_messages(pg_temp.id('c1'), after => (select created_at from chatkeep.messages where id = pg_temp.id('d500')), page_size => 2) $$, array['long 1', 'long 2'], 'only the active branch is listed');

-- 3,000 messages of 300 branches are between two messages of the active path. A page reads their index entries, about a hundred in a
-- buffer, and none of their rows. The first run fills the caches of the catalog.
create function pg_temp.buffers(statement text) returns integer language plpgsql as $$
declare
  plan json;
begin
  for round in 1 .. 2 loop
    execute 'explain (analyze, buffers, timing off, format json) select * from chatkeep.' || statement into plan;
  end loop;
  return (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::integer + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::integer;
end
$$;
select cmp_ok((select pg_temp.buffers(statement) from bounded where n = 4), '<=', (select pg_temp.buffers(statement) from bounded where n = 3) + 40, 'a page behind 3,000 messages of 300 branches reads none of them');

-- The same through EXPLAIN. Costs decide the plans of small tables, so these tests forbid only what no size excuses.
create function pg_temp.plan(statement text, options text default 'costs off') returns text language plpgsql as $$
declare
  line text;
  said text := '';
begin
  for line in execute format('explain (%s) %s', options, statement) loop
    said := said || line || E'\n';
  end loop;
  return said;
end
$$;
create temporary table plans on commit drop as select ''::text as name, ''::text as plan where false;
grant select, insert on plans to public;
insert into plans values
  ('page', pg_temp.plan(format('select * from chatkeep.messages where chat_id = %L and tenant_id = ''00000000-0000-4000-8000-000000007e01'' and active and created_at < ''infinity'' order by created_at desc limit 50', :'chat'))),
  ('messages', pg_temp.plan('select id, content from chatkeep.messages where created_at is not null', 'analyze, costs off, timing off, summary off, verbose')),
  ('messages of a chat', pg_temp.plan(format('select id, content from chatkeep.messages where chat_id = %L', :'chat'), 'analyze, costs off, timing off, summary off, verbose')),
  ('count', pg_temp.plan('select count(*) from chatkeep.messages', 'analyze, costs off, timing off, summary off, verbose')),
  ('chats', pg_temp.plan('select * from chatkeep.chats order by updated_at desc limit 20', 'analyze, costs off, timing off, summary off, verbose')),
  ('chat', pg_temp.plan(format('select * from chatkeep.chats where id = %L', :'chat'), 'analyze, costs off, timing off, summary off, verbose')),
  ('renaming', pg_temp.plan('update chatkeep.chats set title = ''x'' where title like ''chat %''', 'analyze, costs off, timing off, summary off, verbose')),
  ('attachments', pg_temp.plan('select * from chatkeep.attachments', 'analyze, costs off, timing off, summary off, verbose'));
select unalike(plan, '%Sort%', 'a page through the Data API needs no sort') from plans where name = 'page';
select unalike(plan, '%Seq Scan on chatkeep.messages%', 'nor a sequential scan') from plans where name = 'page';
select matches(plan, 'Index Scan( Backward)? using messages_\w+ on', 'but an index') from plans where name = 'page';
select matches(plan, 'Index Cond: [^\n]*\(active = true\)', 'that knows the active path') from plans where name = 'page';
-- An InitPlan runs once: its node says loops=1. A filter that names a function would call it for every row.
select matches(plan, 'InitPlan', name || ': who calls is an InitPlan') from plans where name <> 'page';
select is(
  (select string_agg(name || ': ' || line, E'\n') from plans, regexp_split_to_table(plan, E'\n') line where name <> 'page'
   and line ~ '(auth\.uid|current_setting|tenant_id\(\)|\muid\(\)|caller|is_service|\mjwt\()' and line !~ '^\s*Output: '),
  null, 'no filter calls a function of the caller''s identity');
select is(
  (select string_agg(name || ': ' || line, E'\n') from plans, regexp_split_to_table(plan, 'InitPlan') with ordinality part (piece, n), regexp_substr(piece, 'actual[^)]*\)') line
   where name <> 'page' and n > 1 and line !~ 'loops=[01]\)'),
  null, 'and every InitPlan runs once per statement, or not at all');
select cmp_ok((select count(*)::int from regexp_matches((select plan from plans where name = 'messages'), 'rows=80\d\d', 'g')), '>=', 1, 'over eight thousand rows');

-- The same for a user with many messages among a hundred users with few. The planner assumes an average user.
reset role;
insert into auth.users (id) select pg_temp.id('aaa' || n) from generate_series(1, 100) n;
insert into chatkeep.users (id) select pg_temp.id('aaa' || n) from generate_series(1, 100) n;
insert into chatkeep.memberships (user_id, tenant_id, is_home) select pg_temp.id('aaa' || n), pg_temp.id('aaa' || n), true from generate_series(1, 100) n;
insert into chatkeep.chats (id, tenant_id, user_id) select pg_temp.id('aaa' || n), pg_temp.id('aaa' || n), pg_temp.id('aaa' || n) from generate_series(1, 100) n;
insert into chatkeep.messages (chat_id, tenant_id, user_id, seq, role, content, created_at, updated_at)
select pg_temp.id('aaa' || n), pg_temp.id('aaa' || n), pg_temp.id('aaa' || n), s, 'user', 'few', now() + s * interval '1 microsecond', now() from generate_series(1, 100) n, generate_series(1, 20) s;
analyze chatkeep.chats;
analyze chatkeep.messages;
analyze chatkeep.users, chatkeep.memberships;
select pg_temp.sign_in('ada');
select cmp_ok(pg_temp.read_by('select * from chatkeep.' || replace(statement, 'id(''ee', 'id(''ef')), '<=', most::bigint, 'among many users: ' || name) from bounded order by n;

-- The condition on the chat reaches the index through the view.
select pg_temp.sign_in('ada');
select count(*) as written from chatkeep.create_chat(chat_id => pg_temp.id('c3')) c, chatkeep.append_message(c.id, 'assistant', 'x', usage => '{"output_tokens":1}') m \gset
select matches(pg_temp.plan(format('select * from chatkeep.usage_by_day where chat_id = %L and day >= ''2020-01-01'' and model is null', pg_temp.id('c3'))),
  'messages_chat_id_created_at_idx( on messages m)?\s+Index Cond: \(chat_id = ', 'the usage of a chat is read by the index of the chat');

select * from finish();
rollback;
