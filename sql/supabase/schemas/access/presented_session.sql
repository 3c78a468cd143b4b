-- Proof of possession: a call writes both secrets of the presented token into this setting, in hexadecimal (48
-- characters of the session secret, then 48 of the refresh secret), and restores the setting before it returns. A
-- forged setting without the secrets matches no digest.
create or replace function chatkeep_private.presented_session() returns bytea
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return sha256(decode(nullif(substr(current_setting('chatkeep.presented', true), 1, 48), ''), 'hex'));
end
$$;
comment on function chatkeep_private.presented_session() is
  'SHA-256 of the session secret that the current call presented; NULL without one.';
revoke all on function chatkeep_private.presented_session() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.presented_session() to anon, authenticated, service_role;
