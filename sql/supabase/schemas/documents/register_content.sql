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
