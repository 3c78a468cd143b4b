-- Selects the portable engine: the calls answer from SQL and PL/pgSQL. No row is touched; running it again
-- is harmless. Run with psql by the owner of the functions, or a superuser:
--   psql "$DATABASE_URL" -f sql/engines/portable.sql

\set ON_ERROR_STOP on
begin;
-- Of two switches at once the second waits here: both replace the same functions, and would end in a deadlock.
do $$ begin perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('chatkeep.engine', 0)); end $$;
\ir ../supabase/migrations/20261123000150_chatkeep_portable_policies.sql
\ir ../supabase/migrations/20261123000400_chatkeep_portable_rules.sql
\ir ../supabase/migrations/20261123000500_chatkeep_portable_conversations.sql
\ir ../supabase/migrations/20261123000600_chatkeep_portable_sessions.sql
\ir ../supabase/migrations/20261123000700_chatkeep_portable_documents.sql
notify pgrst, 'reload schema';
commit;
