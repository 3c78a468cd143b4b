create or replace function chatkeep_private.is_timestamp(value jsonb) returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return jsonb_typeof(value) = 'string'
    and value #>> '{}' ~* '^[0-9]{4}-[0-9]{2}-[0-9]{2}[t ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(z|[+-][0-9]{2}:[0-9]{2})$'
    and (value #>> '{}')::timestamptz is not null;
exception when datetime_field_overflow or invalid_datetime_format or invalid_time_zone_displacement_value then
  return false;
end
$$;
comment on function chatkeep_private.is_timestamp(jsonb) is
  'Whether a JSON value is a timestamp with an offset (RFC 3339).';
revoke all on function chatkeep_private.is_timestamp(jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.is_timestamp(jsonb) to authenticated, service_role;
