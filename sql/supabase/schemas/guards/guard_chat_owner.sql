-- As with the tenant of users: column grants let nobody give a chat away, and this holds without them. A trigger, since the
-- policy would ask it of every append.
create or replace function chatkeep_private.guard_chat_owner() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if not chatkeep_private.is_service() then
    raise sqlstate '42501' using
      message = 'user_id of a chat cannot be changed',
      hint = 'Make a chat as its user, with create_chat.';
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_chat_owner() is 'Keeps a chat its maker''s.';
revoke all on function chatkeep_private.guard_chat_owner() from public, anon, authenticated, service_role;

create trigger guard_chat_owner after update of user_id on chatkeep.chats
  for each row when (old.user_id <> new.user_id) execute function chatkeep_private.guard_chat_owner();
comment on trigger guard_chat_owner on chatkeep.chats is 'A chat is given to nobody else.';
