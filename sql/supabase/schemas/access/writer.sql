-- One subquery where a policy would have two: each subquery of a policy is a plan of its own, in every statement.
create or replace function chatkeep_private.writer() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  if current_setting('chatkeep.writing', true) = 'on' then
    return chatkeep.uid();
  end if;
  return null;
end
$$;
comment on function chatkeep_private.writer() is
  'The signed-in user inside a call that writes; NULL outside, so that no client writes messages directly.';
revoke all on function chatkeep_private.writer() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.writer() to authenticated, service_role;
