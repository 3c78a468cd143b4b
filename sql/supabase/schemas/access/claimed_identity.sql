-- If the issuer is not registered, the claim sub is an id of Supabase Auth. Ids of version 8 belong to users of registered
-- issuers, so no other token can name one of them.
create or replace function chatkeep_private.claimed_identity(out id uuid, out issuer text, out subject text)
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  older constant text := nullif(current_setting('request.jwt.claim.sub', true), '');
  claims constant jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  claimed constant text := coalesce(older, claims ->> 'sub');
  claimed_issuer constant text := case when claimed = claims ->> 'sub' then claims ->> 'iss'
    else nullif(current_setting('request.jwt.claim.iss', true), '') end;
begin
  if claimed is null then
    return;
  end if;
  if exists (select from chatkeep.identity_providers p where p.issuer = claimed_issuer) then
    if jsonb_typeof(claims -> 'sub') <> 'string' or char_length(claimed) not between 1 and 500 then
      perform chatkeep_private.refuse('42501', 'the claim sub must be a string of 1 to 500 characters',
        'Sign in again, or correct the claims that the issuer writes.');
    end if;
    issuer := claimed_issuer;
    subject := claimed;
    id := chatkeep.user_id(issuer, subject);
    return;
  end if;
  -- Every form that PostgreSQL takes for a UUID.
  if claimed !~ '^([{]([0-9A-Fa-f]{4}-?){7}[0-9A-Fa-f]{4}[}]|([0-9A-Fa-f]{4}-?){7}[0-9A-Fa-f]{4})$' then
    if claimed_issuer is null then
      perform chatkeep_private.refuse('42501', 'the claim sub is no UUID, and the token names no issuer',
        'Sign in with Supabase Auth, or send tokens with the claim iss of a registered issuer.');
    end if;
    perform chatkeep_private.refuse('42501', format('the issuer %s is not registered', claimed_issuer),
      format('Run as service_role: insert into chatkeep.identity_providers (issuer, name) values (%L, ''a name'');',
        claimed_issuer));
  end if;
  -- pre_request() writes this issuer when it signs a request in by a session. The session names its user by the id.
  if get_byte(uuid_send(claimed::uuid), 6) >> 4 = 8 and claimed_issuer is distinct from 'chatkeep/auth/v1' then
    perform chatkeep_private.refuse('42501', 'the claim sub is an id of a registered issuer''s user',
      'Sign in where this user signs in.');
  end if;
  id := claimed::uuid;
end
$$;
comment on function chatkeep_private.claimed_identity() is
  'The user whom the claims of the request name. issuer and subject are NULL for a user of Supabase Auth.';
revoke all on function chatkeep_private.claimed_identity() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.claimed_identity() to anon, authenticated, service_role;
