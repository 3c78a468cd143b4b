create or replace function chatkeep_private.sign_in_by_token(is_signed_in boolean) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  carried record;
  presented record;
begin
  select c.* into carried
  from chatkeep_private.carried_token(current_setting('request.headers', true), current_setting('request.cookies', true)) c;
  if carried.token is null then
    return;
  end if;
  select p.* into presented from chatkeep_private.presented_status(carried.token) p;
  if presented.status <> 'valid' then
    perform chatkeep_private.refuse('PT401', format('%s holds a token that is %s', carried.place, presented.status),
      'Sign in again, or send the token that rotate_session returned last.');
  end if;
  -- The rest of the transaction has no use for the token.
  perform set_config('request.headers', carried.headers, true), set_config('request.cookies', carried.cookies, true);
  if is_signed_in then
    if presented.user_id is distinct from chatkeep.uid() then
      perform chatkeep_private.refuse('PT401', carried.place || ' holds a token of another user than the JWT',
        'Send the token alone, or with a JWT of its user.');
    end if;
    return;
  end if;
  perform set_config('role', 'authenticated', true),
    set_config('request.jwt.claims', json_build_object('iss', 'chatkeep/auth/v1', 'role', 'authenticated', 'sub', presented.user_id,
      'session_id', presented.session_id, 'aal', presented.aal, 'tenant_id', presented.tenant_id)::text, true);
  -- The older settings override the claims, where a gateway writes them.
  if current_setting('request.jwt.claim.role', true) <> '' or current_setting('request.jwt.claim.sub', true) <> '' then
    perform set_config('request.jwt.claim.role', 'authenticated', true),
      set_config('request.jwt.claim.sub', presented.user_id::text, true);
  end if;
end
$$;
comment on function chatkeep_private.sign_in_by_token(boolean) is
  'Signs the request in by the token that it carries. With is_signed_in, a JWT has done so, and the token must be a valid one of its user.';
revoke all on function chatkeep_private.sign_in_by_token(boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.sign_in_by_token(boolean) to anon, authenticated, service_role;
