-- pre_request: signs a request in by its token, and refuses a request whose session has ended. Each test makes a request as
-- PostgREST does: the role, the claims, the headers and the cookies of the transaction, then pre_request.
begin;
\ir ../support/identities.psql
select * from no_plan();

-- Sets what a gateway sets before it calls pre_request.
create function pg_temp.arrive(role text, claims text, headers text default '{}', cookies text default '{}') returns void language plpgsql as $$
begin
  perform set_config('role', role, true), set_config('request.jwt.claims', claims, true),
    set_config('request.headers', headers, true), set_config('request.cookies', cookies, true);
end
$$;
create function pg_temp.anon(headers jsonb default '{}', cookies jsonb default '{}') returns void language sql as $$
  select pg_temp.arrive('anon', '{"role":"anon","iss":"supabase"}', headers::text, cookies::text)
$$;
create function pg_temp.jwt(person text, more jsonb default '{}', headers jsonb default '{}', cookies jsonb default '{}') returns void language plpgsql as $$
begin
  perform pg_temp.sign_in(person);
  perform pg_temp.arrive('authenticated', (current_setting('request.jwt.claims')::jsonb || more)::text, headers::text, cookies::text);
end
$$;
create function pg_temp.header(token text) returns jsonb language sql as $$
  select jsonb_build_object('host', 'api.example', 'x-chatkeep-session', token, 'accept', '*/*')
$$;
create function pg_temp.cookie(token text) returns jsonb language sql as $$
  select jsonb_build_object('theme', 'dark', '__Host-chatkeep', token)
$$;
-- What a request is after pre_request: its role and its claims, or the refusal.
create function pg_temp.answer() returns text language plpgsql as $$
declare
  refused text := pg_temp.refusal('select chatkeep.pre_request()');
begin
  return case when refused = 'accepted' then current_user || ' ' || coalesce(nullif(current_setting('request.jwt.claims', true), ''), '-')::text else refused end;
end
$$;
-- Every setting that a later statement of the request can read.
create function pg_temp.settings() returns text language sql as $$
  select string_agg(current_setting(name, true), ' ') from unnest(array['request.headers', 'request.cookies', 'request.jwt.claims', 'request.jwt.claim.sub', 'chatkeep.presented', 'chatkeep.writing']) name
$$;

-- The answers to requests that differ in one thing.
create function pg_temp.refused(headers jsonb, cookies jsonb default '{}') returns text language plpgsql as $$
begin
  perform pg_temp.anon(headers, cookies);
  return pg_temp.answer();
end
$$;
create function pg_temp.claiming(person text, session_id text) returns text language plpgsql as $$
begin
  perform pg_temp.jwt(person, jsonb_build_object('session_id', session_id));
  return pg_temp.answer();
end
$$;
create function pg_temp.nothing(headers text, cookies text) returns text language plpgsql as $$
begin
  perform pg_temp.arrive('anon', '{"role":"anon"}', headers, cookies);
  return pg_temp.answer() || ' ' || current_setting('request.headers') || current_setting('request.cookies');
end
$$;

create temporary table issued (name text, session_id uuid, token text) on commit drop;
grant all on issued to public;
create function pg_temp.open(name text, person text, idle_ttl interval default null) returns text language plpgsql as $$
begin
  perform pg_temp.sign_in(person);
  insert into issued select open.name, c.session_id, c.token from chatkeep.create_session(open.name, idle_ttl => open.idle_ttl) c;
  return (select i.token from issued i where i.name = open.name);
end
$$;
select pg_temp.open('ada', 'ada') as ada, pg_temp.open('bob', 'bob') as bob, pg_temp.open('ended', 'ada') as ended,
  pg_temp.open('expired', 'ada') as expired, pg_temp.open('idle', 'ada', '1 minute') as idle, pg_temp.open('spent', 'ada') as spent \gset
select pg_temp.sign_in('ada');
select session_id as ada_id from issued where name = 'ada' \gset
select session_id as ended_id from issued where name = 'ended' \gset
select session_id as expired_id from issued where name = 'expired' \gset
select session_id as idle_id from issued where name = 'idle' \gset
select session_id as spent_id from issued where name = 'spent' \gset
select session_id as bob_id from issued where name = 'bob' \gset
select chatkeep.revoke_session(:'ended_id') \g /dev/null
select token as current from chatkeep.rotate_session(:'spent') \gset
select chatkeep.validate_session(:'current') \g /dev/null
select id as chat from chatkeep.create_chat('of Ada') \gset
reset role;
update chatkeep.sessions set last_used_at = now() - interval '2 minutes' where id = :'idle_id';
update chatkeep.sessions set expires_at = now() where id = :'expired_id';
savepoint people;

