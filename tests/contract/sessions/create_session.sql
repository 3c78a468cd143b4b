-- create_session: opens a session of the caller, returns its token once, and keeps to limits.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('ada');
select * from chatkeep.create_session('phone', '192.0.2.1', idle_ttl => '1 day', metadata => '{"app":1}') \gset s_
select is(:'s_status'::text, 'created'::text, 'a session is created');
select matches(:'s_token'::text, '^cks_[A-Za-z0-9_-]{70}$'::text, 'its token has 74 characters');
select is(:'s_generation'::text, '0'::text, 'at generation 0');
select is(:'s_expires_at'::timestamptz - :'s_idle_expires_at'::timestamptz, interval '29 days', 'with both ends of its life');
select is_empty(format($$ select from chatkeep.sessions s where s::text like '%%' || %L || '%%' $$, substr(:'s_token', 5, 20)), 'no column holds the token')
from (select set_config('role', 'postgres', true)) r;
select is((select chatkeep_private.session_id_of(s.session_token) from chatkeep.sessions s), :'s_session_id'::uuid,
  'its id is derived from the token, as a spent token finds it on either engine');
select results_eq(
  format($$ select user_agent, ip, metadata, revoked_at, aal, user_id, tenant_id from chatkeep.sessions where id = %L $$, :'s_session_id'),
  $$ values ('phone', '192.0.2.1'::inet, '{"app":1}'::jsonb, null::timestamptz, 'aal1', '00000000-0000-4000-8000-00000000ada0'::uuid, '00000000-0000-4000-8000-000000007e01'::uuid) $$,
  'the row has the facts of the device');

-- Other users.
select pg_temp.sign_in('bob');
select is(pg_temp.refusal($$ select * from chatkeep.create_session(user_id => '00000000-0000-4000-8000-00000000ada0') $$),
  '42501 user_id can be named by service_role only | Leave user_id out to act for yourself.', 'a user opens no session for another');
select pg_temp.serve();
select is((select user_id from chatkeep.create_session(user_id => '00000000-0000-4000-8000-00000000ada0')),
  '00000000-0000-4000-8000-00000000ada0'::uuid, 'service_role may');

-- Limits per user.
rollback to people;
select pg_temp.sign_in('bob');
select token as b1 from chatkeep.create_session() \gset
select pg_temp.tick();
select token as b2 from chatkeep.create_session(max_sessions => 2) \gset
select pg_temp.tick();
select token as b3 from chatkeep.create_session(max_sessions => 2) \gset
select results_eq($$ select revoked_reason from chatkeep.sessions order by created_at $$, $$ values ('limit'), (null), (null) $$,
  'max_sessions revokes the oldest beyond it');
select is((select status from chatkeep.rotate_session(:'b1')), 'revoked', 'a session revoked by max_sessions does not rotate');
select is((select count(*)::int from chatkeep.sessions), 3, 'a user lists their sessions');

-- The limit counts live sessions.
rollback to people;
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
select pg_temp.tick();
select is((select status from chatkeep.create_session('second', max_sessions => 2)), 'created', 'one more is within a limit of two');
select is((select count(*)::int from chatkeep.my_sessions where revoked_reason = 'limit'), 0, 'and ends none');
select pg_temp.tick();
select is((select status from chatkeep.create_session('third', max_sessions => 2)), 'created', 'the next');
select is((select array_agg(id) from chatkeep.my_sessions where revoked_reason = 'limit'), array[:'oldest'::uuid], 'ends the oldest that lived');
select is((select array_agg(user_agent order by user_agent) from chatkeep.my_sessions where status = 'active'), array['second', 'third'], 'and leaves two');
select is((select status from chatkeep.create_session('only', max_sessions => 1)), 'created', 'a limit of one');
select is((select array_agg(user_agent) from chatkeep.my_sessions where status = 'active'), array['only'], 'leaves the new one');

