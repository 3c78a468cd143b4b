create or replace function chatkeep_private.claimed_session() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  claimed text := auth.jwt() ->> 'session_id';
begin
  if claimed ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return claimed::uuid;
  end if;
  return null;
end
$$;
comment on function chatkeep_private.claimed_session() is
  'The session in the claim session_id of the caller''s JWT; NULL without that claim.';
revoke all on function chatkeep_private.claimed_session() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.claimed_session() to authenticated, service_role;
