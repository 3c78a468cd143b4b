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
  ('a user agent over 1000 characters', $$create_session(user_agent => repeat('u', 1001))$$, '22023 user_agent is longer than 1000 characters | Shorten it.'),
  ('session metadata that is no object', $$create_session(metadata => '[]')$$, '22023 metadata must be a JSON object | Wrap the value in one.')
) refused (name, call, expected);
select is_empty($$ select id from chatkeep.sessions $$, 'no refused session is stored');
select pg_temp.serve();
select matches(pg_temp.refusal('select * from chatkeep.create_session(user_id => pg_temp.id(''ff''))'), '^PT404 user_id names no user \| .', 'a user who does not exist is named');

select * from finish();
rollback;
