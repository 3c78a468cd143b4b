-- One subquery where a policy would have two: each subquery of a policy is a plan of its own, in every statement.
create or replace function chatkeep_private.writer() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  if current_setting('chatkeep.writing', true) = 'on' then
    return chatkeep.uid();
  end if;
  if current_setting('chatkeep.writing', true) like 'on %' then
    return (select s.user_id from chatkeep_private.opened_share s where s.permission = 'write');
  end if;
  return null;
end
$$;
comment on function chatkeep_private.writer() is
  'Inside a call that writes: the signed-in user, or the owner of the shared chat that the call opens. NULL outside, so that no client writes messages directly.';
revoke all on function chatkeep_private.writer() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.writer() to authenticated, service_role;
