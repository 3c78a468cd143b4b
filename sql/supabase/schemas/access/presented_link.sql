-- open_share writes the secret of a link into this setting, in hexadecimal, and restores the setting before it returns.
-- A forged setting without the secret matches no digest.
create or replace function chatkeep_private.presented_link() returns bytea
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return sha256(decode(nullif(current_setting('chatkeep.presented_link', true), ''), 'hex'));
end
$$;
comment on function chatkeep_private.presented_link() is
  'SHA-256 of the secret of the link that the current call presented; NULL without one.';
revoke all on function chatkeep_private.presented_link() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.presented_link() to authenticated, service_role;
