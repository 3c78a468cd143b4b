-- Every statement of a call sees what others have committed by then, and a share may be revoked between two of them. A
-- statement that asks this inserts nothing then, and the call can say so. The policy would end it with an error of its own.
create or replace function chatkeep_private.may_still_write() returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return current_setting('chatkeep.writing', true) not like 'on %' or chatkeep_private.writer() is not null;
end
$$;
comment on function chatkeep_private.may_still_write() is
  'Whether the current call may go on writing: in a shared chat while the share with the permission write lasts, elsewhere always.';
revoke all on function chatkeep_private.may_still_write() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.may_still_write() to authenticated, service_role;
