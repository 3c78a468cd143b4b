create or replace function chatkeep_private.named_tenant() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  uuid_form constant text := '^([0-9A-Fa-f]{4}-?){7}[0-9A-Fa-f]{4}$';
  headers constant text := current_setting('request.headers', true);
  claims jsonb;
  named text;
begin
  -- Most requests have no such header, and reading all headers takes longer than this.
  if headers like '%x-chatkeep-tenant%' then
    named := headers::jsonb ->> 'x-chatkeep-tenant';
    if named !~ uuid_form then
      perform chatkeep_private.refuse('22023', 'the header x-chatkeep-tenant is no UUID', 'Send the id of a tenant, or leave the header out.');
    end if;
  end if;
  if named is null then
    claims := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
    named := coalesce(claims ->> 'tenant_id', claims -> 'app_metadata' ->> 'tenant_id');
    -- An application may use the claim for ids of its own.
    if named !~ uuid_form then
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
