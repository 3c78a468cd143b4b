-- import_chat: keeps times, order, parents and the active path; the same chat again changes nothing.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('ada');
-- An item of an import.
create function pg_temp.said(content text, created_at text default null, more jsonb default '{}') returns jsonb language sql immutable as $$
  select jsonb_strip_nulls(jsonb_build_object('role', 'user', 'content', content, 'created_at', created_at)) || more
$$;
-- A chat and its messages: the place of each row and its content.
create function pg_temp.image(chat uuid) returns text language sql as $$
  select concat_ws(E'\n',
    (select c.ctid || ' ' || row(c.*)::text from chatkeep.chats c where c.id = chat),
    (select string_agg(m.ctid || ' ' || row(m.*)::text, E'\n' order by m.seq) from chatkeep.messages m where m.chat_id = chat))
$$;

-- An import with every key.
create temporary table given on commit drop as select jsonb_build_object(
  'id', pg_temp.id('c1'), 'title', 'Old plans', 'metadata', '{"from":"elsewhere"}'::jsonb, 'language', 'english',
  'created_at', '2023-12-31T23:00:00Z', 'archived_at', '2024-02-01T00:00:00Z', 'active_leaf_id', pg_temp.id('a3'),
  'messages', jsonb_build_array(
    jsonb_build_object('id', pg_temp.id('a1'), 'role', 'system', 'content', 'be brief', 'created_at', '2024-01-01T00:00:00Z'),
    jsonb_build_object('id', pg_temp.id('a2'), 'role', 'user', 'content', 'why?', 'created_at', '2024-01-01T01:00:00.123456+01:00', 'metadata', '{"k":"v"}'::jsonb),
    jsonb_build_object('id', pg_temp.id('a3'), 'role', 'assistant', 'content', 'because', 'created_at', '2024-01-01T00:05:00Z', 'model', 'm-1', 'token_count', 7,
      'status', 'failed', 'parts', '[{"type":"text","text":"because"}]'::jsonb),
    jsonb_build_object('id', pg_temp.id('a4'), 'role', 'assistant', 'content', 'so that', 'created_at', '2024-01-01T00:06:00Z', 'parent_id', pg_temp.id('a2')),
    jsonb_build_object('id', pg_temp.id('a5'), 'role', 'user', 'content', 'when?', 'created_at', '2024-01-01T00:07:00Z', 'parent_id', '00000000-0000-0000-0000-000000000000'))) as chat;
grant select on given to public;
select pg_temp.rows_are(
  'select i.id, i.tenant_id, i.user_id, i.title, i.metadata, i.language::text, i.created_at, i.updated_at, i.archived_at, i.active_leaf_id, i.message_count, i.last_seq, i.deleted_at from given, lateral chatkeep.import_chat(chat) i',
  $$ values (pg_temp.id('c1'), '00000000-0000-4000-8000-000000007e01'::uuid, '00000000-0000-4000-8000-00000000ada0'::uuid, 'Old plans', '{"from":"elsewhere"}'::jsonb, 'english',
    '2023-12-31T23:00:00Z'::timestamptz, '2024-01-01T00:07:00Z'::timestamptz, '2024-02-01T00:00:00Z'::timestamptz, pg_temp.id('a3'), 5, 5, null::timestamptz) $$,
  'a chat is imported with what it was given');
select pg_temp.rows_are(
  $$ select id, seq, parent_id, role, content, parts, status, model, token_count, metadata, created_at, active, author_id, written_as from chatkeep.messages where chat_id = pg_temp.id('c1') order by seq $$,
  $$ values
    (pg_temp.id('a1'), 1, null::uuid, 'system', 'be brief', null::jsonb, 'complete', null, null::integer, '{}'::jsonb, '2024-01-01T00:00:00Z'::timestamptz, true, '00000000-0000-4000-8000-00000000ada0'::uuid, 'authenticated'),
    (pg_temp.id('a2'), 2, pg_temp.id('a1'), 'user', 'why?', null, 'complete', null, null, '{"k":"v"}', '2024-01-01T00:00:00.123456Z', true, '00000000-0000-4000-8000-00000000ada0', 'authenticated'),
    (pg_temp.id('a3'), 3, pg_temp.id('a2'), 'assistant', 'because', '[{"type":"text","text":"because"}]', 'failed', 'm-1', 7, '{}', '2024-01-01T00:05:00Z', true, '00000000-0000-4000-8000-00000000ada0', 'authenticated'),
    (pg_temp.id('a4'), 4, pg_temp.id('a2'), 'assistant', 'so that', null, 'complete', null, null, '{}', '2024-01-01T00:06:00Z', false, '00000000-0000-4000-8000-00000000ada0', 'authenticated'),
    (pg_temp.id('a5'), 5, null, 'user', 'when?', null, 'complete', null, null, '{}', '2024-01-01T00:07:00Z', false, '00000000-0000-4000-8000-00000000ada0', 'authenticated') $$,
  'its messages have their order, parents, times and roles, and the caller as author');
