-- admin_reads: where the settings of a tenant say so, its owners and admins read what a member stores, and nobody else does. It is off
-- unless service_role turns it on. They change nothing of it.
begin;
\ir ../support/identities.psql
select * from no_plan();
\ir ../support/shared_chat.psql
select id as document from chatkeep.register_document('ada.html', repeat('a', 64), 'diary', tags => '{"mood":"good"}') \gset
select count(*) as deleted from chatkeep.create_chat('gone', chat_id => pg_temp.id('c3')) c, chatkeep.append_message(c.id, 'user', 'gone'), chatkeep.delete_chat(c.id) \gset
select pg_temp.sign_in('cyd');
select count(*) as made from chatkeep.create_chat('cyd''s', chat_id => pg_temp.id('c4')) \gset
select pg_temp.serve();
select chatkeep.index_messages() as indexed \gset

create function pg_temp.read_as(member text) returns void language sql as $$
  select set_config('request.headers', case when member <> '' then json_build_object('host', 'x', 'x-chatkeep-member', member)::text else '{"host":"x"}' end, true)
$$;
create function pg_temp.reads() returns text language sql as $$
  select format('%s | %s | %s | %s | %s | %s',
    (select string_agg(title, ' ' order by title) from chatkeep.chats), (select string_agg(content, ' ' order by content) from chatkeep.messages),
    (select count(*) from chatkeep.attachments), (select string_agg(title, ' ' order by title) from chatkeep.documents),
    (select count(*) from chatkeep.document_metadata), (select string_agg(snippet, ' ' order by snippet) from chatkeep.search_messages('secret')))
$$;
select pg_temp.person('ada') as ada, '42501 the header x-chatkeep-member names nobody whose rows you may read | Owners and admins read what members store where service_role has set admin_reads to true in the settings of the tenant.' as refusal \gset
savepoint off;

-- Off.
select pg_temp.sign_in('cyd');
select is(pg_temp.reads(), 'cyd''s |  | 0 |  | 0 | ', 'an admin reads own rows');
select pg_temp.read_as(:'ada');
select is(pg_temp.refusal('select * from chatkeep.chats'), :'refusal', 'and no row of a member');
select is(pg_temp.refusal(format('select * from chatkeep.list_messages(%L)', :'chat')), :'refusal', 'no message');
select pg_temp.serve();
update chatkeep.tenants set settings = setting from (values ('{"admin_reads": "true"}'::jsonb)) s (setting) where id = '00000000-0000-4000-8000-000000007e01';
select pg_temp.sign_in('cyd');
select is(pg_temp.refusal('select * from chatkeep.chats'), :'refusal', 'a text is not true');
select matches(pg_temp.refusal('update chatkeep.tenants set settings = ''{"admin_reads": true}'''), '^42501 ', 'no owner or admin turns it on');

