create or replace function chatkeep_private.says_more(earlier_content text, earlier_parts jsonb, content text, parts jsonb) returns boolean
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  -- The parts hold the text, and a client chooses how it joins them.
  if parts is not null then
    content := replace(content, E'\n', '');
    earlier_content := replace(earlier_content, E'\n', '');
  end if;
  if not starts_with(content, earlier_content) then
    return false;
  end if;
  if earlier_parts is null then
    return true;
  end if;
  if parts is null or jsonb_array_length(earlier_parts) > jsonb_array_length(parts) then
    return false;
  end if;
  for place in 0 .. jsonb_array_length(earlier_parts) - 1 loop
    if not chatkeep_private.part_comes_before(earlier_parts -> place, parts -> place) then
      return false;
    end if;
  end loop;
  return true;
end
$$;
comment on function chatkeep_private.says_more(text, jsonb, text, jsonb) is
  'Whether a message says what an earlier copy of it says, or more.';
revoke all on function chatkeep_private.says_more(text, jsonb, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.says_more(text, jsonb, text, jsonb) to authenticated, service_role;
