-- No timestamp is early enough for every interval, and nothing is older than a thousand years.
create or replace function chatkeep_private.moment_before(argument text, age interval) returns timestamptz
language plpgsql volatile parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.check_present(argument, age is not null);
  if age < interval '0' then
    perform chatkeep_private.refuse('22023', argument || ' must not be negative', 'Pass an interval such as ''15 minutes''.');
  end if;
  return clock_timestamp() - least(age, interval '1000 years');
end
$$;
comment on function chatkeep_private.moment_before(text, interval) is
  'The time that is age before now. Refuses a negative age.';
revoke all on function chatkeep_private.moment_before(text, interval) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.moment_before(text, interval) to authenticated, service_role;
