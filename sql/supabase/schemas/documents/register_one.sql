-- Registers an item that may change other documents. The caller holds lock_documents. place is empty, or names the
-- item of a batch: documents[3] and a dot. companions are the sources of later items with the same bytes; a
-- colleague's document takes them in the same update.
create or replace function chatkeep_private.register_one(
  place text, tenant uuid, owner uuid, source_uri text, companions text[], checksum text, title text, mime_type text, byte_size bigint,
  tags jsonb, visibility text, properties jsonb, out outcome text, out document_id uuid
)
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_variable
declare
  known record;
  replaced uuid;
  is_alone boolean := visibility = 'tenant';
begin
  -- Each round sees what others committed meanwhile. Under the locks few races are lost, so a document that blocks
  -- round after round is one that a policy hides.
  for round in 1 .. 5 loop
    select c.class, c.document_id, c.shared into known
    from chatkeep_private.classify_documents(tenant, owner, array[source_uri], array[checksum], array[visibility],
      array[title is not null or mime_type is not null or byte_size is not null or tags <> '{}' or properties <> '{}']) c;
    if not is_alone and chatkeep_private.writes_shared(known.class, known.shared) then
      perform chatkeep_private.lock_documents(tenant, owner, true, true);
      is_alone := true;
      continue;
    end if;
    if known.class = 'other' then
      -- The document keeps its state until other documents have given their source to it.
      perform from chatkeep.documents d
      where d.id = known.document_id and d.tenant_id = tenant and d.status <> 'archived' and d.deleted_at is null
      for no key update;
      continue when known.document_id is not null and not found;
      replaced := coalesce(chatkeep_private.release_source(tenant, owner, source_uri, known.document_id), replaced);
    end if;
    if known.document_id is null then
      insert into chatkeep.documents as d (
        id, tenant_id, user_id, source_uri, checksum, title, mime_type, byte_size, visibility, supersedes
      ) values (
        chatkeep_private.uuid_v7(), tenant, owner, source_uri, checksum, title, mime_type, byte_size, visibility, replaced
      )
      on conflict do nothing
      returning d.id into document_id;
      if found then
        if tags <> '{}' or properties <> '{}' then
          insert into chatkeep.document_metadata (document_id, tenant_id, document_access, user_id, tags, properties)
          values (document_id, tenant, visibility, owner, jsonb_strip_nulls(tags), properties);
          if not found then
            perform chatkeep_private.refuse_unwritten(place || 'source_uri names a document whose metadata');
          end if;
        end if;
        outcome := case when replaced is null then 'created' else 'new_version' end;
        return;
      end if;
    elsif known.class = 'duplicate' or chatkeep_private.renew_document(tenant, owner, known.document_id,
            array_prepend(source_uri, companions), title, mime_type, byte_size, tags, visibility, properties) then
      outcome := 'duplicate';
      document_id := known.document_id;
      return;
    end if;
  end loop;
  perform chatkeep_private.refuse('PT409', place || 'source_uri or checksum is taken by a document that you cannot see',
    'Repeat the call; if it is refused again, a policy of this database hides the document.');
end
$$;
comment on function chatkeep_private.register_one(text, uuid, uuid, text, text[], text, text, text, bigint, jsonb, text, jsonb) is
  'Registers one document whose arguments were checked, by the rules of register_document.';
revoke all on function chatkeep_private.register_one(text, uuid, uuid, text, text[], text, text, text, bigint, jsonb, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.register_one(text, uuid, uuid, text, text[], text, text, text, bigint, jsonb, text, jsonb) to authenticated, service_role;
