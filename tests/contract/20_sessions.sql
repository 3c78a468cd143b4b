-- create_session, rotate_session, validate_session: rotation, replay, reuse, expiry, possession.
begin;
\ir support/identities.psql
select plan(57);

-- The derivation is the same in every engine and for all time: the vector stands in chatkeep-core too.
-- A session whose secrets are known lets both engines show that they derive the same child.
create function pg_temp.plant(secret bytea, refresh bytea) returns uuid language plpgsql as $$
declare
  planted uuid;
begin
  insert into chatkeep.sessions (tenant_id, user_id, session_token, expires_at)
  values ('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', sha256(secret), now() + interval '1 day')
  returning id into planted;
  insert into chatkeep_private.session_secrets (session_token, session_id, refresh_digest)
  values (sha256(secret), planted, sha256(refresh));
  return planted;
end
$$;
select isnt(pg_temp.plant(decode(repeat('01', 24), 'hex'), decode(repeat('02', 24), 'hex')), null, 'a session with known secrets');
update chatkeep_private.session_secrets set
  previous_digest = refresh_digest, rotation_salt = decode(repeat('03', 16), 'hex'),
  refresh_digest = sha256('child'), generation = 1, rotated_at = clock_timestamp();
select pg_temp.sign_out();
select is((select token from chatkeep.rotate_session('cks_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAgICAgICAgICAgICAgICAgICAgICAgICQTjWmw')),
  'cks_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB1FjHWytHoFlPu2NPq1RWpqtG2ewhWMLjPsst8g',
  'the child of a token is HMAC-SHA256 of the salt under its refresh secret');

-- Creation.
select pg_temp.sign_in('ada');
select * from chatkeep.create_session('phone', '192.0.2.1', idle_ttl => '1 day', metadata => '{"app":1}') \gset s_
select is(:'s_status'::text, 'created'::text, 'a session is created');
select matches(:'s_token'::text, '^cks_[A-Za-z0-9_-]{70}$'::text, 'its token has 74 characters');
select is(:'s_generation'::text, '0'::text, 'at generation 0');
select is(:'s_expires_at'::timestamptz - :'s_idle_expires_at'::timestamptz, interval '29 days', 'with both ends of its life');
select is_empty(format($$ select from chatkeep.sessions s where s::text like '%%' || %L || '%%' $$, substr(:'s_token', 5, 20)), 'no column holds the token')
from (select set_config('role', 'postgres', true)) r;
select results_eq(
  format($$ select user_agent, ip, metadata, revoked_at, aal, user_id, tenant_id from chatkeep.sessions where id = %L $$, :'s_session_id'),
  $$ values ('phone', '192.0.2.1'::inet, '{"app":1}'::jsonb, null::timestamptz, 'aal1', '00000000-0000-4000-8000-00000000ada0'::uuid, '00000000-0000-4000-8000-000000007e01'::uuid) $$,
  'the row has the facts of the device');

-- Rotation, as anon: possession of the token is the only right.
select pg_temp.sign_out();
select * from chatkeep.rotate_session(:'s_token') \gset r_
select is(:'r_status'::text, 'rotated'::text, 'a fresh token rotates');
select is(:'r_generation'::text, '1'::text, 'by one generation');
select isnt(:'r_token'::text, :'s_token'::text, 'to another token');
select is(:'r_session_id'::text, :'s_session_id'::text, 'of the same session');
select is(:'r_user_id'::text, '00000000-0000-4000-8000-00000000ada0'::text, 'and user');
select is(:'r_expires_at'::text, :'s_expires_at'::text, 'whose end is not moved');
select results_eq(format($$ select status, token, generation from chatkeep.rotate_session(%L) $$, :'s_token'),
  format($$ values ('replayed', %L, 1) $$, :'r_token'), 'a lost response is repeated with the identical token');
select results_eq(format($$ select status, token, generation from chatkeep.rotate_session(%L) $$, :'s_token'),
  format($$ values ('replayed', %L, 1) $$, :'r_token'), 'as often as it takes');
