-- revoke_all_sessions: ends all sessions of the caller, or of the user that service_role names.
begin;
\ir ../support/identities.psql
select * from no_plan();

select pg_temp.sign_in('eve');
select * from chatkeep.create_session('stays') \gset g_
select pg_temp.sign_in('ada');
select count(*) as ended from chatkeep.create_session('ended') s, lateral chatkeep.revoke_session(s.session_id) \gset
select * from chatkeep.create_session('p') \gset p_
select * from chatkeep.create_session('q') \gset q_
select is((select array_agg(user_agent order by user_agent) from chatkeep.revoke_all_sessions()), array['p', 'q'], 'all are ended, and those that were live returned');
select is((select count(*)::int from chatkeep.my_sessions where status = 'active'), 0, 'no session is active');
select is((select count(*)::int from chatkeep.revoke_all_sessions()), 0, 'a repetition ends no session');
select is(pg_temp.refusal($$ select * from chatkeep.revoke_all_sessions('00000000-0000-4000-8000-00000000e4e0') $$),
  '42501 user_id can be named by service_role only | Leave user_id out to act for yourself.', 'users cannot end sessions of others');
select pg_temp.serve();
select pg_temp.rows_are($$ select user_agent, revoked_reason from chatkeep.revoke_all_sessions('00000000-0000-4000-8000-00000000e4e0') $$,
  $$ values ('stays', 'admin') $$, 'but service_role');
select is(pg_temp.refusal($$ select * from chatkeep.revoke_all_sessions() $$),
  '42501 no user is signed in | Send the user''s JWT, or call as service_role where a user is named.', 'service_role must name a user');

select * from finish();
rollback;
