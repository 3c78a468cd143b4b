-- Policies and calls ask this for the caller, several times in a statement. So the tokens of Supabase Auth are told
-- apart here, without a look at the table of issuers: their issuer ends in /auth/v1, which no registered issuer does.
-- request.jwt.claim.sub is the setting of older gateways. Where it is not empty, it overrides the claims, as in auth.uid().
create or replace function chatkeep.uid() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  claims constant jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  claimed constant text := claims ->> 'sub';
  older constant text := nullif(current_setting('request.jwt.claim.sub', true), '');
begin
  if claimed is null and older is null then
    return null;
  end if;
  if coalesce(older, claimed) = claimed and coalesce(claims ->> 'iss', '/auth/v1') like '%/auth/v1' and substr(claimed, 15, 1) <> '8'
     and translate(claimed, '0123456789abcdefABCDEF', 'xxxxxxxxxxxxxxxxxxxxxx') = 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx' then
    return claimed::uuid;
  end if;
  return (select i.id from chatkeep_private.claimed_identity() i);
end
$$;
comment on function chatkeep.uid() is
'Returns the id of the signed-in user, NULL if nobody is signed in.
It is the claim sub of a token of Supabase Auth, and user_id(iss, sub) if the token''s issuer is in identity_providers.
Errors: 42501.';
revoke all on function chatkeep.uid() from public, anon, authenticated, service_role;
grant execute on function chatkeep.uid() to anon, authenticated, service_role;
