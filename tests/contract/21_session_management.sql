-- my_sessions, revoke_session, revoke_other_sessions, revoke_all_sessions, elevate_session, purge_sessions.
begin;
\ir support/identities.psql
select plan(68);

-- Signs in with more claims than the usual ones.
create function pg_temp.claim(more jsonb) returns void language plpgsql as $$
begin
  perform set_config('request.jwt.claims', (current_setting('request.jwt.claims')::jsonb || more)::text, true);
end
$$;

-- Listing.
select pg_temp.sign_in('ada');
select * from chatkeep.create_session('phone', '192.0.2.1', ttl => '30 days', idle_ttl => '1 day', metadata => '{"app":1}') \gset a_
select * from chatkeep.create_session('laptop') \gset b_
select * from chatkeep.create_session('tablet') \gset c_
select pg_temp.sign_in('eve');
select * from chatkeep.create_session('foreign') \gset e_
select pg_temp.sign_in('ada');
select pg_temp.claim(jsonb_build_object('session_id', :'b_session_id'));
select pg_temp.rows_are($$ select user_agent, status, is_current, aal, revoked_at from chatkeep.my_sessions order by created_at $$,
  $$ values ('phone', 'active', false, 'aal1', null::timestamptz), ('laptop', 'active', true, 'aal1', null), ('tablet', 'active', false, 'aal1', null) $$,
  'a user lists the own sessions, and the JWT says which is this one');
select pg_temp.rows_are($$ select ip, metadata, expires_at - created_at, idle_expires_at - last_used_at from chatkeep.my_sessions where user_agent = 'phone' $$,
  $$ values ('192.0.2.1'::inet, '{"app":1}'::jsonb, interval '30 days', interval '1 day') $$, 'with the facts of the device');
select columns_are('chatkeep', 'my_sessions', array['id', 'created_at', 'last_used_at', 'idle_ttl', 'expires_at', 'idle_expires_at', 'status',
  'revoked_at', 'revoked_reason', 'aal', 'user_agent', 'ip', 'metadata', 'is_current'], 'and nothing that a token could be made or proved with');
select is((select count(*)::int from chatkeep.my_sessions where is_current), 1, 'one is current');
select pg_temp.claim('{"session_id":"no uuid"}');
select is((select count(*)::int from chatkeep.my_sessions where is_current), 0, 'none where the claim is no session');
reset role;
update chatkeep.sessions set last_used_at = now() - interval '2 days' where id = :'a_session_id';
select pg_temp.sign_in('ada');
select is((select status from chatkeep.my_sessions where id = :'a_session_id'), 'idle', 'an idle session says so');
reset role;
update chatkeep.sessions set expires_at = now() where id = :'a_session_id';
select pg_temp.sign_in('ada');
select is((select status from chatkeep.my_sessions where id = :'a_session_id'), 'expired', 'an expired one too');
select pg_temp.sign_in('bob');
select is_empty($$ select from chatkeep.my_sessions $$, 'a member of the same tenant sees none of them');
select pg_temp.sign_out();
select is(pg_temp.refusal($$ select from chatkeep.my_sessions $$), '42501 permission denied for view my_sessions', 'anon lists nothing');
select pg_temp.serve();
select is_empty($$ select from chatkeep.my_sessions $$, 'service_role has no sessions of its own');

-- Ending one.
select pg_temp.sign_in('ada');
select pg_temp.rows_are(format($$ select id, status, revoked_reason, revoked_at is not null from chatkeep.revoke_session(%L) $$, :'c_session_id'),
  format($$ values (%L::uuid, 'revoked', 'logout', true) $$, :'c_session_id'), 'a session is ended and returned');
create temporary table ended on commit drop as select revoked_at from chatkeep.my_sessions where id = :'c_session_id';
select is((select revoked_at from chatkeep.revoke_session(:'c_session_id')), (select revoked_at from ended), 'ending it again changes nothing');
select pg_temp.sign_out();
select is((select status from chatkeep.validate_session(:'c_token')), 'revoked', 'its token is dead at once');
select is((select status from chatkeep.rotate_session(:'c_token')), 'revoked', 'for rotation too, grace or not');
select is((select status from chatkeep.validate_session(:'b_token')), 'valid', 'another session is not touched');
select pg_temp.sign_in('ada');
select is(pg_temp.refusal(format($$ select * from chatkeep.revoke_session(%L) $$, :'e_session_id')),
  'PT404 session_id names no session of yours | List them with my_sessions.', 'a foreign session');
