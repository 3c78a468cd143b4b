-- NULL is a token that was never issued. Nothing says whether length, alphabet or check sum is wrong.
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
  -- Writing it again proves the check sum, and that no stray bits hide in the last character.
  if chatkeep_private.write_token(payload) <> token then
    return null;
  end if;
  return payload;
end
$$;
comment on function chatkeep_private.read_token(text) is 'Session secret and refresh secret of a token, 48 bytes; NULL if it is none.';
revoke all on function chatkeep_private.read_token(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.read_token(text) to anon, authenticated, service_role;
