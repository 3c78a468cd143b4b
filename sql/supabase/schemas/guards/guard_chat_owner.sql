-- No column grant lets a user give a chat away, and this holds where a gateway has granted more. A trigger, because
-- every append would evaluate a policy. Before this trigger runs, the foreign keys have given messages, attachments and
-- search rows to the new owner, for every role.
create or replace function chatkeep_private.guard_chat_owner() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if not chatkeep_private.may_hand_over(new.tenant_id) then
    perform chatkeep_private.refuse('42501', 'user_id of a chat cannot be changed',
      'Make a chat as its user, with create_chat.');
  end if;
  update chatkeep.attachments a set document_id = null
  from chatkeep.documents d
  where a.user_id in (old.user_id, new.user_id) and a.chat_id = new.id and a.tenant_id = new.tenant_id
    and d.id = a.document_id and d.tenant_id = a.tenant_id
    and d.user_id <> new.user_id and d.access <> 'tenant';
  return new;
end
$$;
comment on function chatkeep_private.guard_chat_owner() is
  'Refuses to give a chat to another user without the right. Detaches documents that the new owner cannot read.';
revoke all on function chatkeep_private.guard_chat_owner() from public, anon, authenticated, service_role;

create trigger guard_chat_owner after update of user_id on chatkeep.chats
  for each row when (old.user_id <> new.user_id) execute function chatkeep_private.guard_chat_owner();
comment on trigger guard_chat_owner on chatkeep.chats is 'A chat stays with its owner, or changes hands as a whole.';
