-- A gateway may grant all rights on all tables to the API roles, as @supabase/lite does. Policies and triggers still protect the rows.
begin;
\ir ../support/identities.psql
select * from no_plan();

grant all on all tables in schema chatkeep, chatkeep_private to anon, authenticated, service_role;

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat('secret plans') \gset
select id as message from chatkeep.append_message(:'chat', 'user', 'the vault code is 0000') \gset
select count(*) as summarised from chatkeep.summarise_chat(:'chat', :'message', 'a vault') \gset
select id as document from chatkeep.register_document('ada.html', chatkeep.document_checksum('ada'), tags => '{"a":1}') \gset
select count(*) as attached from chatkeep.attach(:'chat', :'message', :'document') \gset
select session_id as session from chatkeep.create_session() \gset
select count(*) as revoked from chatkeep.revoke_session(:'session') \gset

create function pg_temp.seen() returns text language plpgsql as $$
declare
  relation text;
  rows integer;
  found text := '';
begin
  foreach relation in array array['chatkeep.users', 'chatkeep.chats', 'chatkeep.messages', 'chatkeep.chat_summaries', 'chatkeep.message_search', 'chatkeep.documents',
    'chatkeep.document_metadata', 'chatkeep.attachments', 'chatkeep.sessions', 'chatkeep_private.session_secrets'] loop
    execute format('select count(*) from %s', relation) into rows;
    found := found || split_part(relation, '.', 2) || ' ' || rows || ', ';
  end loop;
  return found;
end
$$;
select is(pg_temp.seen(), 'users 1, chats 1, messages 1, chat_summaries 1, message_search 0, documents 1, document_metadata 1, attachments 1, sessions 1, session_secrets 0, ',
  'the owner sees their rows, and no secret');
select pg_temp.sign_in('eve');
select is(pg_temp.seen(), 'users 1, chats 0, messages 0, chat_summaries 0, message_search 0, documents 0, document_metadata 0, attachments 0, sessions 0, session_secrets 0, ',
  'another tenant sees none of them');
select pg_temp.sign_out();
select is(pg_temp.seen(), 'users 0, chats 0, messages 0, chat_summaries 0, message_search 0, documents 0, document_metadata 0, attachments 0, sessions 0, session_secrets 0, ',
  'and anon sees nothing at all');
select is(pg_temp.refusal('select * from chatkeep.create_chat()'), '42501 permission denied for function create_chat', 'the calls are granted as before');

-- The caller's row in users.
select pg_temp.sign_in('ada');
select is(pg_temp.refusal($$ update chatkeep.memberships set tenant_id = '00000000-0000-4000-8000-000000007e02' $$),
  '42501 new row violates row-level security policy for table "tenants"', 'users cannot move themselves to another tenant');
select lives_ok($$ update chatkeep.users set display_name = 'Ada', metadata = '{"a":1}' $$, 'but changes their own name');
select is(pg_temp.refusal($$ insert into chatkeep.users (id) values (gen_random_uuid()) $$),
  '42501 new row violates row-level security policy for table "users"', 'users cannot make other users');

-- Rows of other users.
select is(pg_temp.refusal($$ update chatkeep.chats set user_id = '00000000-0000-4000-8000-00000000b0b0' $$),
  '42501 user_id of a chat cannot be changed | Make a chat as its user, with create_chat.', 'a chat is not pushed on a colleague');
select is(pg_temp.refusal($$ update chatkeep.chats set tenant_id = '00000000-0000-4000-8000-000000007e02' $$),
  '42501 only title, metadata, archived_at, pinned_at, folder, tags and read_up_to_seq of a chat can be changed directly | Messages move the other columns: use append_message.', 'a chat cannot be taken to another tenant');
select matches(pg_temp.refusal($$ insert into chatkeep.chats (tenant_id, user_id) values ('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000b0b0') $$),
  '^42501 new row violates row-level security', 'a chat cannot be made for another user');
select matches(pg_temp.refusal(format($$ insert into chatkeep.messages (chat_id, tenant_id, user_id, author_id, seq, role, content, created_at, updated_at)
  values (%L, '00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', '00000000-0000-4000-8000-00000000ada0', 2, 'assistant', 'forged', now(), now()) $$, :'chat')),
  '^42501 new row violates row-level security', 'a message is not inserted by hand');
select matches(pg_temp.refusal($$ update chatkeep.messages set author_id = null, role = 'assistant' $$), '^42501 rows of messages cannot be changed directly', 'the author of a message cannot be changed');
select matches(pg_temp.refusal($$ update chatkeep.documents set user_id = '00000000-0000-4000-8000-00000000b0b0', visibility = 'tenant' $$), '^42501 rows of documents cannot be changed directly', 'a document is not changed by hand');
select matches(pg_temp.refusal($$ update chatkeep.sessions set revoked_at = null, revoked_reason = null $$), '^42501 rows of sessions cannot be changed directly', 'a revoked session cannot be made live');
select matches(pg_temp.refusal($$ update chatkeep.chat_summaries set content = 'x' $$), '^42501 ', 'a summary is not changed by hand');
select matches(pg_temp.refusal(format($$ insert into chatkeep.chat_summaries select pg_temp.id('ff'), chat_id, tenant_id, user_id, created_at, updated_at, 1, 1, 'forged' from chatkeep.messages where id = %L $$, :'message')),
  '^42501 new row violates row-level security', 'or made');
select is_empty(
  $$ with u as (delete from chatkeep.users returning 1), x as (delete from chatkeep_private.session_secrets returning 1)
     select * from u union all select * from x $$, 'nothing is deleted by hand');
select matches(pg_temp.refusal('delete from chatkeep.' || t), '^42501 rows of ' || t || ' cannot be deleted directly', 'and a request that deletes from ' || t || ' is refused')
from unnest(array['chats', 'messages', 'message_search', 'message_ratings', 'attachments', 'chat_shares', 'documents', 'document_metadata', 'sessions', 'tenants']) t;
select matches(pg_temp.refusal($$ insert into chatkeep.member_usage values (chatkeep.uid(), '00000000-0000-4000-8000-000000007e01', 0, 0, 0, 0, 0, 0, 0, now()) $$),
  '^42501 new row violates row-level security', 'usage is not written by hand');
reset role;
insert into chatkeep.member_usage values ('00000000-0000-4000-8000-00000000ada0', '00000000-0000-4000-8000-000000007e01', 1, 1, 1, 1, 1, 1, 1, now());
select pg_temp.sign_in('ada');
select is_empty($$ with u as (update chatkeep.member_usage set chats = 0 returning 1), d as (delete from chatkeep.member_usage returning 1) select * from u union all select * from d $$, 'nor changed');
select pg_temp.sign_in('bob');
select is((select count(*)::integer from chatkeep.member_usage), 0, 'and a colleague reads none of it');
select pg_temp.sign_in('ada');
select is((select array_agg(content::text) from chatkeep.list_messages(:'chat')), array['the vault code is 0000'], 'the chat is as it was');

-- Disabled users.
reset role;
update chatkeep.users set disabled_at = now() where id = '00000000-0000-4000-8000-00000000ada0';
select pg_temp.sign_in('ada');
select is_empty($$ update chatkeep.users set disabled_at = null returning id $$, 'a disabled user does not enable oneself');
reset role;
select lives_ok($$ update chatkeep.chats set user_id = '00000000-0000-4000-8000-00000000b0b0' where user_id = '00000000-0000-4000-8000-00000000ada0' $$,
  'the owner of the tables may give a chat away');

select * from finish();
rollback;
