-- The holder of a token and the owner of a session send statements of their own to the tables, and set every setting that the calls
-- use. They may read one row, note its use and end it, and nothing else.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

-- The session secret of a token, as a call presents it.
create function pg_temp.secret(token text) returns text language sql immutable as $$
  select encode(decode(translate(substr(token, 5, 32), '-_', '+/'), 'base64'), 'hex')
$$;

-- Both secrets of a token.
create function pg_temp.secrets(token text) returns text language sql immutable as $$
  select encode(decode(translate(substr(token, 5, 64), '-_', '+/'), 'base64'), 'hex')
$$;

create function pg_temp.present(secret text) returns void language plpgsql as $$
begin
  perform set_config('chatkeep.presented', secret, true), set_config('chatkeep.writing', 'on', true);
end
$$;

-- All sessions and secrets there are, as their owner sees them.
create function pg_temp.stored() returns text language plpgsql as $$
declare
  caller text := current_setting('role');
  rows text;
begin
  perform set_config('role', 'postgres', true);
  select string_agg(row(s, x)::text, E'\n' order by s.id) into rows
  from chatkeep.sessions s left join chatkeep_private.session_secrets x on x.session_id = s.id;
  perform set_config('role', caller, true);
  return rows;
end
$$;

-- The SQLSTATE of a statement, or how many rows it reached, and whether anything that is stored has changed.
create function pg_temp.attempt(statement text) returns text language plpgsql as $$
declare
  before text := pg_temp.stored();
  outcome text;
  reached bigint;
begin
  begin
    execute statement;
    get diagnostics reached = row_count;
    outcome := reached || ' rows';
  exception when others then
    outcome := sqlstate;
  end;
  return outcome || case when pg_temp.stored() is distinct from before then ', changed' else '' end;
end
$$;

-- Ada's phone, the target of the attacks, rotated twice. Another device of hers. A device of Eve's.
select pg_temp.sign_in('ada');
select token as t0, session_id as phone from chatkeep.create_session('phone', ttl => '1 day', idle_ttl => '1 hour') \gset
select token as t1 from chatkeep.rotate_session(:'t0') \gset
select token as t2 from chatkeep.rotate_session(:'t1') \gset
select token as laptops, session_id as laptop from chatkeep.create_session('laptop') \gset
select pg_temp.sign_in('eve');
select token as eves, session_id as eve from chatkeep.create_session('eve') \gset

-- Possession decides what anon sees.
select pg_temp.sign_out();
select is(pg_temp.attempt('select id from chatkeep.sessions'), '0 rows', 'anon sees no session');
select pg_temp.present('');
select is(pg_temp.attempt('select id from chatkeep.sessions'), '0 rows', 'anon sees no session with an empty secret');
select is(pg_temp.attempt('select * from chatkeep_private.session_secrets'), '0 rows', 'and no secret');
select pg_temp.present(repeat('5a', 24));
select is(pg_temp.attempt('select id from chatkeep.sessions'), '0 rows', 'anon sees no session with a wrong secret');
select is(pg_temp.attempt('select * from chatkeep_private.session_secrets'), '0 rows', 'and no secret');
select pg_temp.present(encode(sha256(decode(pg_temp.secret(:'t2'), 'hex')), 'hex'));
select is(pg_temp.attempt('select id from chatkeep.sessions'), '0 rows', 'anon sees no session with the digest of the right secret');
select pg_temp.present(pg_temp.secrets(:'t2'));
select results_eq('select id from chatkeep.sessions', array[:'phone'::uuid], 'the right one shows its session');
select results_eq('select session_id from chatkeep_private.session_secrets', array[:'phone'::uuid], 'and its secret');
select pg_temp.present(pg_temp.secret(:'t2'));
select is(pg_temp.attempt('select * from chatkeep_private.session_secrets'), '0 rows', 'the session secret alone does not, while there is a salt to read');
select pg_temp.present(pg_temp.secrets(:'t0'));
select is(pg_temp.attempt('select * from chatkeep_private.session_secrets'), '0 rows', 'a spent token does not unlock the secrets');
select pg_temp.present(pg_temp.secrets(:'t1'));
select is(pg_temp.attempt('select * from chatkeep_private.session_secrets'), '1 rows', 'the token before the current one does as long as its rotation may be repeated');
select pg_temp.present(pg_temp.secrets(:'t2'));

