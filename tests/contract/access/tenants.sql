-- What another user, another tenant, anon, a disabled user and service_role see and change.
begin;
\ir ../support/identities.psql
select * from no_plan();

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat('secret plans') \gset
select id as message from chatkeep.append_message(:'chat', 'user', 'the vault code is 0000') \gset
select id as document from chatkeep.register_document('ada.html', chatkeep.document_checksum('ada'), tags => '{"a":1}') \gset
select session_id as session from chatkeep.create_session() \gset

-- Another member of the tenant and another tenant see nothing.
create function pg_temp.seen_by(person text) returns text language plpgsql as $$
declare
  found text := '';
  relation text;
  rows integer;
begin
  perform pg_temp.sign_in(person);
  foreach relation in array array['users', 'chats', 'messages', 'chat_summaries', 'message_search', 'documents', 'document_metadata', 'attachments'] loop
    execute format('select count(*) from chatkeep.%I', relation) into rows;
    found := found || relation || ' ' || rows || ', ';
  end loop;
  select count(id) into rows from chatkeep.sessions;
  return found || 'sessions ' || rows;
end
$$;
select is(pg_temp.seen_by('ada'), 'users 1, chats 1, messages 1, chat_summaries 0, message_search 0, documents 1, document_metadata 1, attachments 0, sessions 1', 'the owner sees their rows');
select is(pg_temp.seen_by('bob'), 'users 1, chats 0, messages 0, chat_summaries 0, message_search 0, documents 0, document_metadata 0, attachments 0, sessions 0', 'a member of the same tenant sees none of them');
select is(pg_temp.seen_by('eve'), 'users 1, chats 0, messages 0, chat_summaries 0, message_search 0, documents 0, document_metadata 0, attachments 0, sessions 0', 'another tenant sees none of them');

select is(
  pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'x') $$, :'chat')),
  pg_temp.refusal($$ select * from chatkeep.append_message('00000000-0000-7000-8000-0000000000ff', 'user', 'x') $$),
  'the chat of another tenant and an unknown one get the same refusal');
