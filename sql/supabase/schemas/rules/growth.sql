-- The rule and its order are written down in core/src/chats/growth.rs. Values are compared by their text, as there.
create or replace function chatkeep_private.growth(stored_content text, stored_parts jsonb, content text, parts jsonb) returns text
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  is_after constant boolean := chatkeep_private.says_more(stored_content, stored_parts, content, parts);
  is_before constant boolean := chatkeep_private.says_more(content, parts, stored_content, stored_parts);
begin
  return case when is_after and is_before then 'same' when is_after then 'grown' when is_before then 'stale' else 'conflict' end;
end
$$;
comment on function chatkeep_private.growth(text, jsonb, text, jsonb) is
  'How a copy of a message relates to what is stored: same, grown out of it, stale or in conflict with it.';
revoke all on function chatkeep_private.growth(text, jsonb, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.growth(text, jsonb, text, jsonb) to authenticated, service_role;
