-- What a share unlocks, asked of the tables themselves: somebody who forges the marker of a call gets what the share gives, and no
-- more. The API sends no such request; direct connections can.
begin;
\ir ../support/identities.psql
select * from no_plan();
\ir ../support/shared_chat.psql
select id as reading from chatkeep.share_chat(:'chat', pg_temp.person('bob'), up_to_message_id => pg_temp.id('a3')) \gset
select id as writing from chatkeep.share_chat(:'chat', pg_temp.person('cyd'), permission => 'write') \gset
select count(*) as made from chatkeep.create_chat('third', chat_id => pg_temp.id('c3')) \gset
select id as elsewhere from chatkeep.share_chat(pg_temp.id('c3'), pg_temp.person('cyd')) \gset
select pg_temp.serve();
select chatkeep.index_messages() as indexed \gset
savepoint shared;

create function pg_temp.shown() returns text language sql as $$
  select format('%s | %s | %s | %s | %s',
    (select string_agg(title, ' ' order by title) from chatkeep.chats), (select string_agg(content, ' ' order by seq) from chatkeep.messages),
    (select string_agg(storage_path, ' ' order by storage_path) from chatkeep.attachments), (select count(*) from chatkeep.message_search),
    (select count(*) from chatkeep.documents))
$$;
savepoint shared;

select pg_temp.sign_in('bob');
select set_config('chatkeep.writing', 'off ' || :'reading', true) as marker \gset
select is(pg_temp.shown(), 'plans | one right | ada/map.png | 0 | 0', 'a reader who forges the marker sees the shared messages, and nothing else of the owner');
select set_config('chatkeep.writing', 'off ' || :'writing', true) as marker \gset
select is(pg_temp.shown(), ' |  |  | 0 | 0', 'nothing by the share of somebody else');
select set_config('chatkeep.writing', 'off ' || gen_random_uuid(), true) as marker \gset
select is(pg_temp.shown(), ' |  |  | 0 | 0', 'and nothing by one that there is not');
select set_config('chatkeep.writing', 'on ' || :'reading', true) as marker \gset
select matches(pg_temp.refusal(format('update chatkeep.chats set %s where id = %L', change, :'chat')), '^42501 ', 'a reader changes nothing: ' || change) from (values
  ('title = ''mine'''), ('deleted_at = now()'), ('archived_at = now()'), ('last_seq = 9')) c (change);
select set_config('chatkeep.writing', 'off ' || :'reading', true) as marker \gset
select matches(pg_temp.refusal(format('update chatkeep.chats set title = ''mine'' where id = %L', :'chat')), '^42501 ', 'with the marker of a call that reads neither');
create function pg_temp.insertion(author text) returns text language sql as $$
  select pg_temp.refusal(format('insert into chatkeep.messages (id, chat_id, tenant_id, user_id, seq, role, content, author_id, created_at, updated_at)
    values (gen_random_uuid(), pg_temp.id(''c1''), %L, pg_temp.person(''ada''), 9, ''user'', ''forged'', pg_temp.person(%L), now(), now())', '00000000-0000-4000-8000-000000007e01', author))
$$;
select set_config('chatkeep.writing', marker, true) as marker from (values ('on ' || :'reading')) m (marker) \gset
select matches(pg_temp.insertion('bob'), '^42501 ', 'a reader inserts no message');

rollback to shared;
create function pg_temp.insertion(author text) returns text language sql as $$
  select pg_temp.refusal(format('insert into chatkeep.messages (id, chat_id, tenant_id, user_id, seq, role, content, author_id, created_at, updated_at)
    values (gen_random_uuid(), pg_temp.id(''c1''), %L, pg_temp.person(''ada''), 9, ''user'', ''forged'', pg_temp.person(%L), now(), now())', '00000000-0000-4000-8000-000000007e01', author))
$$;
select pg_temp.sign_in('cyd');
select set_config('chatkeep.writing', 'on ' || :'writing', true) as marker \gset
select is(pg_temp.shown(), 'plans | one right two | ada/map.png | 0 | 0', 'a writer sees the active path of this chat alone, though another is shared too');
select matches(pg_temp.insertion('ada'), '^42501 ', 'and inserts no message in the owner''s name');
with changed as (update chatkeep.messages set content = 'forged' returning 1) select is((select count(*) from changed), 0::bigint, 'changes no message of the owner');
select matches(pg_temp.refusal(format('update chatkeep.chats set deleted_at = now() where id = %L', :'chat')), '^42501 ', 'does not delete the chat');
select matches(pg_temp.refusal(format('insert into chatkeep.chat_shares (id, chat_id, tenant_id, user_id, with_tenant_id) values (gen_random_uuid(), %L, %L, pg_temp.person(''ada''), %2$L)', :'chat', '00000000-0000-4000-8000-000000007e01')), '^42501 ', 'does not share it on');
with changed as (update chatkeep.chat_shares set expires_at = null returning 1) select is((select count(*) from changed), 0::bigint, 'does not change a share');
select matches(pg_temp.refusal(format('insert into chatkeep.attachments (id, tenant_id, user_id, chat_id, message_id, storage_path) values (gen_random_uuid(), %L, pg_temp.person(''ada''), %L, pg_temp.id(''b1''), ''x'')', '00000000-0000-4000-8000-000000007e01', :'other')), '^42501 ', 'and attaches nothing to another chat');
select set_config('chatkeep.writing', 'on ' || :'elsewhere', true) as marker \gset
select matches(pg_temp.insertion('cyd'), '^42501 ', 'a share to read another chat lets nobody write in this one');

-- The secret of a link is forged in vain: what is compared is its digest.
rollback to shared;
select pg_temp.sign_in('ada');
select id as link, secret from chatkeep.share_chat(:'chat', by_link => true) \gset
select encode(secret_digest, 'hex') as digest from chatkeep.chat_shares where id = :'link' \gset
select pg_temp.sign_in('eve');
select set_config('chatkeep.presented_link', :'digest', true), set_config('chatkeep.writing', 'off ' || :'link', true) \gset forged_
select is(pg_temp.shown(), ' |  |  | 0 | 0', 'the stored digest opens nothing');
select is_empty('select from chatkeep.chat_shares', 'and shows no share');

select * from finish();
rollback;
