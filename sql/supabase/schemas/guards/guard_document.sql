create or replace function chatkeep_private.guard_document() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.status <> old.status and not (
    case old.status
      when 'pending' then new.status in ('processing', 'ready', 'failed', 'archived')
      when 'processing' then new.status in ('pending', 'ready', 'failed', 'archived')
      when 'ready' then new.status in ('processing', 'archived')
      when 'failed' then new.status in ('pending', 'processing', 'archived')
      else false
    end
  ) then
    perform chatkeep_private.refuse('PT409', 'status cannot go from ' || old.status || ' to ' || new.status,
      case old.status when 'archived' then 'Register the document anew.'
        else 'See the graph of states in docs/documents.md.' end);
  end if;
  if new.status <> 'failed' then
    new.error := null;
  end if;
  -- Members of the tenant advance the ingest of a shared document and add sources. Everything else is the owner's.
  if ((new.status = 'archived' and old.status <> 'archived')
      or (new.source_uri, new.title, new.mime_type, new.byte_size, new.visibility, new.deleted_at)
        is distinct from (old.source_uri, old.title, old.mime_type, old.byte_size, old.visibility, old.deleted_at)
      or new.aliases[1:cardinality(old.aliases)] <> old.aliases)
     and old.user_id is distinct from chatkeep.uid() and not chatkeep_private.is_service() then
    perform chatkeep_private.refuse('42501', 'document_id names a document of another member',
      'Its owner, or service_role, can archive, delete or describe it.');
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_document() is
  'Keeps the status on its graph, for every role, and lets only the owner describe, archive or delete a shared document.';
revoke all on function chatkeep_private.guard_document() from public, anon, authenticated, service_role;

create trigger guard_document before update of source_uri, title, mime_type, byte_size, status, error, visibility, deleted_at
  on chatkeep.documents for each row execute function chatkeep_private.guard_document();
comment on trigger guard_document on chatkeep.documents is
  'The status follows its graph. Only the owner changes a shared document.';

-- A trigger of its own: most changes of aliases add one and need no check.
create trigger guard_document_aliases before update of aliases on chatkeep.documents
  for each row when (new.aliases[1:cardinality(old.aliases)] <> old.aliases)
  execute function chatkeep_private.guard_document();
comment on trigger guard_document_aliases on chatkeep.documents is
  'Members add sources to a shared document. Only its owner removes one.';