-- Intervals that are longer than they look.
rollback to people;
select pg_temp.sign_in('ada');
create temporary table lives (n integer generated always as identity, life text, expected text) on commit drop;
insert into lives (life, expected) values
  ('400 days', 'accepted'), ('399 days 24 hours', 'accepted'), ('9600 hours', 'accepted'), ('1 second', 'accepted'), ('12 mons', 'accepted'), ('1 year', 'accepted'), ('13 months', 'accepted'),
  ('1 mon -1 day', 'accepted'),
  ('12 mons 40 days', 'LIFE'), ('1 year 36 days', 'LIFE'), ('400 days 1 microsecond', 'LIFE'), ('9601 hours', 'LIFE'), ('400 days 1 hour', 'LIFE'), ('13 mons 10 days', 'LIFE'),
  ('12 mons 35 days 24 hours', 'LIFE'), ('14 mons -10 days', 'LIFE'), ('-1 mon 30 days', 'LIFE'), ('1 mon -31 days', 'LIFE'), ('0.999 seconds', 'LIFE'), ('-1 second', 'LIFE'), ('178956970 years', 'LIFE'), ('2147483647 days', 'LIFE'), ('-178956970 years', 'LIFE');
update lives set expected = '22023 ttl must be between 1 second and 400 days | Pass an interval such as ''30 days''.' where expected = 'LIFE';
grant select on lives to public;
select is(pg_temp.refusal(format('select * from chatkeep.create_session(ttl => %L)', life)), expected, 'a session of ' || life || case expected when 'accepted' then ' is opened' else ' is not' end) from lives order by n;
select is(pg_temp.refusal(format('select * from chatkeep.create_session(idle_ttl => %L)', life)), replace(expected, 'ttl', 'idle_ttl'), 'nor less is said of an idle time of ' || life) from lives order by n;
select is((select count(*)::integer from chatkeep.my_sessions s where s.expires_at > s.created_at + interval '400 days'), 0, 'no session lives longer than 400 days');

