create or replace function chatkeep_private.named_tenant() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  claims jsonb;
  named text;
begin
  -- Most requests have no such header, and reading all headers takes longer than this.
  if current_setting('request.headers', true) like '%x-chatkeep-tenant%' then
    named := chatkeep_private.header_uuid('x-chatkeep-tenant');
  end if;
  if named is null then
    claims := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
    named := coalesce(claims ->> 'tenant_id', claims -> 'app_metadata' ->> 'tenant_id');
    -- An application may use the claim for ids of its own.
    if named !~ '^([0-9A-Fa-f]{4}-?){7}[0-9A-Fa-f]{4}$' then
      return null;
    end if;
  end if;
  return named::uuid;
end
$$;
comment on function chatkeep_private.named_tenant() is
  'The tenant that the request names in the header x-chatkeep-tenant or in a claim; NULL if it names none. Nothing confirms it.';
revoke all on function chatkeep_private.named_tenant() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.named_tenant() to authenticated, service_role;
