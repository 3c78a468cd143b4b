create or replace function chatkeep.delete_document(document_id uuid) returns setof chatkeep.documents
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  document chatkeep.documents;
  moment timestamptz;
begin
  perform set_config('chatkeep.writing', 'on', true);
  document := chatkeep_private.locked_document(delete_document.document_id, to_delete => true);
  -- The same refusal as in guard_document, which runs only for a document that is not deleted yet.
  if document.user_id is distinct from chatkeep.uid() and not chatkeep_private.is_service() then
    perform chatkeep_private.refuse('42501', 'document_id names a document of another member',
      'Its owner, or service_role, can archive, delete or describe it.');
  end if;
  if document.deleted_at is null then
    moment := clock_timestamp();
    update chatkeep.documents d set deleted_at = moment, updated_at = moment
    where d.id = document.id and d.tenant_id = document.tenant_id
    returning d.* into document;
    if not found then
      perform chatkeep_private.refuse_unwritten('document_id names a document that');
    end if;
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next document;
end
$$;
comment on function chatkeep.delete_document(uuid) is
'Deletes a document of the caller and returns it; again returns the same row.
Its bytes and sources can be registered anew. Its metadata become invisible. Attachments stay, with document_deleted true.
Returns: one row.
Errors: 22004, 42501, PT404, PT409, PT503.';
revoke all on function chatkeep.delete_document(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.delete_document(uuid) to authenticated, service_role;
