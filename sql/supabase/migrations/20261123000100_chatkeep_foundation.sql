-- Chatkeep: foundation. Written by `cargo xtask generate` from sql/supabase/schemas/foundation.

-- foundation/database.sql ------------------------------------------------------------

-- Refuses a database that cannot hold Chatkeep before anything is made.
do $$
declare
  api_role text;
begin
  -- JSON text is Unicode, and the native engine reads text as UTF-8.
  if getdatabaseencoding() <> 'UTF8' then
    raise sqlstate '0A000' using
      message = format('the encoding of database %s is %s, and Chatkeep needs UTF8', current_database(), getdatabaseencoding()),
      hint = 'Make a database with: create database ... encoding ''UTF8'' template template0';
  end if;
  -- The guards of sessions read auth.jwt(). Some gateways create the schema auth without this grant.
  foreach api_role in array array['anon', 'authenticated', 'service_role'] loop
    if has_schema_privilege(api_role, 'auth', 'usage') then
      continue;
    end if;
    begin
      execute format('grant usage on schema auth to %I', api_role);
    exception when insufficient_privilege then
      null;
    end;
    -- PostgreSQL only warns a role that may not grant it.
    if not has_schema_privilege(api_role, 'auth', 'usage') then
      raise sqlstate '42501' using
        message = format('role %s has no usage on schema auth, and %s cannot grant it', api_role, current_user),
        hint = 'As the owner of schema auth: grant usage on schema auth to anon, authenticated, service_role; then apply the migrations again.';
    end if;
  end loop;
end
$$;

create schema if not exists chatkeep;
comment on schema chatkeep is 'The conversation store, exposed through the Data API.';

create schema if not exists chatkeep_private;
comment on schema chatkeep_private is 'Internals of the conversation store, not exposed.';

-- foundation/types.sql ------------------------------------------------------------

-- Domains hold the constraints of columns that only the calls write. A CHECK constraint of a table is parsed and
-- prepared again in every statement that writes the table, which took a tenth of an append; a domain is checked where
-- a value is set. Columns that clients write directly have plain types and a trigger, because some gateways do not
-- know the type below a domain.
create domain chatkeep.json_object as jsonb constraint json_object_is_object check (jsonb_typeof(value) = 'object');
comment on domain chatkeep.json_object is 'jsonb whose outermost value is an object.';

create domain chatkeep.json_array as jsonb constraint json_array_is_array check (jsonb_typeof(value) = 'array');
comment on domain chatkeep.json_array is 'jsonb whose outermost value is an array.';

create domain chatkeep.natural_number as integer constraint natural_number_is_natural check (value >= 0);
comment on domain chatkeep.natural_number is 'Zero or more.';

create domain chatkeep.message_role as text
  constraint message_role_known check (value in ('system', 'developer', 'user', 'assistant', 'tool'));
comment on domain chatkeep.message_role is 'The role of a message''s author.';

create domain chatkeep.message_status as text
  constraint message_status_known check (value in ('complete', 'streaming', 'failed', 'stopped'));
comment on domain chatkeep.message_status is 'Whether a message is complete, streaming, failed, or stopped by the user.';

create domain chatkeep.message_content as text constraint message_content_length check (octet_length(value) <= 1048576);
comment on domain chatkeep.message_content is 'At most 1 MiB of UTF-8.';

create domain chatkeep.model_name as text constraint model_name_length check (char_length(value) <= 200);
comment on domain chatkeep.model_name is 'At most 200 characters.';

-- The configurations that every supported PostgreSQL has. A name instead of regconfig, which pg_upgrade refuses.
create domain chatkeep.search_language as text constraint search_language_known check (value in (
  'simple', 'arabic', 'armenian', 'basque', 'catalan', 'danish', 'dutch', 'english', 'finnish', 'french', 'german',
  'greek', 'hindi', 'hungarian', 'indonesian', 'irish', 'italian', 'lithuanian', 'nepali', 'norwegian', 'portuguese',
  'romanian', 'russian', 'serbian', 'spanish', 'swedish', 'tamil', 'turkish', 'yiddish'));
comment on domain chatkeep.search_language is 'A text search configuration of pg_catalog.';

