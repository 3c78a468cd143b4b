create or replace function chatkeep_private.check_json(argument text, value jsonb, kind text) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  written text;
  brackets text;
  depth integer := 0;
begin
  if value = '{}' and kind = 'object' then
    return;
  end if;
  if jsonb_typeof(value) is distinct from kind then
    perform chatkeep_private.refuse('22023', format('%s must be a JSON %s', argument, kind), 'Wrap the value in one.');
  end if;
  written := value::text;
  if octet_length(written) > 262144 then
    -- The only arrays are the parts of messages. Most of what makes them large are files, as data URLs.
    perform chatkeep_private.refuse('22023', argument || ' is larger than 262144 bytes',
      case kind when 'array' then
        'Move files (data URLs) to Storage and attach them by storage_path; store other large values as a document and attach that.'
      else 'Store large values as a document and attach that.' end);
  end if;
  -- Without strings and scalars the text consists of brackets. Each round removes the innermost level.
  brackets := translate(
    regexp_replace(regexp_replace(written, $re$"(\\.|[^"\\])*"$re$, '', 'g'), '[^][{}]', '', 'g'),
    '{}', '[]');
  while brackets <> '' loop
    depth := depth + 1;
    if depth > 64 then
      perform chatkeep_private.refuse('22023', argument || ' is nested deeper than 64 levels',
        'Flatten it, or store it as text.');
    end if;
    brackets := replace(brackets, '[]', '');
  end loop;
end
$$;
comment on function chatkeep_private.check_json(text, jsonb, text) is
  'Refuses JSON that is not of the given kind (object or array), too large or too deep.';
revoke all on function chatkeep_private.check_json(text, jsonb, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_json(text, jsonb, text) to authenticated, service_role;
