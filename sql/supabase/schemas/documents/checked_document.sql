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
