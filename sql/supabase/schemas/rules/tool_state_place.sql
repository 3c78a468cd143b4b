create or replace function chatkeep_private.tool_state_place(state text) returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select case state when 'input-streaming' then 1 when 'input-available' then 2 when 'approval-requested' then 3
    when 'approval-responded' then 4 when 'output-available' then 5 when 'output-error' then 5 when 'output-denied' then 5 end
$$;
comment on function chatkeep_private.tool_state_place(text) is 'The place of a state in the life of a tool call; NULL for an unknown one.';
revoke all on function chatkeep_private.tool_state_place(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.tool_state_place(text) to authenticated, service_role;
