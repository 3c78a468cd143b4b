create or replace function chatkeep.transfer_chat(chat_id uuid, to_user_id uuid) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  chat chatkeep.chats;
  owner uuid;
begin
  perform chatkeep_private.check_present('chat_id', transfer_chat.chat_id is not null);
  perform chatkeep_private.check_present('to_user_id', transfer_chat.to_user_id is not null);
  -- The new owner's tenant tells which chat is meant where several tenants have a chat of this id.
  select c.* into chat from chatkeep.chats c
  join chatkeep.memberships m on m.tenant_id = c.tenant_id
  where c.id = transfer_chat.chat_id and m.user_id = transfer_chat.to_user_id and chatkeep_private.serves(c.tenant_id)
  order by m.is_home desc limit 1;
  if not found then
    select c.* into chat from chatkeep.chats c where c.id = transfer_chat.chat_id limit 1;
    if not found then
      perform chatkeep_private.refuse_chat(false, null);
    end if;
  end if;
  owner := chat.user_id;
  perform chatkeep_private.lock_people(chat.tenant_id, owner, transfer_chat.to_user_id);
  select c.* into chat from chatkeep.chats c
  where c.id = chat.id and c.tenant_id = chat.tenant_id and c.user_id in (owner, transfer_chat.to_user_id)
  for update;
  if not found then
    perform chatkeep_private.refuse('PT409', 'chat_id names a chat that got another owner during the call',
      'Read who owns it now. Call again if it is still to be transferred.');
  end if;
  perform chatkeep_private.refuse_chat(true, chat.deleted_at);
  if chat.user_id <> transfer_chat.to_user_id then
    perform chatkeep_private.hand_over(chat.tenant_id, owner, transfer_chat.to_user_id, array[chat.id], '{}');
  end if;
  return query select c.* from chatkeep.chats c where c.id = chat.id and c.tenant_id = chat.tenant_id;
end
$$;
comment on function chatkeep.transfer_chat(uuid, uuid) is
'Gives a chat to another member of its tenant, with its messages and attachments, and returns it; again returns the same row.
Attachments to documents that the new owner cannot read lose the document, as if it had been deleted. author_id still names who wrote a message. For service_role.
to_user_id: A member of the tenant of the chat.
Returns: one row.
Errors: 22004, 42501, PT404, PT409, PT410, PT503.';
revoke all on function chatkeep.transfer_chat(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.transfer_chat(uuid, uuid) to service_role;
