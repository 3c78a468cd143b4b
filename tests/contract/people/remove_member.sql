-- remove_member: ends a membership at the next statement. What it shows and keeps is in access/memberships.sql.
begin;
\ir ../support/identities.psql
select * from no_plan();

select pg_temp.sign_in('bob');
select id as chat from chatkeep.create_chat('Bob''s') \gset
select alike(pg_temp.refusal($$ select * from chatkeep.remove_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0') $$), 'PT404 tenant_id names no tenant that you manage%', 'a member removes nobody');
select pg_temp.sign_in('eve');
select alike(pg_temp.refusal($$ select * from chatkeep.remove_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000b0b0') $$), 'PT404 tenant_id names no tenant that you manage%', 'nor does a stranger');
select is(pg_temp.refusal($$ select * from chatkeep.remove_member('00000000-0000-4000-8000-000000007e02', '00000000-0000-4000-8000-00000000b0b0') $$),
  'PT404 user_id names no member of this tenant | Check both ids.', 'of one''s own tenant nobody else''s member');
select pg_temp.sign_in('ada');
select is(pg_temp.refusal($$ select * from chatkeep.remove_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0') $$),
  'PT409 user_id names the last owner of the tenant | Make another member an owner first.', 'the last owner cannot leave');
select disabled_at as ended from chatkeep.remove_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000b0b0') \gset
select isnt(:'ended'::timestamptz, null, 'an owner removes a member');
select is((select disabled_at from chatkeep.remove_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000b0b0')), :'ended'::timestamptz, 'again returns the same row');
select pg_temp.sign_in('bob');
select is(chatkeep.tenant_id(), null, 'the member has no tenant');
select is((select count(*)::int from chatkeep.chats), 0, 'and reads no chat');
select alike(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'x') $$, :'chat')), 'PT404 chat_id names no chat of yours%', 'and writes into none');
select is((select count(*)::int from chatkeep.memberships where user_id = chatkeep.uid() and disabled_at is not null), 1, 'but reads that the membership has ended');
select pg_temp.serve();
select is((select count(*)::int from chatkeep.chats where user_id = '00000000-0000-4000-8000-00000000b0b0'), 1, 'the chat is still stored');

-- An admin who leaves.
select pg_temp.sign_in('ada');
select count(*) as added from chatkeep.add_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000b0b0', 'admin') \gset
select pg_temp.sign_in('bob');
select is(pg_temp.refusal($$ select * from chatkeep.remove_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0') $$),
  '42501 role owner is decided by owners | Ask an owner of the tenant.', 'an admin removes no owner');
select is((select count(*)::int from chatkeep.remove_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000b0b0')), 1, 'an admin may leave');

select is(pg_temp.refusal('select * from chatkeep.remove_member' || arguments), said, arguments)
from (values
  ('(null, gen_random_uuid())', '22004 tenant_id is missing | Pass a value; null is not accepted here.'),
  ('(gen_random_uuid(), null)', '22004 user_id is missing | Pass a value; null is not accepted here.')
) v (arguments, said);

select * from finish();
rollback;
