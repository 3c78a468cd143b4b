-- A person in several tenants: which one counts, what each shows, and what ends with a membership.
begin;
\ir ../support/identities.psql
select * from no_plan();

-- Ada, whose home is 7e01, is also a member of Eve's tenant 7e02.
select pg_temp.serve();
select is((select role || ' ' || is_home from chatkeep.add_member('00000000-0000-4000-8000-000000007e02', '00000000-0000-4000-8000-00000000ada0')),
  'member false', 'a second membership is no home');

create function pg_temp.sign_in_to(person uuid, header text default null, claim text default null, app_claim text default null) returns void language plpgsql as $$
begin
  perform set_config('role', 'authenticated', true);
  perform set_config('request.headers', case when header is null then '' else json_build_object('host', 'x', 'x-chatkeep-tenant', header)::text end, true);
  perform set_config('request.jwt.claims', (jsonb_strip_nulls(jsonb_build_object('role', 'authenticated', 'sub', person, 'tenant_id', claim))
    || case when app_claim is null then '{}' else jsonb_build_object('app_metadata', jsonb_build_object('tenant_id', app_claim)) end)::text, true);
end
$$;
create function pg_temp.tenant(header text default null, claim text default null, app_claim text default null) returns text language plpgsql as $$
begin
  perform pg_temp.sign_in_to('00000000-0000-4000-8000-00000000ada0', header, claim, app_claim);
  return right(chatkeep.tenant_id()::text, 4);
end
$$;
select is(pg_temp.tenant(), '7e01', 'without a name the home counts');
select is(pg_temp.tenant(header => '00000000-0000-4000-8000-000000007e02'), '7e02', 'the header names a tenant');
select is(pg_temp.tenant(claim => '00000000-0000-4000-8000-000000007e02'), '7e02', 'the claim tenant_id does');
select is(pg_temp.tenant(app_claim => '00000000-0000-4000-8000-000000007e02'), '7e02', 'app_metadata.tenant_id does');
select is(pg_temp.tenant(header => '00000000-0000-4000-8000-000000007e01', claim => '00000000-0000-4000-8000-000000007e02'), '7e01', 'the header comes before the claim');
select is(pg_temp.tenant(claim => '00000000-0000-4000-8000-000000007e01', app_claim => '00000000-0000-4000-8000-000000007e02'), '7e01', 'tenant_id before app_metadata');
select is(pg_temp.tenant(claim => 'acme'), '7e01', 'a claim that is no UUID names none');
select is(pg_temp.tenant(header => '00000000-0000-4000-8000-000000007e03'), null, 'a tenant of others is confirmed by nothing');
select is(pg_temp.tenant(claim => '00000000-0000-4000-8000-000000007e03'), null, 'by a claim neither');
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000ada0', 'acme');
select is(pg_temp.refusal('select chatkeep.tenant_id()'), '22023 the header x-chatkeep-tenant is no UUID | Send an id, or leave the header out.', 'a header that is no UUID is an error');
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000ada0', '00000000-0000-4000-8000-000000007e03');
select is(pg_temp.refusal('select * from chatkeep.' || call), 'PT404 the request names no tenant of this user | Name another tenant in the header x-chatkeep-tenant or in the claim tenant_id, or none.',
  'which makes nothing there: ' || call)
from unnest(array['create_chat()', 'register_document(''/a'', repeat(''a'', 64))', 'create_session()', 'search_messages(''x'')']) call;

-- What a person stores belongs to the tenant of the request, and is seen there alone.
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000ada0');
select tenant_id as home from chatkeep.create_chat('at home', chat_id => pg_temp.id('c1')) \gset
select count(*) as stored from chatkeep.append_message(pg_temp.id('c1'), 'user', 'at home') \gset
select count(*) as stored from chatkeep.register_document('/a', repeat('a', 64)) \gset
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000ada0', '00000000-0000-4000-8000-000000007e02');
select is((select right(tenant_id::text, 4) from chatkeep.create_chat('abroad', chat_id => pg_temp.id('c1'))), '7e02', 'a chat of the same id in the other tenant is another chat');
select is((select seq from chatkeep.append_message(pg_temp.id('c1'), 'user', 'abroad')), 1, 'with messages of its own');
select is((select outcome || right(tenant_id::text, 4) from chatkeep.register_document('/a', repeat('a', 64))), 'created7e02', 'the same source and bytes are another document');
select is((select string_agg(content, ',') from chatkeep.messages), 'abroad', 'the other tenant''s messages are out of sight');
select is((select count(*)::int from chatkeep.search_messages('home')), 0, 'for search too');
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000ada0');
select is(pg_temp.listed(pg_temp.id('c1')), 'at home', 'and the other way round');
select is((select count(*)::int from chatkeep.documents), 1, 'one document is at home');
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000e4e0');
select is((select count(*)::int from chatkeep.chats), 0, 'the owner of the other tenant reads no content of its members');

