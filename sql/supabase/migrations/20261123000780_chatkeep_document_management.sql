-- Chatkeep: what happens to a document once it is registered: its ingest, its tags, what it hangs on, its end.
-- Both engines answer these from here: each is a lock and a write or two, and native code would gain nothing.

-- What the calls share -----------------------------------------------------------------------------

-- The lock orders all who change the document; what follows sees what they committed. Deletion moves access, which
-- attachments and metadata refer to, so it takes the lock of a key at once instead of waiting for it with a weaker one.
create function chatkeep_private.locked_document(document_id uuid, to_delete boolean default false) returns chatkeep.documents
language plpgsql volatile set search_path = ''
as $$
declare
  document chatkeep.documents;
begin
  perform chatkeep_private.check_present('document_id', locked_document.document_id is not null);
  -- Twice: a statement that has waited for the move of its own user looks for the document where it was.
  for round in 1 .. 2 loop
    if locked_document.to_delete then
      select d.* into document from chatkeep.documents d
      where d.id = locked_document.document_id
        and (d.user_id = (select auth.uid())
          or (d.visibility = 'tenant' and d.tenant_id = (select chatkeep.tenant_id()) and d.deleted_at is null)
          or (select chatkeep_private.is_service()))
      for update;
    else
      select d.* into document from chatkeep.documents d
      where d.id = locked_document.document_id
        and (d.user_id = (select auth.uid())
          or (d.visibility = 'tenant' and d.tenant_id = (select chatkeep.tenant_id()) and d.deleted_at is null)
          or (select chatkeep_private.is_service()))
      for no key update;
    end if;
    exit when found;
  end loop;
  if document.id is null then
    perform chatkeep_private.refuse_document(false);
  end if;
  if chatkeep_private.is_service() and exists (
    select from chatkeep.documents d where d.id = document.id and d.tenant_id <> document.tenant_id
  ) then
    perform chatkeep_private.refuse('PT409', 'document_id names documents of several tenants',
      'Call as the document''s user.');
  end if;
  if document.deleted_at is not null and not locked_document.to_delete then
    perform chatkeep_private.refuse_document(true);
  end if;
  return document;
end
$$;
comment on function chatkeep_private.locked_document(uuid, boolean) is 'A document of the caller, or one that the tenant shares, locked until the transaction ends; deleted ones only to delete.';

create function chatkeep_private.refuse_document(exists_here boolean) returns void
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
comment on function chatkeep_private.refuse_document(boolean) is 'Refuses a document that is not there, or deleted.';

-- Ingest -------------------------------------------------------------------------------------------