select is((select array_agg(content::text) from chatkeep.list_messages(pg_temp.id('c1'))), array['be brief', 'why?', 'because'], 'the path to active_leaf_id is the active one');

-- The same import again.
create temporary table images on commit drop as select pg_temp.image(pg_temp.id('c1')) as image;
select pg_temp.rows_are('select i.id, i.updated_at, i.message_count from given, lateral chatkeep.import_chat(chat) i',
  $$ values (pg_temp.id('c1'), '2024-01-01T00:07:00Z'::timestamptz, 5) $$, 'the same chat again returns the stored one');
select is(pg_temp.image(pg_temp.id('c1')), (select image from images), 'and changes nothing, byte for byte');
select pg_temp.rows_are($$ select i.title, i.metadata, i.archived_at from given, lateral chatkeep.import_chat(chat || '{"title":"New title","metadata":{},"archived_at":null}') i $$,
  $$ values ('Old plans', '{"from":"elsewhere"}'::jsonb, '2024-02-01T00:00:00Z'::timestamptz) $$, 'a stored chat keeps its title, metadata and times');
select is(pg_temp.image(pg_temp.id('c1')), (select image from images), 'another import does not change them');
select alike(pg_temp.refusal($$ select i.* from given, lateral chatkeep.import_chat(jsonb_set(chat, '{messages,1,content}', '"why not?"')) i $$), 'PT409 chat.messages[1]%', 'other content for a stored message is a conflict');
select is((select i.message_count from (values ('ab'), (E'a\nb')) said (words), lateral chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('cd1'), 'messages', jsonb_build_array(
  jsonb_build_object('id', pg_temp.id('cd2'), 'role', 'user', 'content', words, 'parts', '[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]'::jsonb)))) i offset 1), 1, 'a client may join the text of parts in another way');
select is(pg_temp.image(pg_temp.id('c1')), (select image from images), 'and overwrites nothing');

-- More messages of the same chat.
select pg_temp.rows_are(
  $$ select i.message_count, i.last_seq, i.updated_at, i.active_leaf_id from given, lateral chatkeep.import_chat(jsonb_set(chat - 'active_leaf_id', '{messages}', chat -> 'messages' || jsonb_build_array(
      jsonb_build_object('id', pg_temp.id('a6'), 'role', 'assistant', 'content', 'now', 'created_at', '2024-01-01T00:08:00Z'),
      jsonb_build_object('id', pg_temp.id('a7'), 'role', 'user', 'content', 'thanks', 'created_at', '2024-01-01T00:09:00Z')))) i $$,
  $$ values (7, 7, '2024-01-01T00:09:00Z'::timestamptz, pg_temp.id('a7')) $$, 'messages that it does not have yet are appended, with their times');
select is((select array_agg(content::text) from chatkeep.list_messages(pg_temp.id('c1'))), array['when?', 'now', 'thanks'], 'after the message in front of them');
select pg_temp.rows_are(
  $$ select i.message_count, i.active_leaf_id from chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('c1'), 'messages', jsonb_build_array(
      jsonb_build_object('id', pg_temp.id('a8'), 'role', 'user', 'content', 'a page of its own', 'created_at', '2023-01-01T00:00:00Z', 'parent_id', pg_temp.id('a4'))))) i $$,
  $$ values (8, pg_temp.id('a8')) $$, 'an import of nothing but the rest, on a branch that is stored');
select pg_temp.rows_are($$ select seq, created_at, parent_id from chatkeep.messages where id = pg_temp.id('a8') $$,
  $$ values (8, '2024-01-01T00:09:00.000001Z'::timestamptz, pg_temp.id('a4')) $$, 'never before what is stored');
select pg_temp.rows_are($$ select seq, created_at > '2024-01-01T00:09:00.000001Z'::timestamptz from chatkeep.append_message(pg_temp.id('c1'), 'user', 'today') $$, $$ values (9, true) $$, 'a message can be appended to an imported chat');

