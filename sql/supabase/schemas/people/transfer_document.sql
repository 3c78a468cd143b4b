create or replace function chatkeep.transfer_document(document_id uuid, to_user_id uuid) returns setof chatkeep.documents
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  document chatkeep.documents;
  owner uuid;
begin
  perform chatkeep_private.check_present('document_id', transfer_document.document_id is not null);
  perform chatkeep_private.check_present('to_user_id', transfer_document.to_user_id is not null);
  select d.* into document from chatkeep.documents d
  join chatkeep.memberships m on m.tenant_id = d.tenant_id
  where d.id = transfer_document.document_id and m.user_id = transfer_document.to_user_id and chatkeep_private.serves(d.tenant_id)
  order by m.is_home desc limit 1;
  if not found then
    select d.* into document from chatkeep.documents d where d.id = transfer_document.document_id limit 1;
    if not found then
      perform chatkeep_private.refuse_document(false);
    end if;
  end if;
  owner := document.user_id;
  perform chatkeep_private.lock_people(document.tenant_id, owner, transfer_document.to_user_id);
  if document.deleted_at is not null then
    perform chatkeep_private.refuse_document(true);
  end if;
  if owner <> transfer_document.to_user_id then
    perform chatkeep_private.hand_over(document.tenant_id, owner, transfer_document.to_user_id, '{}', array[document.id]);
  end if;
  return query
    select d.* from chatkeep.documents d
    where d.id = document.id and d.tenant_id = document.tenant_id and d.user_id = transfer_document.to_user_id;
  if not found then
    perform chatkeep_private.refuse('PT409', 'document_id names a document that got another owner during the call',
      'Read who owns it now. Call again if it is still to be transferred.');
  end if;
end
$$;
comment on function chatkeep.transfer_document(uuid, uuid) is
'Gives a document to another member of its tenant, with the tags of its owner, and returns it; again returns the same row.
The new owner keeps what they have. A source that they hold stays with their document, and the next alias takes its place. Without another source, or where they have the same private bytes, the document is archived. Attachments to a private document in chats of others lose it. For service_role.
to_user_id: A member of the tenant of the document.
Returns: one row.
Errors: 22004, 42501, PT404, PT409, PT410, PT503.';
revoke all on function chatkeep.transfer_document(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.transfer_document(uuid, uuid) to service_role;