-- Sessions are the person's, in whatever tenant they began.
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000ada0', '00000000-0000-4000-8000-000000007e02');
select session_id as session from chatkeep.create_session('phone') \gset
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000ada0');
select is((select count(*)::int from chatkeep.my_sessions), 1, 'the list of devices is the same in every tenant');
select is((select count(*)::int from chatkeep.revoke_session(:'session')), 1, 'and a device can be ended from any');

-- Who sees which memberships.
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000ada0');
select is((select string_agg(right(tenant_id::text, 4) || ' ' || role, ', ' order by tenant_id) from chatkeep.memberships where user_id = chatkeep.uid()),
  '7e01 owner, 7e02 member', 'people read their own memberships');
select is((select string_agg(right(user_id::text, 4), ', ' order by user_id) from chatkeep.memberships where tenant_id = '00000000-0000-4000-8000-000000007e01'),
  'ada0, b0b0', 'an owner reads those of the tenant');
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000b0b0');
select is((select count(*)::int from chatkeep.memberships), 1, 'a member reads one');
select is((select string_agg(right(id::text, 4), ', ') from chatkeep.tenants), '7e01', 'and the tenant');
select pg_temp.sign_out();
select matches(pg_temp.refusal('select * from chatkeep.memberships'), '^42501 permission denied', 'anon reads none');

-- Removed: nothing in that tenant from the next statement on, and everything elsewhere.
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000e4e0');
select is((select disabled_at is not null from chatkeep.remove_member('00000000-0000-4000-8000-000000007e02', '00000000-0000-4000-8000-00000000ada0')), true, 'an owner removes a member');
select is(pg_temp.tenant(header => '00000000-0000-4000-8000-000000007e02'), null, 'who then has no tenant there');
select is((select count(*)::int from chatkeep.chats) + (select count(*)::int from chatkeep.messages) + (select count(*)::int from chatkeep.documents), 0, 'and reads nothing there');
select is(pg_temp.refusal('select * from chatkeep.create_chat()'), '42501 this user is disabled | Ask an administrator to clear disabled_at in chatkeep.users or chatkeep.memberships.', 'and makes nothing');
select is(pg_temp.tenant(), '7e01', 'but keeps the home');
select is(pg_temp.listed(pg_temp.id('c1')), 'at home', 'with what is there');
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000e4e0');
select is((select disabled_at from chatkeep.add_member('00000000-0000-4000-8000-000000007e02', '00000000-0000-4000-8000-00000000ada0')), null, 'added again');
select is(pg_temp.tenant(header => '00000000-0000-4000-8000-000000007e02'), '7e02', 'the person is back');
select is((select string_agg(content, ',') from chatkeep.messages), 'abroad', 'with what was stored there');

-- A disabled user has no tenant at all, and each membership comes back as it was.
select pg_temp.serve();
select set_config('request.headers', '', true) \g /dev/null
select count(*) as removed from chatkeep.remove_member('00000000-0000-4000-8000-000000007e02', '00000000-0000-4000-8000-00000000ada0') \gset
update chatkeep.users set disabled_at = now() + interval '1 second' where id = '00000000-0000-4000-8000-00000000ada0';
select is(pg_temp.tenant(), null, 'a disabled user has no home');
select pg_temp.serve();
update chatkeep.users set disabled_at = null where id = '00000000-0000-4000-8000-00000000ada0';
select is(pg_temp.tenant(), '7e01', 'enabled again, the home is back');
select is(pg_temp.tenant(header => '00000000-0000-4000-8000-000000007e02'), null, 'and a membership that was removed before stays removed');

