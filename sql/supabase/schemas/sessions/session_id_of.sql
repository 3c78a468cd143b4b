-- Derived from the token, so that a spent token finds its session although it cannot read the session's secrets.
create or replace function chatkeep_private.session_id_of(session_token bytea) returns uuid
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return chatkeep_private.uuid_v8(sha256(session_token));
end
$$;
comment on function chatkeep_private.session_id_of(bytea) is
  'The id of the session whose session secret has this digest. The id reveals nothing about the digest.';
revoke all on function chatkeep_private.session_id_of(bytea) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.session_id_of(bytea) to anon, authenticated, service_role;
