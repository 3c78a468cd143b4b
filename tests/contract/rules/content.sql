-- The content that calls accept: they store it exactly as it was sent, or refuse it.
begin;
\ir ../support/identities.psql
select * from no_plan();

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat(chat_id => pg_temp.id('c1')) \gset
select count(*) as stored from chatkeep.append_message(:'chat', 'assistant', '', message_id => pg_temp.id('a0'), status => 'streaming') \gset

-- NUL and lone surrogates: PostgreSQL refuses them in every argument. A batch with one is refused whole.
create temporary table refused (name text, statement text) on commit drop;
insert into refused
select what || ' in ' || place, replace(statement, 'BAD', escape)
from (values ('a NUL', '\u0000'), ('a lone high surrogate', '\ud83d'), ('a lone low surrogate', '\ude00'), ('surrogates in the wrong order', '\ude00\ud83d')) e (what, escape),
  (values
    ('parts', $$append_message(pg_temp.id('c1'), 'user', 'x', parts => '[{"text":"aBADb"}]')$$),
    ('metadata', $$append_message(pg_temp.id('c1'), 'user', 'x', metadata => '{"k":"aBADb"}')$$),
    ('a key of metadata', $$append_message(pg_temp.id('c1'), 'user', 'x', metadata => '{"aBADb":1}')$$),
    ('a batch', $$append_messages(pg_temp.id('c1'), '[{"role":"user","content":"fine"},{"role":"user","content":"aBADb"}]')$$),
    ('the parts of a finish', $$finish_message(pg_temp.id('c1'), pg_temp.id('a0'), parts => '["BAD"]')$$),
    ('the metadata of a finish', $$finish_message(pg_temp.id('c1'), pg_temp.id('a0'), metadata => '{"k":"BAD"}')$$),
    ('metadata of a chat', $$create_chat(metadata => '{"k":"BAD"}')$$),
    ('an import', $$import_chat('{"title":"aBADb"}')$$),
    ('a message of an import', $$import_chat('{"messages":[{"role":"user","content":"fine"},{"role":"user","content":"aBADb"}]}')$$)) p (place, statement);
insert into refused
select what || ' in ' || place, replace(statement, 'BAD', bytes)
from (values ('the byte 0', '\x610062'), ('a surrogate in UTF-8', '\x61eda08062'), ('half a character', '\x61e2'), ('a byte that is no UTF-8', '\xff')) e (what, bytes),
  (values
    ('content', $$append_message(pg_temp.id('c1'), 'user', convert_from('BAD', 'UTF8'))$$),
    ('a finish', $$finish_message(pg_temp.id('c1'), pg_temp.id('a0'), convert_from('BAD', 'UTF8'))$$),
    ('a title', $$create_chat(convert_from('BAD', 'UTF8'))$$),
    ('a query', $$search_messages(convert_from('BAD', 'UTF8'))$$)) p (place, statement);
grant select on refused to public;
select is_empty(
  $$ select name, pg_temp.refusal('select * from chatkeep.' || statement) from refused where pg_temp.refusal('select * from chatkeep.' || statement) !~ '^22(P05|P02|021)' $$,
  'NUL, lone surrogates and bytes that are no UTF-8 are refused in every argument');
select alike(pg_temp.refusal($$ update chatkeep.chats set metadata = '{"k":"\u0000"}' $$), '22P05 %', 'also in a direct update');
select pg_temp.rows_are($$ select message_count, (select count(*)::int from chatkeep.messages), (select count(*)::int from chatkeep.chats) from chatkeep.chats $$, $$ values (1, 1, 1) $$, 'and nothing of it is stored');
select pg_temp.rows_are($$ select content, status from chatkeep.messages where id = pg_temp.id('a0') $$, $$ values ('', 'streaming') $$, 'a message is not finished with such content');

-- Text that comes back as it was sent, whichever call stored it.
create temporary table texts (n integer, name text, content text) on commit drop;
insert into texts values
  (1, 'an emoji, a family of them and a flag', '😀 👨‍👩‍👧‍👦 🇩🇪'),
  (2, 'combining characters, composed and not', U&'\00e9 e\0301 \1e9b\0323'),
  (3, 'text of both directions', U&'abc \202eשלום\202c \200f العربية'),
  (4, 'the six characters of an escaped NUL', '\u0000'),
  (5, 'the same after a backslash', '\\u0000 \\\u0000 \ud800 \x00'),
  (6, 'quotes, backslashes, dollars, percents', 'a''b"c\d$e$$ $1 %s %L {} \n "\""'),
  (7, 'line ends of all kinds', E'a\nb\r\nc\rd\te\u2028f\u0085g'),
  (8, 'white space around it', E'  \n x \t '),
  (9, 'control characters', (select string_agg(chr(c), '') from generate_series(1, 31) c) || chr(127)),
  (10, 'characters that are none', U&'\FFFD \FEFF \FFFE \+01FFFF \+10FFFF'),
  (11, 'nothing', ''),
  (12, 'HTML and SQL', '<b>&amp;</b>''; drop table chatkeep.messages; --'),
  (13, 'what looks like JSON', '{"a":"\u0000","b":1.10}'),
  (14, 'what looks like null', 'null');
