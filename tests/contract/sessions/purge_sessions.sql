-- purge_sessions: removes sessions that ended long ago, in batches, for service_role alone.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.serve();
insert into chatkeep.sessions (tenant_id, user_id, session_token, user_agent, expires_at, revoked_at, revoked_reason)
select '00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', sha256(convert_to('purge' || n, 'UTF8')), name, ends, revoked, case when revoked is not null then 'logout' end
from (values
  (1, 'long expired', now() - interval '31 days', null::timestamptz), (2, 'long revoked', now() + interval '1 day', now() - interval '31 days'),
  (3, 'both', now() - interval '32 days', now() - interval '40 days'), (4, 'just expired', now() - interval '29 days', null),
  (5, 'just revoked', now() + interval '1 day', now() - interval '29 days'), (6, 'live', now() + interval '1 day', null)) v (n, name, ends, revoked);
insert into chatkeep_private.session_secrets (session_token, session_id, tenant_id, refresh_digest) select s.session_token, s.id, s.tenant_id, sha256(s.session_token) from chatkeep.sessions s where s.user_id = '00000000-0000-4000-8000-00000000ada0';
select is(array[chatkeep.purge_sessions(1), chatkeep.purge_sessions(10), chatkeep.purge_sessions()], array[1, 2, 0], 'sessions that ended 30 days ago are removed, in batches');
select is((select array_agg(user_agent order by user_agent) from chatkeep.sessions where user_id = '00000000-0000-4000-8000-00000000ada0'), array['just expired', 'just revoked', 'live'], 'and nothing else');
select is((select count(*)::int from chatkeep_private.session_secrets x join chatkeep.sessions s on s.id = x.session_id where s.user_id = '00000000-0000-4000-8000-00000000ada0'), 3, 'secrets go with their sessions');
select is(chatkeep.purge_sessions(older_than => '0'), 2, 'sooner if wanted');
select is(pg_temp.refusal($$ select chatkeep.purge_sessions(0) $$), '22023 batch_size must be between 1 and 100000 | Call again until nothing is left.', 'no batch of nothing');
select is(pg_temp.refusal($$ select chatkeep.purge_sessions(1, '-1 day') $$), '22023 older_than must not be negative | Pass an interval such as ''15 minutes''.', 'a negative age is refused');
select pg_temp.sign_in('ada');
select is(pg_temp.refusal($$ select chatkeep.purge_sessions() $$), '42501 permission denied for function purge_sessions', 'users cannot purge sessions');

-- After a purge a spent token still differs from an unknown one.
rollback to people;
\ir ../support/tokens.psql
select pg_temp.sign_in('eve');
select count(*) as made from (select chatkeep.create_session() from generate_series(1, 5)) s \gset
select count(*) as ended from chatkeep.revoke_all_sessions() \gset
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
select is((select count(*)::int from chatkeep.sessions s where s.id = :'id'), 1, 'live sessions stay');
select is((select count(*)::int from chatkeep_private.session_secrets x where not exists (select from chatkeep.sessions s where s.id = x.session_id)), 0, 'no secret is without its session');
select pg_temp.sign_out();
select is((select status from chatkeep.rotate_session(:'t1')), 'replayed', 'a lost answer is repeated after a purge');
select is((select status from chatkeep.rotate_session(:'t0')), 'reuse_detected', 'a spent token is known after a purge');
select pg_temp.serve();
select is(chatkeep.purge_sessions(1000), 0, 'and its session stays for the time that is set');
select pg_temp.sign_out();
select is(pg_temp.said(:'t2', :'t0'), 'revoked/revoked revoked/revoked', 'its tokens still differ from unknown ones');

select * from finish();
rollback;
