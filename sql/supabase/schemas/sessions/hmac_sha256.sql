-- HMAC-SHA256 (RFC 2104) for keys of at most 64 bytes.
create or replace function chatkeep_private.hmac_sha256(key bytea, message bytea) returns bytea
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  inner_pad bytea := decode(repeat('36', 64), 'hex');
  outer_pad bytea := decode(repeat('5c', 64), 'hex');
begin
  for i in 0 .. octet_length(key) - 1 loop
    inner_pad := set_byte(inner_pad, i, get_byte(key, i) # 54);
    outer_pad := set_byte(outer_pad, i, get_byte(key, i) # 92);
  end loop;
  return sha256(outer_pad || sha256(inner_pad || message));
end
$$;
comment on function chatkeep_private.hmac_sha256(bytea, bytea) is 'HMAC-SHA256 for keys of at most 64 bytes.';
revoke all on function chatkeep_private.hmac_sha256(bytea, bytea) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.hmac_sha256(bytea, bytea) to anon, authenticated, service_role;