-- On.
rollback to off;
select pg_temp.serve();
update chatkeep.tenants set settings = '{"admin_reads": true}' where id = '00000000-0000-4000-8000-000000007e01';
savepoint turned_on;
select pg_temp.sign_in('cyd');
select is(pg_temp.reads(), 'cyd''s |  | 0 |  | 0 | ', 'without the header an admin still reads own rows alone');
select pg_temp.read_as(:'ada');
select is(pg_temp.reads(), 'diary plans | left one right secret two | 3 | diary | 1 | <mark>secret</mark>', 'with it what the member stores, without what was deleted');
select is(pg_temp.listed(:'chat'), 'one right two', 'list_messages reads too');
select is((select string_agg(concat_ws(': ', title, preview), ', ' order by title) from chatkeep.list_chats()), 'diary: secret, plans: two', 'so does list_chats');
select is((select preview from chatkeep.get_chat(:'chat')), 'two', 'and get_chat');
select is_empty('select * from chatkeep.list_chats(deleted => true)', 'the trash stays closed');
select is(pg_temp.refusal(format('select * from chatkeep.list_chats(user_id => %L)', :'ada')), '42501 user_id can be named by service_role only | Leave user_id out to act for yourself.', 'user_id is not for admins');
select is(pg_temp.refusal(format('select * from chatkeep.list_messages(%L)', pg_temp.id('c4'))), 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'one person at a time');
select is((select count(*) from chatkeep.my_sessions), 0::bigint, 'sessions are not content');
select is(pg_temp.refusal(c), '42501 the header x-chatkeep-member is for reading only | Send the request without it.', 'nothing is written: ' || c) from (values
  (format('select * from chatkeep.append_message(%L, ''user'', ''x'')', :'chat')),
  (format('select * from chatkeep.append_message(%L, ''user'', ''x'')', pg_temp.id('c4'))),
  (format('select * from chatkeep.finish_message(%L, pg_temp.id(''a1''))', :'chat')),
  (format('select * from chatkeep.select_branch(%L, pg_temp.id(''a2''))', :'chat')),
  (format('select * from chatkeep.redact_message(%L, pg_temp.id(''a1''))', :'chat')),
  (format('select * from chatkeep.delete_chat(%L)', :'chat')),
  (format('select * from chatkeep.attach(%L, pg_temp.id(''a1''), storage_path => ''x'')', :'chat')),
  (format('select * from chatkeep.rate_message(%L, pg_temp.id(''a1''), 1)', :'chat')),
  (format('select * from chatkeep.copy_chat(%L)', :'chat')),
  (format('select * from chatkeep.share_chat(%L, by_link => true)', :'chat')),
  ('select * from chatkeep.create_chat()'),
  ('select * from chatkeep.import_chat(''{"messages":[]}'')'),
  ('select * from chatkeep.register_document(''x'', repeat(''b'', 64))')) w (c);
select is(split_part(pg_temp.refusal(format('select * from chatkeep.delete_document(%L)', :'document')), ' ', 1), 'PT404', 'nor is a document');
select matches(pg_temp.refusal('update chatkeep.chats set title = ''x'' where title = ''plans'''), '^42501 only title', 'by a table request neither');
select pg_temp.sign_in('ada');
select pg_temp.read_as(pg_temp.person('bob')::text);
select is(pg_temp.reads(), ' |  | 0 |  | 0 | ', 'an owner may as well');
select pg_temp.read_as(:'ada');
select is(split_part(pg_temp.reads(), ' |', 1), 'diary plans', 'everybody may name themselves');
select pg_temp.sign_in('bob');
select is(pg_temp.refusal('select * from chatkeep.chats'), :'refusal', 'a member may not');
select pg_temp.sign_in('eve');
select is(pg_temp.refusal('select * from chatkeep.chats'), :'refusal', 'nor the owner of another tenant');
select pg_temp.sign_in('cyd');
select pg_temp.read_as(pg_temp.person('eve')::text);
select is(pg_temp.refusal('select * from chatkeep.chats'), :'refusal', 'nobody outside of the tenant is read');
select pg_temp.read_as(pg_temp.person('nobody')::text);
select is(pg_temp.refusal('select * from chatkeep.chats'), :'refusal', 'and a person whom nobody knows gets the same answer');
select pg_temp.read_as('ada');
select is(pg_temp.refusal('select * from chatkeep.chats'), '22023 the header x-chatkeep-member is no UUID | Send an id, or leave the header out.', 'a header that is no UUID');
select pg_temp.read_as(:'ada');
select pg_temp.serve();
update chatkeep.memberships set role = 'member' where user_id = pg_temp.person('cyd');
select pg_temp.sign_in('cyd');
select is(pg_temp.refusal('select * from chatkeep.chats'), :'refusal', 'who is no admin any more reads no more');
rollback to turned_on;
select pg_temp.serve();
update chatkeep.users set disabled_at = now() where id = pg_temp.person('cyd');
select pg_temp.sign_in('cyd');
select pg_temp.read_as(:'ada');
select is(pg_temp.refusal('select * from chatkeep.chats'), :'refusal', 'nor does a disabled one');

select * from finish();
rollback;
