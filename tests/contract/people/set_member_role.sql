-- set_member_role: owners decide about owners, and the last owner stays.
begin;
\ir ../support/identities.psql
select * from no_plan();

select pg_temp.sign_in('ada');
select is((select role from chatkeep.set_member_role('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000b0b0', 'admin')), 'admin', 'an owner makes a member an admin');
select is((select role from chatkeep.set_member_role('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000b0b0', 'admin')), 'admin', 'again, it stays one');
select is(pg_temp.refusal($$ select * from chatkeep.set_member_role('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', 'admin') $$),
  'PT409 user_id names the last owner of the tenant | Make another member an owner first.', 'the last owner stays an owner');
select pg_temp.sign_in('bob');
select is(pg_temp.refusal($$ select * from chatkeep.set_member_role('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', 'member') $$),
  '42501 role owner is decided by owners | Ask an owner of the tenant.', 'an admin takes no owner''s role');
select is(pg_temp.refusal($$ select * from chatkeep.set_member_role('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000b0b0', 'owner') $$),
  '42501 role owner is decided by owners | Ask an owner of the tenant.', 'and does not rise');
select is((select role from chatkeep.set_member_role('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000b0b0', 'member')), 'member', 'but steps down');
select alike(pg_temp.refusal($$ select * from chatkeep.set_member_role('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000b0b0', 'admin') $$), 'PT404 tenant_id names no tenant that you manage%', 'and then manages nothing');
select pg_temp.sign_in('ada');
select is((select role from chatkeep.set_member_role('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000b0b0', 'owner')), 'owner', 'an owner makes another owner');
select is((select role from chatkeep.set_member_role('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', 'member')), 'member', 'and then steps down');

-- By hand, without the call.
select pg_temp.sign_in('bob');
select set_config('chatkeep.writing', 'on', true) \g /dev/null
select is(pg_temp.refusal($$ update chatkeep.memberships set role = 'member' where user_id = '00000000-0000-4000-8000-00000000b0b0' $$),
  'PT409 user_id names the last owner of the tenant | Make another member an owner first.', 'an update under a forged marker keeps the last owner too');
select set_config('chatkeep.writing', '', true) \g /dev/null
select pg_temp.sign_in('ada');
select set_config('chatkeep.writing', 'on', true) \g /dev/null
select isnt(pg_temp.refusal($$ update chatkeep.memberships set role = 'owner' where user_id = '00000000-0000-4000-8000-00000000ada0' $$), 'accepted', 'and raises no member');
select set_config('chatkeep.writing', '', true) \g /dev/null

-- Others' tenants and unknown people.
select pg_temp.sign_in('bob');
select is(pg_temp.refusal(format('select * from chatkeep.set_member_role(%L, %L, %L)', '00000000-0000-4000-8000-000000007e01', person, 'admin')),
  'PT404 user_id names no member of this tenant | Add the person with add_member.', 'nobody of this tenant: ' || person)
from unnest(array['00000000-0000-4000-8000-00000000e4e0', '00000000-0000-4000-8000-00000000ffff']) person;
select alike(pg_temp.refusal(format('select * from chatkeep.set_member_role(%L, %L, %L)', tenant, '00000000-0000-4000-8000-00000000e4e0', 'admin')), 'PT404 tenant_id names no tenant that you manage%', 'no tenant of the caller''s: ' || tenant)
from unnest(array['00000000-0000-4000-8000-000000007e02', '00000000-0000-4000-8000-000000007eff']) tenant;

-- service_role decides everywhere, and keeps the last owner.
select pg_temp.serve();
select is((select role from chatkeep.set_member_role('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', 'owner')), 'owner', 'service_role makes owners');
select is(pg_temp.refusal($$ select * from chatkeep.set_member_role('00000000-0000-4000-8000-000000007e02', '00000000-0000-4000-8000-00000000e4e0', 'member') $$),
  'PT409 user_id names the last owner of the tenant | Make another member an owner first.', 'but leaves no tenant without one');

select is(pg_temp.refusal('select * from chatkeep.set_member_role' || arguments), said, arguments)
from (values
  ('(null, gen_random_uuid(), ''admin'')', '22004 tenant_id is missing | Pass a value; null is not accepted here.'),
  ('(gen_random_uuid(), null, ''admin'')', '22004 user_id is missing | Pass a value; null is not accepted here.'),
  ('(gen_random_uuid(), gen_random_uuid(), null)', '22004 role is missing | Pass a value; null is not accepted here.'),
  ('(gen_random_uuid(), gen_random_uuid(), ''root'')', '22023 role must be owner, admin or member | Pass one of the three, in lower case.')
) v (arguments, said);

select * from finish();
rollback;
