-- validate_session without its writes and locks. A spent token does not end its session here: a request may carry the
-- token that another tab has just rotated.
create or replace function chatkeep_private.presented_status(
  token text, out status text, out session_id uuid, out user_id uuid, out tenant_id uuid, out aal text
) returns record
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  presented_before constant text := coalesce(current_setting('chatkeep.presented', true), '');
  payload constant bytea := chatkeep_private.read_token(presented_status.token);
  session_digest constant bytea := sha256(substr(payload, 1, 24));
  secret chatkeep_private.session_secrets;
  session record;
begin
  presented_status.status := 'invalid';
  if payload is null then
    return;
  end if;
  perform set_config('chatkeep.presented', encode(payload, 'hex'), true);
  select x.session_id, x.refresh_digest, x.previous_digest, x.rotated_at
  into secret.session_id, secret.refresh_digest, secret.previous_digest, secret.rotated_at
  from chatkeep_private.session_secrets x
  where x.session_token = session_digest;
  if not found then
    -- A token that unlocks no secret is spent or was never issued. The session tells which.
    secret.session_id := chatkeep_private.spent_session(session_digest);
  end if;
  select s.user_id, s.tenant_id, s.aal, s.expires_at, s.last_used_at + s.idle_ttl as idle_expires_at,
    s.revoked_at is not null as revoked
  into session from chatkeep.sessions s where s.id = secret.session_id;
  if found then
    presented_status.session_id := secret.session_id;
    presented_status.user_id := session.user_id;
    presented_status.tenant_id := session.tenant_id;
    presented_status.aal := session.aal;
    presented_status.status := case chatkeep_private.judge_session(
        secret, session.revoked, session.expires_at, session.idle_expires_at, sha256(substr(payload, 25, 24)), clock_timestamp())
      when 'revoked' then 'revoked'
      when 'expired' then 'expired'
      when 'idle' then 'idle'
      when 'reuse_detected' then 'spent'
      else 'valid'
    end;
  end if;
  perform set_config('chatkeep.presented', presented_before, true);
end
$$;
comment on function chatkeep_private.presented_status(text) is
  'The verdict on a token, without a lock or a write: valid, invalid, expired, idle, revoked or spent. Names its session, unless the token was never issued.';
revoke all on function chatkeep_private.presented_status(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.presented_status(text) to anon, authenticated, service_role;