select is(pg_temp.refusal($$ select * from chatkeep.revoke_session(pg_temp.id('ff')) $$),
  'PT404 session_id names no session of yours | List them with my_sessions.', 'is refused like an unknown one');
select is(pg_temp.refusal($$ select * from chatkeep.revoke_session(null) $$),
  '22004 session_id is missing | Pass a value; null is not accepted here.', 'and so is none');
select pg_temp.sign_in('eve');
select is((select status from chatkeep.validate_session(:'e_token')), 'valid', 'the foreign session lives');
select pg_temp.serve();
select is((select revoked_reason from chatkeep.revoke_session(:'e_session_id')), 'admin', 'service_role ends anybody''s, and the row says so');

-- Ending the others.
select pg_temp.sign_in('ada');
select * from chatkeep.create_session('one more') \gset d_
select * from chatkeep.create_session('and another') \gset f_
select pg_temp.rows_are(format($$ select status, session_id, revoked from chatkeep.revoke_other_sessions(%L) $$, :'d_token'),
  format($$ values ('valid', %L::uuid, 3) $$, :'d_session_id'), 'the others are ended, expired ones included');
select is((select array_agg(status || ' ' || coalesce(revoked_reason, '') order by created_at) from chatkeep.my_sessions),
  array['revoked logout', 'revoked logout', 'revoked logout', 'active ', 'revoked logout'], 'and that one stays');
select pg_temp.rows_are(format($$ select status, revoked from chatkeep.revoke_other_sessions(%L) $$, :'d_token'), $$ values ('valid', 0) $$, 'again there is nothing to end');
select set_config('response.status', '', true);
select pg_temp.rows_are(format($$ select status, session_id, revoked from chatkeep.revoke_other_sessions(%L) $$, :'f_token'),
  $$ values ('revoked', null::uuid, 0) $$, 'a revoked token ends nothing');
select is(current_setting('response.status', true), '401', 'with the HTTP status 401');
select is((select status from chatkeep.revoke_other_sessions('nonsense')), 'invalid', 'nor does what is no token');
select pg_temp.sign_in('eve');
select * from chatkeep.create_session('stays') \gset g_
select is((select status || revoked from chatkeep.revoke_other_sessions(:'d_token')), 'invalid0', 'nor one of somebody else');
select is((select count(*)::int from chatkeep.my_sessions where status = 'active'), 1, 'whose caller keeps all');
select pg_temp.sign_in('ada');
select token as d1 from chatkeep.rotate_session(:'d_token') \gset
select token as d2 from chatkeep.rotate_session(:'d1') \gset
select is((select status from chatkeep.revoke_other_sessions(:'d_token')), 'reuse_detected', 'a spent token ends its own session');
select is((select status from chatkeep.validate_session(:'d2')), 'revoked', 'newest token included');
select pg_temp.sign_out();
select is(pg_temp.refusal($$ select * from chatkeep.revoke_other_sessions('x') $$), '42501 permission denied for function revoke_other_sessions', 'anon ends nothing');

-- Ending all.
select pg_temp.sign_in('ada');
select * from chatkeep.create_session('p') \gset p_
select * from chatkeep.create_session('q') \gset q_
select is((select array_agg(user_agent order by created_at) from chatkeep.revoke_all_sessions()), array['p', 'q'], 'all are ended, and those that were live returned');
select is((select count(*)::int from chatkeep.my_sessions where status = 'active'), 0, 'none is left');
select is((select count(*)::int from chatkeep.revoke_all_sessions()), 0, 'again there is none to end');
select is(pg_temp.refusal($$ select * from chatkeep.revoke_all_sessions('00000000-0000-4000-8000-00000000e4e0') $$),
  '42501 user_id can be named by service_role only | Leave user_id out to act for yourself.', 'nobody ends another''s');
select pg_temp.serve();
select pg_temp.rows_are($$ select user_agent, revoked_reason from chatkeep.revoke_all_sessions('00000000-0000-4000-8000-00000000e4e0') $$,
  $$ values ('stays', 'admin') $$, 'but service_role');
