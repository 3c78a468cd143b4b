-- create_chat: makes a chat of the caller, once for each id.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

\set chat '00000000-0000-7000-8000-00000000c001'

select pg_temp.sign_in('ada');
select pg_temp.rows_are(
  format($$ select id, user_id, tenant_id, title, message_count, last_seq from chatkeep.create_chat('Plans', '{"a":1}', %L) $$, :'chat'),
  format($$ values (%L::uuid, '00000000-0000-4000-8000-00000000ada0'::uuid, '00000000-0000-4000-8000-000000007e01'::uuid, 'Plans', 0, 0) $$, :'chat'),
  'a chat belongs to its maker and the maker''s tenant');
select pg_temp.rows_are(
  format($$ select title from chatkeep.create_chat('Other title', chat_id => %L) $$, :'chat'),
  array['Plans'], 'the same chat_id returns the stored chat');
select is((select count(*)::int from chatkeep.chats), 1, 'and makes no second one');
select isnt((select id from chatkeep.create_chat()), (select id from chatkeep.create_chat()), 'without an id each call makes a chat');
select is((select substr(id::text, 15, 1) from chatkeep.create_chat()), '7', 'a new id is a UUID version 7');

-- A service makes a chat for a person, who finds it. access/acting.sql tests who may name whom.
rollback to people;
select pg_temp.serve();
select pg_temp.rows_are(
  format($$ select id, user_id, tenant_id, title from chatkeep.create_chat('From the bot', chat_id => %L, user_id => '00000000-0000-4000-8000-00000000ada0') $$, :'chat'),
  format($$ values (%L::uuid, '00000000-0000-4000-8000-00000000ada0'::uuid, '00000000-0000-4000-8000-000000007e01'::uuid, 'From the bot') $$, :'chat'),
  'service_role makes a chat for a user');
select pg_temp.rows_are(
  format($$ select title from chatkeep.create_chat('Again', chat_id => %L, user_id => '00000000-0000-4000-8000-00000000ada0') $$, :'chat'),
  array['From the bot'], 'and gets the stored one for the same chat_id');
select is(pg_temp.refusal(format($$ select * from chatkeep.create_chat(chat_id => %L, user_id => '00000000-0000-4000-8000-00000000b0b0') $$, :'chat')),
  'PT409 chat_id is taken | Leave chat_id out, or make a new UUID.', 'a colleague does not get that chat');
select is((select tenant_id from chatkeep.create_chat(chat_id => :'chat', user_id => '00000000-0000-4000-8000-00000000e4e0')),
  '00000000-0000-4000-8000-000000007e02'::uuid, 'in another tenant it is another chat');
select pg_temp.sign_in('ada');
select pg_temp.rows_are('select title from chatkeep.chats', array['From the bot'], 'the user sees the chat');
select is((select id from chatkeep.create_chat('Mine', chat_id => :'chat', user_id => '00000000-0000-4000-8000-00000000ada0')), :'chat'::uuid, 'and may name herself');

-- A deleted chat.
reset role;
update chatkeep.chats set deleted_at = now() where id = :'chat';
select pg_temp.sign_in('ada');
select is(pg_temp.refusal(format($$ select * from chatkeep.create_chat(chat_id => %L) $$, :'chat')),
  'PT410 chat_id names a deleted chat | Restore it with restore_chat, or start a new one.', 'a deleted chat is not made again');

-- Languages.
rollback to people;
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat('simple') \gset
select id as english from chatkeep.create_chat('english', language => 'english') \gset
select is((select array_agg(c.language::text order by c.title) from chatkeep.chats c where c.id in (:'chat', :'english')), array['english', 'simple'], 'a chat has the given language, or simple');
select is((select language::text from chatkeep.create_chat(chat_id => :'english')), 'english', 'a repetition keeps the language');
select alike(pg_temp.refusal('select * from chatkeep.' || statement), expected, statement || ' is refused')
from (values
  ('create_chat(language => ''klingon'')', '22023 language %'),
  ('create_chat(language => ''simple; drop table chatkeep.chats'')', '22023 language %'),
  ('create_chat(language => null)', '22004 language is missing%'),
  ('create_chat(language => '''')', '22023 language %')
) refused (statement, expected);

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine. Nothing is stored.
rollback to people;
select pg_temp.sign_in('ada');
select is(pg_temp.refusal('select * from chatkeep.' || call), expected, name)
from (values
  ('a title over 500 characters', $$create_chat(repeat('t', 501))$$, '22023 title is longer than 500 characters | Shorten it.'),
  ('chat metadata that is no object', $$create_chat(metadata => '"x"')$$, '22023 metadata must be a JSON object | Wrap the value in one.'),
  ('no chat metadata', $$create_chat(metadata => null)$$, '22004 metadata is missing | Pass a value; null is not accepted here.'),
  ('a language of another name', $$create_chat(language => 'klingon')$$, '22023 language names no text search configuration | Pass simple, english, german or another one that PostgreSQL brings.'),
  ('no language', $$create_chat(language => null)$$, '22004 language is missing | Pass a value; null is not accepted here.')
) refused (name, call, expected);
select is((select count(*)::int from chatkeep.chats), 0, 'no refused chat is stored');

select * from finish();
rollback;
