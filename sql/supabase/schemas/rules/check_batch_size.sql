create or replace function chatkeep_private.check_batch_size(value integer, most integer) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.check_present('batch_size', value is not null);
  if value not between 1 and most then
    perform chatkeep_private.refuse('22023', format('batch_size must be between 1 and %s', most),
      'Call again until nothing is left.');
  end if;
end
$$;
comment on function chatkeep_private.check_batch_size(integer, integer) is
  'Refuses a batch size below 1 or above the limit.';
revoke all on function chatkeep_private.check_batch_size(integer, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_batch_size(integer, integer) to authenticated, service_role;
