-- The locks that a deletion needs, in the order in which calls take them, so that neither waits for rows that the
-- other holds: colleagues write to documents that the user shares, and a rotation locks a secret before its session.
create or replace function chatkeep_private.erase_member() returns trigger
language plpgsql set search_path = ''
as $$
declare
  shared constant uuid[] := array(
    select d.id from chatkeep.documents d
    where d.user_id = old.user_id and d.tenant_id = old.tenant_id and d.access = 'tenant'
  );
  heir uuid;
begin
  perform from chatkeep.chats c where c.user_id = old.user_id and c.tenant_id = old.tenant_id for update;
  -- Documents that the tenant shares outlive their owner.
  if shared <> '{}' and chatkeep_private.may_hand_over(old.tenant_id) then
    heir := chatkeep_private.heir_of(old.user_id, old.tenant_id);
    if heir is not null then
      perform chatkeep_private.hand_over(old.tenant_id, old.user_id, heir, '{}', shared);
    end if;
  end if;
  perform chatkeep_private.lock_documents(old.tenant_id, old.user_id, true, true);
  perform from chatkeep_private.session_secrets x
  where x.session_token in (select s.session_token from chatkeep.sessions s where s.user_id = old.user_id and s.tenant_id = old.tenant_id)
  for update;
  return old;
end
$$;
comment on function chatkeep_private.erase_member() is
  'Gives the shared documents of a user who is being deleted to the heir. Waits for registrations in the tenant and for the user''s rotations.';
revoke all on function chatkeep_private.erase_member() from public, anon, authenticated, service_role;

create trigger erase_member before delete on chatkeep.memberships
  for each row execute function chatkeep_private.erase_member();
comment on trigger erase_member on chatkeep.memberships is
  'Shared documents outlive their owner. A deletion waits for registrations in the tenant and for the user''s rotations.';
