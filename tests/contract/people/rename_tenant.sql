-- rename_tenant: its owners and admins name a tenant.
begin;
\ir ../support/identities.psql
select * from no_plan();

select pg_temp.sign_in('ada');
select is((select name from chatkeep.rename_tenant('00000000-0000-4000-8000-000000007e01', 'Acme')), 'Acme', 'an owner names the tenant');
select pg_temp.sign_in('bob');
select is((select name from chatkeep.tenants), 'Acme', 'members read the name');
select alike(pg_temp.refusal($$ select * from chatkeep.rename_tenant('00000000-0000-4000-8000-000000007e01', 'x') $$), 'PT404 tenant_id names no tenant that you manage%', 'but do not change it');
select is(pg_temp.refusal($$ update chatkeep.tenants set settings = '{}' $$), '42501 permission denied for table tenants', 'nor anything else of it');
select matches(pg_temp.refusal($$ update chatkeep.tenants set name = 'x' $$), '^42501 rows of tenants cannot be changed directly', 'by hand neither');
select pg_temp.sign_in('eve');
select alike(pg_temp.refusal(format('select * from chatkeep.rename_tenant(%L, %L)', tenant, 'x')), 'PT404 tenant_id names no tenant that you manage%', 'a stranger is told nothing: ' || tenant)
from unnest(array['00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-000000007eff']) tenant;
select pg_temp.serve();
select is((select name from chatkeep.rename_tenant('00000000-0000-4000-8000-000000007e01', repeat('ä', 200))), repeat('ä', 200), 'service_role names it, with up to 200 characters');
select alike(pg_temp.refusal($$ select * from chatkeep.rename_tenant('00000000-0000-4000-8000-000000007eff', 'x') $$), 'PT404 tenant_id names no tenant |%', 'but none that is not there');

select pg_temp.sign_in('ada');
select is(pg_temp.refusal('select * from chatkeep.rename_tenant' || arguments), said, arguments)
from (values
  ('(null, ''x'')', '22004 tenant_id is missing | Pass a value; null is not accepted here.'),
  ('(''00000000-0000-4000-8000-000000007e01'', null)', '22004 name is missing | Pass a value; null is not accepted here.'),
  ('(''00000000-0000-4000-8000-000000007e01'', '''')', '22023 name must not be empty | Pass a name of 1 to 200 characters.'),
  ('(''00000000-0000-4000-8000-000000007e01'', repeat(''x'', 201))', '22023 name is longer than 200 characters | Shorten it.')
) v (arguments, said);

select * from finish();
rollback;