-- Statements that are refused to the holder and to the owner. The marker is set, as it is inside a call.
create temporary table attacks (name text, statement text, as_holder text, as_owner text) on commit drop;
grant select on attacks to anon, authenticated;
insert into attacks values
  ('give the session a longer life', $$ update chatkeep.sessions set expires_at = 'infinity' $$, '42501', '42501'),
  ('or none that idleness ends', $$ update chatkeep.sessions set idle_ttl = null $$, '42501', '42501'),
  ('give it to somebody else', $$ update chatkeep.sessions set user_id = '00000000-0000-4000-8000-00000000e4e0' $$, '42501', '42501'),
  ('or to another tenant', $$ update chatkeep.sessions set tenant_id = '00000000-0000-4000-8000-000000007e02' $$, '42501', '42501'),
  ('make it older', $$ update chatkeep.sessions set created_at = '-infinity' $$, '42501', '42501'),
  ('rename it', $$ update chatkeep.sessions set id = gen_random_uuid() $$, '42501', '42501'),
  ('change the device', $$ update chatkeep.sessions set user_agent = 'x', ip = null, metadata = '{}' $$, '42501', '42501'),
  ('choose the session secret', $$ update chatkeep.sessions set session_token = sha256('x') $$, '42501', '42501'),
  ('raise the level', $$ update chatkeep.sessions set aal = 'aal3' $$, '42501', '42501'),
  ('remove the session', $$ delete from chatkeep.sessions $$, '42501', '42501'),
  ('empty the table', $$ truncate chatkeep.sessions cascade $$, '42501', '42501'),
  ('read the digest of the session secret', $$ select session_token from chatkeep.sessions $$, '42501', '42501'),
  ('read it by the whole row', $$ select s from chatkeep.sessions s $$, '42501', '42501'),
  ('compare it', $$ select id from chatkeep.sessions where session_token = sha256('x') $$, '42501', '42501'),
  ('have an update return it', $$ update chatkeep.sessions set last_used_at = now() returning session_token $$, '42501', '42501'),
  ('jump two generations', $$ update chatkeep_private.session_secrets set generation = generation + 2 $$, '42501', '0 rows'),
  ('go back one', $$ update chatkeep_private.session_secrets set generation = generation - 1 $$, '42501', '0 rows'),
  ('count a rotation that was none', $$ update chatkeep_private.session_secrets set generation = generation + 1 $$, '42501', '0 rows'),
  ('put an older refresh secret back', $$ update chatkeep_private.session_secrets set refresh_digest = previous_digest $$, '42501', '0 rows'),
  ('with everything that belongs to it',
    $$ update chatkeep_private.session_secrets set refresh_digest = previous_digest, previous_digest = null, rotation_salt = null, generation = generation - 1 $$, '42501', '0 rows'),
  ('begin the grace anew', $$ update chatkeep_private.session_secrets set rotated_at = clock_timestamp() $$, '42501', '0 rows'),
  ('or in the future', $$ update chatkeep_private.session_secrets set rotated_at = now() + interval '1 day' $$, '42501', '0 rows'),
  ('end it in the future by a rotation',
    $$ update chatkeep_private.session_secrets set refresh_digest = sha256('x'), previous_digest = refresh_digest, generation = generation + 1, rotated_at = now() + interval '1 day' $$, '42501', '0 rows'),
  ('rotate into the past',
    $$ update chatkeep_private.session_secrets set refresh_digest = sha256('x'), previous_digest = refresh_digest, generation = generation + 1, rotated_at = rotated_at - interval '1 day' $$, '42501', '0 rows'),
  ('rotate and name another predecessor',
    $$ update chatkeep_private.session_secrets set refresh_digest = sha256('x'), previous_digest = sha256('y'), generation = generation + 1, rotated_at = clock_timestamp() $$, '42501', '0 rows'),
  ('change the salt of a successor that is not used yet', $$ update chatkeep_private.session_secrets set rotation_salt = sha256('x') $$, '42501', '0 rows'),
  ('move the secret to another session', format($$ update chatkeep_private.session_secrets set session_id = %L $$, :'laptop'), '42501', '42501'),
  ('or under another session secret', $$ update chatkeep_private.session_secrets set session_token = sha256('x') $$, '42501', '42501'),
  ('remove the secret', $$ delete from chatkeep_private.session_secrets $$, '42501', '42501'),
  ('empty that table', $$ truncate chatkeep_private.session_secrets $$, '42501', '42501'),
  ('read another secret', format($$ select refresh_digest from chatkeep_private.session_secrets where session_id in (%L, %L) $$, :'laptop', :'eve'), '0 rows', '0 rows'),
  ('move another secret', format($$ update chatkeep_private.session_secrets set confirmed_at = now() where session_id in (%L, %L) $$, :'laptop', :'eve'), '0 rows', '0 rows'),
  ('use a foreign session', format($$ update chatkeep.sessions set last_used_at = now() - interval '1 minute' where id = %L $$, :'eve'), '0 rows', '0 rows'),
  ('end it', format($$ update chatkeep.sessions set revoked_at = now(), revoked_reason = 'logout' where id = %L $$, :'eve'), '0 rows', '0 rows'),
  ('lock it', format($$ select id from chatkeep.sessions where id = %L for update $$, :'eve'), '0 rows', '0 rows'),
  ('make a session for somebody else',
    $$ insert into chatkeep.sessions (tenant_id, user_id, session_token, expires_at)
      values ('00000000-0000-4000-8000-000000007e02', '00000000-0000-4000-8000-00000000e4e0', sha256('x'), now() + interval '1 day') $$, '42501', '42501'),
  ('make one of a higher level',
    $$ insert into chatkeep.sessions (tenant_id, user_id, session_token, expires_at, aal)
      values ('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', sha256('x'), now() + interval '1 day', 'aal3') $$, '42501', '42501'),
  ('attach a secret that is not presented', format($$ insert into chatkeep_private.session_secrets (session_token, session_id, tenant_id, refresh_digest) values (sha256('x'), %L, '00000000-0000-4000-8000-000000007e01', sha256('y')) $$, :'laptop'), '42501', '42501');
