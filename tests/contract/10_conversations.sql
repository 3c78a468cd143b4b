-- create_chat, append_message, list_messages: order, idempotency, branches, pages.
begin;
\ir support/identities.psql
select plan(42);
\set chat '00000000-0000-7000-8000-00000000c001'
\set first '00000000-0000-7000-8000-00000000a001'

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
select is((select substr(id::text, 15, 1) from chatkeep.create_chat()), '7', 'whose id is a UUID version 7');

select pg_temp.rows_are(
  format($$ select seq, role, content, active, parent_id, author_id, written_as, status, metadata
            from chatkeep.append_message(%L, 'user', 'one', message_id => %L) $$, :'chat', :'first'),
  $$ values (1, 'user', 'one', true, null::uuid, '00000000-0000-4000-8000-00000000ada0'::uuid, 'authenticated', 'complete', '{}'::jsonb) $$,
  'a message is stored with its author and the role it was written as');
select pg_temp.rows_are(
  format($$ select seq, parent_id, parts, model, token_count, metadata from chatkeep.append_message(
    %L, 'assistant', 'two', parts => '[{"type":"text","text":"two"}]', metadata => '{"k":"v"}', model => 'm-1', token_count => 7) $$, :'chat'),
  format($$ values (2, %L::uuid, '[{"type":"text","text":"two"}]'::jsonb, 'm-1', 7, '{"k":"v"}'::jsonb) $$, :'first'),
  'the next one follows it, with everything it was given');
select pg_temp.rows_are(
  format($$ select message_count, last_seq, updated_at = (select max(created_at) from chatkeep.messages), active_leaf_id = (select id from chatkeep.messages where seq = 2)
            from chatkeep.chats where id = %L $$, :'chat'),
  $$ values (2, 2, true, true) $$, 'the chat is touched by the same call');
select is_empty($$ select from chatkeep.messages where created_at <> updated_at $$, 'updated_at begins as created_at');

-- Idempotency.
select pg_temp.rows_are(
  format($$ select seq, id from chatkeep.append_message(%L, 'user', 'one', message_id => %L) $$, :'chat', :'first'),
  format($$ values (1, %L::uuid) $$, :'first'), 'a retry returns the stored row');
select is((select last_seq from chatkeep.chats where id = :'chat'), 2, 'and writes nothing');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'uno', message_id => %L) $$, :'chat', :'first')),
  'PT409 message_id is taken by a message with other content | Send the same content to retry, or a new message_id for a new message.',
  'the same message_id with other content is a conflict');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'assistant', 'one', message_id => %L) $$, :'chat', :'first')),
  'PT409 message_id is taken by a message with other content | Send the same content to retry, or a new message_id for a new message.',
  'so is another role');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'one', parts => '[]', message_id => %L) $$, :'chat', :'first')),
  'PT409 message_id is taken by a message with other content | Send the same content to retry, or a new message_id for a new message.',
  'and other parts');
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'user', 'one') $$, :'chat'), 'the same text with another id is another message');

-- Order within one transaction, where now() stands still.
select lives_ok(
  format($$ select a.* from generate_series(4, 203) n, lateral chatkeep.append_message(%L, 'user', n::text) a $$, :'chat'),
  'two hundred messages in one transaction');
select is(
  (select array_agg(seq order by created_at) from chatkeep.messages where chat_id = :'chat'),
  (select array_agg(n) from generate_series(1, 203) n),
  'created_at orders them as seq does, without a gap or a tie');

-- The clock steps back: the chat's last time lies in the future.
reset role;
update chatkeep.chats set updated_at = '2100-01-01 00:00:00+00' where id = :'chat';
select pg_temp.sign_in('ada');
select is((select created_at from chatkeep.append_message(:'chat', 'user', 'later')), '2100-01-01 00:00:00.000001+00'::timestamptz,
  'created_at increases even if the clock steps back');

-- Pages.
select is((select array_agg(seq) from chatkeep.list_messages(:'chat', page_size => 3)), array[202, 203, 204], 'the newest page, oldest first');
select is((select array_agg(seq) from chatkeep.list_messages(:'chat',
    before => (select created_at from chatkeep.messages where seq = 202), page_size => 3)), array[199, 200, 201], 'the page before, exclusive');
