create or replace function chatkeep_private.part_comes_before(earlier jsonb, later jsonb) returns boolean
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  kind constant text := case when jsonb_typeof(earlier -> 'type') = 'string' then earlier ->> 'type' end;
  before_state constant text := case when jsonb_typeof(earlier -> 'state') = 'string' then earlier ->> 'state' end;
  after_state constant text := case when jsonb_typeof(later -> 'state') = 'string' then later ->> 'state' end;
  before_place constant integer := chatkeep_private.tool_state_place(before_state);
  after_place constant integer := chatkeep_private.tool_state_place(after_state);
  may_change text[] := '{state,approval}'::text[];
begin
  if earlier::text = later::text then
    return true;
  end if;
  if jsonb_typeof(earlier) <> 'object' or jsonb_typeof(later) <> 'object' or kind is null or (later -> 'type')::text is distinct from (earlier -> 'type')::text then
    return false;
  end if;
  if kind in ('text', 'reasoning') then
    return (
        (earlier -> 'text')::text is not distinct from (later -> 'text')::text
        or (jsonb_typeof(earlier -> 'text') = 'string' and jsonb_typeof(later -> 'text') = 'string'
          and starts_with(later ->> 'text', earlier ->> 'text'))
      ) is true
      and (before_state is not distinct from 'streaming' or after_state is distinct from 'streaming')
      and chatkeep_private.keeps_values(earlier, later, '{text,state,providerMetadata}'::text[]);
  end if;
  if kind <> 'dynamic-tool' and not starts_with(kind, 'tool-') then
    return false;
  end if;
  -- A call ends once: two ends never follow each other.
  if before_place is null or after_place is null or (before_place >= after_place and before_state <> after_state) then
    return false;
  end if;
  if before_state = 'input-streaming' then
    -- The AI SDK keeps the text of the input so far, and takes it away when the input is whole.
    may_change := may_change || '{input,rawInput,inputEncoding,callProviderMetadata}'::text[];
  end if;
  if (earlier -> 'preliminary')::text = 'true' then
    may_change := may_change || '{output,preliminary}'::text[];
  end if;
  return (not earlier ? 'approval' or (
      jsonb_typeof(earlier -> 'approval') = 'object' and jsonb_typeof(later -> 'approval') = 'object'
      and chatkeep_private.keeps_values(earlier -> 'approval', later -> 'approval', '{}'::text[])
    )) is true
    and chatkeep_private.keeps_values(earlier, later, may_change);
end
$$;
comment on function chatkeep_private.part_comes_before(jsonb, jsonb) is
  'Whether a part of a message has grown out of an earlier copy of it, or is the same.';
revoke all on function chatkeep_private.part_comes_before(jsonb, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.part_comes_before(jsonb, jsonb) to authenticated, service_role;