select is(pg_temp.refusal($$ select * from chatkeep.revoke_all_sessions() $$),
  '42501 no user is signed in | Send the user''s JWT, or call as service_role where a user is named.', 'which must name one');

-- Raising.
select pg_temp.sign_in('ada');
select * from chatkeep.create_session('step-up') \gset s_
select token as s1 from chatkeep.rotate_session(:'s_token') \gset
select is(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, 'aal2') $$, :'s1')),
  '42501 aal cannot be aal2 here | It only rises, and no further than the claim aal of the JWT says: sign in with the second factor first.', 'a token alone raises nothing');
select pg_temp.claim('{"aal":"aal1"}');
select matches(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, 'aal2') $$, :'s1')), '^42501 aal cannot be aal2', 'nor does a JWT of the lower level');
select pg_temp.claim('{"aal":"zzz"}');
select matches(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, 'aal2') $$, :'s1')), '^42501 aal cannot be aal2', 'nor one of no level');
select is((select status from chatkeep.rotate_session(:'s_token')), 'replayed', 'a refused raise leaves everything as it was');
select pg_temp.claim('{"aal":"aal2"}');
select is(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, 'aal2') $$, :'s_token')), 'PT409 token was rotated | Present its successor.', 'the token before the current one raises nothing');
select pg_temp.rows_are(format($$ select status, session_id, generation from chatkeep.elevate_session(%L, 'aal2') $$, :'s1'),
  format($$ values ('valid', %L::uuid, 1) $$, :'s_session_id'), 'the current one does, with a JWT of that level');
select is((select aal from chatkeep.my_sessions where id = :'s_session_id'), 'aal2', 'and the session says so');
select is((select status from chatkeep.elevate_session(:'s1', 'aal2')), 'valid', 'a retry is harmless');
select matches(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, 'aal3') $$, :'s1')), '^42501 aal cannot be aal3', 'no further than the JWT proves');
select matches(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, 'aal1') $$, :'s1')), '^42501 aal cannot be aal1', 'never down');
select is(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, 'gold') $$, :'s1')), '22023 aal must be aal1, aal2 or aal3 | They are the levels of NIST SP 800-63B.', 'nor to anything else');
select is(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, null) $$, :'s1')), '22004 aal is missing | Pass a value; null is not accepted here.', 'or nothing');
select matches(pg_temp.refusal($$ update chatkeep.sessions set aal = 'aal3' $$), '^accepted$', 'a direct update')
from (select set_config('chatkeep.writing', '', true)) m;
select is((select aal from chatkeep.my_sessions where id = :'s_session_id'), 'aal2', 'reaches no row');
select set_config('chatkeep.writing', 'on', true);
select matches(pg_temp.refusal($$ update chatkeep.sessions set aal = 'aal3' $$), '^42501 aal cannot be aal3', 'and behind the marker the guard refuses it');
select set_config('chatkeep.writing', '', true);
select pg_temp.sign_in('eve');
select pg_temp.claim('{"aal":"aal2"}');
select is(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, 'aal2') $$, :'s1')), '42501 token is of another user | Call as the session''s user, or as service_role.', 'nobody raises another''s');
select is((select status from chatkeep.elevate_session('nonsense', 'aal2')), 'invalid', 'what is no token is invalid');
select pg_temp.serve();
select is((select status from chatkeep.elevate_session(:'s1', 'aal3')), 'valid', 'service_role says what it has proved itself');
select is((select status from chatkeep.validate_session(:'s_token')), 'reuse_detected', 'the token from before the raise is spent');

-- Who is disabled is logged out everywhere.
select pg_temp.sign_in('bob');
select * from chatkeep.create_session('bob') \gset b_
select pg_temp.serve();
update chatkeep.users set disabled_at = now() where id = '00000000-0000-4000-8000-00000000b0b0';
select pg_temp.sign_out();
select is((select status from chatkeep.rotate_session(:'b_token')), 'revoked', 'a disabled user''s token rotates no more');
select pg_temp.serve();
select is((select revoked_reason from chatkeep.sessions where user_agent = 'bob'), 'admin', 'and the row says who ended it');