-- guard_document keeps the graph of states; here is what depends on who comes second.
create function chatkeep.set_document_status(
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
  -- The claim of one worker: a second one must not take the same document, so here the same again is no retry.
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

-- Tags ---------------------------------------------------------------------------------------------

create function chatkeep.tag_document(
  document_id uuid,
  tags jsonb,
  namespace text default 'default'
) returns setof chatkeep.document_metadata
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  caller uuid := auth.uid();
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
  -- The row that is written refers to its user, so that one is locked first.
  if caller is not null and not chatkeep_private.is_service() then
    perform chatkeep_private.enter();
  else
    perform from chatkeep.users u
    where u.id in (select d.user_id from chatkeep.documents d where d.id = tag_document.document_id)
    for share;
  end if;
  perform set_config('chatkeep.writing', 'on', true);
  -- Locked, so of two calls at once the second merges into what the first has written.
  document := chatkeep_private.locked_document(tag_document.document_id);
  -- What service_role writes is the document's owner's.
  if caller is null or chatkeep_private.is_service() then
    caller := document.user_id;
  end if;

  select m.* into stored from chatkeep.document_metadata m
  where m.document_id = document.id and m.tenant_id = document.tenant_id and m.namespace = tag_document.namespace;
  is_new := not found;
  merged := (coalesce(stored.tags, '{}') || tag_document.tags)
    - array(select e.key from jsonb_each(tag_document.tags) e where e.value = 'null');
  if is_new and merged <> '{}' then
    -- default is what the owner writes into without a word about namespaces: nobody may take it first.
    if tag_document.namespace <> 'default' or document.user_id = caller then
      -- A namespace that is out of sight, because the document was shared once, is somebody's all the same.
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

-- Attachments --------------------------------------------------------------------------------------

create function chatkeep_private.check_storage_path(path text) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if path = '' then
    perform chatkeep_private.refuse('22023', 'storage_path must not be empty', 'Pass where the object lies, or leave it out.');
  end if;
  perform chatkeep_private.check_length('storage_path', path, 2048);
  if path ~ $re$[\x01-\x1f\x7f]$re$ then
    perform chatkeep_private.refuse('22023', 'storage_path contains a control character',
      'Percent-encode it (RFC 3986 section 2.1).');
  end if;
  -- What follows a # is no part of a source, but is stored here.
  if chatkeep_private.carries_credentials(path)
     or chatkeep_private.carries_credentials('?' || split_part(path, '#', 2)) then
    -- The value is not repeated: it holds the secret.
    perform chatkeep_private.refuse('22023', 'storage_path carries credentials',
      'Pass the path in the bucket, and sign a URL when it is needed.');
  end if;
end
$$;
comment on function chatkeep_private.check_storage_path(text) is 'Refuses a path that is empty, too long, unprintable or carries credentials.';

create function chatkeep.attach(
  chat_id uuid,
  message_id uuid,
  document_id uuid default null,
  name text default null,
  mime_type text default null,
  byte_size bigint default null,
  storage_path text default null
) returns setof chatkeep.attachments
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
  document chatkeep.documents;
  stored chatkeep.attachments;
begin
  perform chatkeep_private.check_present('chat_id', attach.chat_id is not null);
  perform chatkeep_private.check_present('message_id', attach.message_id is not null);
  if attach.document_id is null and attach.storage_path is null then
    perform chatkeep_private.refuse('22023', 'document_id or storage_path is missing', 'Pass one of the two, or both.');
  end if;
  if attach.name = '' then
    perform chatkeep_private.refuse('22023', 'name must not be empty', 'Pass the name of the file, or leave it out.');
  end if;
  perform chatkeep_private.check_length('name', attach.name, 500);
  perform chatkeep_private.check_length('mime_type', attach.mime_type, 255);
  if attach.byte_size < 0 then
    perform chatkeep_private.refuse('22023', 'byte_size must not be negative',
      'Pass the number of bytes, or leave it out.');
  end if;
  perform chatkeep_private.check_storage_path(attach.storage_path);
  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(attach.chat_id);
  perform from chatkeep.messages m
  where m.id = attach.message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
  for key share;
  if not found then
    perform chatkeep_private.refuse_message('message_id');
  end if;
  if attach.document_id is not null then
    -- The lock that the foreign key would take, taken here, where a deletion that came first is told as what it is.
    select d.* into document from chatkeep.documents d
    where d.id = attach.document_id
      and d.tenant_id = chat.tenant_id
      and (d.user_id = chat.user_id or d.visibility = 'tenant')
    for key share;
    if not found or document.deleted_at is not null then
      perform chatkeep_private.refuse_document(found);
    end if;
  end if;

  -- The lock on the chat makes this look and the insert one: of two retries at once the second finds the first's row.
  select a.* into stored from chatkeep.attachments a
  where a.message_id = attach.message_id and a.chat_id = chat.id and a.tenant_id = chat.tenant_id
    and (a.document_id, a.name, a.storage_path) is not distinct from (attach.document_id, attach.name, attach.storage_path)
    and not a.document_deleted
  limit 1;
  if not found then
    insert into chatkeep.attachments as a (
      id, tenant_id, user_id, chat_id, message_id, document_id, document_access, name, mime_type, byte_size, storage_path
    ) values (
      chatkeep_private.uuid_v7(), chat.tenant_id, chat.user_id, chat.id, attach.message_id, document.id, document.access,
      attach.name, attach.mime_type, attach.byte_size, attach.storage_path
    )
    returning a.* into stored;
    if not found then
      perform chatkeep_private.refuse_unwritten('chat_id names a chat that');
    end if;
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next stored;
end
$$;

-- Deletion -----------------------------------------------------------------------------------------

create function chatkeep.delete_document(document_id uuid) returns setof chatkeep.documents
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
  -- In the words of guard_document, which would be asked of a document that is not deleted yet alone.
  if document.user_id is distinct from auth.uid() and not chatkeep_private.is_service() then
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

revoke all on function
  chatkeep_private.locked_document(uuid, boolean),
  chatkeep_private.refuse_document(boolean),
  chatkeep_private.check_storage_path(text)
  from public, anon, authenticated, service_role;
grant execute on function
  chatkeep_private.locked_document(uuid, boolean),
  chatkeep_private.refuse_document(boolean),
  chatkeep_private.check_storage_path(text)
  to authenticated, service_role;
