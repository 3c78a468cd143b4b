-- list_messages: pages of the active path, every message once, in order, in both directions.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select count(*) as stored from chatkeep.append_messages(:'chat', (select jsonb_agg(pg_temp.item(n::text)) from generate_series(1, 204) n)) \gset
select is((select array_agg(seq) from chatkeep.list_messages(:'chat', page_size => 3)), array[202, 203, 204], 'the newest page, oldest first');
select is((select array_agg(seq) from chatkeep.list_messages(:'chat',
    before => (select created_at from chatkeep.messages where seq = 202), page_size => 3)), array[199, 200, 201], 'the page before, exclusive');
select is((select array_agg(seq) from chatkeep.list_messages(:'chat',
    after => (select created_at from chatkeep.messages where seq = 1), page_size => 3)), array[2, 3, 4], 'the page after, exclusive');
select is((select array_agg(seq) from chatkeep.list_messages(:'chat',
    after => (select created_at from chatkeep.messages where seq = 1),
    before => (select created_at from chatkeep.messages where seq = 4), page_size => 200)), array[2, 3], 'both bounds');
select is((select count(*)::int from chatkeep.list_messages(:'chat')), 50, 'a page has 50 rows by default');
select is_empty(format($$ select from chatkeep.list_messages(%L, after => 'infinity') $$, :'chat'), 'past the end is an empty page, not an error');

-- A deleted chat.
reset role;
update chatkeep.chats set deleted_at = now() where id = :'chat';
select pg_temp.sign_in('ada');
select is(pg_temp.refusal(format($$ select * from chatkeep.list_messages(%L) $$, :'chat')),
  'PT410 chat_id names a deleted chat | Restore it with restore_chat, or start a new one.', 'a deleted chat lists no message');

-- Every message comes once, even if rows change between two pages.
rollback to people;
select pg_temp.sign_in('ada');
-- 205 messages with the same time, as a client imports them whose clock counts seconds.
select id as chat from chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('c1'), 'messages',
  (select jsonb_agg(jsonb_build_object('role', 'user', 'content', n::text, 'created_at', '2024-01-01T00:00:00Z')) from generate_series(1, 205) n))) \gset
select pg_temp.rows_are(format($$ select count(*)::int, count(distinct id)::int, count(distinct created_at)::int, min(created_at) from chatkeep.messages where chat_id = %L $$, :'chat'),
  $$ values (205, 205, 205, '2024-01-01T00:00:00Z'::timestamptz) $$, '205 messages of one moment');

-- Pages through the chat. Between two pages the owner of the table runs a statement.
create function pg_temp.paged(chat uuid, forwards boolean, size integer, between_pages text default null) returns integer[] language plpgsql as $$
declare
  page integer[];
  seen integer[] := '{}';
  edge timestamptz;
begin
  for round in 1 .. 300 loop
    if forwards then
      select array_agg(m.content::integer order by m.created_at), max(m.created_at) into page, edge
      from chatkeep.list_messages(chat, after => coalesce(edge, '-infinity'), page_size => size) m;
      seen := seen || page;
    else
      select array_agg(m.content::integer order by m.created_at), min(m.created_at) into page, edge
      from chatkeep.list_messages(chat, before => edge, page_size => size) m;
      seen := page || seen;
    end if;
    exit when page is null;
    if between_pages is not null then
      perform set_config('role', 'postgres', true);
      execute between_pages using chat, edge;
      perform pg_temp.sign_in('ada');
    end if;
  end loop;
  return seen;
end
$$;
create temporary table everything on commit drop as select array_agg(n) as numbers from generate_series(1, 205) n;
grant select on everything to public;
select is(pg_temp.paged(:'chat', true, 10), (select numbers from everything), 'page out in the order of insertion, forwards');
select is(pg_temp.paged(:'chat', false, 10), (select numbers from everything), 'and backwards');
select is(pg_temp.paged(:'chat', true, 1), (select numbers from everything), 'one by one');
select is(pg_temp.paged(:'chat', false, 200), (select numbers from everything), 'and in the largest pages');
select is(pg_temp.paged(:'chat', true, 10, $$ update chatkeep.messages set metadata = '{"touched":true}', updated_at = clock_timestamp() where chat_id = $1 and (created_at = $2 or created_at = $2 + interval '3 microseconds') $$),
  (select numbers from everything), 'rows that are updated between pages come once, forwards');
select is(pg_temp.paged(:'chat', false, 10, $$ update chatkeep.messages set metadata = '{"touched":2}', updated_at = clock_timestamp() where chat_id = $1 and (created_at = $2 or created_at = $2 - interval '3 microseconds') $$),
  (select numbers from everything), 'and backwards');
select is(pg_temp.paged(:'chat', false, 10, $$ update chatkeep.chats set title = 'renamed', metadata = metadata || '{"n":1}' where id = $1 and $2 is not null $$),
  (select numbers from everything), 'a chat that is renamed between pages pages on');
