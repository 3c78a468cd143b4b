-- Who calls: users of Supabase Auth, and users of registered issuers, whatever form their sub has.
begin;
\ir ../support/identities.psql
select * from no_plan();

-- Signs in with these claims.
create function pg_temp.present(claims jsonb) returns void language plpgsql as $$
begin
  perform set_config('role', 'authenticated', true);
  perform set_config('request.jwt.claims', (claims || '{"role":"authenticated"}')::text, true);
end
$$;
create function pg_temp.present(issuer text, subject text) returns void language sql as $$
  select pg_temp.present(jsonb_build_object('iss', issuer, 'sub', subject))
$$;

-- Before the issuer is registered.
select pg_temp.present('https://clerk.example.com', 'user_2abcDEF');
select is(pg_temp.refusal(call),
  '42501 the issuer https://clerk.example.com is not registered | Run as service_role: insert into chatkeep.identity_providers '
  '(issuer, name) values (''https://clerk.example.com'', ''a name'');',
  'a sub that is no UUID names the issuer to register: ' || call)
from unnest(array['select * from chatkeep.create_chat()', 'select count(*) from chatkeep.chats', 'select * from chatkeep.create_session()',
  'select chatkeep.uid()', 'select chatkeep.tenant_id()', $$ select * from chatkeep.register_document('/a', repeat('a', 64)) $$]) call;
select is(pg_temp.under(claims::text, 'select chatkeep.uid()'),
  '42501 the claim sub is no UUID, and the token names no issuer | Sign in with Supabase Auth, or send tokens with the claim iss of a registered issuer.',
  'without an issuer there is none to register: ' || claims::text)
from unnest(array['{"sub":"user_2abcDEF"}', '{"sub":1}', '{"sub":""}', '{"sub":{}}',
  '{"sub":"00000000-0000-4000-8000-00000000ada"}', '{"sub":"{00000000-0000-4000-8000-00000000ada0"}']::jsonb[]) claims;
select pg_temp.present('https://other.example.com', '00000000-0000-4000-8000-00000000ada0');
select is(chatkeep.uid(), '00000000-0000-4000-8000-00000000ada0'::uuid, 'a UUID of an issuer that is not registered is an id of Supabase Auth');
select pg_temp.present('https://project.supabase.co/auth/v1', '{00000000-0000-4000-8000-00000000ADA0}');
select is(chatkeep.uid(), '00000000-0000-4000-8000-00000000ada0'::uuid, 'in every form that PostgreSQL reads');

-- service_role registers the issuer, and nobody else.
select pg_temp.sign_in('ada');
select matches(pg_temp.refusal($$ insert into chatkeep.identity_providers (issuer, name) values ('https://clerk.example.com', 'Clerk') $$),
  '^42501 permission denied', 'a user registers no issuer');
select pg_temp.serve();
insert into chatkeep.identity_providers (issuer, name) values ('https://clerk.example.com', 'Clerk'), ('https://x.auth0.com/', 'Auth0');
select matches(pg_temp.refusal(format('insert into chatkeep.identity_providers (issuer, name) values (%L, %L)', issuer, 'x')), '^23514 .*' || constraint_name,
  'an issuer is refused: ' || what)
from (values
  ('', 'issuer_length', 'empty'),
  (E'https://a.example.com\nb', 'issuer_form', 'a line feed, which separates issuer and subject'),
  (repeat('x', 501), 'issuer_length', 'too long'),
  ('https://project.supabase.co/auth/v1', 'issuer_is_not_supabase_auth', 'Supabase Auth, whose users have ids of their own')
) v (issuer, constraint_name, what);

-- A user of Clerk uses every table, without a row in auth.users.
select pg_temp.present('https://clerk.example.com', 'user_2abcDEF');
select is(chatkeep.uid(), chatkeep.user_id('https://clerk.example.com', 'user_2abcDEF'), 'a registered issuer''s user has the id of issuer and subject');
select id as chat from chatkeep.create_chat('of Clerk') \gset
select lives_ok(format($$ select * from chatkeep.append_message(%L, 'user', 'the vault') $$, :'chat'), 'writes to chats');
select is(pg_temp.listed(:'chat'), 'the vault', 'and reads them');
select is((select author_id from chatkeep.messages), chatkeep.uid(), 'as their author');
select is((select outcome from chatkeep.register_document('/a', repeat('a', 64))), 'created', 'registers documents');
select is((select status from chatkeep.create_session()), 'created', 'has sessions');
select is((select count(*)::int from chatkeep.my_sessions), 1, 'and sees them');
select pg_temp.rows_are('select issuer, subject, auth_user_id from chatkeep.users',
  $$ values ('https://clerk.example.com', 'user_2abcDEF', null::uuid) $$, 'and sees its own issuer and subject, and no other user');
