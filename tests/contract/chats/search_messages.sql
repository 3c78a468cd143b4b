-- search_messages: finds a message at once, and again after indexing, by the same rules.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat('simple') \gset
select id as english from chatkeep.create_chat('english', language => 'english') \gset
select id as archived from chatkeep.create_chat('archived') \gset
select id as deleted from chatkeep.create_chat('deleted') \gset
-- The messages to find. The first word of each names its chat and its number.
select count(*) as stored from chatkeep.append_messages(:'chat', jsonb_build_array(
  pg_temp.item('s1 deploy the blue green cluster', pg_temp.id('a1')),
  pg_temp.item('s2 deploy to staging', pg_temp.id('a2')),
  pg_temp.item('s3 the green and blue deploy deploy deploy', pg_temp.id('a3')),
  pg_temp.item('s4 deployed the day before', pg_temp.id('a4')),
  pg_temp.item('s5 nothing to see', pg_temp.id('a5')),
  pg_temp.item('s6 <script>alert("x & y")</script> said the walrus <b>', pg_temp.id('a6')),
  pg_temp.item('s7 literal \u0000 and \ud800 said the narwhal', pg_temp.id('a7')))) \gset
select count(*) as stored from chatkeep.append_messages(:'english', jsonb_build_array(
  pg_temp.item('e1 she deployed it twice', pg_temp.id('b1')),
  pg_temp.item('e2 the old deployment', pg_temp.id('b2'), '00000000-0000-0000-0000-000000000000'),
  pg_temp.item('e3 the mice were running', pg_temp.id('b3'), '00000000-0000-0000-0000-000000000000'))) \gset
select count(*) as stored from chatkeep.append_message(:'archived', 'user', 'r1 an archived deploy') \gset
update chatkeep.chats set archived_at = now() where id = :'archived';
select count(*) as stored from chatkeep.append_message(:'deleted', 'user', 'd1 a deleted deploy') \gset
select count(*) as stored from chatkeep.delete_chat(:'deleted') \gset
select pg_temp.sign_in('bob');
select id as bobs from chatkeep.create_chat() \gset
select count(*) as stored from chatkeep.append_message(:'bobs', 'user', 'x1 a deploy of Bob''s') \gset
select pg_temp.sign_in('eve');
select id as eves from chatkeep.create_chat(chat_id => :'chat') \gset
select count(*) as stored from chatkeep.append_message(:'eves', 'user', 'x2 a deploy of Eve''s') \gset

-- The first words of the messages found, newest first.
create function pg_temp.found(query text, chat uuid default null) returns text language sql as $$
  select string_agg(split_part(m.content, ' ', 1), ' ' order by f.place)
  from chatkeep.search_messages(query, chat) with ordinality f (id, chat_id, seq, role, created_at, rank, snippet, place)
  join chatkeep.messages m on m.id = f.id and m.chat_id = f.chat_id
$$;
create temporary table searched (n integer, query text, found text, name text) on commit drop;
insert into searched values
  (1, 'deploy', 'r1 e2 e1 s3 s2 s1', 'a word, in the language of each chat, newest first, in inactive branches and archived chats, not in deleted ones'),
  (2, 'deploy -staging', 'r1 e2 e1 s3 s1', 'a word without another'),
  (3, '"blue green"', 's1', 'a phrase, in its order'),
  (4, 'deploy "green blue"', null, 'not in another order'),
  (5, 'staging or cluster', 's2 s1', 'one word or another'),
  (6, 'blue green deploy', 's3 s1', 'all words, in any order'),
  (7, 'DEPLOY Cluster', 's1', 'in any case'),
  (8, 'running', 'e3', 'an inflected word where the chat is English'),
  (9, 'run', 'e3', 'and its stem'),
  (10, 'deployed', 'e2 e1 s4', 'but exactly that word where it is not'),
  (11, 'walrus', 's6', 'a word between tags'),
  (12, 'narwhal', 's7', 'a word beside the look of an escape'),
  (13, 'absent', null, 'a word that nobody said'),
  (14, '', null, 'nothing finds nothing'),
  (15, '   ', null, 'space finds nothing'),
  (16, '!!! ((( & | <-> ''', null, 'punctuation finds nothing'),
  (17, '"unfinished deploy', null, 'an open quote is no error'),
  (18, 'the', 's7 s6 s4 s3 s1', 'a word that is a stop word in English only');
grant select on searched to public;

select pg_temp.sign_in('ada');
select is(pg_temp.found(query), found, 'just appended: ' || name) from searched order by n;
select pg_temp.serve();
select chatkeep.index_messages(2) as indexed \gset
select pg_temp.sign_in('ada');
select is(pg_temp.found(query), found, 'half indexed: ' || name) from searched order by n;
select pg_temp.serve();
create function pg_temp.index_all(batch_size integer) returns integer language plpgsql as $$
declare
  total integer := 0;
  indexed integer;