-- Times that are equal, go back, are in the future, or are missing.
select pg_temp.rows_are(
  $$ select i.message_count from chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('c2'), 'messages', jsonb_build_array(
      pg_temp.said('1', '2024-01-01T00:00:00Z'), pg_temp.said('2', '2024-01-01T00:00:00Z'), pg_temp.said('3', '2023-01-01T00:00:00Z'),
      pg_temp.said('4', '2024-01-01T00:00:00.000003Z'), pg_temp.said('5', '2024-01-01T00:00:00.000003Z'), pg_temp.said('6', '2024-01-02T00:00:00Z')))) i $$,
  array[6], 'times that are equal or go back');
select pg_temp.rows_are($$ select content, created_at from chatkeep.messages where chat_id = pg_temp.id('c2') order by seq $$,
  $$ values ('1', '2024-01-01T00:00:00Z'::timestamptz), ('2', '2024-01-01T00:00:00.000001Z'), ('3', '2024-01-01T00:00:00.000002Z'), ('4', '2024-01-01T00:00:00.000003Z'),
     ('5', '2024-01-01T00:00:00.000004Z'), ('6', '2024-01-02T00:00:00Z') $$, 'move by as little as makes them strictly increasing');
select pg_temp.rows_are(
  $$ select i.message_count, i.updated_at <= clock_timestamp(), i.created_at <= clock_timestamp(), i.archived_at is null or i.archived_at <= clock_timestamp() from chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('c3'), 'created_at', '2999-01-01T00:00:00Z', 'messages', jsonb_build_array(
      pg_temp.said('1', '2024-01-01T00:00:00Z'), pg_temp.said('2', '2999-01-01T00:00:00Z'), pg_temp.said('3', '2998-01-01T00:00:00Z'), pg_temp.said('4', '2024-01-02T00:00:00Z'),
      pg_temp.said('5')))) i $$, $$ values (5, true, true, true) $$, 'times in the future');
select is((select array_agg(content::text order by created_at) from chatkeep.messages where chat_id = pg_temp.id('c3')), array['1', '2', '3', '4', '5'], 'do not change the order');
select is_empty($$ select content, created_at from chatkeep.messages where chat_id = pg_temp.id('c3') and (created_at > clock_timestamp() or created_at < '2024-01-01') $$, 'and are not kept');
select pg_temp.rows_are($$ select created_at from chatkeep.messages where chat_id = pg_temp.id('c3') and seq = 1 $$, array['2024-01-01T00:00:00Z'::timestamptz], 'a past time before them is');
select is((select count(distinct created_at)::int from chatkeep.messages where chat_id = pg_temp.id('c3')), 5, 'and no two are equal');
select is((select i.message_count from chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('c4'), 'messages', (select jsonb_agg(pg_temp.said(n::text, '2999-01-01T00:00:00Z')) from generate_series(1, 1000) n))) i), 1000, 'a thousand messages of the future');
select is((select max(m.created_at) <= clock_timestamp() and count(distinct m.created_at) = 1000 from chatkeep.messages m where m.chat_id = pg_temp.id('c4')), true, 'fit before now');
select is((select array_agg(content::integer order by created_at) from chatkeep.messages where chat_id = pg_temp.id('c4')), (select array_agg(n) from generate_series(1, 1000) n), 'in their order');

-- Ids.
create temporary table unnamed on commit drop as select jsonb_build_object('id', pg_temp.id('c5'), 'messages', jsonb_build_array(pg_temp.said('same', '2024-01-01T00:00:00Z'), pg_temp.said('same', '2024-01-01T00:00:01Z'), pg_temp.said('other', '2024-01-01T00:00:02Z'))) as chat;
grant select on unnamed to public;
select is((select i.message_count from unnamed, lateral chatkeep.import_chat(chat) i), 3, 'messages without ids');
create temporary table derived on commit drop as select pg_temp.image(pg_temp.id('c5')) as image, (select array_agg(id order by seq) from chatkeep.messages where chat_id = pg_temp.id('c5')) as ids;
select is((select i.message_count from unnamed, lateral chatkeep.import_chat(chat) i), 3, 'are known again');
select is(pg_temp.image(pg_temp.id('c5')), (select image from derived), 'byte for byte');
select is((select i.message_count from unnamed, lateral chatkeep.import_chat(jsonb_set(chat, '{messages}', chat -> 'messages' || jsonb_build_array(pg_temp.said('more', '2024-01-01T00:00:03Z')))) i), 4, 'with one more there is one more');
select is((select count(distinct id)::int from chatkeep.messages where chat_id = pg_temp.id('c5')), 4, 'each has an id of its own');
reset role;
delete from chatkeep.chats where id = pg_temp.id('c5');
select pg_temp.sign_in('ada');
select is((select i.message_count from unnamed, lateral chatkeep.import_chat(chat) i), 3, 'imported into nothing again');
select is((select array_agg(id order by seq) from chatkeep.messages where chat_id = pg_temp.id('c5')), (select ids from derived), 'they get the same ids');
select isnt((select i.id from unnamed, lateral chatkeep.import_chat(chat - 'id') i), (select i.id from unnamed, lateral chatkeep.import_chat(chat - 'id') i), 'without a chat id every import makes a new chat');
select pg_temp.rows_are($$ select i.title, i.metadata, i.language::text, i.message_count, i.active_leaf_id from chatkeep.import_chat('{}') i $$,
  $$ values (null, '{}'::jsonb, 'simple', 0, null::uuid) $$, 'nothing at all is an empty chat');
