create or replace function chatkeep_private.is_described(item jsonb) returns boolean
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return coalesce(item ->> 'title', item ->> 'mime_type', item ->> 'byte_size') is not null
    or coalesce(nullif(item -> 'tags', 'null'), '{}') <> '{}'
    or coalesce(nullif(item -> 'properties', 'null'), '{}') <> '{}';
end
$$;
comment on function chatkeep_private.is_described(jsonb) is
  'Whether an item of a batch has more than its source and checksum.';
revoke all on function chatkeep_private.is_described(jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.is_described(jsonb) to authenticated, service_role;
