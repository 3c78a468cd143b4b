-- revoke_other_sessions: ends every other session of a token's user.
begin;
\ir ../support/identities.psql
select * from no_plan();

-- An expired session, a live one and one that is ended.
select pg_temp.sign_in('ada');
select * from chatkeep.create_session('phone', '192.0.2.1', ttl => '30 days', idle_ttl => '1 day', metadata => '{"app":1}') \gset a_
select * from chatkeep.create_session('laptop') \gset b_
select * from chatkeep.create_session('tablet') \gset c_
select count(*) as ended from chatkeep.revoke_session(:'c_session_id') \gset
reset role;
update chatkeep.sessions set expires_at = now() where id = :'a_session_id';

select pg_temp.sign_in('ada');
select * from chatkeep.create_session('one more') \gset d_
select * from chatkeep.create_session('and another') \gset f_
select pg_temp.rows_are(format($$ select status, session_id, revoked from chatkeep.revoke_other_sessions(%L) $$, :'d_token'),
  format($$ values ('valid', %L::uuid, 3) $$, :'d_session_id'), 'the others are ended, expired ones included');
select is((select array_agg(status || ' ' || coalesce(revoked_reason, '') order by user_agent) from chatkeep.my_sessions),
  array['revoked logout', 'revoked logout', 'active ', 'revoked logout', 'revoked logout'], 'and that one stays');
select pg_temp.rows_are(format($$ select status, revoked from chatkeep.revoke_other_sessions(%L) $$, :'d_token'), $$ values ('valid', 0) $$, 'again there is nothing to end');
select set_config('response.status', '', true);
select pg_temp.rows_are(format($$ select status, session_id, revoked from chatkeep.revoke_other_sessions(%L) $$, :'f_token'),
  $$ values ('revoked', null::uuid, 0) $$, 'a revoked token ends nothing');
select is(current_setting('response.status', true), '401', 'with the HTTP status 401');
select is((select status from chatkeep.revoke_other_sessions('nonsense')), 'invalid', 'text that is not a token ends nothing');
select pg_temp.sign_in('eve');
select * from chatkeep.create_session('stays') \gset g_
select is((select status || revoked from chatkeep.revoke_other_sessions(:'d_token')), 'invalid0', 'the token of another user ends nothing');
select is((select count(*)::int from chatkeep.my_sessions where status = 'active'), 1, 'the caller''s sessions stay');
select pg_temp.sign_in('ada');
select token as d1 from chatkeep.rotate_session(:'d_token') \gset
select token as d2 from chatkeep.rotate_session(:'d1') \gset
select is((select status from chatkeep.revoke_other_sessions(:'d_token')), 'reuse_detected', 'a spent token ends its own session');
select is((select status from chatkeep.validate_session(:'d2')), 'revoked', 'newest token included');
select pg_temp.sign_out();
select is(pg_temp.refusal($$ select * from chatkeep.revoke_other_sessions('x') $$), '42501 permission denied for function revoke_other_sessions', 'anon ends nothing');

select pg_temp.sign_in('ada');
select is((select array_agg(pg_temp.refusal('select * from chatkeep.' || call)) from unnest(array['revoke_other_sessions(null)']) call), array_fill('accepted'::text, array[1]), 'a missing token is invalid, and no error');

select * from finish();
rollback;
