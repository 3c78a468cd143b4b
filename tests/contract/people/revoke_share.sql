-- revoke_share: what a share showed is hidden from the next statement on. A share ends with a change of hands too.
begin;
\ir ../support/identities.psql
select * from no_plan();
\ir ../support/shared_chat.psql
select id as member_share from chatkeep.share_chat(:'chat', pg_temp.person('bob'), permission => 'write') \gset
select id as tenant_share from chatkeep.share_chat(:'chat', with_tenant => true) \gset
select id as link_share, secret from chatkeep.share_chat(:'chat', by_link => true) \gset
savepoint shared;

select is((select revoked_at is not null from chatkeep.revoke_share(:'member_share')), true, 'the owner revokes a share');
select is((select revoked_at from chatkeep.revoke_share(:'member_share')), (select revoked_at from chatkeep.my_shares where id = :'member_share'), 'again returns the row as it is');
select pg_temp.sign_in('bob');
select is((select count(*) from chatkeep.list_messages(:'chat')), 3::bigint, 'the share with the tenant still shows the chat');
select is(split_part(pg_temp.refusal(format('select * from chatkeep.append_message(%L, ''user'', ''x'')', :'chat')), ' ', 1), '42501', 'to read');
select pg_temp.sign_in('ada');
select count(*) as revoked from chatkeep.revoke_share(:'tenant_share') \gset
select pg_temp.sign_in('bob');
select is(pg_temp.refusal(format('select * from chatkeep.list_messages(%L)', :'chat')), 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'without any share the chat is one of others');
select is_empty('select from chatkeep.shared_with_me', 'and is in no list');
select pg_temp.sign_in('ada');
select is((select permission || (revoked_at is null) from chatkeep.share_chat(:'chat', pg_temp.person('bob'))), 'readtrue', 'sharing again makes a new share');
select is((select count(*) from chatkeep.my_shares where with_user_id = pg_temp.person('bob')), 2::bigint, 'the revoked one stays in the list of the owner');
select count(*) as revoked from chatkeep.revoke_share(:'link_share') \gset
select pg_temp.sign_out();
select is(split_part(pg_temp.refusal(format('select * from chatkeep.open_share(%L)', :'secret')), ' ', 1), 'PT404', 'a revoked link opens nothing');

-- Nobody else revokes, and nobody brings a share back.
rollback to shared;
select pg_temp.sign_in('bob');
select is(pg_temp.refusal(format('select * from chatkeep.revoke_share(%L)', :'member_share')), 'PT404 share_id names no share of yours | List them with my_shares.', 'the reader does not revoke');
select pg_temp.sign_in('eve');
select is(pg_temp.refusal(format('select * from chatkeep.revoke_share(%L)', :'member_share')), pg_temp.refusal('select * from chatkeep.revoke_share(pg_temp.id(''ff''))'), 'a share of others is like none');
select is(pg_temp.refusal('select * from chatkeep.revoke_share(null)'), '22004 share_id is missing | Pass a value; null is not accepted here.', 'no share');
select pg_temp.sign_out();
select is(pg_temp.refusal(format('select * from chatkeep.revoke_share(%L)', :'link_share')), '42501 permission denied for function revoke_share', 'the holder of a link does not revoke it');
select pg_temp.serve();
select is((select revoked_at is not null from chatkeep.revoke_share(:'link_share')), true, 'a service revokes any share');
update chatkeep.chat_shares set revoked_at = null where id = :'link_share';
select isnt((select revoked_at from chatkeep.chat_shares where id = :'link_share'), null, 'and cannot bring it back');
select pg_temp.sign_in('ada');
select is(pg_temp.refusal('update chatkeep.chat_shares set revoked_at = null'),
  '42501 rows of chat_shares cannot be changed directly | share_chat changes a share, and revoke_share ends it.', 'a table request of the owner is refused');
select is((select count(*) from chatkeep.my_shares where revoked_at is null), 2::bigint, 'changes no share');
select matches(pg_temp.refusal(format('insert into chatkeep.chat_shares (id, chat_id, tenant_id, user_id, with_tenant_id) values (pg_temp.id(''e1''), %L, %L, pg_temp.person(''ada''), %2$L)', :'chat', '00000000-0000-4000-8000-000000007e01')),
  '^42501 new row violates row-level security', 'and makes none');

-- The chat goes to somebody else, or away.
rollback to shared;
select pg_temp.serve();
select count(*) as given from chatkeep.transfer_chat(:'chat', pg_temp.person('cyd')) \gset
select is((select count(*) from chatkeep.chat_shares where revoked_at is null), 0::bigint, 'a chat that changes hands is shared with nobody');
select pg_temp.sign_in('bob');
select is(split_part(pg_temp.may(:'chat'), ',', 1), 'list PT404', 'its readers have lost it');
select pg_temp.sign_in('cyd');
select is((select count(*) from chatkeep.my_shares), 3::bigint, 'the new owner sees whom it was shared with');
rollback to shared;
select pg_temp.serve();
select is((select user_id from chatkeep.transfer_chat(:'chat', pg_temp.person('bob'))), pg_temp.person('bob'), 'a chat can go to one of its readers');
select is((select count(*) from chatkeep.chat_shares where revoked_at is null), 0::bigint, 'and is shared with nobody then');
select pg_temp.sign_in('bob');
select is_empty('select from chatkeep.shared_with_me', 'nor with the new owner');
rollback to shared;
select pg_temp.serve();
insert into chatkeep.tenants (id) values ('00000000-0000-4000-8000-000000007e03');
update chatkeep.memberships set tenant_id = '00000000-0000-4000-8000-000000007e03' where user_id = pg_temp.person('bob');
select is((select count(*) from chatkeep.chat_shares where revoked_at is null), 2::bigint, 'a share ends when its reader moves to another tenant');
update chatkeep.memberships set tenant_id = '00000000-0000-4000-8000-000000007e03' where user_id = pg_temp.person('ada');
select is((select count(*) from chatkeep.chat_shares where revoked_at is null), 0::bigint, 'all end when the owner moves');
rollback to shared;
select pg_temp.sign_in('ada');
select count(*) as deleted from chatkeep.delete_chat(:'chat') \gset
select pg_temp.sign_in('bob');
select is(split_part(pg_temp.may(:'chat'), ',', 1), 'list PT404', 'a deleted chat is hidden from its readers');
select is_empty('select from chatkeep.shared_with_me', 'and in no list');
select pg_temp.sign_out();
select is(split_part(pg_temp.refusal(format('select * from chatkeep.open_share(%L)', :'secret')), ' ', 1), 'PT404', 'the link opens nothing');
select pg_temp.sign_in('ada');
select count(*) as restored from chatkeep.restore_chat(:'chat') \gset
select pg_temp.sign_in('bob');
select is(pg_temp.listed(:'chat'), 'one right two', 'a restored one is shared again');
select pg_temp.serve();
reset role;
delete from auth.users where id = pg_temp.person('bob');
select is((select count(*) from chatkeep.chat_shares), 2::bigint, 'with a person the share goes too');
reset role;
delete from auth.users where id = pg_temp.person('ada');
select is((select count(*) from chatkeep.chat_shares), 0::bigint, 'with the chat all go');

select * from finish();
rollback;
