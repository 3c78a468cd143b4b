-- validate_session: checks whether a token is valid, and records its use.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('ada');
-- Expiry and idleness.
select token as t0, session_id as id from chatkeep.create_session(ttl => '1 hour', idle_ttl => '10 minutes') \gset
reset role;
update chatkeep.sessions set last_used_at = now() - interval '11 minutes' where id = :'id';
select pg_temp.sign_out();
select is((select status from chatkeep.rotate_session(:'t0')), 'idle', 'an idle session does not rotate');
select is((select status from chatkeep.validate_session(:'t0')), 'idle', 'an idle session is not valid');
reset role;
update chatkeep.sessions set last_used_at = now() - interval '9 minutes' where id = :'id';
select pg_temp.sign_out();
select cmp_ok((select idle_expires_at from chatkeep.validate_session(:'t0')), '>', now() + interval '9 minutes', 'a use puts off idleness');
reset role;
select cmp_ok((select last_used_at from chatkeep.sessions where id = :'id'), '>', now() - interval '1 minute', 'and is noted');
create temporary table touched on commit drop as select xmin::text as version from chatkeep.sessions where id = :'id';
select pg_temp.sign_out();
select is((select status from chatkeep.validate_session(:'t0')), 'valid', 'a second use within the minute');
reset role;
select is((select xmin::text from chatkeep.sessions where id = :'id'), (select version from touched), 'is not');
update chatkeep.sessions set expires_at = now() where id = :'id';
select pg_temp.sign_out();
select is((select status from chatkeep.rotate_session(:'t0')), 'expired', 'an expired session does not rotate');
select is((select status from chatkeep.validate_session(:'t0')), 'expired', 'an expired session is not valid');

-- Text that is not a token.
select is((select array_agg(pg_temp.refusal('select * from chatkeep.' || call)) from unnest(array['validate_session('''')', 'validate_session(null)', 'validate_session(''cks_'' || repeat(''_'', 70))']) call), array_fill('accepted'::text, array[3]), 'text that is not a token is invalid, and no error');

-- The token of a deleted session is unknown.
rollback to people;
\ir ../support/tokens.psql
select pg_temp.sign_in('ada');
select token as t0, session_id as id from chatkeep.create_session() \gset
select pg_temp.serve();
delete from chatkeep.sessions where id = :'id';
select pg_temp.sign_out();
select is(pg_temp.said(:'t0'), 'invalid/invalid', 'the token of a deleted session is invalid');
select is((select concat(session_id, user_id, tenant_id, generation, expires_at) from chatkeep.validate_session(:'t0')), '', 'and gets no other column');
select pg_temp.sign_in('bob');
select token as t0 from chatkeep.create_session() \gset
select pg_temp.serve();
delete from chatkeep.users where id = '00000000-0000-4000-8000-00000000b0b0';
select pg_temp.sign_out();
select is(pg_temp.said(:'t0'), 'invalid/invalid', 'the token of a deleted user is invalid');

select * from finish();
rollback;
