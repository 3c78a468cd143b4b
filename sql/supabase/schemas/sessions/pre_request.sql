-- It reads and never writes, so it also runs in the READ ONLY transaction of a GET, and a revocation never waits for a
-- request. An error rolls everything back, so a spent token does not end its session here: rotate_session does that.
create or replace function chatkeep.pre_request() returns void
language plpgsql volatile set search_path = ''
as $$
declare
  is_signed_in boolean;
begin
  -- One condition decides for nearly all requests, because every expression costs microseconds in every transaction.
  -- Looking for a name costs less than reading JSON. Chatkeep's session ids are UUIDs of version 8; those of Supabase
  -- Auth are of version 4.
  if (current_setting('request.headers', true) like '%x-chatkeep-session%'
      or current_setting('request.cookies', true) like '%\_\_Host-chatkeep%'
      or current_setting('request.jwt.claims', true) ~ '"session_id"\s*:\s*"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-8') is not true
     or current_setting('role') not in ('anon', 'authenticated') then
    return;
  end if;
  -- Such a function runs as its owner and cannot change the role, so it would guard nothing.
  if current_user <> current_setting('role') then
    perform chatkeep_private.refuse('42501', 'pre_request guards nothing in a function that runs as its owner',
      'Declare the function that calls it SECURITY INVOKER.');
  end if;
  is_signed_in := current_user = 'authenticated';
  if current_setting('request.headers', true) like '%x-chatkeep-session%'
     or current_setting('request.cookies', true) like '%\_\_Host-chatkeep%' then
    perform chatkeep_private.sign_in_by_token(is_signed_in);
  end if;
  -- A JWT signed this request in, so a session that the JWT names must be live too.
  if is_signed_in then
    perform chatkeep_private.check_claimed_session();
  end if;
end
$$;
comment on function chatkeep.pre_request() is
  'Signs a request in by its session token, and refuses one whose session has ended with 401. For pgrst.db_pre_request.';
revoke all on function chatkeep.pre_request() from public, anon, authenticated, service_role;
grant execute on function chatkeep.pre_request() to anon, authenticated, service_role;