begin
  loop
    indexed := chatkeep.index_messages(batch_size);
    if indexed > batch_size then raise exception 'indexed % of %', indexed, batch_size; end if;
    exit when indexed = 0;
    total := total + indexed;
  end loop;
  return total;
end
$$;
select pg_temp.index_all(3) as indexed \gset
select pg_temp.sign_in('ada');
select is(pg_temp.found(query), found, 'indexed: ' || name) from searched order by n;

-- The columns of a row.
select pg_temp.rows_are(
  format($$ select f.id, f.chat_id, f.seq, f.role, f.created_at = m.created_at, f.rank > 0 from chatkeep.search_messages('walrus') f join chatkeep.messages m on m.id = f.id $$),
  format($$ values (pg_temp.id('a6'), %L::uuid, 6, 'user', true, true) $$, :'chat'), 'a row names the message, its place and its rank');
select cmp_ok((select min(rank) from chatkeep.search_messages('deploy')), '>', 0::real, 'every rank is above zero');
select pg_temp.rows_are($$ select a.rank > b.rank from chatkeep.search_messages('deploy') a, chatkeep.search_messages('deploy') b where a.id = pg_temp.id('a3') and b.id = pg_temp.id('a2') $$,
  array[true], 'three times ranks above once');
select is(pg_temp.found('deploy', :'english'), 'e2 e1', 'one chat is searched alone');
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', 's8 a new deploy', message_id => pg_temp.id('a8')) $$, :'chat'), 'a message after indexing');
select is(pg_temp.found('deploy'), 's8 r1 e2 e1 s3 s2 s1', 'is found together with what is indexed');
select pg_temp.rows_are($$ select role from chatkeep.search_messages('deploy', page_size => 1) $$, array['assistant'], 'newest first');

-- Snippets are HTML.
select is((select snippet ~ '<mark>deploy</mark>' and snippet !~ '<mark>(?!deploy</mark>)' from chatkeep.search_messages('deploy') where id = pg_temp.id('a2')), true, 'a match is marked');
select is((select snippet ~ '<mark>deployed</mark>' from chatkeep.search_messages('deploy') where id = pg_temp.id('b1')), true, 'an inflected match is marked');
select is((select replace(snippet, '&quot;', '"') from chatkeep.search_messages('walrus')), 's6 &lt;script&gt;alert("x &amp; y")&lt;/script&gt; said the <mark>walrus</mark> &lt;b&gt;', 'the text is escaped, so that a snippet holds no tag but mark');
select is((select snippet from chatkeep.search_messages('staging cluster or staging', :'chat')), 's2 deploy to <mark>staging</mark>', 'of a short text a snippet is all');
select count(*) as stored from chatkeep.append_message(:'archived', 'user', repeat('water < ', 3000) || 'dugong ' || repeat('sand & ', 3000)) \gset
select pg_temp.rows_are($$ select f.snippet like '%<mark>dugong</mark>%', octet_length(f.snippet) between 40 and 2000, f.snippet !~ '<(?!/?mark>)' from chatkeep.search_messages('dugong') f $$,
  $$ values (true, true, true) $$, 'of a long one what is around the match');
select is((select position('literal \u0000 and \ud800 said the <mark>narwhal</mark>' in snippet) > 0 from chatkeep.search_messages('narwhal')), true, 'text that looks like an escape is not changed');
-- Text with marks that an implementation may use itself.
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'user', 'pangolin <mark>fake</mark> &lt;mark&gt; ' || (select string_agg(chr(n), 'y') from generate_series(1, 31) n)
    || chr(57344) || chr(57345) || chr(63743) || chr(64976) || chr(65534) || chr(127) || ' [[[ ]]] {{{ @@', message_id => pg_temp.id('a9')) $$, :'chat'), 'text full of marks, entities, control characters and private ones');
select is((select replace(snippet, '<mark>pangolin</mark>', '') ~ '<' from chatkeep.search_messages('pangolin')), false, 'gives no mark but the match''s');
select is((select snippet like '<mark>pangolin</mark> &lt;mark&gt;fake&lt;/mark&gt; &amp;lt;mark&amp;gt; %' from chatkeep.search_messages('pangolin')), true, 'and its own marks are text');

-- Pages. Three imported chats have a message of the same moment, with older and newer messages around it.
select count(*) as stored from (select n, (chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('f' || n), 'messages', jsonb_build_array(
  jsonb_build_object('role', 'user', 'content', 'okapi older', 'created_at', format('2024-01-01T00:00:0%sZ', n)),
  jsonb_build_object('role', 'user', 'content', 'okapi same', 'created_at', '2024-01-02T00:00:00Z'),
  jsonb_build_object('role', 'user', 'content', 'okapi newer', 'created_at', format('2024-01-03T00:00:0%sZ', n)))))).* from generate_series(1, 3) n) i \gset
