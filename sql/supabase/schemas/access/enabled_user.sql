-- Sessions belong to the person in all tenants, so a removal from one tenant takes none of them away.
create or replace function chatkeep_private.enabled_user() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return (select u.id from chatkeep.users u where u.id = chatkeep.uid() and u.disabled_at is null);
end
$$;
comment on function chatkeep_private.enabled_user() is 'The signed-in user; NULL for a disabled one and for one that is not stored.';
revoke all on function chatkeep_private.enabled_user() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.enabled_user() to authenticated, service_role;
