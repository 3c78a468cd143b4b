-- guard_document checks the graph of states. This function decides what depends on who comes second.
create or replace function chatkeep.set_document_status(
  document_id uuid,
  status text,
  error text default null
) returns setof chatkeep.documents
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  document chatkeep.documents;
  reason text := nullif(set_document_status.error, '');
begin
  perform chatkeep_private.check_present('document_id', set_document_status.document_id is not null);
  perform chatkeep_private.check_present('status', set_document_status.status is not null);
  if set_document_status.status not in ('pending', 'processing', 'ready', 'failed', 'archived') then
    perform chatkeep_private.refuse('22023', 'status must be pending, processing, ready, failed or archived',
      'Pass one of the five, in lower case.');
  end if;
  perform chatkeep_private.check_length('error', reason, 2000);
  if reason is not null and set_document_status.status <> 'failed' then
    perform chatkeep_private.refuse('22023', 'error can be given with failed only', 'Leave it out, or pass failed.');
  end if;
  perform set_config('chatkeep.writing', 'on', true);
  document := chatkeep_private.locked_document(set_document_status.document_id);
  -- processing is the claim of one worker. A second worker must not take the same document, so the same status again
  -- is not a retry here.
  if document.status = 'processing' and set_document_status.status = 'processing' then
    perform chatkeep_private.refuse('PT409', 'status cannot go from processing to processing',
      'Another worker has taken the document: leave it to that one.');
  end if;
  if document.status <> set_document_status.status
     or (reason is not null and reason is distinct from document.error) then
    update chatkeep.documents d
    set status = set_document_status.status, error = reason, updated_at = clock_timestamp()
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
comment on function chatkeep.set_document_status(uuid, text, text) is
'Moves a document along the graph of its ingest and returns it.
The same status again writes nothing, except processing: one worker gets it, a second one PT409. error says why the ingest failed.
status: The new status, as far as the graph in docs/documents.md leads there.
error: Why the ingest failed, at most 2,000 characters. With the status failed only.
Returns: one row.
Errors: 22023, 22004, 42501, PT404, PT409, PT410, PT503.';
revoke all on function chatkeep.set_document_status(uuid, text, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep.set_document_status(uuid, text, text) to authenticated, service_role;
