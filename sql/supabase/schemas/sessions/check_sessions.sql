create or replace function chatkeep_private.check_sessions(owner uuid) returns void
language plpgsql stable set search_path = ''
as $$
begin
  perform chatkeep_private.refuse_moving() from chatkeep.sessions s
  where s.user_id = owner and s.revoked_at is null and s.tenant_is_moving;
end
$$;
comment on function chatkeep_private.check_sessions(uuid) is
  'Refuses to revoke the sessions of a user while a tenant with one of them is being moved.';
revoke all on function chatkeep_private.check_sessions(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_sessions(uuid) to authenticated, service_role;