select is(pg_temp.attempt(a.statement), a.as_holder, 'the holder cannot ' || a.name) from attacks a;
select pg_temp.sign_in('ada');
select pg_temp.present('');
select is(pg_temp.attempt(a.statement), a.as_owner, 'the owner cannot ' || a.name) from attacks a;
select is(pg_temp.attempt('select * from chatkeep_private.session_secrets'), '0 rows', 'ownership shows no secret');
select pg_temp.present(pg_temp.secrets(:'t2'));
select is(count(*)::int, 0, 'a caller who is both can do no more: ' || coalesce(string_agg(a.name, ', '), 'nothing'))
from attacks a where pg_temp.attempt(a.statement) not in ('42501', '0 rows');

-- A secret is tied to its own session.
select is(pg_temp.attempt(format($$ insert into chatkeep_private.session_secrets (session_token, session_id, tenant_id, refresh_digest)
  values (chatkeep_private.presented_session(), %L, '00000000-0000-4000-8000-000000007e01', sha256('y')) $$, :'laptop')), '23505', 'the presented session has its secret already');
select pg_temp.present(repeat('5a', 24));
select is(pg_temp.attempt(format($$ insert into chatkeep_private.session_secrets (session_token, session_id, tenant_id, refresh_digest)
  values (chatkeep_private.presented_session(), %L, '00000000-0000-4000-8000-000000007e01', sha256('y')) $$, session)), '23503', 'a new secret unlocks no session of ' || name)
from (values ('one''s own', :'laptop'), ('another''s', :'eve')) v (name, session);

