-- The same chat id in two tenants, and of two users of one tenant: the answer to each of them.
begin;
\ir ../support/identities.psql
select * from no_plan();

\ir ../support/same_ids.psql

select pg_temp.serve();
select is(pg_temp.told(call), 'PT409 chat_id names chats of several tenants | Name the tenant in the header x-chatkeep-tenant, or call as the chat''s user.', call || ' refuses service_role an id of two chats') from calls order by n;
select pg_temp.sign_in('ada');
select count(*) as deleted from chatkeep.delete_chat(pg_temp.id('c1')) \gset
select pg_temp.serve();
select is(pg_temp.told(call), 'PT409 chat_id names chats of several tenants | Name the tenant in the header x-chatkeep-tenant, or call as the chat''s user.', 'also where the first is deleted: ' || call) from calls order by n;
select pg_temp.sign_in('eve');
select count(*) as deleted from chatkeep.delete_chat(pg_temp.id('c1')) \gset
select pg_temp.serve();
select is(pg_temp.told(call), 'PT409 chat_id names chats of several tenants | Name the tenant in the header x-chatkeep-tenant, or call as the chat''s user.', 'where both are deleted: ' || call) from calls order by n;
select pg_temp.sign_in('ada');
select count(*) as restored from chatkeep.restore_chat(pg_temp.id('c1')) \gset
select pg_temp.serve();
select is(pg_temp.told(call), 'PT409 chat_id names chats of several tenants | Name the tenant in the header x-chatkeep-tenant, or call as the chat''s user.', 'and where the second is deleted: ' || call) from calls order by n;
select pg_temp.sign_in('ada');
select is(pg_temp.listed(pg_temp.id('c1')), 'heron of ada ', 'each user has their chat');
select pg_temp.sign_in('eve');
select is(left(pg_temp.told('list_messages(pg_temp.id(''c1''))'), 5), 'PT410', 'as it is');
select pg_temp.serve();
select lives_ok($$ select chatkeep.purge_chats('0') $$, 'when the deleted one is purged');
select is(pg_temp.listed(pg_temp.id('c1')), 'heron of ada ', 'service_role reads the one that is left');

-- In one tenant an id is one chat.
select pg_temp.sign_in('bob');
select is(pg_temp.told('create_chat(chat_id => pg_temp.id(''c1''))'), 'PT409 chat_id is taken | Leave chat_id out, or make a new UUID.', 'create_chat refuses a colleague the id as taken');
select is(pg_temp.told('import_chat(jsonb_build_object(''id'', pg_temp.id(''c1'')))'), 'PT409 chat.id is taken | Leave it out, or make a new UUID.', 'in an import too');
select is((select count(*)::integer from calls where pg_temp.told(call) <> 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'), 0, 'and all other calls answer as for a chat that nobody has');
select is_empty('select from chatkeep.chats', 'nothing of it is shown');
select pg_temp.sign_in('ada');
select count(*) as deleted from chatkeep.delete_chat(pg_temp.id('c1')) \gset
select pg_temp.sign_in('bob');
select is(pg_temp.told('create_chat(chat_id => pg_temp.id(''c1''))'), 'PT409 chat_id is taken | Leave chat_id out, or make a new UUID.', 'the refusal does not reveal whether the chat is deleted');
select is(pg_temp.told('import_chat(jsonb_build_object(''id'', pg_temp.id(''c1'')))'), 'PT409 chat.id is taken | Leave it out, or make a new UUID.', 'by either');
select is((select count(*)::integer from calls where pg_temp.told(call) <> 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'), 0, 'or by another call');
select pg_temp.sign_in('eve');
select is((select title from chatkeep.create_chat('anew', chat_id => pg_temp.id('c1'))), 'anew', 'in another tenant the id is free');
select is((select seq from chatkeep.append_message(pg_temp.id('c1'), 'user', 'x', pg_temp.id('a1'))), 1, 'with its message ids');

select * from finish();
rollback;
