-- transfer_all: a leaver's chats and documents go to one colleague. And what is left when a person is erased.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('bob');
select count(*) as made from chatkeep.register_document('taken', repeat('1', 64)) \gset
select pg_temp.sign_in('ada');
select count(*) as made from generate_series(1, 3) n, chatkeep.create_chat(chat_id => pg_temp.id('c' || n)) c \gset
select count(*) as made from generate_series(1, 3) n, chatkeep.append_message(pg_temp.id('c' || n), 'user', 'the vault ' || n, pg_temp.id('a' || n)) c \gset
select count(*) as made from chatkeep.delete_chat(pg_temp.id('c2')) \gset
select count(*) as made from chatkeep.register_documents(jsonb_build_array(
  jsonb_build_object('source_uri', 'p', 'checksum', repeat('2', 64), 'tags', '{"p":1}'::jsonb), jsonb_build_object('source_uri', 'taken', 'checksum', repeat('3', 64)),
  jsonb_build_object('source_uri', 's', 'checksum', repeat('4', 64), 'visibility', 'tenant', 'tags', '{"s":1}'::jsonb), jsonb_build_object('source_uri', 'gone', 'checksum', repeat('5', 64)))) \gset
select count(*) as made from chatkeep.documents d, chatkeep.delete_document(d.id) where d.source_uri = 'gone' \gset
select count(*) as made from chatkeep.documents d, chatkeep.attach(pg_temp.id('c1'), pg_temp.id('a1'), d.id) where d.source_uri in ('p', 's') and d.user_id = pg_temp.person('ada') \gset
select token from chatkeep.create_session() \gset
savepoint written;

select pg_temp.serve();
update chatkeep.users set disabled_at = now() where id = pg_temp.person('ada');
select results_eq($$ select chats, documents, archived from chatkeep.transfer_all(pg_temp.person('ada'), pg_temp.person('bob')) $$, $$ values (3, 4, 1) $$, 'all chats and documents of a disabled leaver are given, deleted ones too');
select is_empty($$ select 1 from chatkeep.chats where user_id = pg_temp.person('ada') union all select 2 from chatkeep.messages where user_id = pg_temp.person('ada')
  union all select 3 from chatkeep.attachments where user_id = pg_temp.person('ada') union all select 4 from chatkeep.documents where user_id = pg_temp.person('ada')
  union all select 5 from chatkeep.document_metadata where user_id = pg_temp.person('ada') $$, 'the leaver has none');
select is((select count(*)::integer from chatkeep.attachments where document_id is not null), 2, 'attachments keep the documents that came along');
select results_eq($$ select chats, documents, archived from chatkeep.transfer_all(pg_temp.person('ada'), pg_temp.person('bob')) $$, $$ values (0, 0, 0) $$, 'a retry gives nothing more');
select is((select user_id from chatkeep.sessions), pg_temp.person('ada'), 'sessions stay');
select pg_temp.sign_in('bob');
select is((select string_agg(content, ' ' order by content) from chatkeep.messages), 'the vault 1 the vault 3', 'the new owner reads the chats, but for the deleted one');
select is((select count(*)::integer from chatkeep.restore_chat(pg_temp.id('c2'))), 1, 'which can be restored');
select is((select string_agg(source_uri || ' ' || status, ', ' order by source_uri, checksum) from chatkeep.documents), 'p pending, s pending, taken pending, taken archived', 'and the documents');

-- A source may be an alias of one shared document and the source of another. It does not become the source of two.
rollback to written;
reset role;
update chatkeep.documents set source_uri = 'q', aliases = '{s2}', visibility = 'tenant' where checksum = repeat('3', 64);
update chatkeep.documents set source_uri = 'taken', aliases = '{p,s2}' where source_uri = 's';
select pg_temp.serve();
select results_eq($$ select documents, archived from chatkeep.transfer_all(pg_temp.person('ada'), pg_temp.person('bob')) $$, $$ values (4, 1) $$, 'a document whose aliases are all in other documents is archived');
select results_eq($$ select source_uri, aliases, status from chatkeep.documents where checksum in (repeat('2', 64), repeat('3', 64), repeat('4', 64)) order by checksum $$,
  $$ values ('p', '{}'::text[], 'pending'), ('q', '{s2}', 'pending'), ('taken', '{p,s2}', 'archived') $$, 'and no source is that of two');