-- Another user who holds the token is its holder and not its owner.
select pg_temp.sign_in('eve');
do $$ begin perform set_config('request.jwt.claims', (current_setting('request.jwt.claims')::jsonb || '{"aal":"aal3"}')::text, true); end $$;
select pg_temp.present(pg_temp.secrets(:'t2'));
select is(count(*)::int, 0, 'Eve with Ada''s token and a higher level: ' || coalesce(string_agg(a.name, ', '), 'nothing'))
from attacks a
where a.name not in ('raise the level', 'use a foreign session', 'end it', 'lock it', 'make a session for somebody else')
  and pg_temp.attempt(a.statement) not in ('42501', '0 rows');
select is(pg_temp.attempt(format($$ update chatkeep.sessions set aal = 'aal3' where id = %L $$, :'phone')), '42501', 'her level does not raise Ada''s session');

-- Use: not in the future, and not of an idle session.
select pg_temp.sign_out();
select pg_temp.present(pg_temp.secrets(:'t2'));
select is(pg_temp.attempt($$ update chatkeep.sessions set last_used_at = now() + interval '1 year' $$), '1 rows, changed', 'the holder notes a use in the future');
select cmp_ok((select last_used_at from chatkeep.sessions), '<=', clock_timestamp(), 'the recorded use is not in the future');
reset role;
update chatkeep.sessions set last_used_at = now() - interval '2 hours' where id = :'phone';
select pg_temp.sign_out();
select is(pg_temp.attempt($$ update chatkeep.sessions set last_used_at = now() $$), '1 rows', 'an idle session is not woken by a use');
select is(pg_temp.attempt($$ update chatkeep.sessions set last_used_at = now() - interval '61 minutes' $$), '1 rows', 'an idle session is not woken by a use in the past either');
select is((select status from chatkeep.rotate_session(:'t2')), 'idle', 'and rotates no more');
select pg_temp.sign_in('ada');
select pg_temp.present('');
select is(pg_temp.attempt($$ update chatkeep.sessions set last_used_at = now() where user_agent = 'phone' $$), '1 rows', 'its owner does not wake it either');
reset role;
update chatkeep.sessions set last_used_at = now() where id = :'phone';
select pg_temp.sign_out();
select is((select status || generation from chatkeep.rotate_session(:'t2')), 'rotated3', 'nothing of all this has harmed the session');

-- Revocation is final for every caller.
select pg_temp.present(pg_temp.secrets(:'t2'));
select is(pg_temp.attempt($$ update chatkeep.sessions set revoked_at = now(), revoked_reason = 'logout' $$), '1 rows, changed', 'the holder may end the session');
select is(pg_temp.attempt($$ update chatkeep.sessions set revoked_at = null, revoked_reason = null $$), '42501', 'and not take it back');
select is(pg_temp.attempt($$ update chatkeep.sessions set revoked_at = 'infinity' $$), '42501', 'the holder cannot postpone a revocation');
select is(pg_temp.attempt($$ update chatkeep.sessions set revoked_reason = 'admin' $$), '42501', 'the holder cannot name another reason');
select pg_temp.sign_in('ada');
select is(pg_temp.attempt($$ update chatkeep.sessions set revoked_at = null, revoked_reason = null $$), '42501', 'the owner cannot take a revocation back');
select pg_temp.serve();
select is(pg_temp.attempt($$ update chatkeep.sessions set revoked_at = null, revoked_reason = null $$), '42501', 'service_role cannot take a revocation back');
select pg_temp.sign_out();
select is((select status from chatkeep.rotate_session(:'t2')), 'revoked', 'its token is dead');
select is((select status from chatkeep.validate_session(:'laptops')), 'valid', 'and the other sessions live');
select is((select status from chatkeep.validate_session(:'eves')), 'valid', 'all of them');

