-- For a table request of service_role too: a document takes the tags of its owner along, and nobody keeps an attachment to
-- a document that became somebody else's private one.
create or replace function chatkeep_private.guard_document_owner() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if not chatkeep_private.may_hand_over(new.tenant_id) then
    perform chatkeep_private.refuse('42501', 'user_id of a document cannot be changed',
      'Register the document as its user, with register_document.');
  end if;
  update chatkeep.document_metadata m set user_id = new.user_id
  where m.document_id = new.id and m.tenant_id = new.tenant_id and m.user_id = old.user_id;
  if new.access <> 'tenant' then
    update chatkeep.attachments a set document_id = null
    from chatkeep.chats c
    where a.document_id = new.id and a.tenant_id = new.tenant_id
      and c.id = a.chat_id and c.tenant_id = a.tenant_id and c.user_id <> new.user_id;
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_document_owner() is
  'Refuses to give a document to another user without the right. Hands over the owner''s tags, and detaches a private document from chats of others.';
revoke all on function chatkeep_private.guard_document_owner() from public, anon, authenticated, service_role;

create trigger guard_document_owner after update of user_id on chatkeep.documents
  for each row when (old.user_id <> new.user_id) execute function chatkeep_private.guard_document_owner();
comment on trigger guard_document_owner on chatkeep.documents is
  'A document stays with its owner, or changes hands with the owner''s tags.';
