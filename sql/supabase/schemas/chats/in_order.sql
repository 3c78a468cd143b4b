-- Keeps the given times where they increase strictly. Moves the others by as little as possible, after floor and not
-- beyond ceiling.
create or replace function chatkeep_private.in_order(given timestamptz[], floor timestamptz, ceiling timestamptz) returns timestamptz[]
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  tick constant interval := interval '1 microsecond';
  times timestamptz[] := given;
  total constant integer := cardinality(given);
  known integer := 1;
begin
  while known < total and given[known] is null loop
    known := known + 1;
  end loop;
  for place in 1 .. total loop
    -- A message without a time comes right before the first message that has one, or else right after the message
    -- before it.
    times[place] := coalesce(given[place],
      case when place < known then coalesce(given[known], ceiling) - (known - place) * tick
           when place = known then ceiling end);
    if place = 1 then
      times[place] := greatest(times[place], floor + tick);
    else
      times[place] := greatest(times[place], times[place - 1] + tick);
    end if;
  end loop;
  if total > 0 then
    times[total] := least(times[total], greatest(ceiling, floor + total * tick));
  end if;
  for place in reverse total - 1 .. 1 loop
    times[place] := least(times[place], times[place + 1] - tick);
  end loop;
  return times;
end
$$;
comment on function chatkeep_private.in_order(timestamptz[], timestamptz, timestamptz) is
  'Times in strict order, moved by as little as possible.';
revoke all on function chatkeep_private.in_order(timestamptz[], timestamptz, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.in_order(timestamptz[], timestamptz, timestamptz) to authenticated, service_role;
