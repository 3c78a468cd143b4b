-- tenant_id() obeys the policies on memberships, those of the migrations and those that an operator adds.
begin;
\ir ../support/identities.psql
select from chatkeep.add_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000e4e0', 'owner');
select * from no_plan();

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat('index') \gset

reset role;
create policy operators on chatkeep.memberships as restrictive to authenticated using (role = 'admin');
select pg_temp.sign_in('ada');
select is(chatkeep.tenant_id(), null, 'a policy that an operator adds to memberships hides the tenant');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'x') $$, :'chat')),
  'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'and with it the chats, for writing');
select is(pg_temp.refusal(format($$ select * from chatkeep.list_messages(%L) $$, :'chat')),
  'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'and for reading');
reset role;
update chatkeep.memberships set role = 'admin' where user_id = '00000000-0000-4000-8000-00000000ada0';
select pg_temp.sign_in('ada');
select is(chatkeep.tenant_id(), '00000000-0000-4000-8000-000000007e01'::uuid, 'a user whom the policy shows has a tenant');
select pg_temp.sign_in('bob');
select is(chatkeep.tenant_id(), null, 'no other user has one');
reset role;
drop policy operators on chatkeep.memberships;
select pg_temp.sign_in('bob');
select is(chatkeep.tenant_id(), '00000000-0000-4000-8000-000000007e01'::uuid, 'without the policy every user has one again');
reset role;
alter policy memberships_select on chatkeep.memberships using (user_id = (select chatkeep.uid()) and role = 'admin');
select pg_temp.sign_in('bob');
select is(chatkeep.tenant_id(), null, 'a policy of the migrations that an operator has changed is obeyed too');
reset role;
alter policy memberships_select on chatkeep.memberships to service_role;
select pg_temp.sign_in('ada');
select is(chatkeep.tenant_id(), null, 'and so is one that is given to another role');
reset role;
alter policy memberships_select on chatkeep.memberships to authenticated using (user_id = (select chatkeep.uid()));

select pg_temp.sign_in('ada');
select set_config('row_security', 'off', true);
select is(pg_temp.refusal('select chatkeep.tenant_id()'), '42501 query would be affected by row-level security policy for table "memberships"',
  'row_security = off is an error under policies');
select set_config('row_security', 'on', true);
select is(chatkeep.tenant_id(), '00000000-0000-4000-8000-000000007e01'::uuid, 'and the caller has a tenant once it is on again');

select * from finish();
rollback;
