create or replace function chatkeep_private.check_storage_path(path text) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if path = '' then
    perform chatkeep_private.refuse('22023', 'storage_path must not be empty', 'Pass where the object lies, or leave it out.');
  end if;
  perform chatkeep_private.check_length('storage_path', path, 2048);
  if path ~ $re$[\x01-\x1f\x7f]$re$ then
    perform chatkeep_private.refuse('22023', 'storage_path contains a control character',
      'Percent-encode it (RFC 3986 section 2.1).');
  end if;
  -- A source ends before a #, but a path is stored with what follows it.
  if chatkeep_private.carries_credentials(path)
     or chatkeep_private.carries_credentials('?' || split_part(path, '#', 2)) then
    -- The refusal does not repeat the value, because the value holds the secret.
    perform chatkeep_private.refuse('22023', 'storage_path carries credentials',
      'Pass the path in the bucket, and sign a URL when it is needed.');
  end if;
end
$$;
comment on function chatkeep_private.check_storage_path(text) is 'Refuses a path that is empty, too long, unprintable or carries credentials.';
revoke all on function chatkeep_private.check_storage_path(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_storage_path(text) to authenticated, service_role;