grant select on texts to public;
create function pg_temp.returned(n integer, given text) returns text language plpgsql as $$
declare
  chat uuid := (select c.id from chatkeep.create_chat(case when char_length(given) < 500 then given end, jsonb_build_object('k', given), language => 'english') c);
  ways text[] := array[]::text[];
  stored record;
  parts jsonb := jsonb_build_array(given, jsonb_build_object('text', given, given, 1));
begin
  perform chatkeep.append_message(chat, 'user', given, parts => parts, metadata => jsonb_build_object('k', given), model => left(given, 200));
  perform chatkeep.append_messages(chat, jsonb_build_array(jsonb_build_object('role', 'user', 'content', given, 'parts', parts, 'metadata', jsonb_build_object('k', given), 'model', left(given, 200))));
  perform chatkeep.append_message(chat, 'assistant', '', message_id => pg_temp.id('f' || n), status => 'streaming', model => left(given, 200));
  perform chatkeep.finish_message(chat, pg_temp.id('f' || n), given, parts, metadata => jsonb_build_object('k', given));
  perform chatkeep.import_chat(jsonb_build_object('id', chat, 'messages', jsonb_build_array(jsonb_build_object('role', 'user', 'content', given, 'parts', parts, 'metadata', jsonb_build_object('k', given), 'model', left(given, 200)))));
  for stored in select m.* from chatkeep.list_messages(chat) m loop
    if convert_to(stored.content, 'UTF8') <> convert_to(given, 'UTF8') then ways := ways || ('content ' || stored.seq); end if;
    if stored.parts <> parts then ways := ways || ('parts ' || stored.seq); end if;
    if stored.metadata <> jsonb_build_object('k', given) then ways := ways || ('metadata ' || stored.seq); end if;
    if stored.model <> left(given, 200) then ways := ways || ('model ' || stored.seq); end if;
  end loop;
  if (select (c.title, c.metadata ->> 'k', c.message_count) is distinct from (given, given, 4) from chatkeep.chats c where c.id = chat) then ways := ways || 'chat'::text; end if;
  if (select i.title is distinct from given from chatkeep.import_chat(jsonb_build_object('title', given)) i) then ways := ways || 'imported title'::text; end if;
  perform chatkeep.search_messages(given);
  return array_to_string(ways, ', ');
end
$$;
select is(pg_temp.returned(n, content), '', name || ' comes back byte for byte') from texts order by n;
select pg_temp.serve();
select cmp_ok(chatkeep.index_messages(), '>', 40, 'all of which can be indexed');
select pg_temp.sign_in('ada');
select is((select array_agg(m.parts ->> 0) from chatkeep.append_message(:'chat', 'user', 'x', parts => '["\ud83d\ude00 \\u0000 \u00e9"]') m), array['😀 \u0000 é'], 'a pair of surrogates is one character, an escaped backslash is a backslash');
select is((select array_agg(m.content::text) from chatkeep.append_messages(:'chat', '[{"role":"user","content":"\ud83d\ude00 \\u0000 \u00e9"}]') m), array['😀 \u0000 é'], 'also in the content of a batch');

-- JSON, in the form of jsonb, whichever call stored it.
create temporary table documents (n integer, name text, given text, stored text) on commit drop;
insert into documents values
  (1, 'the last of equal keys', '{"a":1,"b":2,"a":3}', '{"a": 3, "b": 2}'),
  (2, 'keys in an order of their own', '{"bb":1,"a":2,"c":3}', '{"a": 2, "c": 3, "bb": 1}'),
  (3, 'the digits of numbers', '{"n":[1.10,0.000,100.0,12345678901234567890.123456789]}', '{"n": [1.10, 0.000, 100.0, 12345678901234567890.123456789]}'),
  (4, 'integers above 2^53', '{"n":[9007199254740993,-9007199254740993,18446744073709551616]}', '{"n": [9007199254740993, -9007199254740993, 18446744073709551616]}'),
  (5, 'exponents written out', '{"n":[1e2,1.5e-3,-2E+1]}', '{"n": [100, 0.0015, -20]}'),
  (6, 'numbers beyond a double', '{"n":1e400}', '{"n": 1' || repeat('0', 400) || '}'),
  (7, 'zero without a sign', '{"n":-0}', '{"n": 0}'),
  (8, 'empty things', '{"a":{},"b":[],"c":"","d":null,"":0}', '{"": 0, "a": {}, "b": [], "c": "", "d": null}'),
  (9, 'true, false and null', '{"n":[true,false,null]}', '{"n": [true, false, null]}'),
  (10, 'escapes', '{"n":"\u0041\n\/\\\"\t\u001f"}', '{"n": "A\n/\\\"\t\u001f"}');
