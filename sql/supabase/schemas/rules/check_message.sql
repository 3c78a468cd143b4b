-- place is empty, or names the item of a batch: messages[3] and a dot.
create or replace function chatkeep_private.check_message(
  place text, role text, content text, parts jsonb, metadata jsonb, status text, model text, token_count integer, usage jsonb
) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  -- Nearly every message passes here: one expression instead of nine calls.
  if role in ('system', 'developer', 'user', 'assistant', 'tool') and octet_length(content) <= 1048576 and parts is null
     and metadata = '{}' and status in ('complete', 'streaming', 'failed', 'stopped') and model is null and token_count is null
     and usage is null then
    return;
  end if;
  perform chatkeep_private.check_present(place || 'role', role is not null);
  if role not in ('system', 'developer', 'user', 'assistant', 'tool') then
    perform chatkeep_private.refuse('22023', place || 'role must be system, developer, user, assistant or tool',
      'Pass one of the five, in lower case.');
  end if;
  perform chatkeep_private.check_present(place || 'content', content is not null);
  perform chatkeep_private.check_content(place || 'content', content);
  if parts is not null then
    perform chatkeep_private.check_json(place || 'parts', parts, 'array');
  end if;
  perform chatkeep_private.check_present(place || 'metadata', metadata is not null);
  perform chatkeep_private.check_json(place || 'metadata', metadata, 'object');
  perform chatkeep_private.check_present(place || 'status', status is not null);
  if status not in ('complete', 'streaming', 'failed', 'stopped') then
    perform chatkeep_private.refuse('22023', place || 'status must be complete, streaming, failed or stopped',
      'Pass one of the four, or leave it out for complete.');
  end if;
  perform chatkeep_private.check_length(place || 'model', model, 200);
  perform chatkeep_private.check_token_count(place || 'token_count', token_count);
  perform chatkeep_private.check_usage(place || 'usage', usage);
end
$$;
comment on function chatkeep_private.check_message(text, text, text, jsonb, jsonb, text, text, integer, jsonb) is
  'Refuses bad arguments of a message, one by one.';
revoke all on function chatkeep_private.check_message(text, text, text, jsonb, jsonb, text, text, integer, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_message(text, text, text, jsonb, jsonb, text, text, integer, jsonb) to authenticated, service_role;
