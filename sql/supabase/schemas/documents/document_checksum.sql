create or replace function chatkeep.document_checksum(content bytea) returns text
language sql immutable strict parallel safe set search_path = ''
as $$ select encode(sha256(content), 'hex') $$;
comment on function chatkeep.document_checksum(bytea) is
'SHA-256 of the bytes, 64 lower-case hexadecimal characters.';
revoke all on function chatkeep.document_checksum(bytea) from public, anon, authenticated, service_role;
grant execute on function chatkeep.document_checksum(bytea) to anon, authenticated, service_role;