select pg_temp.rows_are($$ select i.message_count from chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('c6'), 'title', null, 'metadata', '{}'::jsonb, 'messages', '[]'::jsonb)) i $$, array[0], 'a chat without messages can be imported');
select is((select i.message_count from chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('c6'), 'messages', jsonb_build_array(pg_temp.said('1')))) i), 1, 'it can be filled later');
select pg_temp.rows_are($$ select i.id, i.message_count from chatkeep.create_chat(chat_id => pg_temp.id('c7')) c, lateral chatkeep.import_chat(jsonb_build_object('id', c.id, 'messages', jsonb_build_array(pg_temp.said('1')))) i $$,
  $$ values (pg_temp.id('c7'), 1) $$, 'a chat of create_chat can be filled by an import');

-- A thousand messages.
select is((select i.message_count from chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('c8'), 'messages', (select jsonb_agg(pg_temp.said(n::text, to_char(timestamp '2024-01-01' + n * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))) from generate_series(1, 1000) n))) i), 1000, 'a thousand messages in one call');
select pg_temp.rows_are($$ select array_agg(content::integer order by created_at), max(created_at) - min(created_at) from chatkeep.messages where chat_id = pg_temp.id('c8') $$,
  $$ select array_agg(n), interval '999 seconds' from generate_series(1, 1000) n $$, 'with their times, in order');
select is((select count(*)::int from chatkeep.messages m where m.chat_id = pg_temp.id('c8') and m.active), 1000, 'all of them on the active path');
select alike(pg_temp.refusal($$ select * from chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('c9'), 'messages', (select jsonb_agg(pg_temp.said(n::text)) from generate_series(1, 1001) n))) $$), '22023 chat.messages %', 'a thousand and one are refused');

-- Refusals: nothing is half imported.
create temporary table refused (name text, statement text, expected text) on commit drop;
insert into refused
select name, format('select * from chatkeep.import_chat(jsonb_build_object(''id'', pg_temp.id(''c9''), ''messages'', jsonb_build_array(pg_temp.said(''0''), %L::jsonb)))', item), expected
from (values
  ('a time that is none', '{"role":"user","content":"x","created_at":"yesterday"}', '22___ chat.messages[1].created_at %'),
  ('a time without offset', '{"role":"user","content":"x","created_at":"2024-01-01T00:00:00"}', '22___ chat.messages[1].created_at %'),
  ('a day that does not exist', '{"role":"user","content":"x","created_at":"2024-02-30T00:00:00Z"}', '22___ chat.messages[1].created_at %'),
  ('a time that is no text', '{"role":"user","content":"x","created_at":1704067200}', '22___ chat.messages[1].created_at %'),
  ('an endless time', '{"role":"user","content":"x","created_at":"infinity"}', '22___ chat.messages[1].created_at %'),
  ('a role of another name', '{"role":"bot","content":"x"}', '22023 chat.messages[1].role must be %'),
  ('no role', '{"content":"x"}', '22004 chat.messages[1].role %'),
  ('no content', '{"role":"user"}', '22004 chat.messages[1].content %'),
  ('an id that is no UUID', '{"role":"user","content":"x","id":"nope"}', '22___ chat.messages[1].id %'),
  ('a parent_id that is no UUID', '{"role":"user","content":"x","parent_id":"nope"}', '22___ chat.messages[1].parent_id %'),
  ('an unknown parent', '{"role":"user","content":"x","parent_id":"00000000-0000-7000-8000-0000000000ff"}', 'PT404 chat.messages[1].parent_id %'),
  ('parts that are no array', '{"role":"user","content":"x","parts":{}}', '22023 chat.messages[1].parts must be %'),
  ('metadata that is no object', '{"role":"user","content":"x","metadata":1}', '22023 chat.messages[1].metadata must be %'),
  ('a status of another name', '{"role":"user","content":"x","status":"done"}', '22023 chat.messages[1].status must be %'),
  ('a negative token_count', '{"role":"user","content":"x","token_count":-1}', '22023 chat.messages[1].token_count must not %'),
  ('a message that is no object', '[]', '22023 chat.messages[1] must be %')) i (name, item, expected);