-- The facts of a device never fail a sign-in: the first address that a proxy names is kept, and a long user agent is cut.
rollback to people;
select pg_temp.sign_in('ada');
create temporary table addresses (n integer generated always as identity, said text, kept inet) on commit drop;
insert into addresses (said, kept) values
  (null, null), ('', null), (' ', null), (',', null), (',,,', null), ('unknown', null), ('-', null), ('_hidden', null), ('/run/app.sock', null), ('unix:', null), ('localhost:80', null),
  ('192.0.2.1', '192.0.2.1'), (' 192.0.2.1' || E'\t', '192.0.2.1'), ('192.0.2.1:5678', '192.0.2.1'), ('192.0.2.1:', '192.0.2.1'), ('192.0.2.0/24', '192.0.2.0/24'),
  ('2001:DB8:0::1', '2001:db8::1'), ('::', '::'), ('::1', '::1'), ('::ffff:192.0.2.1', '::ffff:192.0.2.1'), ('[2001:db8::1]', '2001:db8::1'), ('[2001:db8::1]:443', '2001:db8::1'),
  ('fe80::1%eth0', 'fe80::1'), ('[fe80::1%25eth0]:443', 'fe80::1'), ('[fe80::1%eth0]', 'fe80::1'), ('2001:db8::1%', '2001:db8::1'),
  ('192.0.2.1, 10.0.0.1', '192.0.2.1'), ('unknown, 192.0.2.1:80, 10.0.0.1', '192.0.2.1'), (',192.0.2.1', '192.0.2.1'), ('[2001:db8::1]:443, 192.0.2.1', '2001:db8::1'),
  ('256.0.0.1', null), ('256.0.0.1, 192.0.2.1', '192.0.2.1'), ('192.0.2.1.5', null), ('192.0.2', null), ('192.0.2.1/33', null), ('1:2:3', null), ('2001:db8::1::2', null), ('[192.0.2.1', null), ('192.0.2.1]', null), ('[]', null), ('[]:80', null),
  ('[2001:db8::1]x', null), ('192.0.2.1:80:90', null), ('192.0.2.1:http', null), (E'192.0.2.1\n10.0.0.1', null), ('192.0.2.1 10.0.0.1', null), ('''; drop table sessions', null), ('١٩٢.٠.٢.١', null), ('😀', null),
  (repeat('x,', 100000), null), (repeat('::::,', 100000), null), (repeat('1', 1000000), null), (repeat(' ', 1000000) || '192.0.2.1', '192.0.2.1'), (repeat('x,', 19) || '192.0.2.1', '192.0.2.1'), (repeat('x,', 20) || '192.0.2.1', null);
grant select on addresses to public;
create function pg_temp.device(user_agent text default null, ip text default null) returns chatkeep.my_sessions language plpgsql as $$
declare
  opened constant uuid := (select session_id from chatkeep.create_session(device.user_agent, device.ip));
begin
  return (select s from chatkeep.my_sessions s where s.id = opened);
end
$$;
select is((pg_temp.device(ip => said)).ip, kept,
  coalesce('a proxy that writes ' || left(said, 40), 'no proxy') || coalesce(' names ' || kept, ' names no address') || ', and the session opens')
from addresses order by n;
select ok((pg_temp.device(user_agent => said)).user_agent = kept, 'the first 1,000 characters are kept of ' || name)
from (values
  ('1,000 characters', repeat('u', 1000), repeat('u', 1000)),
  ('1,001 characters', repeat('u', 1001), repeat('u', 1000)),
  ('1,001 characters of four bytes', repeat('😀', 1001), repeat('😀', 1000)),
  ('a megabyte', repeat('é', 500000), repeat('é', 1000)),
  ('nothing', '', '')
) agent (name, said, kept);

-- replaces: the earlier session of the same browser ends, by proof of possession.
rollback to people;
select pg_temp.sign_in('ada');
select session_id as first_id, token as first from chatkeep.create_session('first') \gset
select session_id as other_id from chatkeep.create_session('another device') \gset
select pg_temp.tick();
select session_id as second_id, token as second from chatkeep.create_session('second', replaces => :'first') \gset
select results_eq($$ select user_agent, status, revoked_reason from chatkeep.my_sessions order by user_agent $$,
  $$ values ('another device', 'active', null), ('first', 'revoked', 'replaced'), ('second', 'active', null) $$, 'a sign-in ends the session that it replaces, and no other');
select is((select status from chatkeep.rotate_session(:'first')), 'revoked', 'whose token is dead');
select is(current_setting('chatkeep.presented', true), '', 'no setting keeps the token that was replaced');
select token as rotated from chatkeep.rotate_session(:'second') \gset
select is((select status from chatkeep.create_session('third', replaces => :'second')), 'created', 'the token before the current one, while its rotation may be repeated,');
select is((select revoked_reason from chatkeep.my_sessions where id = :'second_id'), 'replaced', 'replaces too');

-- A token that proves nothing changes nothing.
rollback to people;
select pg_temp.sign_in('bob');
select session_id as bob_id, token as bob from chatkeep.create_session('bob') \gset
select pg_temp.sign_in('ada');
select session_id as spent_id, token as spent from chatkeep.create_session('spent') \gset
select token as current from chatkeep.rotate_session(:'spent') \gset
select status from chatkeep.validate_session(:'current') \gset
select session_id as idle_id, token as idle from chatkeep.create_session('idle', idle_ttl => '1 minute') \gset
select session_id as expired_id, token as expired from chatkeep.create_session('expired') \gset
reset role;
update chatkeep.sessions set last_used_at = now() - interval '2 minutes' where id = :'idle_id';
update chatkeep.sessions set expires_at = now() where id = :'expired_id';
select pg_temp.sign_in('ada');
select is((select status from chatkeep.create_session(replaces => said)), 'created', 'a sign-in that replaces ' || name || ' succeeds')
from (values ('nothing', null), ('empty text', ''), ('text', 'x'), ('a megabyte', repeat('x', 1000000)), ('a session id', :'spent_id'), ('a token that was never issued', chatkeep_private.write_token(decode(repeat('07', 48), 'hex'))),
  ('a spent token', :'spent'), ('an idle token', :'idle'), ('an expired token', :'expired'), ('the token of another user', :'bob')) ended (name, said);
select is((select count(*)::int from chatkeep.my_sessions where revoked_at is not null), 0, 'and ends none of the caller''s sessions');
select is((select status from chatkeep.validate_session(:'current')), 'valid', 'a spent token is no reuse here');
select is((select status from chatkeep.validate_session(:'bob')), 'valid', 'nor does it end the session of another user');
select is((select user_id from chatkeep.create_session(replaces => :'bob')), '00000000-0000-4000-8000-00000000ada0'::uuid, 'and the session is the caller''s own');

-- service_role signs a user in, and replaces sessions of that user only.
select pg_temp.serve();
select is((select status from chatkeep.create_session(user_id => '00000000-0000-4000-8000-00000000ada0', replaces => :'bob')), 'created', 'service_role names another user''s token');
select is((select revoked_at from chatkeep.sessions where id = :'bob_id'), null, 'which ends nothing');
select is((select status from chatkeep.create_session(user_id => '00000000-0000-4000-8000-00000000b0b0', replaces => :'bob')), 'created', 'service_role names the user''s token');
select is((select revoked_reason from chatkeep.sessions where id = :'bob_id'), 'replaced', 'which ends that session');

-- A replaced session does not count against the limit.
rollback to people;
select pg_temp.sign_in('ada');
select chatkeep.create_session('kept') \g /dev/null
select pg_temp.tick();
select token as old from chatkeep.create_session('old') \gset
select pg_temp.tick();
select chatkeep.create_session('new', max_sessions => 2, replaces => :'old') \g /dev/null
select results_eq($$ select user_agent, revoked_reason from chatkeep.my_sessions order by user_agent $$,
  $$ values ('kept', null), ('new', null), ('old', 'replaced') $$, 'the browser signs in again and ends no other device');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine. Nothing is stored.
rollback to people;
select pg_temp.sign_in('ada');
select is(pg_temp.refusal('select * from chatkeep.' || call), expected, name)
from (values
  ('a session without end', $$create_session(ttl => null)$$, '22004 ttl is missing | Pass a value; null is not accepted here.'),
  ('a session of no time', $$create_session(ttl => '0')$$, '22023 ttl must be between 1 second and 400 days | Pass an interval such as ''30 days''.'),
  ('a session over 400 days', $$create_session(ttl => '401 days')$$, '22023 ttl must be between 1 second and 400 days | Pass an interval such as ''30 days''.'),
  ('a session of 14 months', $$create_session(ttl => '14 months')$$, '22023 ttl must be between 1 second and 400 days | Pass an interval such as ''30 days''.'),
  ('a negative idle time', $$create_session(idle_ttl => '-1 hour')$$, '22023 idle_ttl must be between 1 second and 400 days | Pass an interval such as ''30 days''.'),
  ('no sessions at most', $$create_session(max_sessions => 0)$$, '22023 max_sessions must be between 1 and 1000 | Leave it out for no limit.'),
  ('session metadata that is no object', $$create_session(metadata => '[]')$$, '22023 metadata must be a JSON object | Wrap the value in one.')
) refused (name, call, expected);
select is_empty($$ select id from chatkeep.sessions $$, 'no refused session is stored');
select pg_temp.serve();
select matches(pg_temp.refusal('select * from chatkeep.create_session(user_id => pg_temp.id(''ff''))'), '^PT404 user_id names no user \| .', 'a user who does not exist is named');

select * from finish();
rollback;
