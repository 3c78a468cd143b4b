-- What ends a token, at once and inside its grace, and what no ending, purge or forgery may cost.
begin;
\ir support/identities.psql
select plan(45);

-- What both calls say of tokens, in order.
create function pg_temp.said(variadic tokens text[]) returns text language sql as $$
  select string_agg(concat_ws('/', r.status, v.status), ' ' order by t.place)
  from unnest(tokens) with ordinality t (token, place),
    lateral chatkeep.rotate_session(t.token) r, lateral chatkeep.validate_session(t.token) v
$$;

-- Reuse, after three rotations: every token is dead at once, newest first, grace or not.
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

-- A logout and an administrator's end inside the grace.
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
select is((select revoked_reason from chatkeep.revoke_session(:'id')), 'admin', 'so does an administrator''s end');
select pg_temp.sign_out();
select is(pg_temp.said(:'t0', :'t1'), 'revoked/revoked revoked/revoked', 'for both tokens');

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
select is(pg_temp.said(:'t0', :'t1'), 'expired/expired expired/expired', 'nor does an expired one');
select is((select s.revoked_at from chatkeep.sessions s where s.id = :'id'), null, 'which is not revoked by that') from (select set_config('role', 'postgres', true)) r;
update chatkeep.sessions set expires_at = clock_timestamp() + interval '30 seconds', last_used_at = now() where id = :'id';
select pg_temp.sign_out();
select is(pg_temp.said(:'t0'), 'replayed/valid', 'until the very end it does');

-- A replay moves nothing: neither the start of the grace nor the generation nor the end of the session.
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

-- Many rotations: one row each, and the end where it was.
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
select is((select status from chatkeep.revoke_session(:'id')), 'revoked', 'which a logout ends');
select is(pg_temp.said(:'newest', :'t1'), 'revoked/revoked revoked/revoked', 'with all its tokens');

-- Forgeries. Whoever has not the session secret unlocks nothing and harms nobody.
select token as t0, session_id as id from chatkeep.create_session() \gset
reset role;
select chatkeep_private.write_token(chatkeep_private.random_secret() || substr(chatkeep_private.read_token(:'t0'), 25)) as foreign_session,
  chatkeep_private.write_token(substr(chatkeep_private.read_token(:'t0'), 1, 24) || chatkeep_private.random_secret()) as foreign_refresh,
  chatkeep_private.write_token(substr(chatkeep_private.read_token(:'t0'), 25) || substr(chatkeep_private.read_token(:'t0'), 1, 24)) as swapped,
  chatkeep_private.write_token(sha256(substr(chatkeep_private.read_token(:'t0'), 1, 24)) || sha256('x')) as digests \gset
select pg_temp.sign_out();
select is(pg_temp.said(:'foreign_session', :'swapped', :'digests'), 'invalid/invalid invalid/invalid invalid/invalid', 'another session secret is invalid');
select is((select concat(session_id, user_id, tenant_id, generation, expires_at) from chatkeep.rotate_session(:'foreign_session')), '', 'and is told nothing');
select is((select status from chatkeep.validate_session(:'t0')), 'valid', 'nor does it cost the session');
select is((select status from chatkeep.validate_session(:'foreign_refresh')), 'reuse_detected', 'who has the session secret ends it, with any refresh secret');
select is((select status from chatkeep.rotate_session(:'t0')), 'revoked', 'for good');

-- What is deleted is unknown.
select pg_temp.sign_in('ada');
select token as t0, session_id as id from chatkeep.create_session() \gset
select pg_temp.serve();
delete from chatkeep.sessions where id = :'id';
select pg_temp.sign_out();
select is(pg_temp.said(:'t0'), 'invalid/invalid', 'the token of a deleted session is invalid');
select is((select concat(session_id, user_id, tenant_id, generation, expires_at) from chatkeep.validate_session(:'t0')), '', 'and is told nothing');
select pg_temp.sign_in('bob');
select token as t0 from chatkeep.create_session() \gset
select pg_temp.serve();
delete from chatkeep.users where id = '00000000-0000-4000-8000-00000000b0b0';
select pg_temp.sign_out();
select is(pg_temp.said(:'t0'), 'invalid/invalid', 'so is that of a deleted user');

-- The limit counts what lives.
select pg_temp.sign_in('eve');
select session_id as expired from chatkeep.create_session() \gset
select session_id as idle from chatkeep.create_session(idle_ttl => '1 minute') \gset
select session_id as ended from chatkeep.create_session() \gset
select session_id as oldest from chatkeep.create_session() \gset
reset role;
update chatkeep.sessions set expires_at = now() where id = :'expired';
update chatkeep.sessions set last_used_at = now() - interval '2 minutes' where id = :'idle';
select pg_temp.sign_in('eve');
select is((select revoked_reason from chatkeep.revoke_session(:'ended')), 'logout', 'Eve has four sessions, one of which lives');
select is((select status from chatkeep.create_session('second', max_sessions => 2)), 'created', 'one more is within a limit of two');
select is((select count(*)::int from chatkeep.my_sessions where revoked_reason = 'limit'), 0, 'and ends none');
select is((select status from chatkeep.create_session('third', max_sessions => 2)), 'created', 'the next');
select is((select array_agg(id) from chatkeep.my_sessions where revoked_reason = 'limit'), array[:'oldest'::uuid], 'ends the oldest that lived');
select is((select array_agg(user_agent order by created_at) from chatkeep.my_sessions where status = 'active'), array['second', 'third'], 'and leaves two');
select is((select status from chatkeep.create_session('only', max_sessions => 1)), 'created', 'a limit of one');
select is((select array_agg(user_agent) from chatkeep.my_sessions where status = 'active'), array['only'], 'leaves the new one');

-- Purging takes nothing that a live session needs to tell a spent token from an unknown one.
select token as t0, session_id as id from chatkeep.create_session('kept') \gset
select token as t1 from chatkeep.rotate_session(:'t0') \gset
select token as t2 from chatkeep.rotate_session(:'t1') \gset
select pg_temp.serve();
create function pg_temp.purge_often() returns integer[] language plpgsql as $$
declare
  removed integer[];
begin
  for n in 1 .. 100 loop
    removed := removed || chatkeep.purge_sessions(1000, '0');
  end loop;
  return removed;
end
$$;
select pg_temp.purge_often() as removed \gset
select cmp_ok((:'removed'::integer[])[1], '>=', 5, 'the first of a hundred purges removes what ended');
select is((select sum(n)::int from unnest((:'removed'::integer[])[2:]) n), 0, 'the others find nothing');
select is((select count(*)::int from chatkeep.sessions s where s.id = :'id'), 1, 'what lives stays');
select is((select count(*)::int from chatkeep_private.session_secrets x where not exists (select from chatkeep.sessions s where s.id = x.session_id)), 0, 'no secret is without its session');
select pg_temp.sign_out();
select is((select status from chatkeep.rotate_session(:'t1')), 'replayed', 'a lost answer is repeated after a purge');
select is((select status from chatkeep.rotate_session(:'t0')), 'reuse_detected', 'a spent token is known after a purge');
select pg_temp.serve();
select is(chatkeep.purge_sessions(1000), 0, 'and its session stays for the time that is set');
select pg_temp.sign_out();
select is(pg_temp.said(:'t2', :'t0'), 'revoked/revoked revoked/revoked', 'so that its tokens are told from unknown ones');

select * from finish();
rollback;