-- A person is erased: what the tenant shares passes to the longest-standing enabled member.
rollback to written;
reset role;
insert into auth.users (id) values (pg_temp.person('cyd'));
insert into chatkeep.users (id) values (pg_temp.person('cyd'));
insert into chatkeep.memberships (user_id, tenant_id, is_home, created_at) values (pg_temp.person('cyd'), '00000000-0000-4000-8000-000000007e01', true, now() - interval '1 year');
savepoint cyd;
delete from auth.users where id = pg_temp.person('ada');
select set_eq($$ select source_uri, user_id from chatkeep.documents $$, $$ values ('taken', pg_temp.person('bob')), ('s', pg_temp.person('cyd')) $$, 'the longest-standing member gets what the tenant shares');
select results_eq($$ select user_id, tags from chatkeep.document_metadata $$, $$ values (pg_temp.person('cyd'), '{"s":1}'::jsonb) $$, 'with its tags');
select is_empty($$ select from chatkeep.chats $$, 'chats and private documents go with the person');
delete from auth.users where id in (pg_temp.person('cyd'), pg_temp.person('bob'));
select is_empty($$ select from chatkeep.documents $$, 'with the last member, what was shared goes too');
rollback to cyd;
select pg_temp.serve();
update chatkeep.users set disabled_at = now() where id = pg_temp.person('cyd');
delete from chatkeep.users where id = pg_temp.person('ada');
select results_eq($$ select user_id, status from chatkeep.documents where source_uri = 's' $$, $$ values (pg_temp.person('bob'), 'pending') $$, 'a disabled member is no heir');
rollback to cyd;
select pg_temp.sign_in(pg_temp.person('cyd')::text);
select count(*) as made from chatkeep.register_document('s', repeat('9', 64)) \gset
select pg_temp.serve();
delete from chatkeep.users where id = pg_temp.person('ada');
select results_eq($$ select user_id, status from chatkeep.documents where source_uri = 's' order by status $$, $$ values (pg_temp.person('cyd'), 'archived'), (pg_temp.person('cyd'), 'pending') $$, 'the heir''s own document keeps its source');

-- Refusals.
rollback to written;
select pg_temp.sign_in('ada');
select is(pg_temp.refusal('select * from chatkeep.transfer_all(pg_temp.person(''ada''), pg_temp.person(''bob''))'), '42501 permission denied for function transfer_all', 'users do not give themselves away');
select pg_temp.serve();
select is(pg_temp.refusal('select * from chatkeep.transfer_all(' || call || ')'), expected, name)
from (values
  ('nobody leaves', 'null, pg_temp.person(''bob'')', '22004 from_user_id is missing | Pass a value; null is not accepted here.'),
  ('nobody stays', 'pg_temp.person(''ada''), null', '22004 to_user_id is missing | Pass a value; null is not accepted here.'),
  ('one person', 'pg_temp.person(''ada''), pg_temp.person(''ada'')', '22023 to_user_id is from_user_id | Pass another member of the tenant.'),
  ('an unknown leaver', 'pg_temp.person(''x''), pg_temp.person(''bob'')', 'PT404 from_user_id names no user | Pass the id of a member of the tenant that the request names, or of a user''s home.'),
  ('an unknown colleague', 'pg_temp.person(''ada''), pg_temp.person(''x'')', 'PT404 to_user_id names no member of the tenant | Pass the id of a member of the same tenant, or add the person with add_member.'),
  ('somebody of another tenant', 'pg_temp.person(''ada''), pg_temp.person(''eve'')', 'PT404 to_user_id names no member of the tenant | Pass the id of a member of the same tenant, or add the person with add_member.')
) refused (name, call, expected);
select is((select count(*)::integer from chatkeep.chats where user_id = pg_temp.person('ada')), 3, 'nothing has moved');

select * from finish();
rollback;