select is((select status from chatkeep.validate_session(:'s_token')), 'valid', 'until the successor is used the parent is valid too');
select results_eq(format($$ select status, generation, user_id, session_id from chatkeep.validate_session(%L) $$, :'r_token'),
  format($$ values ('valid', 1, '00000000-0000-4000-8000-00000000ada0'::uuid, %L::uuid) $$, :'s_session_id'), 'the successor is valid');
reset role;
select results_eq(format($$ select previous_digest, rotation_salt, confirmed_at is not null from chatkeep_private.session_secrets where session_id = %L $$, :'s_session_id'),
  $$ values (null::bytea, null::bytea, true) $$, 'its first use closes the grace: nothing that could derive it is at rest');
select pg_temp.sign_out();
select set_config('response.status', '', true);
select is((select status from chatkeep.rotate_session(:'s_token')), 'reuse_detected', 'then the parent is a spent token');
select is(current_setting('response.status', true), '401', 'and the HTTP status 401');
select is((select status from chatkeep.rotate_session(:'r_token')), 'revoked', 'its session is revoked, newest token included');
select is((select status from chatkeep.validate_session(:'r_token')), 'revoked', 'for validation too');
select is((select status from chatkeep.validate_session(:'s_token')), 'revoked', 'revoked comes before everything else');
select results_eq(format($$ select revoked_reason, revoked_at is not null from chatkeep.sessions where id = %L $$, :'s_session_id'),
  $$ values ('reuse', true) $$, 'the row says why') from (select set_config('role', 'postgres', true)) r;

-- A rotation by the successor closes the grace as well.
select pg_temp.sign_in('ada');
select token as t0 from chatkeep.create_session() \gset
select token as t1 from chatkeep.rotate_session(:'t0') \gset
select token as t2 from chatkeep.rotate_session(:'t1') \gset
select is((select status from chatkeep.rotate_session(:'t1')), 'replayed', 'the parent is in grace');
select is((select status from chatkeep.rotate_session(:'t0')), 'reuse_detected', 'the grandparent never is');
select is((select status from chatkeep.rotate_session(:'t2')), 'revoked', 'and the newest token dies with it');

-- The grace is ten seconds from the rotation and is not extended by replays.
select token as t0, session_id as id from chatkeep.create_session() \gset
select token as t1 from chatkeep.rotate_session(:'t0') \gset
reset role;
alter table chatkeep_private.session_secrets disable trigger guard_session_secret;
update chatkeep_private.session_secrets set rotated_at = clock_timestamp() - interval '9 seconds' where session_id = :'id';
select is((select status from chatkeep.rotate_session(:'t0')), 'replayed', 'nine seconds later the parent is replayed');
update chatkeep_private.session_secrets set rotated_at = clock_timestamp() - interval '10 seconds' where session_id = :'id';
alter table chatkeep_private.session_secrets enable trigger guard_session_secret;
select is((select status from chatkeep.rotate_session(:'t0')), 'reuse_detected', 'ten seconds later it is spent');

-- 130 rotations: past the one-byte counters of others.
select pg_temp.sign_in('ada');
create function pg_temp.rotate_often(token text, times integer) returns text language plpgsql as $$
begin
  for n in 1 .. times loop
    select r.token into token from chatkeep.rotate_session(rotate_often.token) r where r.status = 'rotated' and r.generation = n;
  end loop;
  return token;
end
$$;
select is((select generation from chatkeep.validate_session(pg_temp.rotate_often((select token from chatkeep.create_session()), 130))), 130,
  '130 rotations advance by one each');

-- Expiry and idleness.
select token as t0, session_id as id from chatkeep.create_session(ttl => '1 hour', idle_ttl => '10 minutes') \gset
reset role;
update chatkeep.sessions set last_used_at = now() - interval '11 minutes' where id = :'id';
select pg_temp.sign_out();
select is((select status from chatkeep.rotate_session(:'t0')), 'idle', 'an idle session does not rotate');
select is((select status from chatkeep.validate_session(:'t0')), 'idle', 'nor is it valid');
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
select is((select status from chatkeep.validate_session(:'t0')), 'expired', 'nor is it valid');

