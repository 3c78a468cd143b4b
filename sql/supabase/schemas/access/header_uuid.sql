create or replace function chatkeep_private.header_uuid(header text) returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  named constant text := current_setting('request.headers', true)::jsonb ->> header;
begin
  if named !~ '^([0-9A-Fa-f]{4}-?){7}[0-9A-Fa-f]{4}$' then
    perform chatkeep_private.refuse('22023', format('the header %s is no UUID', header), 'Send an id, or leave the header out.');
  end if;
  return named::uuid;
end
$$;
comment on function chatkeep_private.header_uuid(text) is 'The UUID in a header of the request; NULL without this header.';
revoke all on function chatkeep_private.header_uuid(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.header_uuid(text) to authenticated, service_role;
