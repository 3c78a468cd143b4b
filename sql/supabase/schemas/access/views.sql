-- The time of the statement, so that a share expires between the statements of its user, and never within a call.
create view chatkeep_private.open_shares with (security_invoker = true) as
select s.id, s.chat_id, s.tenant_id, s.user_id, s.secret_digest, s.permission, s.up_to_seq, s.created_at, s.expires_at,
  (s.with_tenant_id = (select chatkeep.tenant_id()) and s.user_id <> (select chatkeep.uid())
    and coalesce(s.with_user_id, (select chatkeep.uid())) = (select chatkeep.uid())) is true as is_given
from chatkeep.chat_shares s
where s.revoked_at is null and (s.expires_at is null or s.expires_at > statement_timestamp());
comment on view chatkeep_private.open_shares is
  'The shares that the caller has given or was given, unless they are revoked or expired. is_given: the caller, as a member of the tenant, was given this one.';
revoke all on chatkeep_private.open_shares from public, anon, authenticated, service_role;
grant select on chatkeep_private.open_shares to authenticated, service_role;

create view chatkeep_private.opened_share with (security_invoker = true) as
select s.id, s.chat_id, s.tenant_id, s.user_id, s.permission, s.up_to_seq
from chatkeep_private.open_shares s
where s.id = (select chatkeep_private.presented_share());
comment on view chatkeep_private.opened_share is
  'The share through which the current call works. No row if the caller has no such share, or has it no longer.';
revoke all on chatkeep_private.opened_share from public, anon, authenticated, service_role;
grant select on chatkeep_private.opened_share to authenticated, service_role;
