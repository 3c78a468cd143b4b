-- Asked of deleted chats alone, so a subquery of its own in every statement would cost more than it saves.
create or replace function chatkeep_private.in_call() returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return coalesce(current_setting('chatkeep.writing', true), '') <> '';
end
$$;
comment on function chatkeep_private.in_call() is 'Whether one of the calls is running, which then says of a deleted chat that it is deleted.';
revoke all on function chatkeep_private.in_call() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.in_call() to authenticated, service_role;
