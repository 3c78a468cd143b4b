-- A session that is not found has ended too: purge_sessions removes old ones, and a JWT may live longer than that.
create or replace function chatkeep_private.check_claimed_session() returns void
language plpgsql stable set search_path = ''
as $$
declare
  claimed constant uuid := chatkeep_private.claimed_session();
  session_status text;
begin
  if substr(claimed::text, 15, 1) = '8' then
    select f.status into session_status from chatkeep_private.session_facts f
    where f.id = claimed and f.user_id = chatkeep.uid();
    if session_status is distinct from 'active' then
      perform chatkeep_private.refuse('PT401',
        'session_id of the JWT names a session that is ' || coalesce(session_status, 'not yours'), 'Sign in again.');
    end if;
  end if;
end
$$;
comment on function chatkeep_private.check_claimed_session() is
  'Refuses a JWT whose claim session_id has the form of a Chatkeep session and names no live session of its user.';
revoke all on function chatkeep_private.check_claimed_session() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_claimed_session() to authenticated, service_role;
