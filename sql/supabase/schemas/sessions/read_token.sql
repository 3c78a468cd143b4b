-- NULL means a token that was never issued. The result does not tell whether length, alphabet or checksum is wrong.
create or replace function chatkeep_private.read_token(token text) returns bytea
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  payload bytea;
begin
  if (token ~ '^cks_[A-Za-z0-9_-]{70}$') is not true then
    return null;
  end if;
  payload := substr(decode(translate(substr(token, 5), '-_', '+/') || '==', 'base64'), 1, 48);
  -- Writing the token again proves the checksum, and that the last character holds no stray bits.
  if chatkeep_private.write_token(payload) <> token then
    return null;
  end if;
  return payload;
end
$$;
comment on function chatkeep_private.read_token(text) is
  'The session secret and the refresh secret of a token, 48 bytes; NULL if the text is not a token.';
revoke all on function chatkeep_private.read_token(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.read_token(text) to anon, authenticated, service_role;