select is(chatkeep.tenant_id(), chatkeep.uid(), 'in a tenant of its own');

-- Nobody else is this user.
create temporary table others (claims jsonb, what text);
grant select on others to public;
insert into others values
  (jsonb_build_object('iss', 'https://x.auth0.com/', 'sub', 'user_2abcDEF'), 'the same sub of another issuer'),
  (jsonb_build_object('iss', 'https://clerk.example.com', 'sub', 'user_2abcdef'), 'another case'),
  (jsonb_build_object('iss', 'https://clerk.example.com', 'sub', 'user_2abcDEF '), 'a space behind'),
  (jsonb_build_object('iss', 'https://clerk.example.com', 'sub', '00000000-0000-4000-8000-00000000ada0'), 'the id of a user of Supabase Auth');
do $$
declare
  other record;
begin
  for other in select * from others loop
    perform pg_temp.present(other.claims);
    perform * from chatkeep.create_chat('of ' || other.what);
  end loop;
end
$$;
select is(pg_temp.under(o.claims::text, $$ select string_agg(c.title, ', ') from chatkeep.chats c $$), 'of ' || o.what, 'sees its own chat alone: ' || o.what)
from others o;
select pg_temp.sign_in('ada');
select is((select count(*)::int from chatkeep.chats), 0, 'and a user of Supabase Auth sees none of them');

-- Ids of registered issuers' users cannot come from elsewhere.
reset role;
select chatkeep.user_id('https://clerk.example.com', 'user_2abcDEF') as clerks \gset
select is(pg_temp.under(claims::text, 'select * from chatkeep.create_chat()'),
  '42501 the claim sub is an id of a registered issuer''s user | Sign in where this user signs in.', 'the id itself as sub: ' || what)
from (values
  (jsonb_build_object('sub', :'clerks'), 'of no issuer'),
  (jsonb_build_object('sub', upper(:'clerks')), 'in upper case'),
  (jsonb_build_object('sub', replace(:'clerks', '-', '')), 'without hyphens'),
  (jsonb_build_object('sub', '{' || :'clerks' || '}'), 'in braces'),
  (jsonb_build_object('sub', :'clerks', 'iss', 'https://project.supabase.co/auth/v1'), 'of Supabase Auth'),
  (jsonb_build_object('sub', :'clerks', 'iss', 'https://other.example.com'), 'of an issuer that is not registered')
) v (claims, what);
select set_config('request.jwt.claims', '', true);
select set_config('request.jwt.claim.sub', :'clerks', true);
select matches(pg_temp.refusal('select * from chatkeep.create_chat()'), '^42501 the claim sub is an id of', 'the id in the older setting');
select set_config('request.jwt.claim.sub', 'user_2abcDEF', true);
select is(pg_temp.refusal('select chatkeep.uid()'),
  '42501 the claim sub is no UUID, and the token names no issuer | Sign in with Supabase Auth, or send tokens with the claim iss of a registered issuer.',
  'a subject in the older setting, of no issuer');
select set_config('request.jwt.claim.iss', 'https://clerk.example.com', true);
select is(chatkeep.uid(), :'clerks'::uuid, 'and with the issuer in the older setting');
select set_config('request.jwt.claim.iss', '', true);
select pg_temp.present('https://clerk.example.com', 'user_2abcDEF');
select is(chatkeep.uid(), :'clerks'::uuid, 'a gateway may write both settings');
select pg_temp.present('https://clerk.example.com', 'user_3');
select matches(pg_temp.refusal('select chatkeep.uid()'), '^42501 the claim sub is no UUID', 'and where they differ, the issuer of the claims does not count');
select set_config('request.jwt.claim.sub', '', true);
select pg_temp.present('https://clerk.example.com', :'clerks');
select isnt(chatkeep.uid(), :'clerks'::uuid, 'the id as sub of the issuer is another user');

-- Odd subjects of a registered issuer.
select is(pg_temp.under((jsonb_build_object('iss', 'https://clerk.example.com') || claims)::text, 'select chatkeep.uid()'),
  '42501 the claim sub must be a string of 1 to 500 characters | Sign in again, or correct the claims that the issuer writes.', 'a subject is refused: ' || what)
