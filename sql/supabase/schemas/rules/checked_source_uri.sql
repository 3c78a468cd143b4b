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