insert into refused values
  ('a parent later in the array', $$ select * from chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('c9'), 'messages', jsonb_build_array(
    pg_temp.said('0', more => jsonb_build_object('parent_id', pg_temp.id('b1'))), pg_temp.said('1', more => jsonb_build_object('id', pg_temp.id('b1')))))) $$, 'PT404 chat.messages[0].parent_id %'),
  ('a parent of itself', $$ select * from chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('c9'), 'messages', jsonb_build_array(
    pg_temp.said('0', more => jsonb_build_object('id', pg_temp.id('b1'), 'parent_id', pg_temp.id('b1')))))) $$, 'PT404 chat.messages[0].parent_id %'),
  ('an unknown leaf', $$ select * from chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('c9'), 'active_leaf_id', pg_temp.id('ff'), 'messages', jsonb_build_array(pg_temp.said('0')))) $$, 'PT404 chat.active_leaf_id %'),
  ('no object', $$ select * from chatkeep.import_chat('[]') $$, '22023 chat must be a JSON object%'),
  ('nothing', $$ select * from chatkeep.import_chat(null) $$, '22004 chat is missing%'),
  ('a title over 500 characters', $$ select * from chatkeep.import_chat(jsonb_build_object('title', repeat('t', 501))) $$, '22023 chat.title is longer than 500 characters%'),
  ('metadata of the chat that is no object', $$ select * from chatkeep.import_chat('{"metadata":[]}') $$, '22023 chat.metadata must be %'),
  ('an unknown language', $$ select * from chatkeep.import_chat('{"language":"klingon"}') $$, '22023 chat.language %'),
  ('a chat id that is no UUID', $$ select * from chatkeep.import_chat('{"id":"nope"}') $$, '22___ chat.id %'),
  ('messages that are no array', $$ select * from chatkeep.import_chat('{"messages":{}}') $$, '22023 chat.messages must be a JSON array%');
grant select on refused to public;
create temporary table chats_before on commit drop as select count(*) from chatkeep.chats;
select is(
  (select string_agg(name || ': ' || pg_temp.refusal(statement), E'\n') from refused where pg_temp.refusal(statement) not like expected),
  null, 'a faulty item is refused with its place');
select is((select count(*) from chatkeep.chats), (select count from chats_before), 'and no chat is made for it');

-- The owner of an import.
select is((select array_agg(distinct tenant_id) from chatkeep.chats), array['00000000-0000-4000-8000-000000007e01'::uuid], 'every import is in the tenant of its caller');
select matches(pg_temp.refusal($$ select * from chatkeep.import_chat('{"tenant_id":"00000000-0000-4000-8000-000000007e02","user_id":"00000000-0000-4000-8000-00000000e4e0"}') $$), '^22023 chat has an unknown key', 'an import that names another tenant is refused');
reset role;
select is_empty($$ select id from chatkeep.chats where tenant_id = '00000000-0000-4000-8000-000000007e02' or user_id = '00000000-0000-4000-8000-00000000e4e0' $$, 'and reached none');
select pg_temp.sign_in('bob');
select alike(pg_temp.refusal('select i.* from given, lateral chatkeep.import_chat(chat) i'), 'PT409 chat.id is taken%', 'a chat id of a colleague''s is taken');
select pg_temp.sign_in('eve');
select pg_temp.rows_are('select i.tenant_id, i.message_count from given, lateral chatkeep.import_chat(chat) i', $$ values ('00000000-0000-4000-8000-000000007e02'::uuid, 5) $$, 'in another tenant it is another chat');
select pg_temp.serve();
select alike(pg_temp.refusal($$ select * from chatkeep.import_chat('{}') $$), '42501 no user is signed in%', 'service_role imports for nobody');

-- A service imports for a person, and does not pass for the author.
select pg_temp.rows_are($$ select i.user_id, i.tenant_id, i.message_count from chatkeep.import_chat(
    jsonb_build_object('id', pg_temp.id('cf1'), 'messages', jsonb_build_array(pg_temp.said('moved in', '2024-01-01T00:00:00Z'))), '00000000-0000-4000-8000-00000000b0b0') i $$,
  $$ values ('00000000-0000-4000-8000-00000000b0b0'::uuid, '00000000-0000-4000-8000-000000007e01'::uuid, 1) $$, 'service_role imports for a user');
