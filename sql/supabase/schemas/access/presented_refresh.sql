create or replace function chatkeep_private.presented_refresh() returns bytea
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return sha256(decode(nullif(substr(current_setting('chatkeep.presented', true), 49, 48), ''), 'hex'));
end
$$;
comment on function chatkeep_private.presented_refresh() is
  'SHA-256 of the refresh secret that the current call presented; NULL without one.';
revoke all on function chatkeep_private.presented_refresh() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.presented_refresh() to anon, authenticated, service_role;