-- Purging.
delete from chatkeep.sessions where user_id in (select id from chatkeep.users where tenant_id in ('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-000000007e02'));
insert into chatkeep.sessions (tenant_id, user_id, session_token, user_agent, expires_at, revoked_at, revoked_reason)
select '00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', sha256(convert_to('purge' || n, 'UTF8')), name, ends, revoked, case when revoked is not null then 'logout' end
from (values
  (1, 'long expired', now() - interval '31 days', null::timestamptz), (2, 'long revoked', now() + interval '1 day', now() - interval '31 days'),
  (3, 'both', now() - interval '32 days', now() - interval '40 days'), (4, 'just expired', now() - interval '29 days', null),
  (5, 'just revoked', now() + interval '1 day', now() - interval '29 days'), (6, 'live', now() + interval '1 day', null)) v (n, name, ends, revoked);
insert into chatkeep_private.session_secrets (session_token, session_id, refresh_digest) select s.session_token, s.id, sha256(s.session_token) from chatkeep.sessions s where s.user_id = '00000000-0000-4000-8000-00000000ada0';
select is(array[chatkeep.purge_sessions(1), chatkeep.purge_sessions(10), chatkeep.purge_sessions()], array[1, 2, 0], 'what ended 30 days ago is removed, in batches');
select is((select array_agg(user_agent order by user_agent) from chatkeep.sessions where user_id = '00000000-0000-4000-8000-00000000ada0'), array['just expired', 'just revoked', 'live'], 'and nothing else');
select is((select count(*)::int from chatkeep_private.session_secrets x join chatkeep.sessions s on s.id = x.session_id where s.user_id = '00000000-0000-4000-8000-00000000ada0'), 3, 'secrets go with their sessions');
select is(chatkeep.purge_sessions(older_than => '0'), 2, 'sooner if wanted');
select is(pg_temp.refusal($$ select chatkeep.purge_sessions(0) $$), '22023 batch_size must be between 1 and 100000 | Call again until nothing is left.', 'no batch of nothing');
select is(pg_temp.refusal($$ select chatkeep.purge_sessions(1, '-1 day') $$), '22023 older_than must not be negative | Pass an interval such as ''15 minutes''.', 'nor of the future');
select pg_temp.sign_in('ada');
select is(pg_temp.refusal($$ select chatkeep.purge_sessions() $$), '42501 permission denied for function purge_sessions', 'nobody else purges');
-- One backend, many callers: no plan keeps one.
create function pg_temp.alternate(times integer, adas text, eves text) returns text language plpgsql as $$
declare
  person text;
  token text;
  said text;
begin
  for n in 1 .. times loop
    person := case n % 2 when 0 then 'ada' else 'eve' end;
    token := case n % 2 when 0 then adas else eves end;
    perform set_config('search_path', case n % 3 when 0 then 'chatkeep, extensions' else 'extensions, public' end, true);
    perform pg_temp.sign_in(person);
    select string_agg(m.user_agent, ',') into said from chatkeep.my_sessions m where m.status = 'active';
    if said is distinct from person then return format('round %s: %s lists %s', n, person, said); end if;
    if n % 5 = 0 then perform pg_temp.sign_out(); end if;
    select v.status || v.user_id into said from chatkeep.validate_session(token) v;
    if said is distinct from 'valid00000000-0000-4000-8000-00000000' || (case person when 'ada' then 'ada0' else 'e4e0' end) then
      return format('round %s: the token of %s says %s', n, person, said);
    end if;
    if n % 7 = 0 then
      perform pg_temp.sign_out();
      if exists (select id from chatkeep.sessions) then return format('round %s: anon sees a session', n); end if;
    end if;
  end loop;
  return 'each their own';
end
$$;
select pg_temp.sign_in('eve');
select count(*) as ended from chatkeep.revoke_all_sessions() \gset
select token as eves from chatkeep.create_session('eve') \gset
select pg_temp.sign_in('ada');
select count(*) as ended from chatkeep.revoke_all_sessions() \gset
select token as adas from chatkeep.create_session('ada') \gset
select is(pg_temp.alternate(3000, :'adas', :'eves'), 'each their own', '3,000 changes of user, role and search_path on one backend');
select pg_temp.sign_out();
select is((select array_agg(status) from (select * from chatkeep.validate_session(:'adas') union all select * from chatkeep.validate_session(:'eves')) v), array['valid', 'valid'], 'one statement may present two tokens');

select is(current_setting('chatkeep.presented', true) || current_setting('chatkeep.writing', true), '', 'no setting outlives a call');

select * from finish();
rollback;
