-- validate_session obeys the policies and privileges of the moment, from one call to the next.
begin;
\ir ../support/identities.psql
select * from no_plan();

select pg_temp.sign_in('ada');
select token, session_id as id from chatkeep.create_session(idle_ttl => '1 day') \gset
select pg_temp.sign_out();
select results_eq(format($$ select status, session_id, user_id, generation, idle_expires_at - expires_at from chatkeep.validate_session(%L) $$, :'token'),
  format($$ values ('valid', %L::uuid, '00000000-0000-4000-8000-00000000ada0'::uuid, 0, interval '-29 days') $$, :'id'), 'a token is valid');

-- Runs a change as the owner, then validates the token as anon, as a user and as service_role.
create function pg_temp.after(change text, token text) returns text language plpgsql as $$
declare
  said text[];
  person text;
begin
  perform set_config('role', 'postgres', true);
  execute change;
  foreach person in array array['', 'eve', 'service'] loop
    if person = 'service' then perform pg_temp.serve();
    elsif person = '' then perform pg_temp.sign_out();
    else perform pg_temp.sign_in(person);
    end if;
    begin
      said := said || (select v.status || case when v.user_id is null then '' else ' user' end from chatkeep.validate_session(token) v);
    exception when insufficient_privilege then
      said := said || sqlerrm;
    end;
  end loop;
  -- The next change must not find what anon saw last.
  perform pg_temp.sign_out();
  begin
    perform chatkeep.validate_session(token);
  exception when insufficient_privilege then null;
  end;
  return array_to_string(said, ', ');
end
$$;

select is(pg_temp.after('select', :'token'), 'valid user, valid user, valid user', 'for whoever presents it');
select is(pg_temp.after('create policy closed on chatkeep.sessions as restrictive for select to anon using (false)', :'token'),
  'invalid, valid user, valid user', 'a restrictive policy on sessions is heeded');
select is(pg_temp.after('alter policy closed on chatkeep.sessions to public', :'token'), 'invalid, invalid, valid user', 'for the roles that it is for');
select is(pg_temp.after('drop policy closed on chatkeep.sessions', :'token'), 'valid user, valid user, valid user', 'until it is dropped');
select is(pg_temp.after('create policy closed on chatkeep_private.session_secrets as restrictive using (session_id <> ' || quote_literal(:'id') || ')', :'token'),
  'invalid, invalid, valid user', 'one on the secrets too');
select is(pg_temp.after('drop policy closed on chatkeep_private.session_secrets', :'token'), 'valid user, valid user, valid user', 'until it is dropped');
select is(pg_temp.after('alter policy sessions_select_presented on chatkeep.sessions using (session_token = (select chatkeep_private.presented_session() where false))', :'token'),
  'invalid, valid user, valid user', 'a changed policy applies to the next validation');
select is(pg_temp.after('alter policy sessions_select_presented on chatkeep.sessions using (session_token = (select chatkeep_private.presented_session() having false))', :'token'),
  'invalid, valid user, valid user', 'in whatever words');
select is(pg_temp.after('alter policy sessions_select_presented on chatkeep.sessions using (session_token = (select sha256(chatkeep_private.presented_session())))', :'token'),
  'invalid, valid user, valid user', 'or by another question');
select is(pg_temp.after('alter policy sessions_select_presented on chatkeep.sessions using (session_token = (select chatkeep_private.presented_session()) and aal = ''aal2'')', :'token'),
  'invalid, valid user, valid user', 'or by one more condition');
select is(pg_temp.after('alter policy sessions_select_presented on chatkeep.sessions using (session_token = (select chatkeep_private.presented_session()) and aal = ''aal1'')', :'token'),
  'valid user, valid user, valid user', 'an additional condition that is true changes nothing');
select is(pg_temp.after('drop policy sessions_select_presented on chatkeep.sessions', :'token'), 'invalid, valid user, valid user', 'no policy, no row');
select is(pg_temp.after('create policy sessions_select_presented on chatkeep.sessions for select to anon using (session_token = (select chatkeep_private.presented_session()))', :'token'),
  'valid user, valid user, valid user', 'and the first one again');
select is(pg_temp.after('revoke select (user_id) on chatkeep.sessions from anon', :'token'),
  'permission denied for table sessions, valid user, valid user', 'a column that is taken from a role is not shown to it');
select is(pg_temp.after('grant select (user_id) on chatkeep.sessions to anon', :'token'), 'valid user, valid user, valid user', 'until it is given back');
select is(pg_temp.after('alter table chatkeep.sessions rename constraint sessions_pkey to another_pkey', :'token'), 'valid user, valid user, valid user', 'the name of an index does not matter');
select set_config('row_security', 'off', true);
select matches(pg_temp.after('select', :'token'), '^query would be affected by row-level security policy for table "ses[^,]*, query would be[^,]*, valid user$', 'row_security = off is an error, not obeyed');

select * from finish();
