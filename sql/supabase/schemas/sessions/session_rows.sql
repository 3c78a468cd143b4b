-- service_role has no sessions of its own and sees everyone's.
create or replace function chatkeep_private.session_rows(ids uuid[]) returns setof chatkeep.my_sessions
language plpgsql stable set search_path = ''
as $$
begin
  return query
    select f.id, f.created_at, f.last_used_at, f.idle_ttl, f.expires_at, f.idle_expires_at, f.status, f.revoked_at,
      f.revoked_reason, f.aal, f.user_agent, f.ip, f.metadata, f.is_current
    from chatkeep_private.session_facts f
    where f.id = any (ids) and (f.user_id = (select chatkeep.uid()) or (select chatkeep_private.is_service()))
    order by f.created_at;
end
$$;
comment on function chatkeep_private.session_rows(uuid[]) is
  'The sessions among these that the caller may revoke, as rows of my_sessions.';
revoke all on function chatkeep_private.session_rows(uuid[]) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.session_rows(uuid[]) to authenticated, service_role;
