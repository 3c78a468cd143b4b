create or replace function chatkeep.revoke_session(session_id uuid) returns setof chatkeep.my_sessions
language plpgsql volatile set search_path = ''
as $$
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  caller constant uuid := chatkeep.uid();
  is_service constant boolean := chatkeep_private.is_service();
begin
  perform chatkeep_private.check_present('session_id', revoke_session.session_id is not null);
  perform set_config('chatkeep.writing', 'on', true);
  perform chatkeep_private.refuse_moving() from chatkeep.sessions s
  where s.id = revoke_session.session_id and (s.user_id = caller or is_service) and s.revoked_at is null and s.tenant_is_moving;
  -- Two rounds: a statement that waited for the move of its own user still looks for the session in the old tenant.
  for round in 1 .. 2 loop
    update chatkeep.sessions s
    set revoked_at = clock_timestamp(),
      revoked_reason = case when s.user_id = caller then 'logout' else 'admin' end
    where s.id = revoke_session.session_id and (s.user_id = caller or is_service) and s.revoked_at is null;
    exit when found;
  end loop;
  if exists (
    select from chatkeep.sessions s
    where s.id = revoke_session.session_id and (s.user_id = caller or is_service) and s.revoked_at is null
  ) then
    perform chatkeep_private.refuse_unwritten('session_id names a session that');
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return query select r.* from chatkeep_private.session_rows(array[revoke_session.session_id]) r;
  if not found then
    perform chatkeep_private.refuse('PT404', 'session_id names no session of yours', 'List them with my_sessions.');
  end if;
end
$$;
comment on function chatkeep.revoke_session(uuid) is
'Revokes a session of the caller for good, for service_role anyone''s, and returns it.
A revoked session stays as it is.
Returns: one row.
Errors: 22004, PT404, PT503.';
revoke all on function chatkeep.revoke_session(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.revoke_session(uuid) to authenticated, service_role;
