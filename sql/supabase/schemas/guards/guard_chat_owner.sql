-- No column grant lets a user give a chat away, and this holds where a gateway has granted more. A trigger, because
-- every append would evaluate a policy.
create or replace function chatkeep_private.guard_chat_owner() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if not chatkeep_private.is_service() then
    perform chatkeep_private.refuse('42501', 'user_id of a chat cannot be changed',
      'Make a chat as its user, with create_chat.');
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_chat_owner() is 'Refuses to give a chat to another user.';
revoke all on function chatkeep_private.guard_chat_owner() from public, anon, authenticated, service_role;

create trigger guard_chat_owner after update of user_id on chatkeep.chats
  for each row when (old.user_id <> new.user_id) execute function chatkeep_private.guard_chat_owner();
comment on trigger guard_chat_owner on chatkeep.chats is 'A chat stays with its owner.';
