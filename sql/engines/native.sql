-- Selects the native engine: the calls, and what policies ask, answer from the extension's library. No row is touched;
-- running it again is harmless. Names, arguments, defaults, results, grants and comments stay those of the migrations, since each call
-- keeps its function and only changes its body. Run with psql by a superuser, who alone may name a library:
--   psql "$DATABASE_URL" -f sql/engines/native.sql

\set ON_ERROR_STOP on
begin;
-- Of two switches at once the second waits here: both replace the same functions, and would end in a deadlock.
do $$ begin perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('chatkeep.engine', 0)); end $$;
-- The library reads text as UTF-8.
do $$
begin
  if pg_catalog.getdatabaseencoding() <> 'UTF8' then
    raise exception 'the encoding of database % is %, and the native engine needs UTF8',
      pg_catalog.current_database(), pg_catalog.getdatabaseencoding()
      using errcode = '0A000', hint = 'Make a database with: create database ... encoding ''UTF8'' template template0';
  end if;
end
$$;
-- Notices would say what is there already.
set local client_min_messages = warning;
create schema if not exists chatkeep_native;
revoke all on schema chatkeep_native from public;
create extension if not exists chatkeep with schema chatkeep_native;
-- Where it was there, from an older release.
alter extension chatkeep update;

do $$
declare
  called text;
  declared record;
begin
  -- Types are written out with their schemas.
  set local search_path = '';
  for called in select c from chatkeep_native.calls() c loop
    -- What policies ask lies in the schema that is not exposed.
    select p.oid, p.pronamespace::regnamespace as schema, p.provolatile, p.proparallel, p.proisstrict into declared
    from pg_catalog.pg_proc p
    where p.pronamespace in ('chatkeep'::regnamespace, 'chatkeep_private'::regnamespace) and p.proname = called;
    if not found then
      raise exception 'the function % is not there', called using hint = 'Apply the migrations first.';
    end if;
    execute format(
      'create or replace function %s.%I(%s) returns %s language c %s %s parallel %s as %L, %L',
      declared.schema,
      called,
      pg_catalog.pg_get_function_arguments(declared.oid),
      pg_catalog.pg_get_function_result(declared.oid),
      case declared.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
      case when declared.proisstrict then 'strict' else 'called on null input' end,
      case declared.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end,
      '$libdir/chatkeep',
      called || '_wrapper');
  end loop;
end
$$;
notify pgrst, 'reload schema';
commit;
