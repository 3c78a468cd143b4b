-- What table requests of service_role do with the owner of a row: a chat changes hands as a whole, tags stay in their tenant, and no
-- session becomes somebody else's. The letters are those of the findings that these tests repeat.
begin;
\ir ../support/identities.psql
select * from no_plan();
\ir ../support/whole_chat.psql

-- F5: the owner of a chat.
select pg_temp.serve();
select lives_ok(format($$ update chatkeep.chats set user_id = pg_temp.person('bob') where id = %L $$, :'chat'), 'F5: service_role gives a chat away by a table request');
select is(pg_temp.owners(:'chat'), 'attachment bob, chat bob, message bob, search bob, summary bob', 'F5: which moves the whole chat');
select is((select count(*)::integer from chatkeep.attachments where document_deleted), 1, 'F5: and detaches what the new owner does not read');
select matches(pg_temp.refusal(statement), '^23503 .*_chat_id_fkey', 'F5: refused: ' || statement)
from (values ('update chatkeep.messages set user_id = pg_temp.person(''ada'') where id = pg_temp.id(''a1'')'), ('update chatkeep.message_search set user_id = pg_temp.person(''ada'')'),
  ('update chatkeep.attachments set user_id = pg_temp.person(''ada'')'), ('update chatkeep.messages set user_id = gen_random_uuid()'), ('update chatkeep.message_search set user_id = gen_random_uuid()'),
  ('update chatkeep.attachments set user_id = pg_temp.person(''eve'')'), ('insert into chatkeep.messages (chat_id, tenant_id, user_id, created_at, updated_at, seq, role, content) select chat_id, tenant_id, pg_temp.person(''ada''), now(), now(), 9, ''user'', ''x'' from chatkeep.messages limit 1')) s (statement);
select matches(pg_temp.refusal(format($$ update chatkeep.chats set user_id = %L where id = %L $$, someone, :'chat')), '^23503 ', 'F5: a chat is not given to ' || who)
from (values ('a user of another tenant', pg_temp.person('eve')), ('nobody', pg_temp.person('nobody'))) s (who, someone);
select matches(pg_temp.refusal(format($$ update chatkeep.chats set user_id = pg_temp.person('eve'), tenant_id = '00000000-0000-4000-8000-000000007e02' where id = %L $$, :'chat')),
  '^23503 ', 'F5: to another tenant it goes without documents of the old tenant or not at all');
update chatkeep.attachments set document_id = null where chat_id = :'chat';
select lives_ok(format($$ update chatkeep.chats set user_id = pg_temp.person('eve'), tenant_id = '00000000-0000-4000-8000-000000007e02' where id = %L $$, :'chat'), 'F5: without them it goes');
select pg_temp.sign_in('eve');
select is((select count(*)::integer from chatkeep.messages) + (select count(*)::integer from chatkeep.message_search) + (select count(*)::integer from chatkeep.attachments), 3 + 2 + 4, 'F5: with all rows');

-- A forged marker plants no message in a colleague's chat.
rollback to written;
select pg_temp.sign_in('bob');
select set_config('chatkeep.writing', 'on', true) \g /dev/null
select matches(pg_temp.refusal(format($$ insert into chatkeep.messages (chat_id, tenant_id, user_id, author_id, seq, role, content, created_at, updated_at)
  values (%L, '00000000-0000-4000-8000-000000007e01', pg_temp.person('bob'), pg_temp.person('bob'), 9, 'system', 'planted', now(), now()) $$, :'chat')),
  '^23503 .*messages_chat_id_fkey', 'a forged marker plants no message in a colleague''s chat');
select set_config('chatkeep.writing', '', true) \g /dev/null

