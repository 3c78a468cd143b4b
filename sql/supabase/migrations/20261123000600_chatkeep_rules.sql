-- Chatkeep: rules. Written by `cargo xtask generate` from sql/supabase/schemas/rules.

-- rules/carries_credentials.sql ------------------------------------------------------------

create or replace function chatkeep_private.carries_credentials(value text) returns boolean
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  form text;
  names text;
  pieces text[];
  piece text;
begin
  -- Without one of these characters there is neither a user nor a parameter.
  if value is null or value !~ '[@=%]' then
    return false;
  end if;
  form := lower(value collate "C");
  -- The fragment of a URI is not stored, so it does not count.
  if form ~ $re$^[a-z][a-z0-9+.-]+:(?://|[^\u0009-\u000d \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$)$re$ then
    form := split_part(form, '#', 1);
  end if;
  for round in 1..2 loop
    -- Tokens are often sent as the user. Browsers find the host after any number of slashes, and after leading
    -- blanks.
    if position('@' in form) > 0 and (
         form ~ '^ *//[^/?#]*@'
         or split_part(form, '://', 2) ~ '^[^/?#]*@'
         or form ~ $re$^ *(?:https?|wss?|ftp):[/\\]*[^/?#\\]*@$re$
         or form ~ '://[^/?#]*:[^/?#]*@') then
      return true;
    end if;
    -- A parameter counts by the end of its name, or by the whole name, without the characters that join words. The
    -- first test is there for speed: few texts contain one of its words, and the full test takes a quarter of the
    -- time.
    names := translate(form, '-_.~+[] ', '');
    if position('=' in form) > 0
       and names ~ 'sig|token|key|secret|pass|pwd|jwt|auth|bearer|credential|assertion|samlresponse|sess|hmac|hdn'
       and names ~ ('[?&;#](?:[^?&;#=]*(?:signature|securitytoken|accesstoken|refreshtoken|authtoken|sessiontoken'
         '|privatetoken|apitoken|apikey|accesskey|secretkey|privatekey|subscriptionkey|secret|secretproof|password'
         '|passwd|passphrase)|sig|token|idtoken|tokenhash|oauthtoken|jobtoken|feedtoken|rsstoken|jwt|pwd|pass|auth'
         '|authkey|authorization|bearer|credentials|assertion|clientassertion|samlresponse|jsessionid|phpsessid|hmac'
         '|hdnea|hdnts)=') then
      return true;
    end if;
    -- A URL inside the query of another URL is percent-encoded.
    exit when round = 2 or form !~ '%[2-7][0-9a-f]';
    pieces := string_to_array(form, '%');
    form := pieces[1];
    foreach piece in array pieces[2:] loop
      form := form || case when piece ~ '^[2-7][0-9a-f]'
        then lower(chr(get_byte(decode(left(piece, 2), 'hex'), 0)) collate "C") || substr(piece, 3)
        else '%' || piece end;
    end loop;
  end loop;
  return false;
end
$$;
comment on function chatkeep_private.carries_credentials(text) is
  'Whether a text has a user, a password, a token or a signature in the place where a URL has one.';
revoke all on function chatkeep_private.carries_credentials(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.carries_credentials(text) to authenticated, service_role;

-- rules/check_batch.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_batch(argument text, items jsonb, most integer) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.check_present(argument, items is not null);
  if jsonb_typeof(items) <> 'array' then
    perform chatkeep_private.refuse('22023', argument || ' must be a JSON array', 'Wrap the value in one.');
  end if;
  if jsonb_array_length(items) > most then
    perform chatkeep_private.refuse('22023', format('%s has more than %s items', argument, most), 'Send it in several calls.');
  end if;
end
$$;
comment on function chatkeep_private.check_batch(text, jsonb, integer) is
  'Refuses a value that is not an array, and an array of too many items.';
revoke all on function chatkeep_private.check_batch(text, jsonb, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_batch(text, jsonb, integer) to authenticated, service_role;

-- rules/check_batch_size.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_batch_size(value integer, most integer) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.check_present('batch_size', value is not null);
  if value not between 1 and most then
    perform chatkeep_private.refuse('22023', format('batch_size must be between 1 and %s', most),
      'Call again until nothing is left.');
  end if;
end
$$;
comment on function chatkeep_private.check_batch_size(integer, integer) is
  'Refuses a batch size below 1 or above the limit.';
revoke all on function chatkeep_private.check_batch_size(integer, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_batch_size(integer, integer) to authenticated, service_role;

-- rules/check_chat_place.sql ------------------------------------------------------------

-- The times are as a gateway printed them. Some leave the minutes of the offset out, and RFC 3339 has no infinity.
create or replace function chatkeep_private.check_chat_place(before jsonb, place text) returns void
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  moment text;
begin
  if before is null then
    return;
  end if;
  if jsonb_typeof(before) <> 'object' then
    perform chatkeep_private.refuse('22023', 'before must be a JSON object', 'Pass the last chat of the page before.');
  end if;
  foreach moment in array array['id', place] loop
    if coalesce(before -> moment, 'null') = 'null' then
      perform chatkeep_private.refuse('22023', format('before has no %s', moment), 'Pass the last chat of the page before.');
    end if;
  end loop;
  perform chatkeep_private.check_kind('before.id', before -> 'id', 'uuid');
  foreach moment in array array['pinned_at', 'updated_at', 'deleted_at'] loop
    if coalesce(before ->> moment, '') not in ('infinity', '-infinity') then
      perform chatkeep_private.check_kind('before.' || moment,
        to_jsonb(regexp_replace(before ->> moment, '([+-][0-9]{2})$', '\1:00')), 'timestamp');
    end if;
  end loop;
end
$$;
comment on function chatkeep_private.check_chat_place(jsonb, text) is
  'Refuses a value that is no place in a list of chats: an object with an id and the time that orders the list.';
revoke all on function chatkeep_private.check_chat_place(jsonb, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_chat_place(jsonb, text) to authenticated, service_role;

-- rules/check_chat_tags.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_chat_tags(tags text[], argument text default 'tags') returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if cardinality(tags) > 50 then
    perform chatkeep_private.refuse('22023', argument || ' has more than 50 items', 'Use fewer of them.');
  end if;
  if array_ndims(tags) > 1 or exists (
    select from unnest(tags) t (tag) where t.tag is null or char_length(t.tag) not between 1 and 100
  ) then
    perform chatkeep_private.refuse('22023', argument || ' must be names of 1 to 100 characters',
      'Leave out null and empty ones, and shorten long ones.');
  end if;
end
$$;
comment on function chatkeep_private.check_chat_tags(text[], text) is 'Refuses tags of a chat, or labels of a rating, that are too many, too long, empty or NULL.';
revoke all on function chatkeep_private.check_chat_tags(text[], text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_chat_tags(text[], text) to authenticated, service_role;

-- rules/check_content.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_content(argument text, value text) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if octet_length(value) > 1048576 then
    perform chatkeep_private.refuse('22023', argument || ' is longer than 1048576 bytes',
      'Split it, or store it as a document and attach that.');
  end if;
end
$$;
comment on function chatkeep_private.check_content(text, text) is 'Refuses content over 1 MiB.';
revoke all on function chatkeep_private.check_content(text, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_content(text, text) to authenticated, service_role;

-- rules/check_folder.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_folder(folder text) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if folder = '' then
    perform chatkeep_private.refuse('22023', 'folder must not be empty', 'Pass 1 to 200 characters.');
  end if;
  perform chatkeep_private.check_length('folder', folder, 200);
end
$$;
comment on function chatkeep_private.check_folder(text) is 'Refuses a folder without a name, and one whose name is too long.';
revoke all on function chatkeep_private.check_folder(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_folder(text) to authenticated, service_role;

-- rules/check_items.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_items(argument text, items jsonb, keys text[]) returns void
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  item record;
  place text;
begin
  perform chatkeep_private.check_batch(argument, items, 1000);
  for item in
    select e.value, e.ordinality - 1 as position from jsonb_array_elements(items) with ordinality e
  loop
    place := format('%s[%s]', argument, item.position);
    if jsonb_typeof(item.value) <> 'object' then
      perform chatkeep_private.refuse('22023', place || ' must be a JSON object', 'Wrap the value in one.');
    end if;
    if item.value - keys <> '{}' then
      perform chatkeep_private.refuse('22023', place || ' has an unknown key',
        format('The keys are %s and %s.', array_to_string(trim_array(keys, 1), ', '), keys[cardinality(keys)]));
    end if;
    place := place || '.';
    -- Most items have a role, content and an id, all strings.
    if jsonb_typeof(item.value -> 'role') is distinct from 'string'
       or jsonb_typeof(item.value -> 'content') is distinct from 'string'
       or item.value - '{role,content}'::text[] <> '{}' then
      perform chatkeep_private.check_kind(place || 'role', item.value -> 'role', 'string');
      perform chatkeep_private.check_kind(place || 'content', item.value -> 'content', 'string');
      perform chatkeep_private.check_kind(place || 'message_id', item.value -> 'message_id', 'uuid');
      perform chatkeep_private.check_kind(place || 'id', item.value -> 'id', 'uuid');
      perform chatkeep_private.check_kind(place || 'parent_id', item.value -> 'parent_id', 'uuid');
      perform chatkeep_private.check_kind(place || 'reply_to', item.value -> 'reply_to', 'uuid');
      perform chatkeep_private.check_kind(place || 'status', item.value -> 'status', 'string');
      perform chatkeep_private.check_kind(place || 'model', item.value -> 'model', 'string');
      perform chatkeep_private.check_kind(place || 'token_count', item.value -> 'token_count', 'integer');
      perform chatkeep_private.check_kind(place || 'created_at', item.value -> 'created_at', 'timestamp');
    end if;
    perform chatkeep_private.check_message(place, item.value ->> 'role', item.value ->> 'content',
      nullif(item.value -> 'parts', 'null'), coalesce(nullif(item.value -> 'metadata', 'null'), '{}'),
      coalesce(item.value ->> 'status', 'complete'), item.value ->> 'model', (item.value ->> 'token_count')::integer,
      nullif(item.value -> 'usage', 'null'));
  end loop;
end
$$;
comment on function chatkeep_private.check_items(text, jsonb, text[]) is
  'Refuses a batch of messages and names the position of the first bad item.';
revoke all on function chatkeep_private.check_items(text, jsonb, text[]) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_items(text, jsonb, text[]) to authenticated, service_role;

-- rules/check_json.sql ------------------------------------------------------------

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

-- rules/check_kind.sql ------------------------------------------------------------

-- JSON null counts as absent.
create or replace function chatkeep_private.check_kind(argument text, value jsonb, kind text) returns void
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  if value is null or value = 'null' then
    return;
  end if;
  if kind = 'string' and jsonb_typeof(value) <> 'string' then
    perform chatkeep_private.refuse('22023', argument || ' must be a string', 'Put it in quotes.');
  elsif kind = 'uuid' and (jsonb_typeof(value) <> 'string'
      or value #>> '{}' !~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$') then
    perform chatkeep_private.refuse('22023', argument || ' must be a UUID', 'Write it as 8-4-4-4-12 hexadecimal digits.');
  elsif kind = 'integer' and (jsonb_typeof(value) <> 'number' or value #>> '{}' !~ '^-?[0-9]{1,10}$'
      or (value #>> '{}')::bigint not between -2147483648 and 2147483647) then
    perform chatkeep_private.refuse('22023', argument || ' must be an integer',
      'Pass a whole number of at most 2147483647.');
  elsif kind = 'bigint' and (jsonb_typeof(value) <> 'number' or value #>> '{}' !~ '^-?[0-9]{1,19}$'
      or (value #>> '{}')::numeric not between -9223372036854775808 and 9223372036854775807) then
    perform chatkeep_private.refuse('22023', argument || ' must be an integer',
      'Pass a whole number of at most 9223372036854775807.');
  elsif kind = 'timestamp' and not chatkeep_private.is_timestamp(value) then
    perform chatkeep_private.refuse('22023', argument || ' must be a timestamp (RFC 3339)',
      'Write it as 2026-01-31T12:00:00Z.');
  end if;
end
$$;
comment on function chatkeep_private.check_kind(text, jsonb, text) is
  'Refuses a JSON value that is neither null nor of the given kind: string, uuid, integer, bigint or timestamp.';
revoke all on function chatkeep_private.check_kind(text, jsonb, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_kind(text, jsonb, text) to authenticated, service_role;

-- rules/check_language.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_language(argument text, value text) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.check_present(argument, value is not null);
  if value not in ('simple', 'arabic', 'armenian', 'basque', 'catalan', 'danish', 'dutch', 'english', 'finnish',
                   'french', 'german', 'greek', 'hindi', 'hungarian', 'indonesian', 'irish', 'italian', 'lithuanian',
                   'nepali', 'norwegian', 'portuguese', 'romanian', 'russian', 'serbian', 'spanish', 'swedish',
                   'tamil', 'turkish', 'yiddish') then
    perform chatkeep_private.refuse('22023', argument || ' names no text search configuration',
      'Pass simple, english, german or another one that PostgreSQL brings.');
  end if;
end
$$;
comment on function chatkeep_private.check_language(text, text) is
  'Refuses a name that is not a text search configuration of every supported PostgreSQL.';
revoke all on function chatkeep_private.check_language(text, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_language(text, text) to authenticated, service_role;

-- rules/check_length.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_length(argument text, value text, most integer) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if char_length(value) > most then
    perform chatkeep_private.refuse('22023', format('%s is longer than %s characters', argument, most), 'Shorten it.');
  end if;
end
$$;
comment on function chatkeep_private.check_length(text, text, integer) is 'Refuses text with too many characters.';
revoke all on function chatkeep_private.check_length(text, text, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_length(text, text, integer) to authenticated, service_role;

-- rules/check_life.sql ------------------------------------------------------------

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

-- rules/check_message.sql ------------------------------------------------------------

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

-- rules/check_page_size.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_page_size(value integer) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.check_present('page_size', value is not null);
  if value not between 1 and 200 then
    perform chatkeep_private.refuse('22023', 'page_size must be between 1 and 200',
      'Ask for fewer rows and page on with before or after.');
  end if;
end
$$;
comment on function chatkeep_private.check_page_size(integer) is 'Refuses a page size below 1 or above 200.';
revoke all on function chatkeep_private.check_page_size(integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_page_size(integer) to anon, authenticated, service_role;

-- rules/check_present.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_present(argument text, present boolean) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if not present then
    perform chatkeep_private.refuse('22004', argument || ' is missing', 'Pass a value; null is not accepted here.');
  end if;
end
$$;
comment on function chatkeep_private.check_present(text, boolean) is 'Refuses an argument that is NULL.';
revoke all on function chatkeep_private.check_present(text, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_present(text, boolean) to anon, authenticated, service_role;

-- rules/check_tags.sql ------------------------------------------------------------

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
revoke all on function chatkeep_private.check_tags(text, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_tags(text, jsonb) to authenticated, service_role;

-- rules/check_token_count.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_token_count(argument text, value integer) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if value < 0 then
    perform chatkeep_private.refuse('22023', argument || ' must not be negative',
      'Pass the number of tokens, or leave it out.');
  end if;
end
$$;
comment on function chatkeep_private.check_token_count(text, integer) is 'Refuses a negative number of tokens.';
revoke all on function chatkeep_private.check_token_count(text, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_token_count(text, integer) to authenticated, service_role;

-- rules/check_usage.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_usage(argument text, value jsonb) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  tokens constant text[] := array['input_tokens', 'output_tokens', 'cached_input_tokens', 'reasoning_tokens'];
  entry record;
begin
  if value is null then
    return;
  end if;
  perform chatkeep_private.check_json(argument, value, 'object');
  for entry in select e.key, e.value, e.value #>> '{}' as written from jsonb_each(check_usage.value) e order by e.key collate "C" loop
    if entry.key = any (tokens) then
      if jsonb_typeof(entry.value) <> 'number' or entry.written !~ '^[0-9]{1,10}$' or entry.written::bigint > 2147483647 then
        perform chatkeep_private.refuse('22023', argument || ' has a number of tokens that is not a whole number',
          'Pass whole numbers from 0 to 2147483647.');
      end if;
    elsif entry.key = 'cost' then
      if jsonb_typeof(entry.value) <> 'number' or entry.written::numeric not between 0 and 1000000000000 then
        perform chatkeep_private.refuse('22023', argument || ' has a cost that is no amount',
          'Pass a number from 0 to 1000000000000, in units of the currency.');
      end if;
    elsif entry.key = 'currency' then
      if jsonb_typeof(entry.value) <> 'string' or entry.written !~ '^[A-Z]{3}$' then
        perform chatkeep_private.refuse('22023', argument || ' has a currency that is no code',
          'Pass three capital letters (ISO 4217), such as USD.');
      end if;
    else
      perform chatkeep_private.refuse('22023', argument || ' has an unknown key',
        'The keys are input_tokens, output_tokens, cached_input_tokens, reasoning_tokens, cost and currency.');
    end if;
  end loop;
  if value ? 'cost' <> value ? 'currency' then
    perform chatkeep_private.refuse('22023', argument || ' has only one of cost and currency', 'Pass both, or neither.');
  end if;
end
$$;
comment on function chatkeep_private.check_usage(text, jsonb) is 'Refuses the usage of a message that has other keys, or values of another kind.';
revoke all on function chatkeep_private.check_usage(text, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_usage(text, jsonb) to authenticated, service_role;

-- rules/checked_source_uri.sql ------------------------------------------------------------

create or replace function chatkeep_private.checked_source_uri(argument text, uri text) returns text
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  pieces text[];
  scheme text;
  authority text;
  path text;
  port text;
  segment text;
  kept text[];
  depth integer := 0;
  form text;
begin
  -- Most sources have their normal form already: a URL in lower case up to the path, without a port and a dot
  -- segment, or a path without a colon. Without @ there is no user. The only escape allowed here stands for a blank.
  if octet_length(uri) <= 2048
     and uri ~ ($re$^(?:(?:file://|[a-z][a-z0-9+.-]+://[a-z0-9.-]+)$re$
       || $re$(?:/(?:(?:[^\u0001-\u001f\u007f/.?#%@]|%20|%[89A-Fa-f][0-9A-Fa-f])(?:[^\u0001-\u001f\u007f/?#%@]|%20|%[89A-Fa-f][0-9A-Fa-f])*)?)+$re$
       || $re$(?:\?[^\u0001-\u001f\u007f#%@]*)?$re$
       || $re$|(?:[^\u0001-\u001f\u007f:%@]|%20|%[89A-Fa-f][0-9A-Fa-f])+)\Z$re$)
     and (position('=' in uri) = 0 or not chatkeep_private.carries_credentials(uri)) then
    return uri;
  end if;
  perform chatkeep_private.check_present(argument, uri is not null);
  if uri = '' then
    perform chatkeep_private.refuse('22023', argument || ' must not be empty', 'Pass the URI or path the bytes came from.');
  end if;
  perform chatkeep_private.check_length(argument, uri, 2048);
  if uri ~ $re$[\x01-\x1f\x7f]$re$ then
    perform chatkeep_private.refuse('22023', argument || ' contains a control character',
      'Percent-encode it (RFC 3986 section 2.1).');
  end if;
  if chatkeep_private.carries_credentials(uri) then
    -- The refusal does not repeat the value, because the value holds the secret.
    perform chatkeep_private.refuse('22023', argument || ' carries credentials',
      'Remove user, password, token and signature; a stored URI is readable.');
  end if;
  if uri !~ $re$^[A-Za-z][A-Za-z0-9+.-]+:(?://|[^ \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$)$re$ then
    return uri;
  end if;

  pieces := regexp_match(split_part(uri, '#', 1), $re$^([^:]+):(//[^/?]*)?([^?]*)(\?.*)?\Z$re$);
  scheme := lower(pieces[1] collate "C");
  authority := lower(pieces[2] collate "C");
  path := pieces[3];
  -- An authority that is not a host and a port stays as it is, so that the text before a second colon never becomes
  -- the port.
  port := (regexp_match(authority, $re$^//(?:[^:]*|\[[^]]*\]):([0-9]*)\Z$re$))[1];
  if port = '' or (scheme, port) in (('http', '80'), ('ws', '80'), ('https', '443'), ('wss', '443'), ('ftp', '21')) then
    authority := left(authority, -1 - length(port));
  end if;
  if path = '' and authority is not null and scheme in ('http', 'https', 'ws', 'wss') then
    path := '/';
  end if;
  if path ~ $re$^/(?:.*/)?\.\.?(?:/|$)$re$ then
    foreach segment in array string_to_array(substr(path, 2), '/') loop
      if segment = '..' then
        depth := greatest(depth - 1, 0);
      elsif segment <> '.' then
        depth := depth + 1;
        kept[depth] := segment;
      end if;
    end loop;
    -- Dots at the end name a folder.
    path := '/' || coalesce(array_to_string(kept[1:depth], '/'), '')
      || case when depth > 0 and path ~ $re$/\.\.?\Z$re$ then '/' else '' end;
  end if;
  if authority is null and path like '//%' then
    -- Otherwise the rest would be read as a host.
    path := '/.' || path;
  end if;
  form := concat(scheme, ':', authority, path, pieces[4]);
  if form <> uri then
    -- The slash after the host may add a character.
    perform chatkeep_private.check_length(argument, form, 2048);
    -- Resolving dot segments may join parts that were apart.
    if chatkeep_private.carries_credentials(form) then
      perform chatkeep_private.refuse('22023', argument || ' carries credentials',
        'Remove user, password, token and signature; a stored URI is readable.');
    end if;
  end if;
  return form;
end
$$;
comment on function chatkeep_private.checked_source_uri(text, text) is
  'The normal form of a source. Refuses one that is empty, too long, unprintable or carries credentials.';
revoke all on function chatkeep_private.checked_source_uri(text, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.checked_source_uri(text, text) to authenticated, service_role;

-- rules/growth.sql ------------------------------------------------------------

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

-- rules/is_timestamp.sql ------------------------------------------------------------

create or replace function chatkeep_private.is_timestamp(value jsonb) returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return jsonb_typeof(value) = 'string'
    and value #>> '{}' ~* '^[0-9]{4}-[0-9]{2}-[0-9]{2}[t ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(z|[+-][0-9]{2}:[0-9]{2})$'
    and (value #>> '{}')::timestamptz is not null;
exception when datetime_field_overflow or invalid_datetime_format or invalid_time_zone_displacement_value then
  return false;
end
$$;
comment on function chatkeep_private.is_timestamp(jsonb) is
  'Whether a JSON value is a timestamp with an offset (RFC 3339).';
revoke all on function chatkeep_private.is_timestamp(jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.is_timestamp(jsonb) to authenticated, service_role;

-- rules/keeps_values.sql ------------------------------------------------------------

create or replace function chatkeep_private.keeps_values(earlier jsonb, later jsonb, except_keys text[]) returns boolean
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return not exists (
    select from jsonb_each(earlier) e (key, value)
    where e.key <> all (except_keys) and (later -> e.key)::text is distinct from e.value::text
  );
end
$$;
comment on function chatkeep_private.keeps_values(jsonb, jsonb, text[]) is
  'Whether an object has every key of an earlier one with its value, except for some keys.';
revoke all on function chatkeep_private.keeps_values(jsonb, jsonb, text[]) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.keeps_values(jsonb, jsonb, text[]) to authenticated, service_role;

-- rules/moment_before.sql ------------------------------------------------------------

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

-- rules/part_comes_before.sql ------------------------------------------------------------

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

-- rules/says_more.sql ------------------------------------------------------------

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

-- rules/tool_state_place.sql ------------------------------------------------------------

create or replace function chatkeep_private.tool_state_place(state text) returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select case state when 'input-streaming' then 1 when 'input-available' then 2 when 'approval-requested' then 3
    when 'approval-responded' then 4 when 'output-available' then 5 when 'output-error' then 5 when 'output-denied' then 5 end
$$;
comment on function chatkeep_private.tool_state_place(text) is 'The place of a state in the life of a tool call; NULL for an unknown one.';
revoke all on function chatkeep_private.tool_state_place(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.tool_state_place(text) to authenticated, service_role;