-- A valid token in the header.
select pg_temp.anon(pg_temp.header(:'ada'));
select is(pg_temp.refusal('select chatkeep.pre_request()'), 'accepted', 'a token in the header is accepted');
select is(current_user::text, 'authenticated', 'it signs the request in');
select is(current_setting('request.jwt.claims')::jsonb, jsonb_build_object('iss', 'chatkeep/auth/v1', 'role', 'authenticated', 'sub', '00000000-0000-4000-8000-00000000ada0', 'session_id', :'ada_id', 'aal', 'aal1', 'tenant_id', '00000000-0000-4000-8000-000000007e01'),
  'with these claims and no other');
select is(auth.uid(), '00000000-0000-4000-8000-00000000ada0'::uuid, 'as its user, for policies of other schemas');
select is((select array_agg(id) from chatkeep.chats), array[:'chat'::uuid], 'who reads their chats');
select is((select is_current from chatkeep.my_sessions where user_agent = 'ada'), true, 'and sees which session is this one');
select is((select content from chatkeep.append_message(:'chat', 'user', 'hello')), 'hello', 'and writes');
select unalike(pg_temp.settings(), '%cks\_%', 'no setting holds the token any more');
select unalike(pg_temp.settings(), '%' || encode(substr(chatkeep_private.read_token(:'ada'), 1, 24), 'hex') || '%', 'nor its secret');
select is(current_setting('request.headers')::jsonb, '{"host":"api.example","accept":"*/*"}', 'the other headers stay');
select matches(pg_temp.answer(), '^authenticated ', 'a hook that calls it once more changes nothing');

-- A cookie needs the header that no form can send.
rollback to people;
select pg_temp.anon('{"host":"api.example"}', pg_temp.cookie(:'ada'));
select is(pg_temp.answer(), 'anon {"role":"anon","iss":"supabase"}', 'a cookie alone signs nobody in');
select is(current_setting('request.cookies')::jsonb, pg_temp.cookie(:'ada'), 'and stays as it is');
select pg_temp.anon('{"x-requested-with":"XMLHttpRequest","origin":"https://evil.example","content-type":"text/plain"}', pg_temp.cookie(:'ada'));
select is(pg_temp.answer(), 'anon {"role":"anon","iss":"supabase"}', 'nor beside another header');
select pg_temp.anon('{"x-chatkeep-request":""}', pg_temp.cookie(:'ada'));
select is(pg_temp.answer(), 'anon {"role":"anon","iss":"supabase"}', 'nor beside the header without a value');
select pg_temp.anon('{"x-chatkeep-request":"1"}', pg_temp.cookie(:'ada'));
select is(pg_temp.refusal('select chatkeep.pre_request()') || ' ' || current_user, 'accepted authenticated', 'beside x-chatkeep-request it signs in');
select is(auth.uid(), '00000000-0000-4000-8000-00000000ada0'::uuid, 'its user');
select unalike(pg_temp.settings(), '%cks\_%', 'and no setting holds it any more');
select is(current_setting('request.cookies')::jsonb, '{"theme":"dark"}', 'the other cookies stay');
select pg_temp.anon(pg_temp.header(:'bob') || '{"x-chatkeep-request":"1"}', pg_temp.cookie(:'ada'));
select is(pg_temp.refusal('select chatkeep.pre_request()') || ' ' || auth.uid(), 'accepted 00000000-0000-4000-8000-00000000b0b0', 'a token in the header comes before the cookie');
select pg_temp.anon(pg_temp.header('') || '{"x-chatkeep-request":"1"}', pg_temp.cookie(:'ada'));
select is(pg_temp.refusal('select chatkeep.pre_request()') || ' ' || auth.uid(), 'accepted 00000000-0000-4000-8000-00000000ada0', 'an empty header carries no token');

