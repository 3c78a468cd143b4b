-- Calls that act for a person: service_role names the person in user_id, and nobody else names another.
begin;
\ir ../support/identities.psql
select * from no_plan();

-- Ada and Eve have a chat c1 each, with a message a1.
create function pg_temp.chats() returns void language plpgsql as $$
declare
  person text;
begin
  foreach person in array array['ada', 'eve'] loop
    perform pg_temp.sign_in(person);
    perform chatkeep.create_chat(person, chat_id => pg_temp.id('c1'));
    perform chatkeep.append_message(pg_temp.id('c1'), 'user', person, pg_temp.id('a1'));
  end loop;
end
$$;
select pg_temp.chats() \g /dev/null
reset role;

-- WHOM becomes the person.
create temporary table calls (n integer generated always as identity, call text) on commit drop;
insert into calls (call) values
  ('create_chat(''plans'', user_id => WHOM)'),
  ('import_chat(''{"messages":[{"role":"user","content":"x"}]}'', user_id => WHOM)'),
  ('register_document(''a'', repeat(''a'', 64), user_id => WHOM)'),
  ('register_document(''s'', repeat(''5'', 64), visibility => ''tenant'', tags => ''{"a":1}'', user_id => WHOM)'),
  ('register_documents(jsonb_build_array(jsonb_build_object(''source_uri'', ''a'', ''checksum'', repeat(''a'', 64))), WHOM)'),
  ('register_content(''c'', ''content'', user_id => WHOM)'),
  ('attach(pg_temp.id(''c1''), pg_temp.id(''a1''), storage_path => ''b/a.png'', user_id => WHOM)');
grant select on calls to public;
create function pg_temp.call_for(call text, person text) returns text language sql as $$
  select 'select * from chatkeep.' || replace(call, 'WHOM', quote_nullable(person) || '::uuid')
$$;
-- The answer of a call, which leaves no trace.
create function pg_temp.told(call text, person text) returns text language plpgsql as $$
begin
  raise exception using errcode = 'ZZ000', message = pg_temp.refusal(pg_temp.call_for(call, person));
exception when sqlstate 'ZZ000' then
  return sqlerrm;
end
$$;
-- The owner and the tenant of what a call returns.
create function pg_temp.owner_of(call text, person text) returns text language plpgsql as $$
declare
  owner text;
begin
  execute 'select r.user_id || '' '' || r.tenant_id from (' || pg_temp.call_for(call, person) || ') r' into owner;
  raise exception using errcode = 'ZZ000', message = owner;
exception when sqlstate 'ZZ000' then
  return sqlerrm;
end
$$;
create function pg_temp.serve_in(tenant text) returns void language plpgsql as $$
begin
  perform pg_temp.serve();
  perform set_config('request.headers', coalesce(json_build_object('x-chatkeep-tenant', tenant)::text, ''), true);
end
$$;
\set ada '00000000-0000-4000-8000-00000000ada0'
\set bob '00000000-0000-4000-8000-00000000b0b0'
\set eve '00000000-0000-4000-8000-00000000e4e0'

-- People act for themselves.
select pg_temp.sign_in('ada');
select is(pg_temp.owner_of(call, null), :'ada' || ' 00000000-0000-4000-8000-000000007e01', 'without user_id, for the caller: ' || call) from calls order by n;
select is(pg_temp.owner_of(call, :'ada'), :'ada' || ' 00000000-0000-4000-8000-000000007e01', 'with the caller''s own id too: ' || call) from calls order by n;
select is(pg_temp.told(call, other), '42501 user_id can be named by service_role only | Leave user_id out to act for yourself.', 'no user acts for ' || who || ': ' || call)
from calls, (values ('a colleague', :'bob'), ('a stranger', :'eve'), ('nobody', '00000000-0000-4000-8000-0000000000ff'),
  ('the nil UUID', '00000000-0000-0000-0000-000000000000')) others (who, other) order by n, who;
select pg_temp.sign_out();
select is(pg_temp.told(call, :'ada'), '42501 permission denied for function ' || split_part(call, '(', 1), 'anon acts for nobody: ' || call) from calls order by n;
select set_config('role', 'authenticated', true) \g /dev/null
select is(pg_temp.told(call, :'ada'), '42501 user_id can be named by service_role only | Leave user_id out to act for yourself.', 'a token without a subject neither: ' || call) from calls order by n;

select is(pg_temp.told('register_documents(''[]'', WHOM)', :'bob'), '42501 user_id can be named by service_role only | Leave user_id out to act for yourself.', 'an empty batch for a colleague is refused too');

-- A service acts for a person.
select pg_temp.serve();
select is(pg_temp.owner_of(call, :'ada'), :'ada' || ' 00000000-0000-4000-8000-000000007e01', 'a service acts for Ada, in her tenant: ' || call) from calls order by n;
select is(pg_temp.owner_of(call, :'eve'), :'eve' || ' 00000000-0000-4000-8000-000000007e02', 'and for Eve in hers: ' || call) from calls order by n;
select is(pg_temp.told(call, person), 'PT404 user_id names no user | Pass the id of a user in auth.users, or of one in chatkeep.users.', 'for ' || who || ' it does not: ' || call)
from calls, (values ('an unknown id', '00000000-0000-4000-8000-0000000000ff'), ('the nil UUID', '00000000-0000-0000-0000-000000000000'),
  ('an id that no registered issuer''s user has', chatkeep.user_id('https://clerk.example.com', 'user_9')::text)) others (who, person) order by n, who;
