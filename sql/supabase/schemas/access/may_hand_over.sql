-- The one place that decides who may give rows of one person to another. The calls ask it, and so do the triggers that
-- guard the owner of a chat and of a document.
create or replace function chatkeep_private.may_hand_over(tenant uuid) returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return tenant is not null and chatkeep_private.is_service();
end
$$;
comment on function chatkeep_private.may_hand_over(uuid) is
  'Whether the caller may give chats and documents of this tenant to another member: service_role.';
revoke all on function chatkeep_private.may_hand_over(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.may_hand_over(uuid) to authenticated, service_role;