select is(
  pg_temp.refusal(format($$ select * from chatkeep.list_messages(%L) $$, :'chat')),
  'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'for reading too');
select is((select id from chatkeep.create_chat('mine', chat_id => :'chat')), :'chat'::uuid, 'another tenant may hold the same chat id');
select is((select seq from chatkeep.append_message(:'chat', 'user', 'mine', message_id => :'message')), 1, 'and the same message id, as if nobody had them');
select is((select count(*)::int from chatkeep.list_messages(:'chat')), 1, 'each sees its own');
select pg_temp.sign_in('bob');
select is(pg_temp.refusal(format($$ select * from chatkeep.create_chat(chat_id => %L) $$, :'chat')),
  'PT409 chat_id is taken | Leave chat_id out, or make a new UUID.', 'inside a tenant a chat id is one chat');

-- Messages are append-only for clients.
select pg_temp.sign_in('ada');
select matches(pg_temp.refusal(format($$ insert into chatkeep.messages (chat_id, tenant_id, user_id, seq, role, content, created_at, updated_at)
  values (%L, '00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', 2, 'assistant', 'forged', now(), now()) $$, :'chat')),
  '^42501 new row violates row-level security', 'a message is not inserted by hand');
select matches(pg_temp.refusal($$ update chatkeep.messages set content = 'forged' $$), '^42501 rows of messages cannot be changed directly', 'a message cannot be changed directly');
select is(pg_temp.refusal($$ delete from chatkeep.messages $$), '42501 permission denied for table messages', 'a message cannot be deleted directly');
select is(pg_temp.refusal($$ update chatkeep.messages set author_id = null $$), '42501 permission denied for table messages', 'the author of a message cannot be changed directly');
select is(pg_temp.refusal($$ truncate chatkeep.messages $$), '42501 permission denied for table messages', 'messages cannot be truncated');
select is(pg_temp.refusal($$ delete from chatkeep.chats $$), '42501 permission denied for table chats', 'a chat is not deleted by hand');
select lives_ok($$ update chatkeep.chats set title = 'renamed', archived_at = now(), metadata = '{"x":1}' $$, 'a chat is renamed and archived directly');
select is(pg_temp.refusal($$ update chatkeep.chats set deleted_at = now() $$), '42501 only title, metadata, archived_at, pinned_at, folder, tags and read_up_to_seq of a chat can be changed directly | Messages move the other columns: use append_message.', 'but not deleted');
select is(pg_temp.refusal($$ update chatkeep.chats set tenant_id = '00000000-0000-4000-8000-000000007e02' $$), '42501 permission denied for table chats', 'or moved to another tenant');
select is(pg_temp.refusal($$ update chatkeep.memberships set tenant_id = '00000000-0000-4000-8000-000000007e02' $$), '42501 permission denied for table memberships', 'users cannot move themselves to another tenant');
select is(pg_temp.refusal($$ update chatkeep.users set disabled_at = null $$), '42501 permission denied for table users', 'or enables oneself');

-- No user.
select pg_temp.sign_out();
select is((select array_agg(pg_temp.refusal(statement) order by n) from (values
    (1, 'select * from chatkeep.chats'), (2, 'select * from chatkeep.messages'), (3, 'select * from chatkeep.documents'),
    (4, 'select * from chatkeep.users'), (5, 'select * from chatkeep.create_chat()'),
    (6, format('select * from chatkeep.append_message(%L, ''user'', ''x'')', :'chat')),
    (7, 'select * from chatkeep.create_session()')) s (n, statement)),
  array['42501 permission denied for table chats', '42501 permission denied for table messages', '42501 permission denied for table documents',
    '42501 permission denied for table users', '42501 permission denied for function create_chat',
    '42501 permission denied for function append_message', '42501 permission denied for function create_session'],
  'anon reads nothing and writes nothing');
select set_config('role', 'authenticated', true);
select is(pg_temp.refusal('select * from chatkeep.create_chat()'),
  '42501 no user is signed in | Send the user''s JWT, or call as service_role where a user is named.', 'a JWT without a subject is nobody');
select is_empty('select from chatkeep.chats', 'and sees nothing');
select set_config('request.jwt.claims', '', true);
select is_empty('select from chatkeep.chats', 'empty claims see nothing');

-- The first use makes the membership. The tenant has the id of the user.
reset role;
insert into auth.users (id) values ('00000000-0000-4000-8000-00000000f00d');
select pg_temp.sign_in('00000000-0000-4000-8000-00000000f00d');
select is((select tenant_id from chatkeep.create_chat()), '00000000-0000-4000-8000-00000000f00d'::uuid, 'a new user is a tenant of one');

-- A disabled user.
reset role;
update chatkeep.users set disabled_at = now() where id = '00000000-0000-4000-8000-00000000b0b0';
select pg_temp.sign_in('bob');
select is(pg_temp.refusal('select * from chatkeep.create_chat()'),
  '42501 this user is disabled | Ask an administrator to clear disabled_at in chatkeep.users or chatkeep.memberships.', 'a disabled user makes nothing');
select is(chatkeep.tenant_id(), null, 'and belongs nowhere');

-- service_role.
select pg_temp.sign_in('eve');
select id as eves from chatkeep.create_chat('tasks') \gset
select pg_temp.serve();
select pg_temp.rows_are(format($$ select role, author_id, written_as, user_id from chatkeep.append_message(%L, 'assistant', 'answer') $$, :'eves'),
  $$ values ('assistant', null::uuid, 'service_role', '00000000-0000-4000-8000-00000000e4e0'::uuid) $$,
  'service_role appends to every chat, and the row has no author');
select is(pg_temp.refusal('select * from chatkeep.create_chat()'),
  '42501 no user is signed in | Send the user''s JWT, or call as service_role where a user is named.', 'but makes none for nobody');
update chatkeep.memberships set tenant_id = '00000000-0000-4000-8000-000000007e03' where user_id = '00000000-0000-4000-8000-00000000ada0';
select pg_temp.rows_are(
  $$ select (select count(*)::int from chatkeep.chats where tenant_id = t.id), (select count(*)::int from chatkeep.messages where tenant_id = t.id),
       (select count(*)::int from chatkeep.documents where tenant_id = t.id), (select count(*)::int from chatkeep.document_metadata where tenant_id = t.id),
       (select count(*)::int from chatkeep.sessions where tenant_id = t.id)
     from (values ('00000000-0000-4000-8000-000000007e03'::uuid)) t (id) $$,
  $$ values (1, 1, 1, 1, 1) $$, 'service_role moves a user to another tenant, and the rows follow');
select pg_temp.sign_in('ada');
select is((select array_agg(content::text) from chatkeep.list_messages(:'chat')), array['the vault code is 0000'], 'the user reads them there');

select * from finish();
rollback;