from (values
  ('{"sub":""}'::jsonb, 'empty'),
  ('{"sub":5}', 'a number'),
  ('{"sub":true}', 'a boolean'),
  ('{"sub":{"id":"user_2abcDEF"}}', 'an object'),
  ('{"sub":["user_2abcDEF"]}', 'an array'),
  (jsonb_build_object('sub', repeat('x', 501)), 'too long')
) v (claims, what);
select pg_temp.present('{"iss":"https://clerk.example.com"}');
select is(chatkeep.uid(), null, 'no subject is nobody');
select pg_temp.present('{"iss":"https://clerk.example.com","sub":null}');
select is(chatkeep.uid(), null, 'and null is no subject');

-- Claims as text: of two issuers or subjects the last one counts, as in jsonb.
select is(pg_temp.under(claims, 'select chatkeep.uid()'), expected::text, what)
from (values
  ('{"role":"authenticated","iss":"https://x.supabase.co/auth/v1","sub":"user_2abcDEF","iss":"https://clerk.example.com"}',
    chatkeep.user_id('https://clerk.example.com', 'user_2abcDEF'), 'two issuers'),
  ('{"role":"authenticated","iss":"https://clerk.example.com","sub":"a","sub":"user_2abcDEF"}',
    chatkeep.user_id('https://clerk.example.com', 'user_2abcDEF'), 'two subjects'),
  ('{"role":"authenticated","\u0069ss":"https:\/\/clerk.example.com","sub":"user_2abcD\u0045F"}',
    chatkeep.user_id('https://clerk.example.com', 'user_2abcDEF'), 'escapes'),
  (format('{"role":"authenticated","iss":"https://clerk.example.com","sub":"user_2abcDEF","x":"%s"}', repeat('x', 1000000)),
    chatkeep.user_id('https://clerk.example.com', 'user_2abcDEF'), 'a megabyte'),
  ('{"role":"authenticated","iss":["https://clerk.example.com"],"sub":"00000000-0000-4000-8000-00000000ada0"}',
    '00000000-0000-4000-8000-00000000ada0', 'an issuer that is an array is not registered')
) v (claims, expected, what);

-- An issuer stays as long as it has users, and a user stays the user of its issuer.
select pg_temp.serve();
select matches(pg_temp.refusal($$ delete from chatkeep.identity_providers where issuer = 'https://clerk.example.com' $$), '^23503 ', 'an issuer with users cannot be deleted');
select matches(pg_temp.refusal($$ update chatkeep.identity_providers set issuer = 'x' where issuer = 'https://clerk.example.com' $$), '^23503 ', 'or renamed');
select matches(pg_temp.refusal(format($$ update chatkeep.users set %s where subject = 'user_2abcDEF' $$, change)), '^23514 .*users_', 'no user becomes another one: ' || change)
from unnest(array[$$ subject = 'user_3' $$, $$ issuer = 'https://x.auth0.com/' $$, 'issuer = null, subject = null', 'issuer = null', 'subject = null',
  $$ id = '00000000-0000-4000-8000-00000000ada0' $$]) change;
select matches(pg_temp.refusal($$ insert into chatkeep.users (id, issuer, subject) values
  (gen_random_uuid(), 'https://clerk.example.com', 'user_4') $$), '^23514 .*users_id_is_of_issuer', 'an id is that of its issuer and subject');
select lives_ok($$ insert into chatkeep.users (id, issuer, subject) values
  (chatkeep.user_id('https://clerk.example.com', 'user_4'), 'https://clerk.example.com', 'user_4');
  select * from chatkeep.add_member('00000000-0000-4000-8000-000000007e01', chatkeep.user_id('https://clerk.example.com', 'user_4')) $$,
  'service_role makes a user before the first sign-in');
select pg_temp.present('https://clerk.example.com', 'user_4');
select is(chatkeep.tenant_id(), '00000000-0000-4000-8000-000000007e01'::uuid, 'who then is a member of that tenant');
select matches(pg_temp.refusal($$ insert into chatkeep.users (id) values (chatkeep.uid()) $$), '^(23514|23505) ', 'and cannot be made without its issuer');

-- Erasure.
select pg_temp.serve();
select lives_ok($$ delete from chatkeep.users where subject = 'user_2abcDEF' $$, 'a user is erased by its row');
reset role;
select is((select count(*)::int from chatkeep.messages where user_id = :'clerks') + (select count(*)::int from chatkeep.sessions where user_id = :'clerks'), 0,
  'with everything it had');
select pg_temp.sign_in('ada');
select id as adas from chatkeep.create_chat('of Ada') \gset
reset role;
delete from auth.users where id = '00000000-0000-4000-8000-00000000ada0';
select is((select count(*)::int from chatkeep.chats where id = :'adas'), 0, 'a deleted user of Supabase Auth is erased too');

select * from finish();
rollback;
