-- add_member: who may add whom, with which role, and what repeats.
begin;
\ir ../support/identities.psql
select * from no_plan();
insert into auth.users (id) select ('00000000-0000-4000-8000-00000000c00' || n)::uuid from generate_series(1, 5) n;
insert into chatkeep.users (id) select ('00000000-0000-4000-8000-00000000c00' || n)::uuid from generate_series(1, 4) n;

select pg_temp.sign_in('ada');
select pg_temp.rows_are($$ select user_id, tenant_id, role, is_home, disabled_at from chatkeep.add_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000c001') $$,
  $$ values ('00000000-0000-4000-8000-00000000c001'::uuid, '00000000-0000-4000-8000-000000007e01'::uuid, 'member', false, null::timestamptz) $$, 'an owner adds a member');
select is((select role from chatkeep.add_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000c002', 'admin')), 'admin', 'an admin');
select is((select role from chatkeep.add_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000c003', 'owner')), 'owner', 'and an owner');
select created_at as was from chatkeep.memberships where user_id = '00000000-0000-4000-8000-00000000c001' \gset
select is((select created_at from chatkeep.add_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000c001')), :'was'::timestamptz, 'the same call again returns the row');
select is((select role from chatkeep.add_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000c001', 'admin')), 'admin', 'with another role it changes the role');

-- An admin, and a member.
select pg_temp.sign_in('00000000-0000-4000-8000-00000000c002');
select set_config('request.headers', '{"x-chatkeep-tenant":"00000000-0000-4000-8000-000000007e01"}', true) \g /dev/null
select is((select role from chatkeep.add_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000c004')), 'member', 'an admin adds members');
select is(pg_temp.refusal($$ select * from chatkeep.add_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000c004', 'owner') $$),
  '42501 role owner is decided by owners | Ask an owner of the tenant.', 'but makes no owner of a member');
select is(pg_temp.refusal($$ select * from chatkeep.add_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000e4e0', 'owner') $$),
  '42501 role owner is decided by owners | Ask an owner of the tenant.', 'or of a stranger');
select is(pg_temp.refusal($$ select * from chatkeep.add_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000c002', 'owner') $$),
  '42501 role owner is decided by owners | Ask an owner of the tenant.', 'or of oneself');
select set_config('request.headers', '', true) \g /dev/null
select pg_temp.sign_in('bob');
select is(pg_temp.refusal(format('select * from chatkeep.add_member(%L, %L)', tenant, '00000000-0000-4000-8000-00000000c004')),
  'PT404 tenant_id names no tenant that you manage | Name a tenant where you are an owner or an admin, in the header x-chatkeep-tenant too if it is not your home.', 'a member adds nobody: ' || tenant)
from unnest(array['00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-000000007e02', '00000000-0000-4000-8000-000000007eff']) tenant;
select pg_temp.sign_in('eve');
select alike(pg_temp.refusal($$ select * from chatkeep.add_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000e4e0') $$), 'PT404 tenant_id names no tenant that you manage%', 'a stranger does not join');
select pg_temp.sign_out();
select alike(pg_temp.refusal($$ select * from chatkeep.add_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000e4e0') $$), '42501 permission denied%', 'nor does anon');

-- People who are unknown.
select pg_temp.sign_in('ada');
select is(pg_temp.refusal(format('select * from chatkeep.add_member(%L, %L)', '00000000-0000-4000-8000-000000007e01', person)),
  'PT404 user_id names no user | Pass the id of a person who has signed in.', 'an owner adds nobody who has never signed in: ' || person)
from unnest(array['00000000-0000-4000-8000-00000000c005', '00000000-0000-4000-8000-00000000ffff']) person;
select pg_temp.serve();
select is((select role || ' ' || is_home from chatkeep.add_member('00000000-0000-4000-8000-000000007e09', '00000000-0000-4000-8000-00000000c005', 'owner')), 'owner true', 'service_role adds one of auth.users, to a tenant that begins so');
select is((select count(*)::int from chatkeep.tenants where id = '00000000-0000-4000-8000-000000007e09'), 1, 'the tenant is there');
select is(pg_temp.refusal($$ select * from chatkeep.add_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ffff') $$),
  'PT404 user_id names no user | Pass the id of a person who has signed in.', 'but nobody without an account');

-- A disabled person gets a disabled membership.
update chatkeep.users set disabled_at = now() where id = '00000000-0000-4000-8000-00000000b0b0';
select is((select is_enabled from chatkeep.add_member('00000000-0000-4000-8000-000000007e09', '00000000-0000-4000-8000-00000000b0b0')), false, 'service_role can add a disabled user, who stays disabled');

-- Bad arguments.
select is(pg_temp.refusal('select * from chatkeep.add_member' || arguments), said, arguments)
from (values
  ('(null, ''00000000-0000-4000-8000-00000000c001'')', '22004 tenant_id is missing | Pass a value; null is not accepted here.'),
  ('(''00000000-0000-4000-8000-000000007e01'', null)', '22004 user_id is missing | Pass a value; null is not accepted here.'),
  ('(''00000000-0000-4000-8000-000000007e01'', ''00000000-0000-4000-8000-00000000c001'', null)', '22004 role is missing | Pass a value; null is not accepted here.'),
  ('(''00000000-0000-4000-8000-000000007e01'', ''00000000-0000-4000-8000-00000000c001'', ''Owner'')', '22023 role must be owner, admin or member | Pass one of the three, in lower case.')
) v (arguments, said);

select * from finish();
rollback;