select is((select array_agg(seq) from chatkeep.list_messages(:'chat',
    after => (select created_at from chatkeep.messages where seq = 1), page_size => 3)), array[2, 3, 4], 'the page after, exclusive');
select is((select array_agg(seq) from chatkeep.list_messages(:'chat',
    after => (select created_at from chatkeep.messages where seq = 1),
    before => (select created_at from chatkeep.messages where seq = 4), page_size => 200)), array[2, 3], 'both bounds');
select is((select count(*)::int from chatkeep.list_messages(:'chat')), 50, 'a page has 50 rows when nobody says otherwise');
select is_empty(format($$ select from chatkeep.list_messages(%L, after => 'infinity') $$, :'chat'), 'past the end is an empty page, not an error');

-- Branches.
select pg_temp.rows_are(
  format($$ select seq, parent_id from chatkeep.append_message(%L, 'assistant', 'two again', parent_id => %L) $$, :'chat', :'first'),
  format($$ values (205, %L::uuid) $$, :'first'), 'a parent that is not the last message starts a branch');
select is((select array_agg(content::text) from chatkeep.list_messages(:'chat')), array['one', 'two again'], 'the branch is the active path');
select is((select count(*)::int from chatkeep.messages where chat_id = :'chat' and not active), 203, 'the old tail stays, inactive');
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'user', 'on') $$, :'chat'), 'without a parent_id');
select is((select array_agg(content::text) from chatkeep.list_messages(:'chat')), array['one', 'two again', 'on'], 'the next message goes on from its end');
select pg_temp.rows_are(
  format($$ select seq from chatkeep.append_message(%L, 'user', 'back', parent_id => (select id from chatkeep.messages where seq = 3)) $$, :'chat'),
  array[207], 'a branch from an inactive message');
select is((select array_agg(seq) from chatkeep.list_messages(:'chat')), array[1, 2, 3, 207], 'brings its own ancestors back');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'x', parent_id => %L) $$, :'chat', :'chat')),
  'PT404 parent_id names no message of this chat | Pass the id of a message of the same chat.',
  'a parent must be a message of the same chat');

-- Deleted chats.
reset role;
update chatkeep.chats set deleted_at = now() where id = :'chat';
select pg_temp.sign_in('ada');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'x') $$, :'chat')),
  'PT410 chat_id names a deleted chat | Restore it with restore_chat, or start a new one.', 'a deleted chat takes no message');
select is(pg_temp.refusal(format($$ select * from chatkeep.list_messages(%L) $$, :'chat')),
  'PT410 chat_id names a deleted chat | Restore it with restore_chat, or start a new one.', 'and lists none');
select is(pg_temp.refusal(format($$ select * from chatkeep.create_chat(chat_id => %L) $$, :'chat')),
  'PT410 chat_id names a deleted chat | Restore it with restore_chat, or start a new one.', 'nor is it made again');

select is(current_setting('chatkeep.writing', true), '', 'the marker does not outlive a call');
select is(pg_temp.refusal(format($$ update chatkeep.chats set last_seq = 99, message_count = 99 where title is null $$)),
  '42501 only title, metadata and archived_at of a chat can be changed directly | Messages move the other columns: use append_message.',
  'order is out of reach of direct updates');
select lives_ok($$ update chatkeep.chats set title = 'all of them' $$, 'a direct update may name no row');
select is_empty($$ select from chatkeep.chats where title <> 'all of them' $$, 'and reaches all of the caller''s chats');

-- What a trigger of the database's owner makes of a message is what is stored and returned.
reset role;
create function pg_temp.shout() returns trigger language plpgsql as $$ begin new.content := upper(new.content); return new; end $$;
create trigger shout before insert on chatkeep.messages for each row execute function pg_temp.shout();
select pg_temp.sign_in('ada');
select id as loud from chatkeep.create_chat() \gset
select is((select content::text from chatkeep.append_message(:'loud', 'user', 'one')), 'ONE', 'a trigger''s content is returned');
select pg_temp.rows_are(format($$ select seq, content::text from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('two'), pg_temp.item('three'))) $$, :'loud'),
  $$ values (2, 'TWO'), (3, 'THREE') $$, 'of a batch too');
select is(pg_temp.listed(:'loud'), 'ONE TWO THREE', 'and stored');

select * from finish();
rollback;
