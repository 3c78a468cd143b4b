-- Chatkeep, portable engine: the rules of the Rust crate chatkeep-core, in PL/pgSQL.
-- Same limits, same sentences; the contract suite holds the two together. Running this again is harmless.

create or replace function chatkeep_private.check_present(argument text, present boolean) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if not present then
    perform chatkeep_private.refuse('22004', argument || ' is missing', 'Pass a value; null is not accepted here.');
  end if;
end
$$;
comment on function chatkeep_private.check_present(text, boolean) is 'Refuses an argument that may not be NULL.';

create or replace function chatkeep_private.check_length(argument text, value text, most integer) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if char_length(value) > most then
    perform chatkeep_private.refuse('22023', format('%s is longer than %s characters', argument, most), 'Shorten it.');
  end if;
end
$$;
comment on function chatkeep_private.check_length(text, text, integer) is 'Refuses text of too many characters.';

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
    perform chatkeep_private.refuse('22023', argument || ' is larger than 262144 bytes',
      'Store large values as a document and attach that.');
  end if;
  -- Without its strings and scalars the text is brackets alone; each round removes the innermost level.
  brackets := translate(
    regexp_replace(regexp_replace(written, '"(\\.|[^"\\])*"', '', 'g'), '[^][{}]', '', 'g'),
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
comment on function chatkeep_private.check_json(text, jsonb, text) is 'Refuses JSON of another kind than object or array, too large or too deep.';

create or replace function chatkeep_private.check_tags(argument text, value jsonb) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  tag record;
  tags integer := 0;
begin
  perform chatkeep_private.check_json(argument, value, 'object');
  for tag in select e.key, e.value from jsonb_each(check_tags.value) e loop
    tags := tags + 1;
    if jsonb_typeof(tag.value) = 'object' or (jsonb_typeof(tag.value) = 'array' and exists (
         select from jsonb_array_elements(tag.value) a where jsonb_typeof(a.value) in ('object', 'array'))) then
      perform chatkeep_private.refuse('22023', argument || ' must be flat: scalars, or arrays of scalars',
        'Put nested values into properties.');
    end if;
  end loop;
  if exists (select from jsonb_object_keys(check_tags.value) k where char_length(k) > 64) then
    perform chatkeep_private.refuse('22023', argument || ' has a key longer than 64 characters', 'Shorten the key.');
  end if;
  if tags > 100 then
    perform chatkeep_private.refuse('22023', argument || ' has more than 100 keys', 'Use fewer tags, or another namespace.');
  end if;
end
$$;
comment on function chatkeep_private.check_tags(text, jsonb) is 'Refuses tags that are not a flat object of scalars and arrays of scalars.';

create or replace function chatkeep_private.check_source_uri(uri text) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.check_present('source_uri', uri is not null);
  if uri = '' then
    perform chatkeep_private.refuse('22023', 'source_uri must not be empty', 'Pass the URI or path the bytes came from.');
  end if;
  perform chatkeep_private.check_length('source_uri', uri, 2048);
  if uri ~ '[\x01-\x1f\x7f]' then
    perform chatkeep_private.refuse('22023', 'source_uri contains a control character',
      'Percent-encode it (RFC 3986 section 2.1).');
  end if;
  if split_part(uri, '://', 2) ~ '^[^/?#]*@'
     or substring(split_part(uri, '#', 1) from position('?' in split_part(uri, '#', 1)) + 1)
        ~* '(^|&)(x-amz-signature|x-amz-security-token|x-goog-signature|signature|sig|token|access_token|api_key|apikey)(=|&|$)'
        and position('?' in split_part(uri, '#', 1)) > 0 then
    -- The value is not repeated: it holds the secret.
    perform chatkeep_private.refuse('22023', 'source_uri carries credentials',
      'Remove user, password, token and signature; a stored URI is readable.');
  end if;
end
$$;
comment on function chatkeep_private.check_source_uri(text) is 'Refuses a source that is empty, too long, unprintable or carries credentials.';

create or replace function chatkeep_private.check_life(argument text, value interval) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if value not between interval '1 second' and interval '400 days' then
    perform chatkeep_private.refuse('22023', argument || ' must be between 1 second and 400 days',
      'Pass an interval such as ''30 days''.');
  end if;
end
$$;
comment on function chatkeep_private.check_life(text, interval) is 'Refuses the life of a session outside 1 second to 400 days.';

revoke all on function
  chatkeep_private.check_present(text, boolean),
  chatkeep_private.check_length(text, text, integer),
  chatkeep_private.check_json(text, jsonb, text),
  chatkeep_private.check_tags(text, jsonb),
  chatkeep_private.check_source_uri(text),
  chatkeep_private.check_life(text, interval)
  from public, anon, authenticated, service_role;
grant execute on function
  chatkeep_private.check_present(text, boolean),
  chatkeep_private.check_length(text, text, integer),
  chatkeep_private.check_json(text, jsonb, text),
  chatkeep_private.check_tags(text, jsonb),
  chatkeep_private.check_source_uri(text),
  chatkeep_private.check_life(text, interval)
  to authenticated, service_role;
