-- create_session locks the membership as well, so this waits for sessions that are being created. The update is a
-- statement of its own and sees them.
create or replace function chatkeep_private.revoke_sessions(owner uuid, but_one uuid) returns uuid[]
language plpgsql volatile set search_path = ''
as $$
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  begun_at constant timestamptz := clock_timestamp();
  ended uuid[];
begin
  perform from chatkeep.memberships m where m.user_id = owner for no key update;
  perform set_config('chatkeep.writing', 'on', true);
  with revoked as (
    update chatkeep.sessions s
    set revoked_at = clock_timestamp(),
      revoked_reason = case when owner = chatkeep.uid() then 'logout' else 'admin' end
    where s.user_id = owner and s.revoked_at is null and s.id is distinct from but_one
    returning s.id
  )
  select coalesce(array_agg(r.id), '{}') into ended from revoked r;
  if exists (
    select from chatkeep.sessions s
    where s.user_id = owner and s.revoked_at is null and s.id is distinct from but_one and s.created_at < begun_at
  ) then
    perform chatkeep_private.refuse_unwritten('user_id names a user whose sessions');
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return ended;
end
$$;
comment on function chatkeep_private.revoke_sessions(uuid, uuid) is
  'Revokes the live sessions of a user, all or all but one, and returns their ids.';
revoke all on function chatkeep_private.revoke_sessions(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.revoke_sessions(uuid, uuid) to authenticated, service_role;