grant select on documents to public;
create function pg_temp.stored(given text) returns text language plpgsql as $$
declare
  chat uuid := (select c.id from chatkeep.create_chat(metadata => given::jsonb) c);
  item text := format('{"role":"user","content":"x","metadata":%s,"parts":[%s]}', given, given);
begin
  perform chatkeep.append_message(chat, 'user', 'x', parts => ('[' || given || ']')::jsonb, metadata => given::jsonb);
  perform chatkeep.append_messages(chat, ('[' || item || ']')::jsonb);
  perform chatkeep.append_message(chat, 'user', '', message_id => pg_temp.id('ab'), status => 'streaming');
  perform chatkeep.finish_message(chat, pg_temp.id('ab'), 'x', ('[' || given || ']')::jsonb, metadata => given::jsonb);
  perform chatkeep.import_chat(format('{"id":"%s","messages":[%s]}', chat, item)::jsonb);
  perform chatkeep.import_chat(format('{"metadata":%s,"title":%s}', given, to_jsonb(chat::text))::jsonb);
  return (select string_agg(distinct s.said, ' or ') || ' ' || count(*) from (
    select m.metadata::text from chatkeep.messages m where m.chat_id = chat
    union all select (m.parts -> 0)::text from chatkeep.messages m where m.chat_id = chat
    union all select c.metadata::text from chatkeep.chats c where c.id = chat or c.title = chat::text) s (said));
end
$$;
select is(pg_temp.stored(given), stored || ' 10', 'JSON: ' || name) from documents order by n;
select pg_temp.rows_are(
  format($$ select a.outcome, a.seq = b.seq from chatkeep.append_messages(%L, '[{"role":"user","content":"x","message_id":"00000000-0000-7000-8000-0000000000ac","parts":[{"a":1.0,"b":2}]}]') b,
    lateral chatkeep.append_messages(%L, '[{"role":"user","content":"x","message_id":"00000000-0000-7000-8000-0000000000ac","parts":[{"b":2,"a":1.00}]}]') a $$, :'chat', :'chat'),
  $$ values ('stored', true) $$, 'a retry may order keys and write numbers in another way');

-- Depth.
create temporary table deep on commit drop as
  select d as depth, (repeat('[', d) || repeat(']', d)) as brackets, (repeat('{"a":', d) || '1' || repeat('}', d)) as braces from unnest(array[64, 65, 10000, 100000]) d;
grant select on deep to public;
create function pg_temp.told(statement text) returns text language sql as $$
  select substring(pg_temp.refusal(statement) from '^(accepted|\w+ \S+ is nested deeper than 64 levels|\w+ \S+ is longer than 1048576 bytes|\w+)')
$$;
create function pg_temp.nested(levels integer) returns text language sql as $$
  select concat_ws(', ',
    pg_temp.told(format('select * from chatkeep.append_message(pg_temp.id(''c1''), ''user'', ''x'', parts => %L)', d.brackets)),
    pg_temp.told(format('select * from chatkeep.append_message(pg_temp.id(''c1''), ''user'', ''x'', metadata => %L)', d.braces)),
    pg_temp.told(format('select * from chatkeep.append_messages(pg_temp.id(''c1''), %L)', format('[{"role":"user","content":"x","parts":%s}]', d.brackets))),
    pg_temp.told(format('select * from chatkeep.import_chat(%L)', format('{"messages":[{"role":"user","content":"x","metadata":%s}]}', d.braces))))
  from deep d where d.depth = levels
$$;
select is(pg_temp.nested(64), 'accepted, accepted, accepted, accepted', '64 levels are stored');
select is(pg_temp.nested(65), '22023 parts is nested deeper than 64 levels, 22023 metadata is nested deeper than 64 levels, 22023 messages[0].parts is nested deeper than 64 levels, 22023 chat.messages[0].metadata is nested deeper than 64 levels',
  '65 are refused by name');
select is(pg_temp.nested(10000), pg_temp.nested(65), '10,000 as well');
select unalike(pg_temp.nested(100000), '%accepted%', '100,000 are refused, if not by Chatkeep then by PostgreSQL');
select is((select count(*)::int from chatkeep.append_message(:'chat', 'user', 'still here')), 1, 'the backend works afterwards');

