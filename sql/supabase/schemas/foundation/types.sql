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
