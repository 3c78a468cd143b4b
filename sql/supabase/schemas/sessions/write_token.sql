create or replace function chatkeep_private.write_token(payload bytea) returns text
language sql immutable parallel safe set search_path = ''
as $$
  select 'cks_' || rtrim(translate(
    encode(payload || chatkeep_private.crc32_bytes(payload), 'base64'), E'+/\n', '-_'), '=')
$$;
comment on function chatkeep_private.write_token(bytea) is
  'The text of a token: cks_ and the base64url form of both secrets and their CRC-32.';
revoke all on function chatkeep_private.write_token(bytea) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.write_token(bytea) to anon, authenticated, service_role;
