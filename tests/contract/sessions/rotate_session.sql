-- rotate_session: exchanges a token for its successor, once; repeats a lost answer; ends the session of a spent token.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

-- Every engine always derives the same child. A session with known secrets shows it. A test of chatkeep-core has the same vector.
create function pg_temp.plant(secret bytea, refresh bytea) returns uuid language plpgsql as $$
declare
  planted uuid;
begin
  insert into chatkeep.sessions (tenant_id, user_id, session_token, expires_at)
  values ('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', sha256(secret), now() + interval '1 day')
  returning id into planted;
  insert into chatkeep_private.session_secrets (session_token, session_id, tenant_id, refresh_digest)
  values (sha256(secret), planted, '00000000-0000-4000-8000-000000007e01', sha256(refresh));
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

-- Rotation as anon: the token is the only right that it needs.
rollback to people;
select pg_temp.sign_in('ada');
select * from chatkeep.create_session('phone', '192.0.2.1', idle_ttl => '1 day', metadata => '{"app":1}') \gset s_
select pg_temp.sign_out();
select * from chatkeep.rotate_session(:'s_token') \gset r_
select is(:'r_status'::text, 'rotated'::text, 'a fresh token rotates');
select is(:'r_generation'::text, '1'::text, 'by one generation');
select isnt(:'r_token'::text, :'s_token'::text, 'to another token');
select is(:'r_session_id'::text, :'s_session_id'::text, 'of the same session');
select is(:'r_user_id'::text, '00000000-0000-4000-8000-00000000ada0'::text, 'and user');
select is(:'r_expires_at'::text, :'s_expires_at'::text, 'a rotation does not move the end of the session');
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

-- 130 rotations, more than a signed byte counts.
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

-- Text that is not a token.
select pg_temp.sign_out();
select is((select array_agg(distinct status) from unnest(array['', 'cks_', 'nonsense', :'t0' || 'A', left(:'t0', 73), upper(:'t0'),
    overlay(:'t0' placing case when substr(:'t0', 30, 1) = 'A' then 'B' else 'A' end from 30 for 1),
    'cks_' || repeat('A', 70)]) t, lateral chatkeep.rotate_session(t) r),
  array['invalid'], 'text that was never issued is invalid');
select is((select status from chatkeep.rotate_session(null)), 'invalid', 'a missing token is invalid');
select is((select status from chatkeep.validate_session(null)), 'invalid', 'for both calls');
select is((select array_agg(pg_temp.refusal('select * from chatkeep.' || call)) from unnest(array['rotate_session(repeat(''x'', 100000))', 'rotate_session(''cks_'' || repeat(''é'', 70))']) call), array_fill('accepted'::text, array[2]), 'text that is not a token is invalid, and no error');

-- A spent token ends the session at once, with all its tokens, inside the grace or not.
rollback to people;
\ir ../support/tokens.psql
select pg_temp.sign_in('ada');
select token as t0, session_id as id from chatkeep.create_session() \gset
select token as t1 from chatkeep.rotate_session(:'t0') \gset
select token as t2 from chatkeep.rotate_session(:'t1') \gset
select token as t3 from chatkeep.rotate_session(:'t2') \gset
select token as others from chatkeep.create_session() \gset
select pg_temp.sign_out();
select is((select status from chatkeep.rotate_session(:'t0')), 'reuse_detected', 'after three rotations the first token is spent');
select is(pg_temp.said(:'t3', :'t2', :'t1', :'t0'), 'revoked/revoked revoked/revoked revoked/revoked revoked/revoked', 'and all are dead, the one in grace too');
select is((select status from chatkeep.validate_session(:'others')), 'valid', 'another session of the user lives');

-- Expiry and idleness inside the grace.
select pg_temp.sign_in('ada');
select token as t0, session_id as id from chatkeep.create_session(idle_ttl => '1 hour') \gset
select token as t1 from chatkeep.rotate_session(:'t0') \gset
reset role;
update chatkeep.sessions set last_used_at = now() - interval '2 hours' where id = :'id';
select pg_temp.sign_out();
select is(pg_temp.said(:'t0', :'t1'), 'idle/idle idle/idle', 'an idle session repeats no rotation');
reset role;
update chatkeep.sessions set expires_at = clock_timestamp() where id = :'id';
select pg_temp.sign_out();
select is(pg_temp.said(:'t0', :'t1'), 'expired/expired expired/expired', 'an expired session repeats no rotation');
select is((select s.revoked_at from chatkeep.sessions s where s.id = :'id'), null, 'which is not revoked by that') from (select set_config('role', 'postgres', true)) r;
update chatkeep.sessions set expires_at = clock_timestamp() + interval '30 seconds', last_used_at = now() where id = :'id';
select pg_temp.sign_out();
select is(pg_temp.said(:'t0'), 'replayed/valid', 'until the very end it does');

-- A replay moves neither the start of the grace nor the generation nor the end of the session.
select pg_temp.sign_in('ada');
select token as t0, session_id as id, expires_at as ends from chatkeep.create_session() \gset
select token as t1 from chatkeep.rotate_session(:'t0') \gset
reset role;
select x::text as secret from chatkeep_private.session_secrets x where x.session_id = :'id' \gset
select pg_temp.sign_out();
select is((select count(distinct (r.*)::text)::int from generate_series(1, 10) n, lateral (select * from chatkeep.rotate_session(:'t0') where n > 0) r), 1, 'ten replays give one answer');
select is((select status from chatkeep.validate_session(:'t0')), 'valid', 'and a validation of the token before is valid');
reset role;
select is((select x::text from chatkeep_private.session_secrets x where x.session_id = :'id'), :'secret'::text, 'and leave the secret as it was, grace included');

-- Many rotations leave one row, and the end of the session stays.
create function pg_temp.rotate_often(token text, times integer) returns text language plpgsql as $$
begin
  for n in 1 .. times loop
    select r.token into token from chatkeep.rotate_session(rotate_often.token) r where r.status = 'rotated';
  end loop;
  return token;
end
$$;
select pg_temp.sign_out();
select pg_temp.rotate_often(:'t1', 200) as newest \gset
select is((select generation from chatkeep.validate_session(:'newest')), 201, 'after 200 more rotations');
select is((select expires_at from chatkeep.validate_session(:'newest')), :'ends'::timestamptz, 'the session ends when it was to end');
reset role;
select is((select count(*)::int from chatkeep_private.session_secrets x where x.session_id = :'id'), 1, 'and has one secret');
select is((select count(*)::int from chatkeep.sessions s where s.id = :'id'), 1, 'and one row');
select pg_temp.sign_in('ada');
select is((select status from chatkeep.revoke_session(:'id')), 'revoked', 'a logout ends the session');
select is(pg_temp.said(:'newest', :'t1'), 'revoked/revoked revoked/revoked', 'with all its tokens');

select * from finish();
rollback;
