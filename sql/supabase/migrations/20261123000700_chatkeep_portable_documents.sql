-- Chatkeep, portable engine: documents and engine(). Running this again is harmless, and selects these functions.

create or replace function chatkeep.document_checksum(content bytea) returns text
language sql immutable strict parallel safe set search_path = ''
as $$ select encode(sha256(content), 'hex') $$;

create or replace function chatkeep.register_document(
  source_uri text,
  checksum text,
  title text default null,
  mime_type text default null,
  byte_size bigint default null,
  tags jsonb default '{}',
  visibility text default 'private',
  properties jsonb default '{}'
) returns setof chatkeep.document_registration
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  owner uuid := auth.uid();
  tenant uuid;
  digest text := lower(register_document.checksum);
  stored chatkeep.documents;
  replaced uuid;
  outcome text;
begin
  perform chatkeep_private.check_source_uri(register_document.source_uri);
  perform chatkeep_private.check_present('checksum', register_document.checksum is not null);
  if digest !~ '^[0-9a-f]{64}$' then
    perform chatkeep_private.refuse('22023', 'checksum must be 64 hexadecimal characters',
      'Pass the SHA-256 of the bytes, as document_checksum gives it.');
  end if;
  perform chatkeep_private.check_length('title', register_document.title, 500);
  perform chatkeep_private.check_length('mime_type', register_document.mime_type, 255);
  if register_document.byte_size < 0 then
    perform chatkeep_private.refuse('22023', 'byte_size must not be negative',
      'Pass the number of bytes, or leave it out.');
  end if;
  perform chatkeep_private.check_present('tags', register_document.tags is not null);
  perform chatkeep_private.check_tags('tags', register_document.tags);
  perform chatkeep_private.check_present('visibility', register_document.visibility is not null);
  if register_document.visibility not in ('private', 'tenant') then
    perform chatkeep_private.refuse('22023', 'visibility must be private or tenant',
      'Pass one of the two, or leave it out for private.');
  end if;
  perform chatkeep_private.check_present('properties', register_document.properties is not null);
  perform chatkeep_private.check_json('properties', register_document.properties, 'object');
  tenant := chatkeep_private.enter();

  perform set_config('chatkeep.writing', 'on', true);
  -- Each round sees what others committed meanwhile; a round is repeated only after losing a race to one of them.
  loop
    select d.* into stored from chatkeep.documents d
    where d.tenant_id = tenant
      and d.checksum = digest
      and (d.user_id = owner or (d.visibility = 'tenant' and register_document.visibility = 'tenant'))
      and d.status <> 'archived'
      and d.deleted_at is null
    order by d.user_id = owner desc
    limit 1
    for update;
    if found then
      outcome := 'duplicate';
      if register_document.source_uri <> all (stored.source_uri || stored.aliases) then
        update chatkeep.documents d
        set aliases = d.aliases || register_document.source_uri, updated_at = clock_timestamp()
        where d.id = stored.id and d.tenant_id = tenant
        returning d.* into stored;
        -- The source holds these bytes now, so what it held before is history.
        update chatkeep.documents d
        set status = 'archived', updated_at = clock_timestamp()
        where d.user_id = owner and d.source_uri = register_document.source_uri and d.tenant_id = tenant
          and d.id <> stored.id and d.status <> 'archived' and d.deleted_at is null;
      end if;
      exit;
    end if;

    update chatkeep.documents d
    set status = 'archived', updated_at = clock_timestamp()
    where d.user_id = owner and d.source_uri = register_document.source_uri and d.tenant_id = tenant
      and d.status <> 'archived' and d.deleted_at is null
    returning d.id into stored.id;
    replaced := coalesce(stored.id, replaced);
    insert into chatkeep.documents as d (
      id, tenant_id, user_id, source_uri, checksum, title, mime_type, byte_size, visibility, supersedes
    ) values (
      chatkeep_private.uuid_v7(), tenant, owner, register_document.source_uri, digest, register_document.title,
      register_document.mime_type, register_document.byte_size, register_document.visibility, replaced
    )
    on conflict do nothing
    returning d.* into stored;
    if found then
      outcome := case when replaced is null then 'created' else 'new_version' end;
      if register_document.tags <> '{}' or register_document.properties <> '{}' then
        insert into chatkeep.document_metadata (document_id, tenant_id, user_id, tags, properties)
        values (stored.id, tenant, owner, register_document.tags, register_document.properties);
      end if;
      exit;
    end if;
  end loop;
  perform set_config('chatkeep.writing', '', true);
  return query select
    outcome, stored.id, stored.tenant_id, stored.user_id, stored.source_uri, stored.aliases, stored.checksum,
    stored.title, stored.mime_type, stored.byte_size, stored.status, stored.visibility, stored.supersedes,
    stored.created_at, stored.updated_at, stored.deleted_at;
end
$$;

create or replace function chatkeep.engine() returns setof chatkeep.engine_info
language sql stable parallel safe set search_path = ''
as $$ select 'portable', '0.1.0', chatkeep_private.schema_version(), chatkeep_private.server_warning() $$;