create type chatkeep.engine_info as (engine text, version text, schema_version text, warning text);
comment on type chatkeep.engine_info is 'The engine that answers.';
comment on column chatkeep.engine_info.engine is 'One of native, portable.';
comment on column chatkeep.engine_info.schema_version is 'The newest migration.';
comment on column chatkeep.engine_info.warning is 'Known vulnerabilities of this server. NULL if there are none.';

-- foundation/schema_version.sql ------------------------------------------------------------

create or replace function chatkeep_private.schema_version() returns text
language sql immutable parallel safe set search_path = ''
as $$ select '20261123001100' $$;
comment on function chatkeep_private.schema_version() is 'The newest migration that is applied.';
revoke all on function chatkeep_private.schema_version() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.schema_version() to anon, authenticated, service_role;

-- foundation/server_warning.sql ------------------------------------------------------------

-- Known vulnerabilities in what isolation relies on: row level security and cached plans.
create or replace function chatkeep_private.server_warning(
  version_num integer default current_setting('server_version_num')::integer
) returns text
language sql stable parallel safe set search_path = ''
as $$
  select format('PostgreSQL %s.%s has %s: move to %s.%s or newer', version_num / 10000, version_num % 10000,
    string_agg(h.cve, ', ' order by h.place), version_num / 10000, max(h.minor))
  from (values
    (1, 'CVE-2026-14666', 15, 19), (1, 'CVE-2026-14666', 16, 15), (1, 'CVE-2026-14666', 17, 11), (1, 'CVE-2026-14666', 18, 5),
    (2, 'CVE-2025-8713', 15, 14), (2, 'CVE-2025-8713', 16, 10), (2, 'CVE-2025-8713', 17, 6),
    (3, 'CVE-2024-10976', 15, 9), (3, 'CVE-2024-10976', 16, 5), (3, 'CVE-2024-10976', 17, 1),
    (4, 'CVE-2023-39418', 15, 4),
    (5, 'CVE-2023-2455', 15, 3)
  ) h (place, cve, major, minor)
  where h.major = version_num / 10000 and version_num % 10000 < h.minor
  having count(*) > 0
$$;
comment on function chatkeep_private.server_warning(integer) is
  'Known vulnerabilities of a server with this server_version_num; NULL if there are none.';
