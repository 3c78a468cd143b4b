-- A share is a decision of one owner for one circle of people. Foreign keys carry the share along when the chat gets
-- another owner, or when the owner or the reader moves to another tenant, so it ends here, for every role.
create or replace function chatkeep_private.guard_share() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if old.revoked_at is not null then
    new.revoked_at := old.revoked_at;
  elsif (new.user_id, new.tenant_id, new.with_tenant_id) is distinct from (old.user_id, old.tenant_id, old.with_tenant_id) then
    new.revoked_at := clock_timestamp();
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_share() is
  'Makes revocation final, for every role. Revokes a share when its chat gets another owner or another tenant, or its reader another tenant.';
revoke all on function chatkeep_private.guard_share() from public, anon, authenticated, service_role;

create trigger guard_share before update on chatkeep.chat_shares
  for each row execute function chatkeep_private.guard_share();
comment on trigger guard_share on chatkeep.chat_shares is 'Revocation is final, and a share ends with a change of hands.';
