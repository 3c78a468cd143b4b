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