create function pg_temp.paged(query text, size integer) returns text language plpgsql as $$
declare
  cursor_at timestamptz;
  page record;
  said text := '';
begin
  for round in 1 .. 20 loop
    select count(*) as rows, min(f.created_at) as oldest into page from chatkeep.search_messages(query, page_size => size, before => cursor_at) f;
    exit when page.rows = 0;
    said := said || page.rows || ' ';
    cursor_at := page.oldest;
  end loop;
  return said;
end
$$;
select is(pg_temp.paged('okapi', 2), '2 4 2 1 ', 'before pages on, and rows of one moment come on one page together');
select is(pg_temp.paged('okapi', 4), '6 3 ', 'a page may become longer for that');
select is(pg_temp.paged('okapi', 9), '9 ', 'a page that holds all is the last');
select pg_temp.serve();
select cmp_ok(pg_temp.index_all(2), '>=', 11, 'imported messages are indexed later');
select pg_temp.sign_in('ada');
select is(pg_temp.paged('okapi', 2), '2 4 2 1 ', 'and page as before');
select is((select array_agg(distinct f.created_at) from chatkeep.search_messages('okapi', before => '2024-01-02T00:00:00Z') f where f.created_at >= '2024-01-02T00:00:00Z'), null, 'before is exclusive');
select is((select count(*)::int from (select chatkeep.append_message(:'chat', 'user', 'tapir ' || n) from generate_series(1, 25) n) a), 25, 'more than a page');
select is((select count(*)::int from chatkeep.search_messages('tapir')), 20, 'a page has 20 rows by default');

-- Streaming.
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'assistant', 'a zebra', message_id => pg_temp.id('d1'), status => 'streaming') $$, :'chat'), 'a message that streams');
select is((select array_agg(id) from chatkeep.search_messages('zebra')), array[pg_temp.id('d1')], 'is found by what it has');
select pg_temp.serve();
select cmp_ok(pg_temp.index_all(1000), '>=', 0, 'the index runs meanwhile');
select pg_temp.sign_in('ada');
select lives_ok(format($$ select * from chatkeep.finish_message(%L, pg_temp.id('d1'), 'a giraffe') $$, :'chat'), 'it is finished');
select is((select array_agg(id) from chatkeep.search_messages('giraffe')), array[pg_temp.id('d1')], 'and found by what it has now');
select is_empty($$ select * from chatkeep.search_messages('zebra') $$, 'not by what it had');
select pg_temp.serve();
select cmp_ok(pg_temp.index_all(1000), '>=', 0, 'the index runs again');
select pg_temp.sign_in('ada');
select is((select array_agg(id) from chatkeep.search_messages('giraffe or zebra')), array[pg_temp.id('d1')], 'indexed, it is found once');

-- Large messages: 1 MiB of words that all differ, of one word, of addresses.
select id as large from chatkeep.create_chat('large') \gset
create temporary table texts on commit drop as
  select 1 as n, left('firstword ' || string_agg(substr(md5(w::text), 1, 9), ' '), 1048576 - 9) || ' lastword' as content from generate_series(1, 105000) w
  union all select 2, repeat('x', 1048576 - 10) || ' onlyword '
  union all select 3, left('addressword ' || string_agg('https://h' || w || '.example.com/p/' || md5(w::text) || '?q=' || w || ' u' || w || '@a-b-c.example.org', ' '), 1048576) from generate_series(1, 12000) w
  union all select 4, left('hyphenword ' || string_agg(substr(md5(w::text), 1, 3) || '-' || substr(md5(w::text), 4, 3) || '-' || substr(md5(w::text), 7, 3), ' '), 1048576) from generate_series(1, 96000) w
  union all select 5, left('cjkword ' || string_agg('漢' || w || '字', ' '), 600000) from generate_series(1, 105000) w;
grant select on texts to public;
select is((select count(*)::int from texts, lateral chatkeep.append_message(:'large', 'tool', content, message_id => pg_temp.id('9' || n)) a), 5, 'a mebibyte is appended, whatever words are in it');
select is((select array_agg(id order by id) from chatkeep.search_messages('firstword lastword or onlyword or addressword or hyphenword or cjkword', :'large')),
  array[pg_temp.id('91'), pg_temp.id('92'), pg_temp.id('93'), pg_temp.id('94'), pg_temp.id('95')], 'and found at once, by its first word and by its last');
