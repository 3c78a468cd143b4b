-- engine(): the name of the engine, and a warning about its server.
begin;
\ir ../support/identities.psql
select * from no_plan();

-- core/src/postgres_advisories.rs has the same sentences.
select is((select array_agg(chatkeep_private.server_warning(n) order by n) from unnest(array[150018, 150019, 170000, 180004, 180006]) n), array[
    'PostgreSQL 15.18 has CVE-2026-14666: move to 15.19 or newer', null,
    'PostgreSQL 17.0 has CVE-2026-14666, CVE-2025-8713, CVE-2024-10976: move to 17.11 or newer',
    'PostgreSQL 18.4 has CVE-2026-14666: move to 18.5 or newer', null], 'a server with a known hole is warned which, and of the release without it');
select is((select warning from chatkeep.engine()), chatkeep_private.server_warning(), 'engine() has the warning about this server');

select pg_temp.sign_out();
select is((select count(*)::int from chatkeep.engine()), 1, 'anon may call engine()');

select * from finish();
rollback;
