-- The lock orders all writers of the document. The statements after it see what the others committed. Deletion
-- changes access, which foreign keys of attachments and metadata refer to, so it takes the stronger lock at once.
-- Upgrading a weaker lock could wait for another transaction that does the same.
create or replace function chatkeep_private.locked_document(document_id uuid, to_delete boolean default false) returns chatkeep.documents
language plpgsql volatile set search_path = ''
as $$
declare
  document chatkeep.documents;
begin
  perform chatkeep_private.check_present('document_id', locked_document.document_id is not null);
  -- Two rounds: a statement that waited for the move of its own user still looks for the document in the old tenant.
  for round in 1 .. 2 loop
    if locked_document.to_delete then
      select d.* into document from chatkeep.documents d
      where d.id = locked_document.document_id
        and (d.user_id = (select chatkeep.uid())
          or (d.visibility = 'tenant' and d.tenant_id = (select chatkeep.tenant_id()) and d.deleted_at is null)
          or chatkeep_private.serves(d.tenant_id))
      for update;
    else
      select d.* into document from chatkeep.documents d
      where d.id = locked_document.document_id
        and (d.user_id = (select chatkeep.uid())
          or (d.visibility = 'tenant' and d.tenant_id = (select chatkeep.tenant_id()) and d.deleted_at is null)
          or chatkeep_private.serves(d.tenant_id))
      for no key update;
    end if;
    exit when found;
  end loop;
  if document.id is null then
    perform chatkeep_private.refuse_document(false);
  end if;
  if chatkeep_private.is_service() then
    if exists (
      select from chatkeep.documents d
      where d.id = document.id and d.tenant_id <> document.tenant_id and chatkeep_private.serves(d.tenant_id)
    ) then
      perform chatkeep_private.refuse('PT409', 'document_id names documents of several tenants',
        'Name the tenant in the header x-chatkeep-tenant, or call as the document''s user.');
    end if;
    perform chatkeep_private.check_moving(document.tenant_id);
  end if;
  if document.deleted_at is not null and not locked_document.to_delete then
    perform chatkeep_private.refuse_document(true);
  end if;
  return document;
end
$$;
comment on function chatkeep_private.locked_document(uuid, boolean) is
  'A document of the caller, or one that the tenant shares, locked until the transaction ends. A deleted one only with to_delete.';
revoke all on function chatkeep_private.locked_document(uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.locked_document(uuid, boolean) to authenticated, service_role;
