-- transfer_chat: the whole chat changes hands, with messages, attachments and rows of search, or nothing does.
begin;
\ir ../support/identities.psql
select * from no_plan();
\ir ../support/whole_chat.psql

select pg_temp.serve();
select is((select updated_at from chatkeep.chats where id = :'chat'), (select updated_at from chatkeep.transfer_chat(:'chat', pg_temp.person('bob'))), 'a transfer returns the chat and does not touch its time');
select is(pg_temp.owners(:'chat'), 'attachment bob, chat bob, message bob, search bob, summary bob', 'all of the chat is the new owner''s');
select set_eq(format($$ select coalesce(document_id::text, storage_path, 'lost'), document_deleted from chatkeep.attachments where chat_id = %L $$, :'chat'),
  format($$ values ('lost', true), (%L, false), (%L, false), ('ada/x.png', false) $$, :'shared', :'bobs'), 'an attachment to a document that only the old owner reads has lost it');
select is((select array_agg(distinct author_id) from chatkeep.messages where chat_id = :'chat'), array[pg_temp.person('ada')], 'who wrote a message does not change');
select is((select user_id || ' ' || updated_at from chatkeep.transfer_chat(:'chat', pg_temp.person('bob'))), (select user_id || ' ' || updated_at from chatkeep.chats where id = :'chat'), 'a retry returns the row');
select pg_temp.sign_in('bob');
select is(pg_temp.listed(:'chat'), 'the vault two', 'the new owner reads the active path');
select is((select string_agg(content, ' ' order by seq) from chatkeep.messages where chat_id = :'chat'), 'the vault one two', 'and all branches');
select is((select string_agg(seq::text, ' ' order by seq) from chatkeep.search_messages('vault OR two')), '1 3', 'searches it, with what was indexed and what was not');
select is((select seq from chatkeep.append_message(:'chat', 'user', 'three')), 4, 'and appends');
select is((select status from chatkeep.append_message(:'chat', 'user', 'two', pg_temp.id('a3'), parent_id => pg_temp.id('a1'))), 'complete', 'an id of a message is still an idempotency key');
select pg_temp.sign_in('ada');
select is_empty(format($$ select 1 from chatkeep.chats where id = %1$L union all select 2 from chatkeep.messages where chat_id = %1$L
  union all select 3 from chatkeep.attachments where chat_id = %1$L union all select 4 from chatkeep.message_search where chat_id = %1$L $$, :'chat'), 'the old owner reads nothing of it');
select is_empty($$ select * from chatkeep.search_messages('vault') $$, 'finds nothing of it');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'x') $$, :'chat')), 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'and does not append');
select pg_temp.sign_in('bob');
select count(*) as deleted from chatkeep.delete_chat(:'chat') \gset
select pg_temp.sign_in('ada');
select is_empty(format('select from chatkeep.messages where chat_id = %L', :'chat'), 'F5: the former owner does not go on reading a chat that the new one has deleted');
select pg_temp.serve();
select is(pg_temp.refusal(format('select * from chatkeep.transfer_chat(%L, pg_temp.person(''ada''))', :'chat')), 'PT410 chat_id names a deleted chat | Restore it with restore_chat, or start a new one.', 'a deleted chat is not transferred');
select count(*) as restored from chatkeep.restore_chat(:'chat') \gset
select is((select user_id from chatkeep.transfer_chat(:'chat', pg_temp.person('ada'))), pg_temp.person('ada'), 'a restored one goes back');
select is(pg_temp.owners(:'chat'), 'attachment ada, chat ada, message ada, search ada, summary ada', 'whole again');

-- Another tenant has a chat with the same id.
rollback to written;
select pg_temp.sign_in('eve');
select count(*) as made from chatkeep.create_chat('eve''s', chat_id => :'chat') \gset
select pg_temp.serve();
select is((select title from chatkeep.transfer_chat(:'chat', pg_temp.person('bob'))), 'plans', 'the new owner''s tenant tells which chat is meant');
select is((select user_id from chatkeep.chats where title = 'eve''s'), pg_temp.person('eve'), 'the other tenant''s chat stays');

-- Refusals.
rollback to written;
select pg_temp.sign_in('ada');
select is(pg_temp.refusal(format('select * from chatkeep.transfer_chat(%L, pg_temp.person(''bob''))', :'chat')), '42501 permission denied for function transfer_chat', 'users do not give chats away');
select matches(pg_temp.refusal(format('update chatkeep.chats set user_id = pg_temp.person(''bob'') where id = %L', :'chat')), '^42501 ', 'by a table request neither');
select pg_temp.serve();
select is(pg_temp.refusal(format('select * from chatkeep.transfer_chat(%L, pg_temp.person(%L))', :'chat', 'eve')),
  pg_temp.refusal(format('select * from chatkeep.transfer_chat(%L, pg_temp.person(%L))', :'chat', 'nobody')), 'a user of another tenant and an unknown one get the same answer');
update chatkeep.users set disabled_at = now() where id = pg_temp.person('bob');
create temporary table refused (name text, call text, expected text) on commit drop;
insert into refused values
  ('no chat', 'null, pg_temp.person(''bob'')', '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('no new owner', 'pg_temp.id(''c1''), null', '22004 to_user_id is missing | Pass a value; null is not accepted here.'),
  ('an unknown chat', 'pg_temp.id(''ff''), pg_temp.person(''bob'')', 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'),
  ('an unknown user', 'pg_temp.id(''c1''), pg_temp.person(''nobody'')', 'PT404 to_user_id names no member of the tenant | Pass the id of a member of the same tenant, or add the person with add_member.'),
  ('a disabled user', 'pg_temp.id(''c1''), pg_temp.person(''bob'')', 'PT409 to_user_id names a disabled user | Clear disabled_at in chatkeep.users or chatkeep.memberships, or pass another member.');
select is(pg_temp.refusal('select * from chatkeep.transfer_chat(' || call || ')'), expected, name) from refused;
select is(pg_temp.owners(:'chat'), 'attachment ada, chat ada, message ada, search ada, summary ada', 'nothing has moved');
update chatkeep.users set disabled_at = case when id = pg_temp.person('ada') then now() end where id in (pg_temp.person('ada'), pg_temp.person('bob'));
select is((select user_id from chatkeep.transfer_chat(:'chat', pg_temp.person('bob'))), pg_temp.person('bob'), 'the chat of a disabled user is transferred');

select * from finish();
rollback;