select pg_temp.serve();
select is(pg_temp.index_all(1000), 5, 'indexing it does not fail');
select pg_temp.sign_in('ada');
select is((select array_agg(id order by id) from chatkeep.search_messages('firstword lastword or onlyword or addressword or hyphenword or cjkword', :'large') where rank > 0 and octet_length(snippet) < 40000),
  array[pg_temp.id('91'), pg_temp.id('92'), pg_temp.id('93'), pg_temp.id('94'), pg_temp.id('95')], 'and it is found as before, with a rank and a short snippet');

-- Other users.
select pg_temp.sign_in('bob');
select is(pg_temp.found('deploy'), 'x1', 'a member of the same tenant finds their messages');
select alike(pg_temp.refusal(format($$ select * from chatkeep.search_messages('deploy', %L) $$, :'english')), 'PT404 chat_id names no chat of yours%', 'and learns nothing of a chat of another user');
select pg_temp.sign_in('eve');
select is(pg_temp.found('deploy', :'chat'), 'x2', 'the same chat id in another tenant is another chat');
select pg_temp.serve();
select is((select array_agg(split_part(m.content, ' ', 1) order by f.created_at desc) from chatkeep.search_messages('deploy', :'english') f join chatkeep.messages m on m.id = f.id), array['e2', 'e1'], 'service_role searches the chat that it names');

-- Refusals.
create temporary table refused (n integer, role text, statement text, expected text) on commit drop;
insert into refused values
  (1, 'service', $$search_messages('deploy')$$, '22___ chat_id %'),
  (2, 'ada', 'search_messages(null)', '22004 query is missing%'),
  (3, 'ada', 'search_messages(repeat(''q'', 1001))', '22023 query is longer than 1000 characters%'),
  (4, 'ada', 'search_messages(''q'', page_size => 0)', '22023 page_size must be between 1 and 200%'),
  (5, 'ada', 'search_messages(''q'', page_size => 201)', '22023 page_size must be between 1 and 200%'),
  (6, 'ada', 'search_messages(''q'', page_size => null)', '22004 page_size is missing%'),
  (7, 'ada', 'search_messages(''q'', pg_temp.id(''ff''))', 'PT404 chat_id names no chat of yours%');
grant select on refused to public;
select pg_temp.sign_in('ada');
select alike(pg_temp.refusal('select * from chatkeep.' || statement), expected, statement || ' is refused') from refused where role = 'ada' order by n;
select pg_temp.serve();
select alike(pg_temp.refusal('select * from chatkeep.' || statement), expected, statement || ' is refused to service_role') from refused where role = 'service' order by n;
select pg_temp.sign_in('ada');
select is((select count(*)::int from chatkeep.search_messages(repeat('q ', 497) || 'deploy')), 0, 'a query may have a thousand characters');
select is((select array_agg(pg_temp.refusal(format($$ select * from chatkeep.search_messages('one', before => %L) $$, t)) order by n) from unnest(array['infinity', '-infinity', '294276-12-31 23:59:59.999999+00']) with ordinality u (t, n)),
  array_fill('accepted'::text, array[3]), 'a cursor of a search may be at any end of time');
select is((select string_agg(q || ': ' || r.said, ', ') from unnest(array['', ' ', '"', '-', '- -', '"" or ""', 'or', 'a or', E'\\', ':*', 'a:b', '!!', '(', repeat('"', 999), repeat('a ', 500), repeat('-a ', 333), '''', E'\t\n', '<b>', U&'\E000\E001', 'ÄÖ ß', '%', '_']) q,
    lateral (select pg_temp.refusal(format('select * from chatkeep.search_messages(%L)', q)) as said) r where r.said <> 'accepted'), null, 'no query is wrong');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine.
rollback to people;
select pg_temp.sign_in('ada');
select is(pg_temp.refusal('select * from chatkeep.' || call), expected, name)
from (values
  ('no query', $$search_messages(null)$$, '22004 query is missing | Pass a value; null is not accepted here.'),
  ('a query over 1000 characters', $$search_messages(repeat('q', 1001))$$, '22023 query is longer than 1000 characters | Shorten it.'),
  ('a found page of nothing', $$search_messages('q', page_size => 0)$$, '22023 page_size must be between 1 and 200 | Ask for fewer rows and page on with before or after.'),
  ('a found page over 200', $$search_messages('q', page_size => 201)$$, '22023 page_size must be between 1 and 200 | Ask for fewer rows and page on with before or after.'),
  ('no found page', $$search_messages('q', page_size => null)$$, '22004 page_size is missing | Pass a value; null is not accepted here.'),
  ('a search in an unknown chat', $$search_messages('q', pg_temp.id('ff'))$$, 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.')
) refused (name, call, expected);

select * from finish();
rollback;