-- A rotation by hand, to a secret of the holder's own choice.
select pg_temp.sign_in('ada');
select token as u0 from chatkeep.create_session('tablet') \gset
select token as u1 from chatkeep.rotate_session(:'u0') \gset
select token as u2 from chatkeep.rotate_session(:'u1') \gset
select pg_temp.sign_out();
create function pg_temp.rotation() returns text language sql immutable as $$
  select 'update chatkeep_private.session_secrets set generation = generation + 1, previous_digest = refresh_digest,
    refresh_digest = sha256(''chosen''), rotation_salt = ''0123456789abcdef'', rotated_at = clock_timestamp(), confirmed_at = null'
$$;
select pg_temp.present(pg_temp.secret(:'u2'));
select is(pg_temp.attempt(pg_temp.rotation()), '0 rows', 'the session secret alone rotates nothing');
select pg_temp.present(pg_temp.secrets(:'u0'));
select is(pg_temp.attempt(pg_temp.rotation()), '0 rows', 'a spent token rotates nothing');
select pg_temp.present(pg_temp.secrets(:'u1'));
select is(pg_temp.attempt(pg_temp.rotation()), '42501', 'or of the one before the current one');
select pg_temp.present(pg_temp.secrets(:'u2'));
select is(pg_temp.attempt(pg_temp.rotation()), '1 rows, changed', 'only of the current one, whose session it is');

-- Statements of users and of anon.
rollback to people;
select pg_temp.sign_in('bob');
select token as b1 from chatkeep.create_session() \gset
select token as b2 from chatkeep.create_session(max_sessions => 2) \gset
select token as b3 from chatkeep.create_session(max_sessions => 2) \gset
select is(pg_temp.refusal($$ select session_token from chatkeep.sessions $$), '42501 permission denied for table sessions', 'no one reads the digest of a session');
select is_empty($$ select from chatkeep_private.session_secrets $$, 'ownership unlocks no secret');
select pg_temp.sign_out();
select is_empty($$ select id from chatkeep.sessions $$, 'anon sees no session');
select set_config('chatkeep.presented', repeat('00', 24), true);
select is_empty($$ select from chatkeep_private.session_secrets $$, 'a forged setting unlocks nothing');
select set_config('chatkeep.presented', '', true);
select pg_temp.sign_in('bob');
select matches(pg_temp.refusal($$ update chatkeep.sessions set revoked_at = null, revoked_reason = null where revoked_at is not null $$), '^42501 rows of sessions cannot be changed directly', 'direct updates of sessions are refused');
select is(pg_temp.refusal($$ update chatkeep.sessions set expires_at = 'infinity' $$), '42501 permission denied for table sessions', 'the life of a session cannot be extended');
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

-- Forged tokens. A token with another session secret unlocks nothing and harms nobody.
rollback to people;
\ir ../support/tokens.psql
select pg_temp.sign_in('ada');
select token as t0, session_id as id from chatkeep.create_session() \gset
reset role;
select chatkeep_private.write_token(chatkeep_private.random_secret() || substr(chatkeep_private.read_token(:'t0'), 25)) as foreign_session,
  chatkeep_private.write_token(substr(chatkeep_private.read_token(:'t0'), 1, 24) || chatkeep_private.random_secret()) as foreign_refresh,
  chatkeep_private.write_token(substr(chatkeep_private.read_token(:'t0'), 25) || substr(chatkeep_private.read_token(:'t0'), 1, 24)) as swapped,
  chatkeep_private.write_token(sha256(substr(chatkeep_private.read_token(:'t0'), 1, 24)) || sha256('x')) as digests \gset
select pg_temp.sign_out();
select is(pg_temp.said(:'foreign_session', :'swapped', :'digests'), 'invalid/invalid invalid/invalid invalid/invalid', 'another session secret is invalid');
select is((select concat(session_id, user_id, tenant_id, generation, expires_at) from chatkeep.rotate_session(:'foreign_session')), '', 'and gets no other column');
select is((select status from chatkeep.validate_session(:'t0')), 'valid', 'and does not end the session');
select is((select status from chatkeep.validate_session(:'foreign_refresh')), 'reuse_detected', 'the session secret with any refresh secret ends the session');
select is((select status from chatkeep.rotate_session(:'t0')), 'revoked', 'the session stays revoked');

select * from finish();
rollback;
