-- Selects the portable engine: the calls answer from SQL and PL/pgSQL. No row is touched; running it again
-- is harmless. Run with psql by the owner of the functions, or a superuser:
--   psql "$DATABASE_URL" -f sql/engines/portable.sql

\set ON_ERROR_STOP on
begin;
-- Of two switches at once the second waits here: both replace the same functions, and would end in a deadlock.
do $$ begin perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('chatkeep.engine', 0)); end $$;
-- A dump of the native engine, restored where its library could not be used, brings back the tables and their rows, but no
-- policies and few calls. Row level security then shows no row to any user, and the bodies below would not mend that.
do $$
declare
  bare text;
begin
  -- Without the migrations there is no table at all.
  select case when count(*) = 0 then 'chatkeep.users' else
    string_agg(n.nspname || '.' || c.relname, ', ' order by c.oid)
      filter (where not exists (select from pg_catalog.pg_policy p where p.polrelid = c.oid)) end
  into bare
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('chatkeep', 'chatkeep_private') and c.relkind in ('r', 'p') and c.relrowsecurity;
  if bare is not null then
    raise exception 'there are no policies on %', bare using
      errcode = '55000',
      hint = 'Apply the migrations first. Where a dump was restored here, its policies are lost: see "Dump and restore" in docs/supabase.md.';
  end if;
end
$$;
-- The calls with a native body: written by `cargo xtask generate` from the declarations in extension/src.
\ir ../supabase/schemas/foundation/engine.sql
\ir ../supabase/schemas/access/keeps_order.sql
\ir ../supabase/schemas/access/may_read_salt.sql
\ir ../supabase/schemas/access/member.sql
\ir ../supabase/schemas/access/presented_refresh.sql
\ir ../supabase/schemas/access/presented_session.sql
\ir ../supabase/schemas/access/reader.sql
\ir ../supabase/schemas/access/reading_tenant.sql
\ir ../supabase/schemas/access/shared_chat_id.sql
\ir ../supabase/schemas/access/tenant_id.sql
\ir ../supabase/schemas/access/uid.sql
\ir ../supabase/schemas/access/writer.sql
\ir ../supabase/schemas/chats/append_message.sql
\ir ../supabase/schemas/chats/append_messages.sql
\ir ../supabase/schemas/chats/create_chat.sql
\ir ../supabase/schemas/chats/finish_message.sql
\ir ../supabase/schemas/chats/list_messages.sql
\ir ../supabase/schemas/chats/select_branch.sql
\ir ../supabase/schemas/sessions/create_session.sql
\ir ../supabase/schemas/sessions/pre_request.sql
\ir ../supabase/schemas/sessions/rotate_session.sql
\ir ../supabase/schemas/sessions/validate_session.sql
\ir ../supabase/schemas/documents/document_checksum.sql
\ir ../supabase/schemas/documents/register_content.sql
\ir ../supabase/schemas/documents/register_document.sql
\ir ../supabase/schemas/documents/register_documents.sql
-- End of the calls.
notify pgrst, 'reload schema';
commit;
