create or replace function chatkeep.revoke_all_sessions(user_id uuid default null) returns setof chatkeep.my_sessions
language plpgsql volatile set search_path = ''
as $$
declare
  owner constant uuid := chatkeep_private.acting_for(revoke_all_sessions.user_id);
  ended uuid[];
begin
  perform chatkeep_private.check_sessions(owner);
  ended := chatkeep_private.revoke_sessions(owner, null);
  return query select r.* from chatkeep_private.session_rows(ended) r;
end
$$;
comment on function chatkeep.revoke_all_sessions(uuid) is
'Revokes all sessions of the caller, or of the user_id that service_role names, and returns those that it revoked.
user_id: For service_role only.
Errors: 42501, PT503.';
revoke all on function chatkeep.revoke_all_sessions(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.revoke_all_sessions(uuid) to authenticated, service_role;
