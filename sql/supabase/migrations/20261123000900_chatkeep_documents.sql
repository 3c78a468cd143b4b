-- Chatkeep: documents. Written by `cargo xtask generate` from sql/supabase/schemas/documents.

-- documents/types.sql ------------------------------------------------------------

create type chatkeep.document_registration as (
  outcome text,
  id uuid, tenant_id uuid, user_id uuid, source_uri text, aliases text[], checksum text, title text,
  mime_type text, byte_size bigint, status text, error text, visibility text, supersedes uuid,
  created_at timestamptz, updated_at timestamptz, deleted_at timestamptz, access text
);
comment on type chatkeep.document_registration is 'A document and the outcome of its registration.';
comment on column chatkeep.document_registration.outcome is
  'One of created, duplicate, new_version. duplicate: the bytes were stored. new_version: the source had other bytes before.';

-- documents/attach.sql ------------------------------------------------------------

create or replace function chatkeep.attach(
  chat_id uuid,
  message_id uuid,
  document_id uuid default null,
  name text default null,
  mime_type text default null,
  byte_size bigint default null,
  storage_path text default null,
  user_id uuid default null
) returns setof chatkeep.attachments
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  tenant uuid;
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
  if attach.user_id is not null then
    tenant := chatkeep_private.enter(attach.user_id);
  end if;
  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(attach.chat_id, or_shared => attach.user_id is null, of_user => attach.user_id, of_tenant => tenant);
  perform from chatkeep.messages m
  where m.id = attach.message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
  for key share;
  if not found then
    perform chatkeep_private.refuse_message('message_id');
  end if;
  if attach.document_id is not null then
    -- The foreign key would take this lock. Taken here, an earlier deletion gets its own refusal.
    select d.* into document from chatkeep.documents d
    where d.id = attach.document_id
      and d.tenant_id = chat.tenant_id
      and (d.user_id = chat.user_id or d.visibility = 'tenant')
    for key share;
    if not found or document.deleted_at is not null then
      perform chatkeep_private.refuse_document(found);
    end if;
  end if;

  -- Under the lock on the chat this query and the insert are one step: of two retries at once the second finds the
  -- row of the first.
  select a.* into stored from chatkeep.attachments a
  where a.message_id = attach.message_id and a.chat_id = chat.id and a.tenant_id = chat.tenant_id
    and (a.document_id, a.name, a.storage_path) is not distinct from (attach.document_id, attach.name, attach.storage_path)
    and not a.document_deleted
  limit 1;
  if not found then
    insert into chatkeep.attachments as a (
      id, tenant_id, user_id, chat_id, message_id, document_id, document_access, name, mime_type, byte_size, storage_path
    )
    select chatkeep_private.uuid_v7(), chat.tenant_id, chat.user_id, chat.id, attach.message_id, document.id, document.access,
      attach.name, attach.mime_type, attach.byte_size, attach.storage_path
    where (select chatkeep_private.may_still_write())
    returning a.* into stored;
    if not found then
      perform chatkeep_private.refuse_unwritten('chat_id names a chat that');
    end if;
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next stored;
end
$$;
comment on function chatkeep.attach(uuid, uuid, uuid, text, text, bigint, text, uuid) is
'Attaches a document, a stored object or both to a message and returns the attachment.
In a chat that is shared with the caller to write: a stored object to a message of the caller.
The same message, document, name and storage_path again return the stored row.
document_id: The document. Without one there must be a storage_path.
name: 1 to 500 characters.
mime_type: At most 255 characters.
byte_size: Zero or more.
storage_path: The path of a stored object, at most 2,048 characters.
user_id: For service_role only: the person whose chat it is.
Returns: one row.
Errors: 22023, 22004, 42501, PT404, PT409, PT410, PT503.';
revoke all on function chatkeep.attach(uuid, uuid, uuid, text, text, bigint, text, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.attach(uuid, uuid, uuid, text, text, bigint, text, uuid) to authenticated, service_role;

-- documents/check_documents.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_documents(argument text, documents jsonb) returns void
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  item record;
  place text;
begin
  perform chatkeep_private.check_batch(argument, documents, 10000);
  -- Most items are plain and need no call.
  for item in
    select e.value, e.ordinality - 1 as position from jsonb_array_elements(documents) with ordinality e
    where (
      jsonb_typeof(e.value) = 'object'
      and e.value - '{source_uri,checksum,title,mime_type}'::text[] = '{}'
      and jsonb_typeof(e.value -> 'source_uri') = 'string'
      and octet_length(e.value ->> 'source_uri') <= 2048
      and e.value ->> 'source_uri' ~ '^(https?://[a-z0-9.-]+(/[A-Za-z0-9_~+,=@-]+)+|[A-Za-z0-9_-]+)([.][a-z0-9]+)?$'
      and jsonb_typeof(e.value -> 'checksum') = 'string'
      and e.value ->> 'checksum' ~ '^[0-9a-f]{64}$'
      and coalesce(jsonb_typeof(e.value -> 'title') = 'string' and char_length(e.value ->> 'title') <= 500, true)
      and coalesce(jsonb_typeof(e.value -> 'mime_type') = 'string' and char_length(e.value ->> 'mime_type') <= 255, true)
    ) is not true
    order by e.ordinality
  loop
    place := format('%s[%s]', argument, item.position);
    if jsonb_typeof(item.value) <> 'object' then
      perform chatkeep_private.refuse('22023', place || ' must be a JSON object', 'Wrap the value in one.');
    end if;
    if item.value - '{source_uri,checksum,title,mime_type,byte_size,tags,visibility,properties}'::text[] <> '{}' then
      perform chatkeep_private.refuse('22023', place || ' has an unknown key',
        'The keys are source_uri, checksum, title, mime_type, byte_size, tags, visibility and properties.');
    end if;
    place := place || '.';
    perform chatkeep_private.check_kind(place || 'source_uri', item.value -> 'source_uri', 'string');
    perform chatkeep_private.check_kind(place || 'checksum', item.value -> 'checksum', 'string');
    perform chatkeep_private.check_kind(place || 'title', item.value -> 'title', 'string');
    perform chatkeep_private.check_kind(place || 'mime_type', item.value -> 'mime_type', 'string');
    perform chatkeep_private.check_kind(place || 'byte_size', item.value -> 'byte_size', 'bigint');
    perform chatkeep_private.check_kind(place || 'visibility', item.value -> 'visibility', 'string');
    perform chatkeep_private.checked_document(place, item.value ->> 'source_uri', item.value ->> 'checksum',
      item.value ->> 'title', item.value ->> 'mime_type', (item.value ->> 'byte_size')::bigint,
      coalesce(nullif(item.value -> 'tags', 'null'), '{}'), coalesce(item.value ->> 'visibility', 'private'),
      coalesce(nullif(item.value -> 'properties', 'null'), '{}'));
  end loop;
end
$$;
comment on function chatkeep_private.check_documents(text, jsonb) is
  'Refuses a batch of documents and names the position of the first bad item.';
revoke all on function chatkeep_private.check_documents(text, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_documents(text, jsonb) to authenticated, service_role;

-- documents/check_storage_path.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_storage_path(path text) returns void
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
  -- A source ends before a #, but a path is stored with what follows it.
  if chatkeep_private.carries_credentials(path)
     or chatkeep_private.carries_credentials('?' || split_part(path, '#', 2)) then
    -- The refusal does not repeat the value, because the value holds the secret.
    perform chatkeep_private.refuse('22023', 'storage_path carries credentials',
      'Pass the path in the bucket, and sign a URL when it is needed.');
  end if;
end
$$;
comment on function chatkeep_private.check_storage_path(text) is 'Refuses a path that is empty, too long, unprintable or carries credentials.';
revoke all on function chatkeep_private.check_storage_path(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_storage_path(text) to authenticated, service_role;

-- documents/checked_document.sql ------------------------------------------------------------

create or replace function chatkeep_private.checked_document(
  place text, source_uri text, checksum text, title text, mime_type text, byte_size bigint, tags jsonb, visibility text,
  properties jsonb
) returns text
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  source text := chatkeep_private.checked_source_uri(place || 'source_uri', checked_document.source_uri);
begin
  perform chatkeep_private.check_present(place || 'checksum', checked_document.checksum is not null);
  if checked_document.checksum !~* '^[0-9a-f]{64}$' then
    perform chatkeep_private.refuse('22023', place || 'checksum must be 64 hexadecimal characters',
      'Pass the SHA-256 of the bytes, as document_checksum gives it.');
  end if;
  perform chatkeep_private.check_length(place || 'title', checked_document.title, 500);
  perform chatkeep_private.check_length(place || 'mime_type', checked_document.mime_type, 255);
  if checked_document.byte_size < 0 then
    perform chatkeep_private.refuse('22023', place || 'byte_size must not be negative',
      'Pass the number of bytes, or leave it out.');
  end if;
  perform chatkeep_private.check_present(place || 'tags', checked_document.tags is not null);
  perform chatkeep_private.check_tags(place || 'tags', checked_document.tags);
  perform chatkeep_private.check_present(place || 'visibility', checked_document.visibility is not null);
  if checked_document.visibility not in ('private', 'tenant') then
    perform chatkeep_private.refuse('22023', place || 'visibility must be private or tenant',
      'Pass one of the two, or leave it out for private.');
  end if;
  perform chatkeep_private.check_present(place || 'properties', checked_document.properties is not null);
  perform chatkeep_private.check_json(place || 'properties', checked_document.properties, 'object');
  return source;
end
$$;
comment on function chatkeep_private.checked_document(text, text, text, text, text, bigint, jsonb, text, jsonb) is
  'Refuses bad arguments of a document, one by one, and returns its source in normal form.';
revoke all on function chatkeep_private.checked_document(text, text, text, text, text, bigint, jsonb, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.checked_document(text, text, text, text, text, bigint, jsonb, text, jsonb) to authenticated, service_role;

-- documents/classify_documents.sql ------------------------------------------------------------

-- Classes. duplicate: the document and this source are stored. alias: only the source is new. new: neither the bytes
-- nor the source are known. again: the stored document has to change. other: another document holds the source, or
-- more has to change. A source belongs to at most one private document of an owner. A shared document may also list
-- sources that colleagues added, and the owner may hold the same source in another document. The plan is generic,
-- because array arguments would be planned again in every call.
create or replace function chatkeep_private.classify_documents(
  tenant uuid, owner uuid, sources text[], checksums text[], visibilities text[], described boolean[]
) returns table (class text, document_id uuid, shared boolean)
language plpgsql volatile set search_path = '' set plan_cache_mode = 'force_generic_plan'
as $$
begin
  return query
    select case
        when d.user_id = owner and d.has_source and d.visibility = 'private' then
          case when d.unsettled then 'again' else 'duplicate' end
        when d.unsettled or h.held then 'other'
        when d.user_id = owner and d.has_source and d.source_uri <> i.source_uri then
          case when i.source_uri in (
            select a.source_uri from chatkeep.documents d, unnest(d.aliases) a (source_uri)
            where d.user_id = owner and d.tenant_id = tenant
              and d.aliases <> '{}' and d.status <> 'archived' and d.deleted_at is null
            group by a.source_uri
            having count(*) > 1
          ) then 'other' else 'duplicate' end
        when i.source_uri in (
          select a.source_uri from chatkeep.documents d, unnest(d.aliases) a (source_uri)
          where d.user_id = owner and d.tenant_id = tenant
            and d.aliases <> '{}' and d.status <> 'archived' and d.deleted_at is null
        ) then 'other'
        when d.id is null then 'new'
        when d.has_source then 'duplicate'
        else 'alias'
      end,
      d.id,
      d.visibility = 'tenant'
    from unnest(sources, checksums, visibilities, described) with ordinality
      i (source_uri, checksum, visibility, described, place)
    left join lateral (
      select u.id, u.user_id, u.source_uri, u.visibility, i.source_uri = u.source_uri or i.source_uri = any (u.aliases) as has_source,
        (u.visibility = 'private' and i.visibility = 'tenant')
          or u.status = 'failed'
          or (u.status = 'pending' and i.described and u.user_id = owner)
          or (u.status = 'processing' and u.updated_at < clock_timestamp() - interval '1 hour') as unsettled
      from (
        select d.* from chatkeep.documents d
        where d.user_id = owner and d.checksum = i.checksum and d.tenant_id = tenant
          and d.visibility = 'private' and d.status <> 'archived' and d.deleted_at is null
        union all
        select d.* from chatkeep.documents d
        where d.tenant_id = tenant and d.checksum = i.checksum and (d.user_id = owner or i.visibility = 'tenant')
          and d.visibility = 'tenant' and d.status <> 'archived' and d.deleted_at is null
      ) u
      order by u.visibility = i.visibility desc
      limit 1
    ) d on true
    left join lateral (
      select true as held from chatkeep.documents h
      where (d.id is null or d.user_id <> owner or d.visibility = 'tenant' or not d.has_source)
        and h.user_id = owner and h.source_uri = i.source_uri and h.tenant_id = tenant
        and h.id is distinct from d.id and h.status <> 'archived' and h.deleted_at is null
      limit 1
    ) h on true
    order by i.place;
end
$$;
comment on function chatkeep_private.classify_documents(uuid, uuid, text[], text[], text[], boolean[]) is
  'For each document to register: its class, the stored document with the same bytes, and whether the tenant shares that document.';
revoke all on function chatkeep_private.classify_documents(uuid, uuid, text[], text[], text[], boolean[]) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.classify_documents(uuid, uuid, text[], text[], text[], boolean[]) to authenticated, service_role;

-- documents/delete_document.sql ------------------------------------------------------------

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

-- documents/document_checksum.sql ------------------------------------------------------------

create or replace function chatkeep.document_checksum(content bytea) returns text
language sql immutable strict parallel safe set search_path = ''
as $$ select encode(sha256(content), 'hex') $$;
comment on function chatkeep.document_checksum(bytea) is
'SHA-256 of the bytes, 64 lower-case hexadecimal characters.';
revoke all on function chatkeep.document_checksum(bytea) from public, anon, authenticated, service_role;
grant execute on function chatkeep.document_checksum(bytea) to anon, authenticated, service_role;

-- documents/is_described.sql ------------------------------------------------------------

create or replace function chatkeep_private.is_described(item jsonb) returns boolean
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return coalesce(item ->> 'title', item ->> 'mime_type', item ->> 'byte_size') is not null
    or coalesce(nullif(item -> 'tags', 'null'), '{}') <> '{}'
    or coalesce(nullif(item -> 'properties', 'null'), '{}') <> '{}';
end
$$;
comment on function chatkeep_private.is_described(jsonb) is
  'Whether an item of a batch has more than its source and checksum.';
revoke all on function chatkeep_private.is_described(jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.is_described(jsonb) to authenticated, service_role;

-- documents/locked_document.sql ------------------------------------------------------------

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

-- documents/refuse_document.sql ------------------------------------------------------------

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

-- documents/register_content.sql ------------------------------------------------------------

create or replace function chatkeep.register_content(
  source_uri text,
  content bytea,
  title text default null,
  mime_type text default null,
  tags jsonb default '{}',
  visibility text default 'private',
  properties jsonb default '{}',
  user_id uuid default null
) returns setof chatkeep.document_registration
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_variable
begin
  perform chatkeep_private.check_present('source_uri', source_uri is not null);
  perform chatkeep_private.check_present('content', content is not null);
  return query
    select r.* from chatkeep.register_document(source_uri, encode(sha256(content), 'hex'), title, mime_type,
      octet_length(content), tags, visibility, properties, user_id) r;
end
$$;
comment on function chatkeep.register_content(text, bytea, text, text, jsonb, text, jsonb, uuid) is
'register_document for bytes: computes their checksum and size.
The bytes are not stored.
source_uri: A URI or path without credentials, at most 2,048 characters.
content: Hashed by the database, and not stored.
title: At most 500 characters.
mime_type: At most 255 characters.
tags: Flat: scalars, or arrays of scalars.
visibility: Who reads the document: its owner alone, or the whole tenant.
properties: At most 256 KiB.
user_id: For service_role only.
Returns: one row.
Errors: 22023, 22004, 42501, PT404, PT503.';
revoke all on function chatkeep.register_content(text, bytea, text, text, jsonb, text, jsonb, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.register_content(text, bytea, text, text, jsonb, text, jsonb, uuid) to authenticated, service_role;

-- documents/register_document.sql ------------------------------------------------------------

create or replace function chatkeep.register_document(
  source_uri text,
  checksum text,
  title text default null,
  mime_type text default null,
  byte_size bigint default null,
  tags jsonb default '{}',
  visibility text default 'private',
  properties jsonb default '{}',
  user_id uuid default null
) returns setof chatkeep.document_registration
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_variable
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  owner uuid := coalesce(user_id, chatkeep.uid());
  tenant uuid;
  known record;
begin
  source_uri := chatkeep_private.checked_document('', source_uri, checksum, title, mime_type, byte_size, tags, visibility,
    properties);
  checksum := lower(checksum);
  tenant := coalesce(case when user_id is null then chatkeep.tenant_id() end, chatkeep_private.enter(user_id));

  perform set_config('chatkeep.writing', 'on', true);
  -- A call that has nothing to write waits for no lock.
  select c.class as outcome, c.document_id into known
  from chatkeep_private.classify_documents(tenant, owner, array[source_uri], array[checksum], array[visibility],
    array[title is not null or mime_type is not null or byte_size is not null or tags <> '{}' or properties <> '{}']) c;
  if known.outcome <> 'duplicate' then
    tenant := chatkeep_private.enter(user_id);
    perform chatkeep_private.lock_documents(tenant, owner, visibility = 'tenant', true);
    select o.outcome, o.document_id into known
    from chatkeep_private.register_one('', tenant, owner, source_uri, '{}', checksum, title, mime_type, byte_size, tags, visibility,
      properties) o;
  end if;
  return query
    select known.outcome, d.id, d.tenant_id, d.user_id, d.source_uri, d.aliases, d.checksum, d.title, d.mime_type,
      d.byte_size, d.status, d.error, d.visibility, d.supersedes, d.created_at, d.updated_at, d.deleted_at, d.access
    from chatkeep.documents d where d.id = known.document_id and d.tenant_id = tenant;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.register_document(text, text, text, text, bigint, jsonb, text, jsonb, uuid) is
'Registers the source of some bytes for the signed-in user, or for the user_id that service_role names, and returns their document.
outcome is created; duplicate, if the bytes were stored, with this source now among its aliases; new_version, if the source had other bytes before. Ingest it unless its status is ready or processing.
source_uri: A URI or path without credentials, at most 2,048 characters.
checksum: SHA-256 of the bytes in hexadecimal.
title: At most 500 characters.
mime_type: At most 255 characters.
byte_size: Zero or more.
tags: Flat: scalars, or arrays of scalars.
visibility: Who reads the document: its owner alone, or the whole tenant.
properties: At most 256 KiB.
user_id: For service_role only.
Returns: one row.
Errors: 22023, 22004, 42501, PT404, PT503.';
revoke all on function chatkeep.register_document(text, text, text, text, bigint, jsonb, text, jsonb, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.register_document(text, text, text, text, bigint, jsonb, text, jsonb, uuid) to authenticated, service_role;

-- documents/register_documents.sql ------------------------------------------------------------

create or replace function chatkeep.register_documents(
  documents jsonb,
  user_id uuid default null
) returns setof chatkeep.document_registration
language plpgsql volatile set search_path = '' set plan_cache_mode = 'force_generic_plan'
as $$
#variable_conflict use_variable
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  owner uuid := coalesce(user_id, chatkeep.uid());
  tenant uuid;
  locked boolean := false;
  shares boolean;
  writes_shared boolean;
  item record;
  done record;
  -- For every item, by its position.
  sources text[];
  checksums text[];
  visibilities text[];
  described boolean[];
  classes text[];
  ids uuid[];
  outcomes text[];
begin
  perform chatkeep_private.check_documents('documents', documents);
  if documents = '[]' then
    perform chatkeep_private.enter(user_id);
    return;
  end if;
  select array_agg(chatkeep_private.checked_source_uri('source_uri', e.value ->> 'source_uri') order by e.ordinality),
    array_agg(lower(e.value ->> 'checksum') order by e.ordinality),
    array_agg(coalesce(e.value ->> 'visibility', 'private') order by e.ordinality),
    array_agg(chatkeep_private.is_described(e.value) order by e.ordinality)
  into sources, checksums, visibilities, described
  from jsonb_array_elements(documents) with ordinality e;
  tenant := coalesce(case when user_id is null then chatkeep.tenant_id() end, chatkeep_private.enter(user_id));

  perform set_config('chatkeep.writing', 'on', true);
  -- A call that has nothing to write waits for no lock. If the batch turns out to change shared documents, the call
  -- takes the tenant's lock too, once.
  shares := 'tenant' = any (visibilities);
  loop
    select array_agg(c.class), array_agg(c.document_id), bool_or(chatkeep_private.writes_shared(c.class, c.shared))
    into classes, ids, writes_shared
    from chatkeep_private.classify_documents(tenant, owner, sources, checksums, visibilities, described) c;
    exit when 'duplicate' = all (classes) or (locked and (shares or not writes_shared));
    if locked then
      shares := true;
    end if;
    tenant := chatkeep_private.enter(user_id);
    locked := chatkeep_private.lock_documents(tenant, owner, shares, true);
  end loop;
  if 'duplicate' = all (classes) then
    outcomes := classes;
  else
    select m.outcomes, m.ids into outcomes, ids
    from chatkeep_private.register_many(tenant, owner, documents, sources, checksums, visibilities, classes, ids) m;
    for item in
      select o.place::integer, documents -> (o.place::integer - 1) as given
      from unnest(outcomes) with ordinality o (outcome, place)
      where o.outcome is null
      order by o.place
    loop
      select r.outcome, r.document_id into done
      from chatkeep_private.register_one(format('documents[%s].', item.place - 1), tenant, owner, sources[item.place],
        array(
          select sources[o.place] from unnest(outcomes) with ordinality o (outcome, place)
          where o.outcome is null and o.place > item.place and checksums[o.place] = checksums[item.place]
            and visibilities[o.place] = visibilities[item.place]
          order by o.place
        ),
        checksums[item.place], item.given ->> 'title',
        item.given ->> 'mime_type', (item.given ->> 'byte_size')::bigint, coalesce(nullif(item.given -> 'tags', 'null'), '{}'),
        visibilities[item.place], coalesce(nullif(item.given -> 'properties', 'null'), '{}')) r;
      outcomes[item.place] := done.outcome;
      ids[item.place] := done.document_id;
    end loop;
  end if;
  return query
    select i.outcome, d.id, d.tenant_id, d.user_id, d.source_uri, d.aliases, d.checksum, d.title, d.mime_type,
      d.byte_size, d.status, d.error, d.visibility, d.supersedes, d.created_at, d.updated_at, d.deleted_at, d.access
    from unnest(ids, outcomes) with ordinality i (id, outcome, place),
      lateral (select d.* from chatkeep.documents d where d.id = i.id and d.tenant_id = tenant limit 1) d
    order by i.place;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.register_documents(jsonb, uuid) is
'Registers an array of at most 10,000 documents, all or none, and returns a row for each, in order.
They belong to the signed-in user, or to the user_id that service_role names.
documents: At most 10,000 objects with the arguments of register_document. All or none are registered.
user_id: For service_role only, and for the whole batch.
Errors: 22023, 22004, 42501, PT404, PT503; they name the item.';
revoke all on function chatkeep.register_documents(jsonb, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.register_documents(jsonb, uuid) to authenticated, service_role;

-- documents/register_many.sql ------------------------------------------------------------

-- Inserts new documents with one statement and adds new sources with another. Handles the items that no other item of
-- the batch concerns, and leaves the outcome of the rest empty.
create or replace function chatkeep_private.register_many(
  tenant uuid, owner uuid, documents jsonb, sources text[], checksums text[], visibilities text[], classes text[],
  inout ids uuid[], out outcomes text[]
)
language plpgsql volatile set search_path = '' set plan_cache_mode = 'force_generic_plan'
as $$
#variable_conflict use_variable
declare
  alone integer[];
  new_places integer[];
  new_ids uuid[];
  stored uuid[];
  described_places integer[];
  described_ids uuid[];
  tags jsonb[];
  properties jsonb[];
  item record;
  written bigint;
begin
  outcomes := array(select case c.class when 'duplicate' then c.class end from unnest(classes) with ordinality c (class, place) order by c.place);
  -- A document takes all its new sources here, or none. A second update of a colleague's document would lock that
  -- colleague's row, which a deletion or a move may hold.
  alone := array(
    select d.place from (
      select u.place, u.class, u.of_source, u.of_checksum,
        bool_and(u.class = 'alias' and u.of_source = 1) over (partition by u.document_id) as all_aliases
      from (
        select c.place::integer, c.class, c.document_id,
          row_number() over (partition by c.source_uri order by c.place) as of_source,
          row_number() over (partition by c.checksum order by c.place) as of_checksum
        from unnest(classes, ids, sources, checksums) with ordinality c (class, document_id, source_uri, checksum, place)
        where c.class <> 'duplicate'
      ) u
    ) d
    where d.of_source = 1 and ((d.class = 'alias' and d.all_aliases) or (d.class = 'new' and d.of_checksum = 1))
    order by d.place);

  new_places := array(select p.place from unnest(alone) p (place) where classes[p.place] = 'new' order by p.place);
  -- Sorted, so that the ids follow the order of the batch.
  new_ids := array(select chatkeep_private.uuid_v7() as id from unnest(new_places) order by id);
  with inserted as (
    insert into chatkeep.documents as d (
      id, tenant_id, user_id, source_uri, checksum, title, mime_type, byte_size, visibility
    )
    select n.id, tenant, owner, sources[n.place], checksums[n.place], n.given ->> 'title', n.given ->> 'mime_type',
      (n.given ->> 'byte_size')::bigint, visibilities[n.place]
    from (select u.place, u.id, documents -> (u.place - 1) as given from unnest(new_places, new_ids) u (place, id)) n
    on conflict do nothing
    returning d.id
  )
  select array_agg(i.id) into stored from inserted i;
  select array_agg(n.place), array_agg(n.id), array_agg(n.tags), array_agg(n.properties)
  into described_places, described_ids, tags, properties
  from (
    select u.place, u.id, coalesce(nullif(documents #> array[(u.place - 1)::text, 'tags'], 'null'), '{}') as tags,
      coalesce(nullif(documents #> array[(u.place - 1)::text, 'properties'], 'null'), '{}') as properties
    from unnest(new_places, new_ids) u (place, id)
    where u.id = any (stored)
  ) n
  where n.tags <> '{}' or n.properties <> '{}';
  insert into chatkeep.document_metadata (document_id, tenant_id, document_access, user_id, tags, properties)
  select d.id, tenant, visibilities[d.place], owner, jsonb_strip_nulls(d.tags), d.properties
  from unnest(described_places, described_ids, tags, properties) d (place, id, tags, properties);
  get diagnostics written = row_count;
  if written <> coalesce(cardinality(described_ids), 0) then
    perform chatkeep_private.refuse_unwritten('documents has a document whose metadata');
  end if;
  for item in select u.place, u.id from unnest(new_places, new_ids) u (place, id) where u.id = any (stored) loop
    outcomes[item.place] := 'created';
    ids[item.place] := item.id;
  end loop;

  with changed as (
    update chatkeep.documents d
    set aliases = d.aliases || i.sources, updated_at = clock_timestamp()
    from (
      select ids[p.place] as id, array_agg(sources[p.place] order by p.place) as sources
      from unnest(alone) p (place)
      where classes[p.place] = 'alias'
      group by 1
    ) i
    where d.id = i.id and d.tenant_id = tenant and d.status <> 'archived' and d.deleted_at is null
      and not i.sources && array_prepend(d.source_uri, d.aliases)
    returning d.id
  )
  select array_agg(c.id) into stored from changed c;
  for item in select p.place from unnest(alone) p (place) where classes[p.place] = 'alias' and ids[p.place] = any (stored) loop
    outcomes[item.place] := 'duplicate';
  end loop;
end
$$;
comment on function chatkeep_private.register_many(uuid, uuid, jsonb, text[], text[], text[], text[], uuid[]) is
  'Registers the items of a batch that no other item concerns, and returns their ids and outcomes.';
revoke all on function chatkeep_private.register_many(uuid, uuid, jsonb, text[], text[], text[], text[], uuid[]) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.register_many(uuid, uuid, jsonb, text[], text[], text[], text[], uuid[]) to authenticated, service_role;

-- documents/register_one.sql ------------------------------------------------------------

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

-- documents/release_source.sql ------------------------------------------------------------

create or replace function chatkeep_private.release_source(tenant uuid, owner uuid, source_uri text, except_id uuid) returns uuid
language plpgsql volatile set search_path = ''
as $$
declare
  released uuid;
  shared uuid;
begin
  -- The next alias replaces the source that leaves. A document without aliases becomes history. If the source came
  -- from a colleague and the owner has it in another document, it names no document any more.
  update chatkeep.documents d
  set (status, source_uri, aliases, updated_at) = (
    select case when n.source_uri is null then 'archived' else d.status end, coalesce(n.source_uri, d.source_uri),
      array_remove(d.aliases, n.source_uri), clock_timestamp()
    from (select (
      select a.source_uri from unnest(d.aliases) with ordinality a (source_uri, place)
      where not exists (
        select from chatkeep.documents o
        where o.user_id = owner and o.source_uri = a.source_uri and o.tenant_id = tenant
          and o.id <> d.id and o.status <> 'archived' and o.deleted_at is null
      )
      order by a.place
      limit 1
    ) as source_uri) n
  )
  where d.user_id = owner and d.source_uri = release_source.source_uri and d.tenant_id = tenant
    and d.id is distinct from except_id and d.status <> 'archived' and d.deleted_at is null
  returning d.id into released;
  with changed as (
    update chatkeep.documents d
    set aliases = array_remove(d.aliases, release_source.source_uri), updated_at = clock_timestamp()
    where d.user_id = owner and d.tenant_id = tenant
      and d.aliases <> '{}' and release_source.source_uri = any (d.aliases)
      and d.id is distinct from except_id and d.status <> 'archived' and d.deleted_at is null
    returning d.id, d.visibility
  )
  select c.id into shared from changed c order by c.visibility, c.id limit 1;
  return coalesce(released, shared);
end
$$;
comment on function chatkeep_private.release_source(uuid, uuid, text, uuid) is
  'Removes a source from the documents of this owner that hold it, and returns the document whose source it was.';
revoke all on function chatkeep_private.release_source(uuid, uuid, text, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.release_source(uuid, uuid, text, uuid) to authenticated, service_role;

-- documents/renew_document.sql ------------------------------------------------------------

create or replace function chatkeep_private.renew_document(
  tenant uuid, owner uuid, id uuid, sources text[], title text, mime_type text, byte_size bigint, tags jsonb,
  visibility text, properties jsonb
) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  stored record;
begin
  -- A failed or abandoned ingest begins again, and an ingest that has not begun takes the newest description from its
  -- owner. This is one update: a second update of a colleague's document would wait for that colleague's row, which a
  -- move may hold.
  update chatkeep.documents d
  set (status, title, mime_type, byte_size, aliases, visibility, updated_at) = (
    select case when r.begins_anew then 'pending' else d.status end,
      case when r.begins_anew and d.user_id = owner then coalesce(renew_document.title, d.title) else d.title end,
      case when r.begins_anew and d.user_id = owner then coalesce(renew_document.mime_type, d.mime_type) else d.mime_type end,
      case when r.begins_anew and d.user_id = owner then coalesce(renew_document.byte_size, d.byte_size) else d.byte_size end,
      d.aliases || array(
        select s.source_uri from unnest(renew_document.sources) with ordinality s (source_uri, place)
        where s.source_uri <> d.source_uri and s.source_uri <> all (d.aliases) and (s.place = 1 or d.user_id <> owner)
        group by s.source_uri
        order by min(s.place)
      ),
      case renew_document.visibility when 'tenant' then 'tenant' else d.visibility end,
      clock_timestamp()
    from (select d.status in ('failed', 'pending')
      or (d.status = 'processing' and d.updated_at < clock_timestamp() - interval '1 hour') as begins_anew) r
  )
  where d.id = renew_document.id and d.tenant_id = tenant and d.status <> 'archived' and d.deleted_at is null
    and (d.status = 'failed'
      or (d.status = 'processing' and d.updated_at < clock_timestamp() - interval '1 hour')
      or (d.status = 'pending' and d.user_id = owner
        and (coalesce(renew_document.title, d.title) is distinct from d.title
          or coalesce(renew_document.mime_type, d.mime_type) is distinct from d.mime_type
          or coalesce(renew_document.byte_size, d.byte_size) is distinct from d.byte_size))
      or (renew_document.sources[1] <> d.source_uri and renew_document.sources[1] <> all (d.aliases))
      or (renew_document.visibility = 'tenant' and d.visibility = 'private'));
  select d.status = 'pending' and d.user_id = owner as is_own, d.visibility into stored
  from chatkeep.documents d
  where d.id = renew_document.id and d.tenant_id = tenant and d.status not in ('archived', 'failed') and d.deleted_at is null
    and (renew_document.visibility = 'private' or d.visibility = 'tenant')
    and (d.source_uri = renew_document.sources[1] or renew_document.sources[1] = any (d.aliases));
  if not found then
    return false;
  end if;
  if stored.is_own and (tags <> '{}' or properties <> '{}') then
    update chatkeep.document_metadata m
    set tags = case when renew_document.tags = '{}' then m.tags else jsonb_strip_nulls(renew_document.tags) end,
      properties = case when renew_document.properties = '{}' then m.properties else renew_document.properties end,
      updated_at = clock_timestamp()
    where m.document_id = renew_document.id and m.tenant_id = tenant and m.user_id = owner and m.namespace = 'default'
      and ((renew_document.tags <> '{}' and m.tags <> jsonb_strip_nulls(renew_document.tags))
        or (renew_document.properties <> '{}' and m.properties <> renew_document.properties));
    insert into chatkeep.document_metadata (document_id, tenant_id, document_access, user_id, tags, properties)
    values (renew_document.id, tenant, stored.visibility, owner, jsonb_strip_nulls(renew_document.tags), renew_document.properties)
    on conflict do nothing;
  end if;
  return true;
end
$$;
comment on function chatkeep_private.renew_document(uuid, uuid, uuid, text[], text, text, bigint, jsonb, text, jsonb) is
  'Updates a stored document from a registration. Its source is the first of sources; a colleague''s document takes the others too. Returns false if the document is archived or deleted meanwhile, or cannot be changed.';
revoke all on function chatkeep_private.renew_document(uuid, uuid, uuid, text[], text, text, bigint, jsonb, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.renew_document(uuid, uuid, uuid, text[], text, text, bigint, jsonb, text, jsonb) to authenticated, service_role;

-- documents/set_document_status.sql ------------------------------------------------------------

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

-- documents/tag_document.sql ------------------------------------------------------------

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

-- documents/writes_shared.sql ------------------------------------------------------------

-- Colleagues change a shared document under the tenant's lock, so its owner takes the lock too. An item that takes a
-- source from other documents may reach a shared one.
create or replace function chatkeep_private.writes_shared(class text, shared boolean) returns boolean
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return class = 'other' or (class <> 'duplicate' and shared is true);
end
$$;
comment on function chatkeep_private.writes_shared(text, boolean) is
  'Whether a registration of this class may change documents that the tenant shares.';
revoke all on function chatkeep_private.writes_shared(text, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.writes_shared(text, boolean) to authenticated, service_role;
