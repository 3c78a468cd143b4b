-- revoke_session: ends a session for good, by its user or by service_role.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('ada');
select * from chatkeep.create_session('laptop') \gset b_
select * from chatkeep.create_session('tablet') \gset c_
select pg_temp.sign_in('eve');
select * from chatkeep.create_session('foreign') \gset e_

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
  '22004 session_id is missing | Pass a value; null is not accepted here.', 'a missing session_id is refused');
select pg_temp.sign_in('eve');
select is((select status from chatkeep.validate_session(:'e_token')), 'valid', 'the foreign session lives');
select pg_temp.serve();
select is((select revoked_reason from chatkeep.revoke_session(:'e_session_id')), 'admin', 'service_role ends any session, with the reason admin');

-- A logout and an end by an administrator, inside the grace of a rotation.
rollback to people;
\ir ../support/tokens.psql
select pg_temp.sign_in('ada');
select token as t0, session_id as id from chatkeep.create_session() \gset
select token as t1 from chatkeep.rotate_session(:'t0') \gset
create temporary table live on commit drop as select count(*)::int as live from chatkeep.my_sessions where status = 'active';
select is((select status from chatkeep.revoke_session(:'id')), 'revoked', 'a logout right after a rotation');
select is((select count(*)::int from chatkeep.my_sessions where status = 'active'), (select live - 1 from live), 'ends one session');
select is(pg_temp.said(:'t0', :'t1'), 'revoked/revoked revoked/revoked', 'and repeats no rotation');
select token as t0, session_id as id from chatkeep.create_session() \gset
select token as t1 from chatkeep.rotate_session(:'t0') \gset
select pg_temp.serve();
select is((select revoked_reason from chatkeep.revoke_session(:'id')), 'admin', 'an end by an administrator stays');
select pg_temp.sign_out();
select is(pg_temp.said(:'t0', :'t1'), 'revoked/revoked revoked/revoked', 'for both tokens');

select * from finish();
rollback;
