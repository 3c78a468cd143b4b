-- Measured in days of the calendar from now on, because a month may have 31 days.
create or replace function chatkeep_private.check_life(argument text, value interval) returns void
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  -- A first comparison of intervals, so that a far too long one is not added to a date.
  if value not between interval '1 second' and interval '400 days'
     or now() + value not between now() + interval '1 second' and now() + interval '400 days' then
    perform chatkeep_private.refuse('22023', argument || ' must be between 1 second and 400 days',
      'Pass an interval such as ''30 days''.');
  end if;
end
$$;
comment on function chatkeep_private.check_life(text, interval) is 'Refuses a lifetime outside 1 second to 400 days.';
revoke all on function chatkeep_private.check_life(text, interval) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_life(text, interval) to authenticated, service_role;
