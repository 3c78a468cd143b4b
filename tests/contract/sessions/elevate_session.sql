-- elevate_session: raises the level of a session, no further than the JWT of its user proves.
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
select * from chatkeep.create_session('step-up') \gset s_
select token as s1 from chatkeep.rotate_session(:'s_token') \gset
select is(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, 'aal2') $$, :'s1')),
  '42501 aal cannot be aal2 here | It only rises, and no further than the claim aal of the JWT says: sign in with the second factor first.', 'a token alone raises nothing');
select pg_temp.claim('{"aal":"aal1"}');
select matches(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, 'aal2') $$, :'s1')), '^42501 aal cannot be aal2', 'a JWT of the lower level raises nothing');
select pg_temp.claim('{"aal":"zzz"}');
select matches(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, 'aal2') $$, :'s1')), '^42501 aal cannot be aal2', 'a JWT without a level raises nothing');
select is((select status from chatkeep.rotate_session(:'s_token')), 'replayed', 'a refused raise leaves everything as it was');
select pg_temp.claim('{"aal":"aal2"}');
select is(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, 'aal2') $$, :'s_token')), 'PT409 token was rotated | Present its successor.', 'the token before the current one raises nothing');
select pg_temp.rows_are(format($$ select status, session_id, generation from chatkeep.elevate_session(%L, 'aal2') $$, :'s1'),
  format($$ values ('valid', %L::uuid, 1) $$, :'s_session_id'), 'the current one does, with a JWT of that level');
select is((select aal from chatkeep.my_sessions where id = :'s_session_id'), 'aal2', 'the session has the new level');
select is((select status from chatkeep.elevate_session(:'s1', 'aal2')), 'valid', 'a retry is harmless');
select matches(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, 'aal3') $$, :'s1')), '^42501 aal cannot be aal3', 'no further than the JWT proves');
select matches(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, 'aal1') $$, :'s1')), '^42501 aal cannot be aal1', 'never down');
select is(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, 'gold') $$, :'s1')), '22023 aal must be aal1, aal2 or aal3 | They are the levels of NIST SP 800-63B.', 'an unknown level is refused');
select is(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, null) $$, :'s1')), '22004 aal is missing | Pass a value; null is not accepted here.', 'or nothing');
select matches(pg_temp.refusal($$ update chatkeep.sessions set aal = 'aal3' $$), '^42501 rows of sessions cannot be changed directly', 'a direct update')
from (select set_config('chatkeep.writing', '', true)) m;
select is((select aal from chatkeep.my_sessions where id = :'s_session_id'), 'aal2', 'changes nothing');
select set_config('chatkeep.writing', 'on', true);
select matches(pg_temp.refusal($$ update chatkeep.sessions set aal = 'aal3' $$), '^42501 aal cannot be aal3', 'and behind the marker the guard refuses it');
select set_config('chatkeep.writing', '', true);
select pg_temp.sign_in('eve');
select pg_temp.claim('{"aal":"aal2"}');
select is(pg_temp.refusal(format($$ select * from chatkeep.elevate_session(%L, 'aal2') $$, :'s1')), '42501 token is of another user | Call as the session''s user, or as service_role.', 'users cannot raise sessions of others');
select is((select status from chatkeep.elevate_session('nonsense', 'aal2')), 'invalid', 'text that is not a token is invalid');
select pg_temp.serve();
select is((select status from chatkeep.elevate_session(:'s1', 'aal3')), 'valid', 'service_role may name the level itself');
select is((select status from chatkeep.validate_session(:'s_token')), 'reuse_detected', 'the token from before the raise is spent');

-- Arguments.
select pg_temp.sign_in('ada');
select is((select array_agg(pg_temp.refusal('select * from chatkeep.' || call)) from unnest(array['elevate_session(''x'', null)', 'elevate_session(''x'', ''AAL2'')']) call),
  array['22004 aal is missing | Pass a value; null is not accepted here.', '22023 aal must be aal1, aal2 or aal3 | They are the levels of NIST SP 800-63B.'], 'a level is named');
select is((select array_agg(pg_temp.refusal('select * from chatkeep.' || call)) from unnest(array['elevate_session(null, ''aal1'')']) call), array_fill('accepted'::text, array[1]), 'a missing token is invalid, and no error');

select * from finish();
rollback;
