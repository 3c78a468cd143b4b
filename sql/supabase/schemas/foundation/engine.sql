create or replace function chatkeep.engine() returns setof chatkeep.engine_info
language sql stable parallel safe set search_path = ''
as $$ select 'portable', '0.1.0', chatkeep_private.schema_version(), chatkeep_private.server_warning() $$;
comment on function chatkeep.engine() is
'The engine that answers (native or portable), its version, the newest migration, and a warning about the server.
Returns: one row.';
revoke all on function chatkeep.engine() from public, anon, authenticated, service_role;
grant execute on function chatkeep.engine() to anon, authenticated, service_role;