-- Refused tokens: 401, whichever way they arrive, and nothing else happens to them.
rollback to people;
create temporary table refused (n integer generated always as identity, name text, token text, status text) on commit drop;
insert into refused (name, token, status) values
  ('a revoked token', :'ended', 'revoked'), ('an expired token', :'expired', 'expired'), ('an idle token', :'idle', 'idle'), ('a spent token', :'spent', 'spent'),
  ('a token that was never issued', chatkeep_private.write_token(decode(repeat('07', 48), 'hex')), 'invalid'),
  ('the session secret of another session', chatkeep_private.write_token(decode(repeat('07', 24), 'hex') || substr(chatkeep_private.read_token(:'ada'), 25)), 'invalid'),
  ('the refresh secret of another session', chatkeep_private.write_token(substr(chatkeep_private.read_token(:'bob'), 1, 24) || substr(chatkeep_private.read_token(:'ada'), 25)), 'spent'),
  ('a session id', :'ada_id', 'invalid'), ('text', 'x', 'invalid'), ('a space', ' ', 'invalid'), ('a token and a space', :'ada' || ' ', 'invalid'), ('a megabyte', repeat('x', 1000000), 'invalid');
grant select on refused to public;
select is(pg_temp.refused(pg_temp.header(token)), format('PT401 x-chatkeep-session holds a token that is %s | Sign in again, or send the token that rotate_session returned last.', status), name || ' in the header is refused') from refused order by n;
select is(pg_temp.refused('{"x-chatkeep-request":"1"}', pg_temp.cookie(token)), format('PT401 __Host-chatkeep holds a token that is %s | Sign in again, or send the token that rotate_session returned last.', status), name || ' in the cookie is refused') from refused order by n;
select is(pg_temp.refused(jsonb_build_object('x-chatkeep-session', value)), 'PT401 x-chatkeep-session holds a token that is invalid | Sign in again, or send the token that rotate_session returned last.', 'a header that is no text is refused')
from (values ('5'::jsonb), ('true'), ('[]'), ('{}')) v (value);
reset role;
select is((select count(*)::int from chatkeep.sessions where revoked_reason = 'reuse'), 0, 'a spent token ends nothing, since a refusal rolls back');
select is((select max(last_used_at) filter (where id = :'idle_id') < now() from chatkeep.sessions), true, 'and no use is recorded');

-- The token before the current one, while its rotation may be repeated: a request of another tab.
rollback to people;
select pg_temp.sign_out();
select token as next from chatkeep.rotate_session(:'ada') \gset
select pg_temp.anon(pg_temp.header(:'ada'));
select is(pg_temp.refusal('select chatkeep.pre_request()') || ' ' || current_user, 'accepted authenticated', 'the token that another tab has just replaced still signs in');
select pg_temp.anon(pg_temp.header(:'next'));
select is(pg_temp.refusal('select chatkeep.pre_request()') || ' ' || current_user, 'accepted authenticated', 'and so does its successor');
select pg_temp.sign_out();
select is((select status from chatkeep.rotate_session(:'ada')), 'replayed', 'a request is no first use: the rotation can be repeated');

-- A JWT whose claim session_id names a session of Chatkeep.
rollback to people;
select is(pg_temp.claiming(person, session_id), 'PT401 session_id of the JWT names a session that is ' || status || ' | Sign in again.', name)
from (values
  ('a JWT of a revoked session is refused', 'ada', :'ended_id', 'revoked'), ('and in capitals', 'ada', upper(:'ended_id'), 'revoked'),
  ('of an expired one', 'ada', :'expired_id', 'expired'), ('of an idle one', 'ada', :'idle_id', 'idle'),
  ('of a session of another user', 'bob', :'ada_id', 'not yours'), ('of one that was purged', 'ada', '00000000-0000-8000-8000-000000000001', 'not yours'),
  ('of a user who does not exist', '00000000-0000-4000-8000-00000000ffff', :'ada_id', 'not yours')
) ended (name, person, session_id, status);
select matches(pg_temp.claiming('ada', session_id), '^authenticated ', name)
from (values
  ('a JWT of a live session is accepted', :'ada_id'), ('and one that is spent by rotation lives', :'spent_id'), ('a session of Supabase Auth is not ours', '00000000-0000-4000-8000-0000000000a1'),
  ('nor is text', 'sess_2abc'), ('nor empty text', ''), ('nor the id within more text', :'ended_id' || '0'), ('nor an object', null)
) other (name, session_id);
select pg_temp.jwt('ada', jsonb_build_object('user_metadata', jsonb_build_object('session_id', :'ended_id')));
select matches(pg_temp.answer(), '^authenticated ', 'the id of an ended session elsewhere in the claims is no claim');
select pg_temp.jwt('ada', jsonb_build_object('user_metadata', jsonb_build_object('session_id', 'x'), 'a', jsonb_build_object('session_id', :'ada_id'), 'session_id', :'ended_id'));
select matches(pg_temp.answer(), '^PT401 session_id of the JWT', 'and another session elsewhere hides no ended one');
select pg_temp.jwt('ada', '{"aal":"aal2"}');
select is(pg_temp.answer(), 'authenticated ' || current_setting('request.jwt.claims'), 'a JWT without the claim is left alone');
reset role;
update chatkeep.users set disabled_at = now() where id = '00000000-0000-4000-8000-00000000ada0';
select matches(pg_temp.claiming('ada', :'ada_id'), '^PT401 session_id of the JWT names a session that is', 'a disabled user is refused');
select is(pg_temp.refused(pg_temp.header(:'ada')), 'PT401 x-chatkeep-session holds a token that is revoked | Sign in again, or send the token that rotate_session returned last.', 'and so is the token');