select pg_temp.rows_are($$ select i.user_id, i.message_count from chatkeep.import_chat(
    jsonb_build_object('id', pg_temp.id('cf1'), 'messages', jsonb_build_array(pg_temp.said('moved in', '2024-01-01T00:00:00Z'))), '00000000-0000-4000-8000-00000000b0b0') i $$,
  $$ values ('00000000-0000-4000-8000-00000000b0b0'::uuid, 1) $$, 'the same import again changes nothing');
select pg_temp.sign_in('bob');
select pg_temp.rows_are($$ select content, user_id, author_id, written_as from chatkeep.messages where chat_id = pg_temp.id('cf1') $$,
  $$ values ('moved in', '00000000-0000-4000-8000-00000000b0b0'::uuid, null::uuid, 'service_role') $$, 'the user reads the messages, and who wrote the rows');
select is((select i.message_count from chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('cf1'), 'messages', jsonb_build_array(
    pg_temp.said('moved in', '2024-01-01T00:00:00Z'), pg_temp.said('mine'))), '00000000-0000-4000-8000-00000000b0b0') i), 2, 'the user goes on with it');
select pg_temp.rows_are($$ select content, author_id, written_as from chatkeep.messages where chat_id = pg_temp.id('cf1') order by seq $$,
  $$ values ('moved in', null::uuid, 'service_role'), ('mine', '00000000-0000-4000-8000-00000000b0b0', 'authenticated') $$, 'each message has its own author');
select pg_temp.sign_in('ada');
select is(current_setting('chatkeep.writing', true), '', 'the marker does not outlive a call');

-- The first and the last time, and text that is not a time.
rollback to people;
select pg_temp.sign_in('ada');
select is((select array_agg(pg_temp.refusal(format($$ select * from chatkeep.import_chat('{"created_at":"%1$s","messages":[{"role":"user","content":"x","created_at":"%1$s"}]}') $$, t)) order by n)
    from unnest(array['0001-01-01T00:00:00Z', '1970-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999999999Z']) with ordinality u (t, n)),
  array_fill('accepted'::text, array[4]), 'the first and the last year of RFC 3339 are imported');
select is((select count(*)::integer from chatkeep.chats c where c.updated_at > clock_timestamp()), 0, 'and are not in the future');
select is((select array_agg(pg_temp.refusal(format($$ select * from chatkeep.import_chat('{"messages":[{"role":"user","content":"x","created_at":"%s"}]}') $$, t)) order by n)
    from unnest(array['0000-01-01T00:00:00Z', '2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z', '2026-01-01T25:00:00Z', '2026-01-01T00:61:00Z', '2026-01-01T00:00:00+99:99', '2026-01-01T00:00:00-24:00',
      '294277-01-01T00:00:00Z', 'infinity', '-infinity', 'now', 'epoch']) with ordinality u (t, n)),
  array_fill('22023 chat.messages[0].created_at must be a timestamp (RFC 3339) | Write it as 2026-01-31T12:00:00Z.'::text, array[12]), 'text that is not a time is refused with its place');
select is((select count(*)::integer from chatkeep.import_chat('{"messages":[{"role":"user","content":"x","created_at":"0001-01-01T00:00:00Z"},{"role":"user","content":"y","created_at":"0001-01-01T00:00:00Z"}]}')), 1, 'equal times at the beginning of time stay in order');

-- What a message answers, and what it took.
rollback to people;
select pg_temp.sign_in('ada');
select count(*) as imported from chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('9a'), 'messages', jsonb_build_array(
  jsonb_build_object('id', pg_temp.id('9b'), 'role', 'developer', 'content', 'be brief'),
  jsonb_build_object('role', 'user', 'content', 'hm'),
  jsonb_build_object('role', 'assistant', 'content', 'yes', 'reply_to', pg_temp.id('9b'), 'usage', '{"output_tokens":1}'::jsonb, 'status', 'stopped')))) \gset
select pg_temp.rows_are($$ select role, status, reply_to, usage from chatkeep.messages m where m.content = 'yes' $$,
  $$ values ('assistant', 'stopped', pg_temp.id('9b'), '{"output_tokens":1}'::jsonb) $$, 'reply_to and usage are imported');
select is(pg_temp.refusal($$ select * from chatkeep.import_chat(jsonb_build_object('messages', jsonb_build_array(
    jsonb_build_object('role', 'user', 'content', 'x', 'reply_to', pg_temp.id('ff'))))) $$),
  'PT404 chat.messages[0].reply_to names no message of this chat | Pass the id of a message of the same chat.', 'an answer to no message');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine. Nothing is stored.