-- What was never issued.
select is((select array_agg(distinct status) from unnest(array['', 'cks_', 'nonsense', :'t0' || 'A', left(:'t0', 73), upper(:'t0'),
    overlay(:'t0' placing case when substr(:'t0', 30, 1) = 'A' then 'B' else 'A' end from 30 for 1),
    'cks_' || repeat('A', 70)]) t, lateral chatkeep.rotate_session(t) r),
  array['invalid'], 'what was never issued is invalid');
select is((select status from chatkeep.rotate_session(null)), 'invalid', 'so is nothing');
select is((select status from chatkeep.validate_session(null)), 'invalid', 'for both calls');

-- Limits per user.
select pg_temp.sign_in('bob');
select token as b1 from chatkeep.create_session() \gset
select token as b2 from chatkeep.create_session(max_sessions => 2) \gset
select token as b3 from chatkeep.create_session(max_sessions => 2) \gset
select results_eq($$ select revoked_reason from chatkeep.sessions order by created_at $$, $$ values ('limit'), (null), (null) $$,
  'max_sessions revokes the oldest beyond it');
select is((select status from chatkeep.rotate_session(:'b1')), 'revoked', 'which then rotates no more');
select is((select count(*)::int from chatkeep.sessions), 3, 'a user lists the own sessions');

-- Possession.
select is(pg_temp.refusal($$ select session_token from chatkeep.sessions $$), '42501 permission denied for table sessions', 'no one reads the digest of a session');
select is_empty($$ select from chatkeep_private.session_secrets $$, 'ownership unlocks no secret');
select pg_temp.sign_out();
select is_empty($$ select id from chatkeep.sessions $$, 'anon sees no session');
select set_config('chatkeep.presented', repeat('00', 24), true);
select is_empty($$ select from chatkeep_private.session_secrets $$, 'a forged setting unlocks nothing');
select set_config('chatkeep.presented', '', true);
select pg_temp.sign_in('bob');
select is_empty($$ update chatkeep.sessions set revoked_at = null, revoked_reason = null where revoked_at is not null returning id $$, 'direct updates of sessions reach no row');
select is(pg_temp.refusal($$ update chatkeep.sessions set expires_at = 'infinity' $$), '42501 permission denied for table sessions', 'nor may a life be extended');
select is(pg_temp.refusal($$ update chatkeep.sessions set user_id = gen_random_uuid() $$), '42501 permission denied for table sessions', 'or given away');
select matches(pg_temp.refusal($$ insert into chatkeep.sessions (tenant_id, user_id, session_token, expires_at)
  values ('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000b0b0', sha256('x'), 'infinity') $$),
  '^42501 new row violates row-level security', 'or made by hand');
select set_config('chatkeep.writing', 'on', true);
select is(pg_temp.refusal($$ update chatkeep.sessions set revoked_at = null, revoked_reason = null where revoked_at is not null $$),
  '42501 a revoked session stays revoked | Create a new session.', 'not even behind the marker is a revocation taken back');
select set_config('chatkeep.presented', encode(decode(translate(substr(:'b2', 5, 32), '-_', '+/'), 'base64'), 'hex'), true);
select is(pg_temp.refusal($$ update chatkeep_private.session_secrets set generation = generation + 2 $$),
  '42501 a session secret changes by rotation only | Use rotate_session.', 'and no holder jumps generations');
select set_config('chatkeep.presented', '', true), set_config('chatkeep.writing', '', true);

-- Other people's sessions.
select is(pg_temp.refusal($$ select * from chatkeep.create_session(user_id => '00000000-0000-4000-8000-00000000ada0') $$),
  '42501 user_id can be named by service_role only | Leave user_id out to act for yourself.', 'a user opens no session for another');
select pg_temp.serve();
select is((select user_id from chatkeep.create_session(user_id => '00000000-0000-4000-8000-00000000ada0')),
  '00000000-0000-4000-8000-00000000ada0'::uuid, 'service_role may');

select * from finish();
rollback;