-- A token beside a JWT: the JWT stays, and the token must be a valid one of its user.
rollback to people;
select pg_temp.jwt('ada', '{"aal":"aal2"}', pg_temp.header(:'ada'));
select is(pg_temp.refusal('select chatkeep.pre_request()'), 'accepted', 'a token beside a JWT of its user is accepted');
select is(current_setting('request.jwt.claims')::jsonb, '{"role":"authenticated","sub":"00000000-0000-4000-8000-00000000ada0","aal":"aal2"}', 'and the claims stay');
select unalike(pg_temp.settings(), '%cks\_%', 'and no setting holds the token any more');
select pg_temp.jwt('ada', '{}', pg_temp.header(:'bob'));
select is(pg_temp.answer(), 'PT401 x-chatkeep-session holds a token of another user than the JWT | Send the token alone, or with a JWT of its user.', 'a token of another user is refused');
select pg_temp.jwt('ada', '{}', pg_temp.header(:'ended'));
select matches(pg_temp.answer(), '^PT401 .* revoked', 'a revoked one too');
select pg_temp.jwt('ada', '{}', '{}', pg_temp.cookie(:'bob'));
select matches(pg_temp.answer(), '^authenticated ', 'a cookie without the header is no token');
select pg_temp.jwt('ada', jsonb_build_object('session_id', :'ended_id'), pg_temp.header(:'ada'));
select matches(pg_temp.answer(), '^PT401 session_id of the JWT names a session that is revoked', 'a valid token does not save a JWT of an ended session');
select pg_temp.arrive('authenticated', '{"role":"authenticated"}', pg_temp.header(:'ada')::text);
select matches(pg_temp.answer(), '^PT401 .* another user than the JWT', 'nor a JWT without a subject');

-- Other roles, and requests that carry nothing, are left alone.
rollback to people;
select pg_temp.arrive('service_role', '{"role":"service_role"}', pg_temp.header(:'ada')::text);
select is(pg_temp.answer(), 'service_role {"role":"service_role"}', 'service_role stays service_role');
select pg_temp.arrive('service_role', jsonb_build_object('role', 'service_role', 'session_id', :'ended_id')::text, pg_temp.header(:'ended')::text);
select matches(pg_temp.answer(), '^service_role ', 'whatever it carries');
select is(pg_temp.nothing(headers, cookies), 'anon {"role":"anon"} ' || headers || cookies, 'a request is left alone with ' || name)
from (values ('no header', '{}', '{}'), ('empty settings', '', ''), ('text that is no JSON and no name', '{', 'x'), ('the header without a value', '{"x-chatkeep-session":""}', ''), ('the header as null', '{"x-chatkeep-session":null}', '{}'),
  ('the name elsewhere', '{"access-control-request-headers":"x-chatkeep-session"}', '{}'), ('another cookie', '{"x-chatkeep-request":"1"}', '{"__Host-chatkeep2":"x"}'),
  ('the name in other letters', '{"X-Chatkeep-Session":"x"}', '{}')) nothing (name, headers, cookies);

-- Settings that no gateway writes: the refusal does not quote them.
select is(pg_temp.nothing(headers, cookies), 'PT401 request.headers and request.cookies must be JSON objects | The gateway writes them. ' || headers || cookies, 'refused: ' || name)
from (values ('headers that are no JSON', '{"x-chatkeep-session":"secret"', '{}'), ('an array', '["x-chatkeep-session"]', '{}'), ('text', '"x-chatkeep-session"', '{}'), ('a NUL', '{"x-chatkeep-session":"a\u0000"}', '{}'),
  ('half of a surrogate pair', '{"x-chatkeep-session":"\ud800"}', '{}'), ('cookies that are no JSON', '{"x-chatkeep-session":"x"}', 'x'), ('cookies that are null', '{"x-chatkeep-session":"x"}', 'null')) broken (name, headers, cookies);