rollback to people;
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select count(*) as stored from chatkeep.append_message(:'chat', 'user', 'one', message_id => pg_temp.id('a1')) \gset
select is(pg_temp.refusal('select * from chatkeep.' || replace(call, 'CHAT', quote_literal(:'chat') || '::uuid')), expected, name)
from (values
  ('no import', $$import_chat(null)$$, '22004 chat is missing | Pass a value; null is not accepted here.'),
  ('an import that is no object', $$import_chat('[]')$$, '22023 chat must be a JSON object | Wrap the value in one.'),
  ('an import with an unknown key', $$import_chat('{"colour":"red"}')$$, '22023 chat has an unknown key | The keys are id, title, metadata, language, created_at, archived_at, active_leaf_id and messages.'),
  ('an import with an id that is no UUID', $$import_chat('{"id":"nope"}')$$, '22023 chat.id must be a UUID | Write it as 8-4-4-4-12 hexadecimal digits.'),
  ('an import with a title over 500 characters', $$import_chat(jsonb_build_object('title', repeat('t', 501)))$$, '22023 chat.title is longer than 500 characters | Shorten it.'),
  ('an import with a title that is no string', $$import_chat('{"title":1}')$$, '22023 chat.title must be a string | Put it in quotes.'),
  ('an import with metadata that are no object', $$import_chat('{"metadata":1}')$$, '22023 chat.metadata must be a JSON object | Wrap the value in one.'),
  ('an import in an unknown language', $$import_chat('{"language":"klingon"}')$$, '22023 chat.language names no text search configuration | Pass simple, english, german or another one that PostgreSQL brings.'),
  ('an import made at no time', $$import_chat('{"created_at":"soon"}')$$, '22023 chat.created_at must be a timestamp (RFC 3339) | Write it as 2026-01-31T12:00:00Z.'),
  ('an import archived at no time', $$import_chat('{"archived_at":"2024-01-01"}')$$, '22023 chat.archived_at must be a timestamp (RFC 3339) | Write it as 2026-01-31T12:00:00Z.'),
  ('an import with an unknown leaf', $$import_chat('{"active_leaf_id":"00000000-0000-7000-8000-0000000000ff","messages":[{"role":"user","content":"x"}]}')$$, 'PT404 chat.active_leaf_id names no message of this chat | Pass the id of a message of the same chat.'),
  ('an import with messages that are no array', $$import_chat('{"messages":{}}')$$, '22023 chat.messages must be a JSON array | Wrap the value in one.'),
  ('an import of 1001 messages', $$import_chat(jsonb_build_object('messages', (select jsonb_agg('{"role":"user","content":"x"}'::jsonb) from generate_series(1, 1001))))$$, '22023 chat.messages has more than 1000 items | Send it in several calls.'),
  ('an imported message that is no object', $$import_chat('{"messages":[[]]}')$$, '22023 chat.messages[0] must be a JSON object | Wrap the value in one.'),
  ('an imported message with an unknown key', $$import_chat('{"messages":[{"role":"user","content":"x","message_id":null}]}')$$, '22023 chat.messages[0] has an unknown key | The keys are id, parent_id, role, content, parts, status, model, token_count, metadata, created_at, reply_to and usage.'),
  ('an imported message without a role', $$import_chat('{"messages":[{"content":"x"}]}')$$, '22004 chat.messages[0].role is missing | Pass a value; null is not accepted here.'),
  ('an imported message with an id that is no UUID', $$import_chat('{"messages":[{"role":"user","content":"x","id":"nope"}]}')$$, '22023 chat.messages[0].id must be a UUID | Write it as 8-4-4-4-12 hexadecimal digits.'),
  ('an imported message at no time', $$import_chat('{"messages":[{"role":"user","content":"x","created_at":"yesterday"}]}')$$, '22023 chat.messages[0].created_at must be a timestamp (RFC 3339) | Write it as 2026-01-31T12:00:00Z.'),
  ('an imported message with a later parent', $$import_chat('{"messages":[{"role":"user","content":"x","parent_id":"00000000-0000-7000-8000-0000000000a1"},{"role":"user","content":"y","id":"00000000-0000-7000-8000-0000000000a1"}]}')$$, 'PT404 chat.messages[0].parent_id names no message of this chat | Pass the id of a message that stands earlier in the array.'),
  ('an import with other content for a stored message', $$import_chat(jsonb_build_object('id', CHAT, 'messages', '[{"id":"00000000-0000-7000-8000-0000000000a1","role":"user","content":"other"}]'::jsonb))$$, 'PT409 chat.messages[0].id is taken by a message with other content | Send the same content to retry, or a new message_id for a new message.')
) refused (name, call, expected);
select is((select count(*)::int from chatkeep.chats), 1, 'no refused chat is stored');

