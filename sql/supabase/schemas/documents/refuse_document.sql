create or replace function chatkeep_private.refuse_document(exists_here boolean) returns void
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  if exists_here then
    perform chatkeep_private.refuse('PT410', 'document_id names a deleted document', 'Register the document anew.');
  end if;
  perform chatkeep_private.refuse('PT404', 'document_id names no document of yours',
    'Register the document, or check the id.');
end
$$;
comment on function chatkeep_private.refuse_document(boolean) is
  'Refuses a document that does not exist or is deleted.';
revoke all on function chatkeep_private.refuse_document(boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_document(boolean) to authenticated, service_role;
