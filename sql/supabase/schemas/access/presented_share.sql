-- A call that opens a shared chat adds the id of the share to its marker: "off <id>" while it reads, "on <id>" while it
-- writes. The setting goes back with the marker when the call ends. The id alone unlocks nothing: see opened_share.
create or replace function chatkeep_private.presented_share() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return nullif(split_part(current_setting('chatkeep.writing', true), ' ', 2), '')::uuid;
end
$$;
comment on function chatkeep_private.presented_share() is
  'The id of the share through which the current call works; NULL in a call for the caller''s own chat.';
revoke all on function chatkeep_private.presented_share() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.presented_share() to authenticated, service_role;