-- Values in JSON of a wrong kind, and of the right kind.
rollback to people;
\ir ../support/kinds.psql
select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('c1')) \gset
select count(*) as stored from chatkeep.append_message(pg_temp.id('c1'), 'user', 'one', pg_temp.id('a1')) \gset
select pg_temp.kinds_are_refused(call, argument, kind) from (values
  ('import_chat(''{"id":VALUE}'')', 'chat.id', 'uuid'),
  ('import_chat(''{"active_leaf_id":VALUE}'')', 'chat.active_leaf_id', 'uuid'),
  ('import_chat(''{"active_leaf_id":VALUE,"messages":[]}'')', 'chat.active_leaf_id', 'uuid'),
  ('import_chat(''{"active_leaf_id":VALUE,"messages":[{"role":"user","content":"x"}]}'')', 'chat.active_leaf_id', 'uuid'),
  ('import_chat(''{"messages":[{"role":"user","content":"x","id":VALUE}]}'')', 'chat.messages[0].id', 'uuid'),
  ('import_chat(''{"messages":[{"role":"user","content":"x"},{"role":"user","content":"x","parent_id":VALUE}]}'')', 'chat.messages[1].parent_id', 'uuid'),
  ('import_chat(''{"created_at":VALUE}'')', 'chat.created_at', 'timestamp'),
  ('import_chat(''{"archived_at":VALUE}'')', 'chat.archived_at', 'timestamp'),
  ('import_chat(''{"messages":[{"role":"user","content":"x","created_at":VALUE}]}'')', 'chat.messages[0].created_at', 'timestamp'),
  ('import_chat(''{"messages":[{"role":"user","content":"x","created_at":"2024-01-01T00:00:00Z"},{"role":"user","content":"x","created_at":VALUE}]}'')', 'chat.messages[1].created_at', 'timestamp'),
  ('import_chat(''{"messages":[{"role":"user","content":"x","token_count":VALUE}]}'')', 'chat.messages[0].token_count', 'integer'),
  ('import_chat(''{"title":VALUE}'')', 'chat.title', 'string'),
  ('import_chat(''{"language":VALUE}'')', 'chat.language', 'string'),
  ('import_chat(''{"messages":[{"role":VALUE,"content":"x"}]}'')', 'chat.messages[0].role', 'string'),
  ('import_chat(''{"messages":[{"role":"user","content":VALUE}]}'')', 'chat.messages[0].content', 'string'),
  ('import_chat(''{"messages":[{"role":"user","content":"x","status":VALUE}]}'')', 'chat.messages[0].status', 'string'),
  ('import_chat(''{"messages":[{"role":"user","content":"x","model":VALUE}]}'')', 'chat.messages[0].model', 'string'),
  ('import_chat(''{"metadata":VALUE}'')', 'chat.metadata', 'object'),
  ('import_chat(''{"messages":[{"role":"user","content":"x","metadata":VALUE}]}'')', 'chat.messages[0].metadata', 'object'),
  ('import_chat(''{"messages":VALUE}'')', 'chat.messages', 'array'),
  ('import_chat(''{"messages":[{"role":"user","content":"x","parts":VALUE}]}'')', 'chat.messages[0].parts', 'array')
) places (call, argument, kind);
select is((select count(*)::integer from chatkeep.chats), 1, 'no refused chat is stored');
select is((select string_agg(v || ': ' || r.said, ', ') from unnest(array['"2026-01-31T12:00:00Z"', '"2026-01-31t12:00:00z"', '"2026-01-31 12:00:00+05:45"', '"2026-01-31T12:00:00.123456789-12:00"', '"0001-01-01T00:00:00Z"', '"9999-12-31T23:59:59Z"', '"2024-02-29T00:00:00Z"', '"2026-01-01T00:00:00+14:00"', '"2026-01-01T00:00:00-15:59"', 'null']) v,
    lateral (select pg_temp.refusal(format('select * from chatkeep.import_chat(%L)', replace('{"created_at":VALUE,"archived_at":VALUE,"messages":[{"role":"user","content":"x","created_at":VALUE}]}', 'VALUE', v))) as said) r where r.said <> 'accepted'),
  null, 'a moment with its offset is one');
select is(pg_temp.refusal($$ select * from chatkeep.import_chat('{"active_leaf_id":null}') $$), 'accepted', 'null is no leaf');
select alike(pg_temp.refusal(format($$ select * from chatkeep.import_chat('{"active_leaf_id":"%s","messages":[{"role":"user","content":"x"}]}') $$, pg_temp.id('ff'))), 'PT404 chat.active_leaf_id names no message of this chat%', 'an unknown leaf is refused as unknown');

select * from finish();
rollback;
