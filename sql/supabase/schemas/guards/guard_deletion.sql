-- Every message names the one before it, so a hole would cut the path. A chat that is deleted or gone has no path to keep.
create or replace function chatkeep_private.guard_deletion() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if exists (
    select from deleted d join chatkeep.chats c on c.id = d.chat_id and c.tenant_id = d.tenant_id
    where c.deleted_at is null
  ) then
    perform chatkeep_private.refuse('42501', 'a message cannot be deleted alone',
      'Remove what it says with redact_message, or leave it out of the path with rewind_chat or select_branch. delete_chat removes all.');
  end if;
  return null;
end
$$;
comment on function chatkeep_private.guard_deletion() is 'Refuses to delete messages of a chat that stays, for every role.';
revoke all on function chatkeep_private.guard_deletion() from public, anon, authenticated, service_role;

create trigger guard_deletion after delete on chatkeep.messages
  referencing old table as deleted for each statement execute function chatkeep_private.guard_deletion();
comment on trigger guard_deletion on chatkeep.messages is 'A message goes with its chat.';
