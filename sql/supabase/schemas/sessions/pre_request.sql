-- It reads and never writes, so it also runs in the READ ONLY transaction of a GET, and a revocation never waits for a
-- request. An error rolls everything back, so a spent token does not end its session here: rotate_session does that.
create or replace function chatkeep.pre_request() returns void
language plpgsql volatile set search_path = ''
as $$
declare
  -- A JWT signed these requests in, so a session that the JWT names must be live too.
  is_signed_in constant boolean := current_user = 'authenticated';
  headers constant text := current_setting('request.headers', true);
  cookies constant text := current_setting('request.cookies', true);
  carried record;
  presented record;
begin
  if not is_signed_in and current_user <> 'anon' then
    return;
  end if;
  -- Most requests carry no token, and looking for the name costs less than reading JSON.
  if headers like '%x-chatkeep-session%' or cookies like '%\_\_Host-chatkeep%' then
    select c.* into carried from chatkeep_private.carried_token(headers, cookies) c;
    if carried.token is not null then
      select p.* into presented from chatkeep_private.presented_status(carried.token) p;
      if presented.status <> 'valid' then
        perform chatkeep_private.refuse('PT401', format('%s holds a token that is %s', carried.place, presented.status),
          'Sign in again, or send the token that rotate_session returned last.');
      end if;
      if is_signed_in then
        -- A condition of its own: anon may not execute uid(), and one condition would be checked as a whole.
        if presented.user_id is distinct from chatkeep.uid() then
          perform chatkeep_private.refuse('PT401', carried.place || ' holds a token of another user than the JWT',
            'Send the token alone, or with a JWT of its user.');
        end if;
      end if;
      -- The rest of the transaction has no use for the token.
      perform set_config('request.headers', carried.headers, true), set_config('request.cookies', carried.cookies, true);
      if not is_signed_in then
        perform set_config('role', 'authenticated', true),
          set_config('request.jwt.claims', json_build_object('role', 'authenticated', 'sub', presented.user_id,
            'session_id', presented.session_id, 'aal', presented.aal, 'tenant_id', presented.tenant_id)::text, true);
        -- The older settings override the claims, where a gateway writes them.
        if current_setting('request.jwt.claim.role', true) <> '' or current_setting('request.jwt.claim.sub', true) <> '' then
          perform set_config('request.jwt.claim.role', 'authenticated', true),
            set_config('request.jwt.claim.sub', presented.user_id::text, true);
        end if;
        return;
      end if;
    end if;
  end if;
  -- Chatkeep's session ids are UUIDs of version 8. Those of Supabase Auth are of version 4, and cost no statement.
  if is_signed_in and current_setting('request.jwt.claims', true) ~ '"session_id"\s*:\s*"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-8' then
    perform chatkeep_private.check_claimed_session();
  end if;
end
$$;
comment on function chatkeep.pre_request() is
  'Signs a request in by its session token, and refuses one whose session has ended with 401. For pgrst.db_pre_request.';
revoke all on function chatkeep.pre_request() from public, anon, authenticated, service_role;
grant execute on function chatkeep.pre_request() to anon, authenticated, service_role;
