-- CRC-32 (IEEE 802.3), bit by bit over a token's 48 bytes.
create or replace function chatkeep_private.crc32_bytes(payload bytea) returns bytea
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  crc bigint := 4294967295;
begin
  for i in 0 .. octet_length(payload) - 1 loop
    crc := crc # get_byte(payload, i);
    for bit in 1 .. 8 loop
      crc := (crc >> 1) # (3988292384 * (crc & 1));
    end loop;
  end loop;
  return substr(int8send(crc # 4294967295), 5);
end
$$;
comment on function chatkeep_private.crc32_bytes(bytea) is 'CRC-32 as four bytes, big-endian.';
revoke all on function chatkeep_private.crc32_bytes(bytea) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.crc32_bytes(bytea) to anon, authenticated, service_role;
