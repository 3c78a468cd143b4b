-- A UUID version 8 (RFC 9562 section 5.8): the same for the same chat and position, so that an import can be
-- repeated.
create or replace function chatkeep_private.imported_id(chat_id uuid, place integer) returns uuid
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return chatkeep_private.uuid_v8(sha256(uuid_send(chat_id) || int4send(place)));
end
$$;
comment on function chatkeep_private.imported_id(uuid, integer) is 'The id of an imported message that has none.';
revoke all on function chatkeep_private.imported_id(uuid, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.imported_id(uuid, integer) to authenticated, service_role;