select is((select array_agg(content::integer) from chatkeep.list_messages(:'chat', page_size => 10)), (select array_agg(n) from generate_series(196, 205) n), 'the newest page comes when no bound is given');

-- Exclusive bounds, in both directions, and both at once.
select is((select array_agg(content::integer) from chatkeep.list_messages(:'chat', after => '2024-01-01T00:00:00.000009Z', page_size => 3)), array[11, 12, 13], 'after is exclusive');
select is((select array_agg(content::integer) from chatkeep.list_messages(:'chat', before => '2024-01-01T00:00:00.000009Z', page_size => 3)), array[7, 8, 9], 'before is exclusive');
select is((select array_agg(content::integer) from chatkeep.list_messages(:'chat', after => '2024-01-01T00:00:00.000009Z', before => '2024-01-01T00:00:00.000013Z')), array[11, 12, 13], 'both are');
select is_empty(format($$ select * from chatkeep.list_messages(%L, after => '2024-01-01T00:00:00.000009Z', before => '2024-01-01T00:00:00.00001Z') $$, :'chat'), 'between two neighbours there is nothing');
select is_empty(format($$ select * from chatkeep.list_messages(%L, after => 'infinity') $$, :'chat'), 'after the end of time there is nothing');
select is_empty(format($$ select * from chatkeep.list_messages(%L, before => '-infinity') $$, :'chat'), 'before the beginning of time there is nothing');

-- A cursor whose row is gone. guard_deletion would keep it.
reset role;
alter table chatkeep.messages disable trigger guard_deletion;
select pg_temp.sign_in('ada');
select is(pg_temp.paged(:'chat', true, 10, 'delete from chatkeep.messages where chat_id = $1 and created_at = $2'), (select numbers from everything), 'a cursor stays good when its row is gone, forwards');
select is((select count(*)::int from chatkeep.messages where chat_id = :'chat'), 184, 'and gone are the 21 rows that were cursors');
select is(
  pg_temp.paged(:'chat', false, 10, 'delete from chatkeep.messages where chat_id = $1 and created_at = $2'),
  (select array_agg(n order by n) from generate_series(1, 205) n where n % 10 <> 0 and n <> 205), 'backwards as well');

-- Another caller appends between two pages.
select is(
  pg_temp.paged((select i.id from chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('c2'), 'messages', (select jsonb_agg(jsonb_build_object('role', 'user', 'content', n::text)) from generate_series(1, 20) n))) i),
    true, 7, $$ select a.id from chatkeep.chats c, lateral chatkeep.append_message(c.id, 'user', (c.message_count + 1)::text) a where c.id = $1 and $2 is not null and c.message_count < 30 $$),
  (select array_agg(n) from generate_series(1, 30) n), 'a reader that pages on while others append meets each message once');

-- Cursors at the ends of time.
rollback to people;
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat(chat_id => pg_temp.id('c1')) \gset
select count(*) as stored from chatkeep.append_messages(:'chat', jsonb_build_array(pg_temp.item('one', pg_temp.id('a1')), pg_temp.item('two', pg_temp.id('a2')))) \gset
select is((select array_agg(pg_temp.refusal(format('select * from chatkeep.list_messages(%L, before => %L)', :'chat', t)) order by n) from unnest(array['infinity', '-infinity', '294276-12-31 23:59:59.999999+00', '4714-11-24 00:00:00+00 BC']) with ordinality u (t, n)),
  array_fill('accepted'::text, array[4]), 'a cursor may be at any end');
select is((select array_agg((select count(*)::integer from chatkeep.list_messages(:'chat', after => t)) order by n) from unnest(array['infinity', '-infinity', '294276-12-31 23:59:59.999999+00', '4714-11-24 00:00:00+00 BC']::timestamptz[]) with ordinality u (t, n)),
  array[0, 2, 0, 2], 'in both directions');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine.
rollback to people;
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select is(pg_temp.refusal('select * from chatkeep.' || replace(call, 'CHAT', quote_literal(:'chat') || '::uuid')), expected, name)
from (values
  ('a page of nothing', $$list_messages(CHAT, page_size => 0)$$, '22023 page_size must be between 1 and 200 | Ask for fewer rows and page on with before or after.'),
  ('a page over 200', $$list_messages(CHAT, page_size => 201)$$, '22023 page_size must be between 1 and 200 | Ask for fewer rows and page on with before or after.'),
  ('no page size', $$list_messages(CHAT, page_size => null)$$, '22004 page_size is missing | Pass a value; null is not accepted here.'),
  ('a page of no chat', $$list_messages(null)$$, '22004 chat_id is missing | Pass a value; null is not accepted here.')
) refused (name, call, expected);

select * from finish();
rollback;
