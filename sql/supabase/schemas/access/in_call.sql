-- A policy asks this only about deleted chats, so it calls the function per row: a subquery would run in every
-- statement.
create or replace function chatkeep_private.in_call() returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return coalesce(current_setting('chatkeep.writing', true) in ('on', 'off'), false);
end
$$;
comment on function chatkeep_private.in_call() is
  'Whether a call for the caller''s own rows is running. It sees deleted chats, so that it can refuse them as deleted.';
revoke all on function chatkeep_private.in_call() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.in_call() to authenticated, service_role;