select pg_temp.arrive('anon', '{"role":"anon"}', format('{"x-chatkeep-session":"x","x-chatkeep-session":"%s"}', :'ada'));
select is(pg_temp.refusal('select chatkeep.pre_request()') || ' ' || current_user, 'accepted authenticated', 'the last of two headers counts, as in jsonb');

-- The older settings, where a gateway writes them, name the same user.
rollback to people;
select pg_temp.anon(pg_temp.header(:'ada'));
select set_config('request.jwt.claim.role', 'anon', true) \g /dev/null
select is(pg_temp.refusal('select chatkeep.pre_request()'), 'accepted', 'a gateway that writes the older settings');
select is(auth.uid()::text || ' ' || auth.role() || ' ' || chatkeep.uid(), '00000000-0000-4000-8000-00000000ada0 authenticated 00000000-0000-4000-8000-00000000ada0', 'sees the same user by them');

-- The level of assurance is the session's.
rollback to people;
select pg_temp.serve();
select status from chatkeep.elevate_session(:'ada', 'aal2') \g /dev/null
select pg_temp.anon(pg_temp.header(:'ada'));
select is(pg_temp.refusal('select chatkeep.pre_request()') || ' ' || (auth.jwt() ->> 'aal'), 'accepted aal2', 'the claim aal is the level of the session');

-- Within a transaction that reads only, as that of a GET.
rollback to people;
select pg_temp.anon(pg_temp.header(:'ada'));
set local transaction_read_only = on;
select is(pg_temp.refusal('select chatkeep.pre_request()') || ' ' || current_user, 'accepted authenticated', 'a GET signs in too');
select is((select count(*)::int from chatkeep.chats), 1, 'and reads');
rollback to people;

-- A session of a user whom another provider signs in.
select pg_temp.serve();
insert into chatkeep.identity_providers (issuer, name) values ('https://clerk.example.com', 'Clerk');
select pg_temp.arrive('authenticated', '{"role":"authenticated","iss":"https://clerk.example.com","sub":"user_2abc"}');
select token as clerks from chatkeep.create_session() \gset
select pg_temp.anon(pg_temp.header(:'clerks'));
select matches(pg_temp.answer(), '^authenticated ', 'a session of another provider''s user signs in');
select is(chatkeep.uid(), chatkeep.user_id('https://clerk.example.com', 'user_2abc'), 'as that user');
select is((select count(*)::int from chatkeep.my_sessions), 1, 'who sees the session');
select pg_temp.arrive('authenticated', '{"role":"authenticated","iss":"https://clerk.example.com","sub":"user_2abc"}', pg_temp.header(:'clerks')::text);
select matches(pg_temp.answer(), '^authenticated ', 'a JWT of the same user may stand beside it');

rollback to people;

-- A hook of the user's own calls it, and sees who signed in.
create function public.check_request() returns void language plpgsql as $$
begin
  perform chatkeep.pre_request();
  if auth.uid() = '00000000-0000-4000-8000-00000000b0b0' then
    raise exception using errcode = 'PT402', message = 'Bob has to pay';
  end if;
end
$$;
select pg_temp.anon(pg_temp.header(:'ada'));
select is(pg_temp.refusal('select public.check_request()') || ' ' || current_user, 'accepted authenticated', 'a hook of the user''s own calls it');
select pg_temp.anon(pg_temp.header(:'bob'));
select is(pg_temp.refusal('select public.check_request()'), 'PT402 Bob has to pay', 'and refuses by rules of its own');
select pg_temp.anon(pg_temp.header(:'ended'));
select matches(pg_temp.refusal('select public.check_request()'), '^PT401 ', 'a refusal ends that hook too');

-- A hook that runs as its owner could not sign anybody in, and would see the owner's role. It must not pass in silence.
reset role;
alter function public.check_request() security definer;
select pg_temp.anon(pg_temp.header(:'ada'));
select is(pg_temp.refusal('select public.check_request()'), '42501 pre_request guards nothing in a function that runs as its owner | Declare the function that calls it SECURITY INVOKER.', 'a SECURITY DEFINER hook is refused for a token');
select pg_temp.jwt('ada', jsonb_build_object('session_id', :'ended_id'));
select matches(pg_temp.refusal('select public.check_request()'), '^42501 pre_request guards nothing', 'and for a JWT that names a session');
select pg_temp.anon();
select is(pg_temp.refusal('select public.check_request()'), 'accepted', 'and not for a request without either');

select * from finish();
rollback;