-- No owner of a tenant enables a disabled user, or chooses the user's home.
reset role;
insert into auth.users (id) values ('00000000-0000-4000-8000-00000000d15a');
insert into chatkeep.users (id) values ('00000000-0000-4000-8000-00000000d15a');
update chatkeep.users set disabled_at = now() where id in ('00000000-0000-4000-8000-00000000b0b0', '00000000-0000-4000-8000-00000000d15a');
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000e4e0');
select is(pg_temp.refusal(format('select * from chatkeep.add_member(%L, %L)', '00000000-0000-4000-8000-000000007e02', person)),
  'PT404 user_id names no user | Pass the id of a person who has signed in.', 'a disabled user is added to no other tenant: ' || person)
from unnest(array['00000000-0000-4000-8000-00000000b0b0', '00000000-0000-4000-8000-00000000d15a']) person;
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000ada0');
select count(*) as added from chatkeep.add_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000b0b0', 'admin') \gset
select set_config('chatkeep.writing', 'on', true) \g /dev/null
update chatkeep.memberships set disabled_at = null where user_id = '00000000-0000-4000-8000-00000000b0b0';
select set_config('chatkeep.writing', '', true) \g /dev/null
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000b0b0');
select is(chatkeep.tenant_id(), null, 'and an owner who adds a disabled member again enables nobody');
select alike(pg_temp.refusal('select * from chatkeep.create_chat()'), '42501 this user is disabled%', 'who makes nothing');
reset role;
update chatkeep.users set disabled_at = null where id in ('00000000-0000-4000-8000-00000000b0b0', '00000000-0000-4000-8000-00000000d15a');
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000b0b0');
select is(right(chatkeep.tenant_id()::text, 4), '7e01', 'until service_role does');
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000e4e0');
select set_config('chatkeep.writing', 'on', true) \g /dev/null
select alike(pg_temp.refusal($$ insert into chatkeep.memberships (user_id, tenant_id, is_home) values ('00000000-0000-4000-8000-00000000d15a', '00000000-0000-4000-8000-000000007e02', true) $$),
  '42501 new row violates row-level security%', 'a forged marker makes no home for somebody else');
select set_config('chatkeep.writing', '', true) \g /dev/null

-- Moved: a membership takes everything that hangs on it along.
select pg_temp.serve();
select count(*) as added from chatkeep.add_member('00000000-0000-4000-8000-000000007e02', '00000000-0000-4000-8000-00000000ada0') \gset
select is(pg_temp.refusal($$ update chatkeep.memberships set tenant_id = '00000000-0000-4000-8000-000000007e03' where tenant_id = '00000000-0000-4000-8000-000000007e02' and user_id = '00000000-0000-4000-8000-00000000ada0' $$), 'accepted', 'a service moves one membership');
select is(pg_temp.tenant(header => '00000000-0000-4000-8000-000000007e03'), '7e03', 'to another tenant');
select is((select string_agg(content, ',') from chatkeep.messages), 'abroad', 'with its chats');
select is(pg_temp.tenant(), '7e01', 'the home stays where it is');
select is(pg_temp.listed(pg_temp.id('c1')), 'at home', 'with its chats');

-- First use of a person whom an admin added before.
reset role;
insert into auth.users (id) values ('00000000-0000-4000-8000-00000000f00d');
insert into chatkeep.users (id) values ('00000000-0000-4000-8000-00000000f00d');
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000e4e0');
select is((select is_home from chatkeep.add_member('00000000-0000-4000-8000-000000007e02', '00000000-0000-4000-8000-00000000f00d')), false, 'an owner chooses nobody''s home');
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000f00d');
select is((select right(tenant_id::text, 4) from chatkeep.create_chat()), 'f00d', 'first use makes the home');
select pg_temp.sign_in_to('00000000-0000-4000-8000-00000000f00d', '00000000-0000-4000-8000-000000007e02');
select is((select right(tenant_id::text, 4) from chatkeep.create_chat()), '7e02', 'and the tenant that added the person is there too');

select * from finish();
rollback;
