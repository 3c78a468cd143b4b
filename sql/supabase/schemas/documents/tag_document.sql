create or replace function chatkeep.tag_document(
  document_id uuid,
  tags jsonb,
  namespace text default 'default'
) returns setof chatkeep.document_metadata
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  caller uuid := chatkeep.uid();
  document chatkeep.documents;
  stored chatkeep.document_metadata;
  is_new boolean;
  merged jsonb;
begin
  perform chatkeep_private.check_present('document_id', tag_document.document_id is not null);
  perform chatkeep_private.check_present('tags', tag_document.tags is not null);
  perform chatkeep_private.check_tags('tags', tag_document.tags);
  perform chatkeep_private.check_present('namespace', tag_document.namespace is not null);
  if tag_document.namespace = '' then
    perform chatkeep_private.refuse('22023', 'namespace must not be empty', 'Pass a name, or leave it out for default.');
  end if;
  perform chatkeep_private.check_length('namespace', tag_document.namespace, 64);
  -- The written row refers to its user, so the user is locked first.
  if caller is not null and not chatkeep_private.is_service() then
    perform chatkeep_private.enter();
  else
    perform from chatkeep.memberships m
    where (m.user_id, m.tenant_id) in (
      select d.user_id, d.tenant_id from chatkeep.documents d where d.id = tag_document.document_id and chatkeep_private.serves(d.tenant_id)
    )
    for share;
  end if;
  perform set_config('chatkeep.writing', 'on', true);
  -- Locked, so that of two calls at once the second merges into what the first has written.
  document := chatkeep_private.locked_document(tag_document.document_id);
  -- What service_role writes belongs to the document's owner.
  if caller is null or chatkeep_private.is_service() then
    caller := document.user_id;
  end if;

  select m.* into stored from chatkeep.document_metadata m
  where m.document_id = document.id and m.tenant_id = document.tenant_id and m.namespace = tag_document.namespace;
  is_new := not found;
  merged := (coalesce(stored.tags, '{}') || tag_document.tags)
    - array(select e.key from jsonb_each(tag_document.tags) e where e.value = 'null');
  if is_new and merged <> '{}' then
    -- The owner writes to default unless a call names a namespace, so nobody else may take it first.
    if tag_document.namespace <> 'default' or document.user_id = caller then
      -- A namespace of a document that was shared once may be invisible. It still belongs to its writer.
      insert into chatkeep.document_metadata as m (document_id, tenant_id, document_access, user_id, namespace, tags)
      values (document.id, document.tenant_id, document.access, caller, tag_document.namespace, merged)
      on conflict do nothing
      returning m.* into stored;
    end if;
    if stored.document_id is null then
      perform chatkeep_private.refuse('42501', 'namespace is another member''s', 'Pass a namespace of your own.');
    end if;
  elsif not is_new then
    if stored.user_id <> caller and not chatkeep_private.is_service() then
      perform chatkeep_private.refuse('42501', 'namespace is another member''s', 'Pass a namespace of your own.');
    end if;
    if (select count(*) from jsonb_object_keys(merged)) > 100 then
      perform chatkeep_private.refuse('22023', 'tags would have more than 100 keys',
        'Remove some with null, or use another namespace.');
    end if;
    if octet_length(merged::text) > 262144 then
      perform chatkeep_private.refuse('22023', 'tags would be larger than 262144 bytes',
        'Remove some with null, or use another namespace.');
    end if;
    if merged <> stored.tags then
      update chatkeep.document_metadata m
      set tags = merged, updated_at = clock_timestamp()
      where m.document_id = document.id and m.tenant_id = document.tenant_id and m.namespace = tag_document.namespace
      returning m.* into stored;
      if not found then
        perform chatkeep_private.refuse_unwritten('namespace names metadata that');
      end if;
    end if;
  end if;
  perform set_config('chatkeep.writing', marker, true);
  if stored.document_id is not null then
    return next stored;
  end if;
end
$$;
comment on function chatkeep.tag_document(uuid, jsonb, text) is
'Merges tags into a namespace of a document, key by key, and returns the namespace''s row; null removes a key.
Returns no row if there is none and nothing to write. A namespace belongs to its first writer, default to the owner.
tags: Merged key by key. null removes a key.
namespace: 1 to 64 characters.
Returns: one row or none.
Errors: 22023, 22004, 42501, PT404, PT409, PT410, PT503.';
revoke all on function chatkeep.tag_document(uuid, jsonb, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep.tag_document(uuid, jsonb, text) to authenticated, service_role;