-- Size.
create function pg_temp.sized(bytes integer) returns text language sql as $$
  select concat_ws(', ',
    pg_temp.told(format('select * from chatkeep.append_message(pg_temp.id(''c1''), ''tool'', repeat(''x'', %s))', bytes)),
    pg_temp.told(format('select * from chatkeep.append_messages(pg_temp.id(''c1''), jsonb_build_array(pg_temp.item(''first''), pg_temp.item(repeat(''x'', %s))))', bytes)),
    pg_temp.told(format('select * from chatkeep.import_chat(jsonb_build_object(''messages'', jsonb_build_array(pg_temp.item(repeat(''x'', %s)))))', bytes)))
$$;
select is(pg_temp.sized(1048576), 'accepted, accepted, accepted', '1 MiB is stored');
select is(pg_temp.sized(1048577), '22023 content is longer than 1048576 bytes, 22023 messages[1].content is longer than 1048576 bytes, 22023 chat.messages[0].content is longer than 1048576 bytes', 'a byte more is refused by name');
select is(pg_temp.sized(16777216), pg_temp.sized(1048577), '16 MiB as well');
select alike(pg_temp.refusal('select * from chatkeep.append_message(pg_temp.id(''c1''), ''tool'', repeat(''x'', 209715200))'), '22023 content is longer than 1048576 bytes%', 'and 200 MiB');
select alike(pg_temp.refusal('select * from chatkeep.append_messages(pg_temp.id(''c1''), jsonb_build_array(pg_temp.item(repeat(''é'', 524289))))'), '22023 messages[0].content is longer than 1048576 bytes%', 'in bytes, not in characters');
select is((select count(*)::int from chatkeep.append_message(:'chat', 'user', 'x', parts => (select jsonb_agg('{"t": 1}'::jsonb) from generate_series(1, 10000)))), 1, '10,000 parts below 256 KiB are stored');
select is((select jsonb_array_length(m.parts) from chatkeep.list_messages(:'chat', page_size => 1) m), 10000, 'all of them');
select alike(pg_temp.refusal('select * from chatkeep.append_message(pg_temp.id(''c1''), ''user'', ''x'', parts => (select jsonb_agg(jsonb_build_object(''text'', repeat(''x'', 20))) from generate_series(1, 10000)))'), '22023 parts is larger than 262144 bytes%', '10,000 parts above it are refused');
select alike(pg_temp.refusal('select * from chatkeep.append_messages(pg_temp.id(''c1''), jsonb_build_array(pg_temp.item(''x'', more => jsonb_build_object(''parts'', jsonb_build_array(repeat(''x'', 262144))))))'), '22023 messages[0].parts is larger than 262144 bytes%', 'in a batch too');

-- Empty and unknown values.
select pg_temp.rows_are(format($$ select content, parts from chatkeep.append_message(%L, 'user', '', parts => '[]') $$, :'chat'), $$ values ('', '[]'::jsonb) $$, 'empty content with empty parts is a message');
select pg_temp.rows_are(format($$ select content, parts from chatkeep.append_messages(%L, '[{"role":"user","content":"","parts":[]}]') $$, :'chat'), $$ values ('', '[]'::jsonb) $$, 'in a batch too');
select pg_temp.rows_are(format($$ select parts from chatkeep.append_message(%L, 'user', 'x', parts => '[{"type":"hologram","v":[1,{"w":null}]},7,"text",null,[]]') $$, :'chat'),
  $$ values ('[{"type":"hologram","v":[1,{"w":null}]},7,"text",null,[]]'::jsonb) $$, 'parts of unknown types are stored as they are');
select is(
  (select array_agg(pg_temp.refusal(format('select * from chatkeep.append_message(pg_temp.id(''c1''), %L, ''x'')', role)) like '22023 role must be system, developer, user, assistant or tool%') from unnest(array['function', 'User', ' user', '']) role),
  array_fill(true, array[4]), 'unknown roles are refused');

-- A page of large messages reads no body that the client leaves out.
select id as heavy from chatkeep.create_chat() \gset
select count(*) as stored from chatkeep.append_messages(:'heavy', (select jsonb_agg(pg_temp.item((select string_agg(encode(sha256((n * 100000 + c)::text::bytea), 'base64'), '') from generate_series(1, 8000) c))) from generate_series(1, 5) n)) \gset
select cmp_ok((select sum(octet_length(m.content)) from chatkeep.list_messages(:'heavy') m), '>', 1700000::bigint, 'five large messages');
create function pg_temp.buffers(statement text) returns integer language plpgsql as $$
declare
  plan json;
begin
  execute 'explain (analyze, buffers, timing off, format json) ' || statement into plan;
  return (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::integer + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::integer;
end
$$;
select cmp_ok(pg_temp.buffers(format('select id, seq from chatkeep.list_messages(%L)', :'heavy')), '<', 100, 'are listed without their bodies');
select cmp_ok(pg_temp.buffers(format('select sum(char_length(content)) from chatkeep.list_messages(%L)', :'heavy')), '>', 200, 'with their content the pages read more buffers');

select * from finish();
rollback;
