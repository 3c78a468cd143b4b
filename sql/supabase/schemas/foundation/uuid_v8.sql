-- A UUID version 8 (RFC 9562 section 5.8) from the first bits of a digest.
create or replace function chatkeep_private.uuid_v8(digest bytea) returns uuid
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  bytes bytea := substring(digest for 16);
begin
  bytes := set_byte(bytes, 6, (get_byte(bytes, 6) & 15) | 128);
  bytes := set_byte(bytes, 8, (get_byte(bytes, 8) & 63) | 128);
  return encode(bytes, 'hex')::uuid;
end
$$;
comment on function chatkeep_private.uuid_v8(bytea) is 'A UUID made from a digest: the same for the same digest.';
revoke all on function chatkeep_private.uuid_v8(bytea) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.uuid_v8(bytea) to anon, authenticated, service_role;
