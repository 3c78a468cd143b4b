create or replace function chatkeep_private.acting_for(for_user uuid) returns uuid
language plpgsql stable set search_path = ''
as $$
declare
  caller uuid := chatkeep.uid();
  wanted uuid := coalesce(for_user, caller);
begin
  if wanted is null then
    perform chatkeep_private.refuse('42501', 'no user is signed in',
      'Send the user''s JWT, or call as service_role where a user is named.');
  end if;
  if wanted is distinct from caller and not chatkeep_private.is_service() then
    perform chatkeep_private.refuse('42501', 'user_id can be named by service_role only',
      'Leave user_id out to act for yourself.');
  end if;
  return wanted;
end
$$;
comment on function chatkeep_private.acting_for(uuid) is
  'The user that a call acts for: the caller, or the user that service_role names.';
revoke all on function chatkeep_private.acting_for(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.acting_for(uuid) to authenticated, service_role;
