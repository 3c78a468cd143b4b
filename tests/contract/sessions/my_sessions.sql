-- my_sessions: a view of the caller's sessions, without secrets.
begin;
\ir ../support/identities.psql
select * from no_plan();

-- Adds claims to those of the signed-in user.
create function pg_temp.claim(more jsonb) returns void language plpgsql as $$
begin
  perform set_config('request.jwt.claims', (current_setting('request.jwt.claims')::jsonb || more)::text, true);
end
$$;

select pg_temp.sign_in('ada');
select * from chatkeep.create_session('phone', '192.0.2.1', ttl => '30 days', idle_ttl => '1 day', metadata => '{"app":1}') \gset a_
select * from chatkeep.create_session('laptop') \gset b_
select * from chatkeep.create_session('tablet') \gset c_
select pg_temp.sign_in('eve');
select * from chatkeep.create_session('foreign') \gset e_
select pg_temp.sign_in('ada');
select pg_temp.claim(jsonb_build_object('session_id', :'b_session_id'));
select pg_temp.rows_are($$ select user_agent, status, is_current, aal, revoked_at from chatkeep.my_sessions order by user_agent $$,
  $$ values ('laptop', 'active', true, 'aal1', null::timestamptz), ('phone', 'active', false, 'aal1', null), ('tablet', 'active', false, 'aal1', null) $$,
  'a user lists their sessions, and the JWT names the current one');
select pg_temp.rows_are($$ select ip, metadata, expires_at - created_at, idle_expires_at - last_used_at from chatkeep.my_sessions where user_agent = 'phone' $$,
  $$ values ('192.0.2.1'::inet, '{"app":1}'::jsonb, interval '30 days', interval '1 day') $$, 'with the facts of the device');
select columns_are('chatkeep', 'my_sessions', array['id', 'created_at', 'last_used_at', 'idle_ttl', 'expires_at', 'idle_expires_at', 'status',
  'revoked_at', 'revoked_reason', 'aal', 'user_agent', 'ip', 'metadata', 'is_current'], 'and nothing that a token could be made or proved with');
select is((select count(*)::int from chatkeep.my_sessions where is_current), 1, 'one is current');
select pg_temp.claim('{"session_id":"no uuid"}');
select is((select count(*)::int from chatkeep.my_sessions where is_current), 0, 'a claim that is no session marks no current session');
reset role;
update chatkeep.sessions set last_used_at = now() - interval '2 days' where id = :'a_session_id';
select pg_temp.sign_in('ada');
select is((select status from chatkeep.my_sessions where id = :'a_session_id'), 'idle', 'an idle session has the status idle');
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

select * from finish();
rollback;
