create or replace function chatkeep_private.schema_version() returns text
language sql immutable parallel safe set search_path = ''
as $$ select '20261123001100' $$;
comment on function chatkeep_private.schema_version() is 'The newest migration that is applied.';
revoke all on function chatkeep_private.schema_version() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.schema_version() to anon, authenticated, service_role;