select is(pg_temp.told('register_documents(''[]'', WHOM)', '00000000-0000-4000-8000-0000000000ff'), 'PT404 user_id names no user | Pass the id of a user in auth.users, or of one in chatkeep.users.', 'for an empty batch neither');
select is_empty($$ select from chatkeep.users u where u.id not in ('00000000-0000-4000-8000-00000000ada0', '00000000-0000-4000-8000-00000000b0b0', '00000000-0000-4000-8000-00000000e4e0') $$, 'and makes no user');

-- A service that names a tenant.
select pg_temp.serve_in('00000000-0000-4000-8000-000000007e01');
select is(pg_temp.told(call, :'ada'), 'accepted', 'it acts for the people of the named tenant: ' || call) from calls order by n;
select is(pg_temp.told(call, :'eve'), 'PT404 the request names no tenant of this user | Name another tenant in the header x-chatkeep-tenant or in the claim tenant_id, or none.', 'and for no others: ' || call) from calls order by n;
select set_config('request.headers', '', true) \g /dev/null

-- A person of two tenants.
reset role;
savepoint one_tenant;
insert into chatkeep.memberships (user_id, tenant_id, role, is_home) values (:'eve', '00000000-0000-4000-8000-000000007e01', 'member', false);
select pg_temp.serve();
select is(pg_temp.owner_of(call, :'eve'), :'eve' || ' 00000000-0000-4000-8000-000000007e02', 'it acts in the person''s home tenant: ' || call) from calls order by n;
select pg_temp.serve_in('00000000-0000-4000-8000-000000007e01');
select is(pg_temp.owner_of(call, :'eve'), :'eve' || ' 00000000-0000-4000-8000-000000007e01', 'or in the one that the request names: ' || call) from calls where call not like 'attach%' order by n;
select is(pg_temp.told(call, :'eve'), 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'where the person has no such chat: ' || call) from calls where call like 'attach%';
rollback to one_tenant;

-- Disabled people.
reset role;
update chatkeep.users set disabled_at = now() where id = :'bob';
select pg_temp.serve();
select is(pg_temp.told(call, :'bob'), '42501 this user is disabled | Ask an administrator to clear disabled_at in chatkeep.users or chatkeep.memberships.', 'nor for disabled people: ' || call) from calls order by n;

-- A person whose first use this is.
reset role;
insert into auth.users (id) values ('00000000-0000-4000-8000-00000000f00d');
insert into chatkeep.identity_providers (issuer, name) values ('https://clerk.example.com', 'Clerk');
insert into chatkeep.users (id, issuer, subject) values
  (chatkeep.user_id('https://clerk.example.com', 'user_2'), 'https://clerk.example.com', 'user_2');
insert into chatkeep.memberships (user_id, tenant_id, role, is_home) values
  (chatkeep.user_id('https://clerk.example.com', 'user_2'), '00000000-0000-4000-8000-000000007e01', 'member', true);
select pg_temp.serve();
select is(pg_temp.owner_of(call, '00000000-0000-4000-8000-00000000f00d'), '00000000-0000-4000-8000-00000000f00d 00000000-0000-4000-8000-00000000f00d',
  'a person without a row gets one: ' || call) from calls where call not like 'attach%' order by n;
select is(pg_temp.owner_of(call, chatkeep.user_id('https://clerk.example.com', 'user_2')::text), chatkeep.user_id('https://clerk.example.com', 'user_2') || ' 00000000-0000-4000-8000-000000007e01',
  'another provider''s user is a person too: ' || call) from calls where call not like 'attach%' order by n;
select is(pg_temp.told(call, '00000000-0000-4000-8000-00000000f00d'), 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.',
  'nobody attaches to a chat for a person who has none: ' || call) from calls where call like 'attach%';
-- A service whose own token has an issuer and a subject.
select set_config('request.jwt.claims', '{"role":"service_role","iss":"https://clerk.example.com","sub":"bot_1"}', true) \g /dev/null
select is(pg_temp.owner_of(call, '00000000-0000-4000-8000-00000000f00d'), '00000000-0000-4000-8000-00000000f00d 00000000-0000-4000-8000-00000000f00d',
  'a service with a subject of its own acts for others: ' || call) from calls where call not like 'attach%' order by n;
select count(*) as made from chatkeep.create_chat(user_id => '00000000-0000-4000-8000-00000000f00d') \gset
select pg_temp.rows_are($$ select chatkeep_private.enter('00000000-0000-4000-8000-00000000f00d'), issuer, subject, auth_user_id from chatkeep.users where id = '00000000-0000-4000-8000-00000000f00d' $$,
  $$ values ('00000000-0000-4000-8000-00000000f00d'::uuid, null::text, null::text, '00000000-0000-4000-8000-00000000f00d'::uuid) $$, 'and does not give them its own');

select is(current_setting('chatkeep.writing', true), '', 'the marker does not outlive a call');

select * from finish();
rollback;
