create or replace function chatkeep_private.judge_session(
  secret chatkeep_private.session_secrets,
  session_revoked boolean,
  session_expires_at timestamptz,
  session_idle_expires_at timestamptz,
  presented bytea,
  moment timestamptz
) returns text
language sql immutable parallel safe set search_path = ''
as $$
  select case
    when session_revoked then 'revoked'
    when moment >= session_expires_at then 'expired'
    when moment >= session_idle_expires_at then 'idle'
    when secret.refresh_digest = presented then 'current'
    when secret.previous_digest = presented and moment < secret.rotated_at + interval '10 seconds' then 'previous'
    else 'reuse_detected'
  end
$$;
comment on function chatkeep_private.judge_session(chatkeep_private.session_secrets, boolean, timestamptz, timestamptz, bytea, timestamptz) is
  'The verdict on a presented token, in the order of chatkeep-core: revoked is final and comes first. A token that unlocks no secret is spent.';
revoke all on function chatkeep_private.judge_session(chatkeep_private.session_secrets, boolean, timestamptz, timestamptz, bytea, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.judge_session(chatkeep_private.session_secrets, boolean, timestamptz, timestamptz, bytea, timestamptz) to anon, authenticated, service_role;
