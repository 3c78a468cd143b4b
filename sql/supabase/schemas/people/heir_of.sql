-- A member who is being deleted or moved at the same time is no heir. SKIP LOCKED skips exactly those, and two deletions
-- do not wait for each other.
create or replace function chatkeep_private.heir_of(person uuid, tenant uuid) returns uuid
language plpgsql volatile set search_path = ''
as $$
declare
  heir uuid;
begin
  select m.user_id into heir from chatkeep.memberships m
  where m.tenant_id = tenant and m.user_id <> person and m.is_enabled
  order by m.role = 'owner' desc, m.created_at, m.user_id
  limit 1
  for key share skip locked;
  return heir;
end
$$;
comment on function chatkeep_private.heir_of(uuid, uuid) is
  'The member who gets the shared documents of a person who is being deleted: the owner of the tenant, or else the member, who has been there for the longest time. NULL if there is none. Keeps the heir from being deleted or moved until the transaction ends.';
revoke all on function chatkeep_private.heir_of(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.heir_of(uuid, uuid) to service_role;