revoke all on function chatkeep_private.server_warning(integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.server_warning(integer) to anon, authenticated, service_role;

-- foundation/engine.sql ------------------------------------------------------------

create or replace function chatkeep.engine() returns setof chatkeep.engine_info
language sql stable parallel safe set search_path = ''
as $$ select 'portable', '0.1.0', chatkeep_private.schema_version(), chatkeep_private.server_warning() $$;
comment on function chatkeep.engine() is
'The engine that answers (native or portable), its version, the newest migration, and a warning about the server.
Returns: one row.';
revoke all on function chatkeep.engine() from public, anon, authenticated, service_role;
grant execute on function chatkeep.engine() to anon, authenticated, service_role;

-- foundation/refuse.sql ------------------------------------------------------------

create or replace function chatkeep_private.refuse(code text, message text, hint text) returns void
language plpgsql set search_path = ''
as $$
begin
  raise exception using errcode = refuse.code, message = refuse.message, hint = refuse.hint;
end
$$;
comment on function chatkeep_private.refuse(text, text, text) is
  'Raises a refusal. Nothing else in the portable engine raises one.';
revoke all on function chatkeep_private.refuse(text, text, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse(text, text, text) to anon, authenticated, service_role;

-- foundation/refuse_moving.sql ------------------------------------------------------------

-- Not immutable, as in refuse_chat. It never returns; its type lets an expression have it where a tenant belongs.
create or replace function chatkeep_private.refuse_moving() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.refuse('PT503', 'the tenant is being moved', 'Nothing was stored. Try again later: reads go on.');
  return null;
end
$$;
comment on function chatkeep_private.refuse_moving() is
  'Refuses a write of a tenant while tenants.moving_to is set.';
revoke all on function chatkeep_private.refuse_moving() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_moving() to anon, authenticated, service_role;

-- foundation/refuse_unwritten.sql ------------------------------------------------------------

-- For a row that was visible when the call began and could not be written.
create or replace function chatkeep_private.refuse_unwritten(what text) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform chatkeep_private.refuse('42501', what || ' cannot be written any more',
    'The user was disabled or the share ended during the call, or a policy, trigger or rule of this database keeps the row out. Nothing was stored.');
end
$$;
comment on function chatkeep_private.refuse_unwritten(text) is
  'Refuses a call whose statement wrote fewer rows than expected.';
revoke all on function chatkeep_private.refuse_unwritten(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_unwritten(text) to anon, authenticated, service_role;

-- foundation/usage.sql ------------------------------------------------------------

-- A second run of this migration stops before it gets here. Outside of a transaction it would lock clients out
-- between these two statements.
revoke all on schema chatkeep, chatkeep_private from public, anon, authenticated, service_role;
grant usage on schema chatkeep, chatkeep_private to anon, authenticated, service_role;

-- foundation/user_id.sql ------------------------------------------------------------

-- A UUID of version 8 from SHA-256 (RFC 9562, section 5.8). Version 5 would need SHA-1, which PostgreSQL has in pgcrypto
-- only, and people can make two texts with one SHA-1 digest.
create or replace function chatkeep.user_id(issuer text, subject text) returns uuid
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.check_present('issuer', issuer is not null);
  perform chatkeep_private.check_present('subject', subject is not null);
  perform chatkeep_private.check_length('issuer', issuer, 500);
  perform chatkeep_private.check_length('subject', subject, 500);
  if issuer = '' or issuer ~ '[\x01-\x1f\x7f]' then
    perform chatkeep_private.refuse('22023', 'issuer must not be empty, and must not have control characters',
      'Pass the claim iss of the issuer''s tokens.');
  end if;
  if subject = '' then
    perform chatkeep_private.refuse('22023', 'subject must not be empty', 'Pass the claim sub of the person''s tokens.');
  end if;
  return chatkeep_private.uuid_v8(sha256(convert_to(issuer || E'\n' || subject, 'UTF8')));
end
$$;
comment on function chatkeep.user_id(text, text) is
'Returns the id of the user whom a registered issuer calls subject.
The npm package computes the same id with userId().
issuer: The claim iss, at most 500 characters, without control characters.
subject: The claim sub, 1 to 500 characters.
Errors: 22023, 22004.';
revoke all on function chatkeep.user_id(text, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep.user_id(text, text) to authenticated, service_role;

-- foundation/uuid_v7.sql ------------------------------------------------------------

-- UUID version 7 (RFC 9562). PostgreSQL 18 has a function for it. Before, a random UUID gets the Unix time in
-- milliseconds as its first 48 bits, and its version changes from 4 (0100) to 7 (0111).
do $do$
begin
  if current_setting('server_version_num')::integer >= 180000 then
    execute $sql$
      create function chatkeep_private.uuid_v7() returns uuid
      language sql volatile parallel safe set search_path = ''
      as $$ select pg_catalog.uuidv7() $$
    $sql$;
  else
    execute $sql$
      create function chatkeep_private.uuid_v7() returns uuid
      language sql volatile parallel safe set search_path = ''
      as $$
        select encode(
          set_bit(set_bit(
            overlay(uuid_send(gen_random_uuid())
              placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
              from 1 for 6),
            52, 1), 53, 1),
          'hex')::uuid
      $$
    $sql$;
  end if;
end
$do$;
comment on function chatkeep_private.uuid_v7() is
  'A new UUID version 7. It is ordered by time, so new keys go to the end of their index.';
revoke all on function chatkeep_private.uuid_v7() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.uuid_v7() to authenticated, service_role;

-- foundation/uuid_v8.sql ------------------------------------------------------------

-- A UUID version 8 (RFC 9562 section 5.8) from the first bits of a digest.
create or replace function chatkeep_private.uuid_v8(digest bytea) returns uuid
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  bytes bytea := substring(digest for 16);
begin
  bytes := set_byte(bytes, 6, (get_byte(bytes, 6) & 15) | 128);
  bytes := set_byte(bytes, 8, (get_byte(bytes, 8) & 63) | 128);
  return encode(bytes, 'hex')::uuid;
end
$$;
comment on function chatkeep_private.uuid_v8(bytea) is 'A UUID made from a digest: the same for the same digest.';
revoke all on function chatkeep_private.uuid_v8(bytea) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.uuid_v8(bytea) to anon, authenticated, service_role;
