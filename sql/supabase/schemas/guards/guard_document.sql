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
    raise sqlstate 'PT409' using
      message = 'status cannot go from ' || old.status || ' to ' || new.status,
      hint = case old.status when 'archived' then 'Register the document anew.'
        else 'See the graph of states in docs/documents.md.' end;
  end if;
  if new.status <> 'failed' then
    new.error := null;
  end if;
  -- Of a document that the tenant shares its members move the ingest on, and add sources; the rest is its owner's.
  if ((new.status = 'archived' and old.status <> 'archived')
      or (new.source_uri, new.title, new.mime_type, new.byte_size, new.visibility, new.deleted_at)
        is distinct from (old.source_uri, old.title, old.mime_type, old.byte_size, old.visibility, old.deleted_at)
      or new.aliases[1:cardinality(old.aliases)] <> old.aliases)
     and old.user_id is distinct from auth.uid() and not chatkeep_private.is_service() then
    raise sqlstate '42501' using
      message = 'document_id names a document of another member',
      hint = 'Its owner, or service_role, can archive, delete or describe it.';
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_document() is 'Keeps status on its graph, for every role, and a shared document its owner''s.';
revoke all on function chatkeep_private.guard_document() from public, anon, authenticated, service_role;

create trigger guard_document before update of source_uri, title, mime_type, byte_size, status, error, visibility, deleted_at
  on chatkeep.documents for each row execute function chatkeep_private.guard_document();
comment on trigger guard_document on chatkeep.documents is 'Status keeps to its graph, and a shared document is its owner''s.';

-- A trigger of its own, since most changes of aliases add one, and need not be looked at.
create trigger guard_document_aliases before update of aliases on chatkeep.documents
  for each row when (new.aliases[1:cardinality(old.aliases)] <> old.aliases)
  execute function chatkeep_private.guard_document();
comment on trigger guard_document_aliases on chatkeep.documents is 'Members add sources to a shared document; its owner alone takes one away.';