-- F5 and F3: the owner of a document, and the writer of tags.
rollback to people;
select pg_temp.sign_in('ada');
select id as private from chatkeep.register_document('p', repeat('a', 64), tags => '{"a":1}') \gset
select id as shared from chatkeep.register_document('s', repeat('b', 64), tags => '{"s":1}', visibility => 'tenant') \gset
select id as chat from chatkeep.create_chat() \gset
select id as message from chatkeep.append_message(:'chat', 'user', 'look') \gset
select count(*) as made from unnest(array[:'private', :'shared']::uuid[]) d, chatkeep.attach(:'chat', :'message', d) a \gset
select pg_temp.sign_in('bob');
select count(*) as made from chatkeep.tag_document(:'shared', '{"b":1}', 'bob') \gset
savepoint registered;

select pg_temp.serve();
select lives_ok(format($$ update chatkeep.documents set user_id = pg_temp.person('bob') where id = %L $$, :'private'), 'F5: service_role gives a document away by a table request');
select results_eq(format('select user_id from chatkeep.document_metadata where document_id = %L', :'private'), $$ values (pg_temp.person('bob')) $$, 'F5: with the tags of its owner');
select is((select count(*)::integer from chatkeep.attachments where document_deleted), 1, 'F5: and without attachments of others');
select matches(pg_temp.refusal(format($$ update chatkeep.document_metadata set user_id = pg_temp.person('eve') where document_id = %L $$, :'shared')), '^23503 .*document_metadata_user_id_fkey', 'F3: tags are in the tenant of who wrote them');
select matches(pg_temp.refusal(format($$ insert into chatkeep.document_metadata (document_id, tenant_id, document_access, user_id, namespace) values (%L, '00000000-0000-4000-8000-000000007e01', 'tenant', pg_temp.person('eve'), 'x') $$, :'shared')),
  '^23503 .*document_metadata_user_id_fkey', 'F3: nobody of another tenant has tags in this one');
-- F3: tags of those who stay do not follow an owner who moves, and those of a mover do not stay.
update chatkeep.memberships set tenant_id = '00000000-0000-4000-8000-000000007e02' where user_id = pg_temp.person('ada');
select is_empty($$ select from chatkeep.document_metadata where user_id = pg_temp.person('bob') and tenant_id <> '00000000-0000-4000-8000-000000007e01' $$, 'F3: tags do not follow a document''s owner to another tenant');
select results_eq($$ select tags from chatkeep.document_metadata where user_id = pg_temp.person('ada') and tenant_id = '00000000-0000-4000-8000-000000007e02' $$, $$ values ('{"s":1}'::jsonb) $$, 'F3: those of the owner do');

-- F7: the move of a person to a tenant that shares the same bytes.
rollback to people;
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat() \gset
select id as message from chatkeep.append_message(:'chat', 'user', 'look') \gset
select id as shared from chatkeep.register_document('s', repeat('4', 64), visibility => 'tenant') \gset
select count(*) as made from chatkeep.attach(:'chat', :'message', :'shared') \gset
select token from chatkeep.create_session() \gset
select token as rotated from chatkeep.rotate_session(:'token') \gset
select pg_temp.sign_in('eve');
select count(*) as made from chatkeep.register_document('e', repeat('4', 64), visibility => 'tenant') \gset
select pg_temp.serve();
select lives_ok($$ update chatkeep.memberships set tenant_id = '00000000-0000-4000-8000-000000007e02' where user_id = pg_temp.person('ada') $$, 'F7: a person moves to a tenant that shares the same bytes');
select is((select string_agg(distinct r.tenant_id::text, ' ') from (select tenant_id from chatkeep.chats union all select tenant_id from chatkeep.messages union all select tenant_id from chatkeep.attachments
  union all select tenant_id from chatkeep.sessions
  union all select tenant_id from chatkeep_private.session_secrets) r), '00000000-0000-4000-8000-000000007e02', 'F7: with every row of chats and sessions');
select is((select status from chatkeep.validate_session(:'rotated')), 'valid', 'and the session stays valid');

-- A session stays with its user.
select is(pg_temp.refusal('update chatkeep.sessions set user_id = pg_temp.person(''bob'')'), '42501 user_id of a session cannot be changed | Create a session of the other user, with create_session.', 'a device does not become somebody else''s');

select * from finish();
rollback;
