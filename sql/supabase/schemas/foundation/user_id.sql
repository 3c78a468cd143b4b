-- A UUID of version 8 from SHA-256 (RFC 9562, section 5.8). Version 5 would need SHA-1, which PostgreSQL has in pgcrypto
-- only, and people can make two texts with one SHA-1 digest.
create or replace function chatkeep.user_id(issuer text, subject text) returns uuid
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.check_present('issuer', issuer is not null);
  perform chatkeep_private.check_present('subject', subject is not null);
  perform chatkeep_private.check_length('issuer', issuer, 500);
  perform chatkeep_private.check_length('subject', subject, 500);
  if issuer = '' or issuer ~ '[\x01-\x1f\x7f]' then
    perform chatkeep_private.refuse('22023', 'issuer must not be empty, and must not have control characters',
      'Pass the claim iss of the issuer''s tokens.');
  end if;
  if subject = '' then
    perform chatkeep_private.refuse('22023', 'subject must not be empty', 'Pass the claim sub of the person''s tokens.');
  end if;
  return chatkeep_private.uuid_v8(sha256(convert_to(issuer || E'\n' || subject, 'UTF8')));
end
$$;
comment on function chatkeep.user_id(text, text) is
'Returns the id of the user whom a registered issuer calls subject.
The npm package computes the same id with userId().
issuer: The claim iss, at most 500 characters, without control characters.
subject: The claim sub, 1 to 500 characters.
Errors: 22023, 22004.';
revoke all on function chatkeep.user_id(text, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep.user_id(text, text) to authenticated, service_role;
