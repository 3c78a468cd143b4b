-- Databases that their owners have changed: more columns, triggers that call Chatkeep or swallow rows, other names of indexes, unusual
-- settings of the caller. Every call works as before or refuses. No call reports a row that it has not stored.
begin;
\ir ../support/identities.psql
select * from no_plan();

-- The calls. A test compares the answer of each, and what is stored afterwards.
select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.create_chat('plans', chat_id => pg_temp.id('c1')) \gset
select count(*) as made from chatkeep.append_messages(pg_temp.id('c1'), jsonb_build_array(pg_temp.item('the vault', pg_temp.id('a1')), pg_temp.item('an answer', pg_temp.id('a2')),
  pg_temp.item('', pg_temp.id('a3'), pg_temp.id('a1'), '{"status":"streaming"}'))) \gset
select count(*) as filed from chatkeep.update_chat(pg_temp.id('c1'), folder => 'Work') \gset
select count(*) as made from chatkeep.create_chat('old', chat_id => pg_temp.id('c2')) \gset
select count(*) as made from chatkeep.delete_chat(pg_temp.id('c2')) \gset
select id as document from chatkeep.register_document('ada.html', repeat('a', 64), tags => '{"a":1}') \gset
select id as shared from chatkeep.register_document('shared.html', repeat('d', 64), visibility => 'tenant') \gset
select count(*) as made from chatkeep.attach(pg_temp.id('c1'), pg_temp.id('a1'), :'document', 'a.html') \gset
select token, session_id as session from chatkeep.create_session() \gset
select token as other from chatkeep.create_session('log') \gset
select count(*) as made from chatkeep.create_chat('log', chat_id => pg_temp.id('c7')) \gset
select count(*) as made from chatkeep.append_message(pg_temp.id('c7'), 'user', 'log') \gset
reset role;

create temporary table calls (n integer generated always as identity, name text, call text) on commit drop;
insert into calls (name, call) values
  ('create_chat', 'create_chat(''new'', chat_id => pg_temp.id(''c3''))'),
  ('create_chat again', 'create_chat(chat_id => CHAT)'),
  ('append_message', 'append_message(CHAT, ''user'', ''next'', pg_temp.id(''f1''))'),
  ('append_message again', 'append_message(CHAT, ''user'', ''the vault'', pg_temp.id(''a1''))'),
  ('append_message of a branch', 'append_message(CHAT, ''user'', ''next'', pg_temp.id(''f1''), parent_id => pg_temp.id(''a2''))'),
  ('append_messages', 'append_messages(CHAT, jsonb_build_array(pg_temp.item(''next'', pg_temp.id(''f1'')), pg_temp.item(''after it'', pg_temp.id(''f2''))))'),
  ('append_messages of what is stored', 'append_messages(CHAT, jsonb_build_array(pg_temp.item(''the vault'', pg_temp.id(''a1'')), pg_temp.item(''next'', pg_temp.id(''f1''))))'),
  ('append_messages of a branch', 'append_messages(CHAT, jsonb_build_array(pg_temp.item(''next'', pg_temp.id(''f1''), pg_temp.id(''a2''))))'),
  ('finish_message', 'finish_message(CHAT, pg_temp.id(''a3''), ''whole'')'),
  ('select_branch', 'select_branch(CHAT, pg_temp.id(''a2''))'),
  ('list_messages', 'list_messages(CHAT)'),
  ('list_messages after', 'list_messages(CHAT, after => ''-infinity'')'),
  ('search_messages', 'search_messages(''vault'')'),
  ('search_messages of a chat', 'search_messages(''vault'', CHAT)'),
  ('delete_chat', 'delete_chat(CHAT)'),
  ('restore_chat', 'restore_chat(pg_temp.id(''c2''))'),
  ('get_chat', 'get_chat(CHAT)'),
  ('list_chats', 'list_chats(''Work'')'),
  ('update_chat', 'update_chat(CHAT, ''new'', metadata_merge => ''{"a":1}'')'),
  ('import_chat', 'import_chat(jsonb_build_object(''id'', pg_temp.id(''c3''), ''messages'', jsonb_build_array(jsonb_build_object(''id'', pg_temp.id(''f1''), ''role'', ''user'', ''content'', ''next''))))'),
  ('import_chat into a chat', 'import_chat(jsonb_build_object(''id'', CHAT, ''messages'', jsonb_build_array(jsonb_build_object(''id'', pg_temp.id(''f1''), ''role'', ''user'', ''content'', ''next''))))'),
  ('fail_stale_messages', 'fail_stale_messages(''0'')'),
  ('create_session', 'create_session(''new'')'),
  ('create_session at most', 'create_session(''new'', max_sessions => 1)'),
  ('rotate_session', 'rotate_session(TOKEN)'),
  ('validate_session', 'validate_session(TOKEN)'),
  ('elevate_session', 'elevate_session(TOKEN, ''aal2'')'),
  ('revoke_session', 'revoke_session(SESSION)'),
  ('revoke_other_sessions', 'revoke_other_sessions(TOKEN)'),
  ('revoke_all_sessions', 'revoke_all_sessions()'),
  ('my_sessions', 'my_sessions'),
  ('register_document', 'register_document(''new.html'', repeat(''c'', 64), tags => ''{"b":1}'')'),
  ('register_document again', 'register_document(''ada.html'', repeat(''a'', 64))'),
  ('register_document of new bytes', 'register_document(''ada.html'', repeat(''c'', 64))'),
  ('register_document of a new source', 'register_document(''new.html'', repeat(''a'', 64))'),
  ('register_documents', 'register_documents(jsonb_build_array(pg_temp.document(''1.html'', ''1''), pg_temp.document(''2.html'', ''2'')))'),
  ('register_documents of all kinds', 'register_documents(jsonb_build_array(pg_temp.document(''1.html'', ''1''), pg_temp.document(''ada.html'', ''a''), pg_temp.document(''2.html'', ''a''), pg_temp.document(''shared.html'', ''2'')))'),
  ('register_content', 'register_content(''new.html'', ''bytes'')'),
  ('set_document_status', 'set_document_status(DOCUMENT, ''ready'')'),
  ('tag_document', 'tag_document(DOCUMENT, ''{"b":1}'')'),
  ('tag_document of a namespace', 'tag_document(DOCUMENT, ''{"b":1}'', ''new'')'),
  ('attach', 'attach(CHAT, pg_temp.id(''a2''), DOCUMENT, ''b.html'')'),
  ('attach again', 'attach(CHAT, pg_temp.id(''a1''), DOCUMENT, ''a.html'')'),
  ('delete_document', 'delete_document(DOCUMENT)'),
  ('uid', 'uid()'), ('tenant_id', 'tenant_id()'), ('engine', 'engine()'), ('document_checksum', 'document_checksum(''x'')');
update calls set call = replace(replace(replace(replace(call, 'CHAT', 'pg_temp.id(''c1'')'), 'TOKEN', quote_literal(:'token')), 'SESSION', quote_literal(:'session')), 'DOCUMENT', quote_literal(:'document'));
grant select on calls to public;
create function pg_temp.document(source text, digit text) returns jsonb language sql immutable as $$
  select jsonb_build_object('source_uri', source, 'checksum', repeat(digit, 64))
$$;

-- The stored rows without the values that differ between runs: ids and times that a call makes, and columns that an owner adds.
create function pg_temp.stored() returns text language sql as $$
  select concat_ws(E'\n',
    (select string_agg(concat_ws(' ', c.id, c.title, c.message_count, c.last_seq, right(c.active_leaf_id::text, 2), c.deleted_at is null), E'\n' order by c.id) from chatkeep.chats c where c.title is distinct from 'log'),
    (select string_agg(concat_ws(' ', right(m.id::text, 2), m.seq, right(m.parent_id::text, 2), m.active, m.content, m.status), E'\n' order by m.chat_id, m.seq, m.content) from chatkeep.messages m where m.chat_id <> pg_temp.id('c7')),
    (select string_agg(concat_ws(' ', d.source_uri, d.aliases::text, left(d.checksum, 1), d.status, d.visibility, d.deleted_at is null), E'\n' order by d.source_uri, d.checksum) from chatkeep.documents d where d.source_uri not like 'log%'),
    (select string_agg(concat_ws(' ', m.namespace, m.tags), E'\n' order by m.namespace, m.tags::text) from chatkeep.document_metadata m),
    (select string_agg(concat_ws(' ', right(a.message_id::text, 2), a.name, a.document_deleted), E'\n' order by a.name) from chatkeep.attachments a),
    (select string_agg(concat_ws(' ', s.user_agent, s.aal, s.revoked_reason), E'\n' order by s.user_agent, s.aal) from chatkeep.sessions s where s.user_agent is distinct from 'log'),
    (select string_agg(x.generation::text, E'\n' order by x.generation) from chatkeep_private.session_secrets x join chatkeep.sessions s on s.id = x.session_id where s.user_agent is distinct from 'log'))
$$;
-- Runs a call as Ada under a setting, and rolls it back. Returns its answer and the stored rows, without values that differ between runs.
create function pg_temp.said(call text, setting text default 'search_path', value text default 'extensions, public') returns text language plpgsql as $$
declare
  before text := current_setting(setting);
  answers jsonb[];
  said text;
begin
  begin
    perform pg_temp.sign_in('ada');
    perform set_config('request.jwt.claims', (current_setting('request.jwt.claims')::jsonb || '{"aal":"aal2"}')::text, true);
    perform set_config(setting, value, true);
    execute 'select pg_catalog.array_agg(pg_catalog.to_jsonb(r)) from chatkeep.' operator(pg_catalog.||) call operator(pg_catalog.||) ' r' into answers;
    perform pg_catalog.set_config(setting, before, true), pg_catalog.set_config('role', 'postgres', true);
    select string_agg((case jsonb_typeof(a.answer) when 'object' then a.answer - '{id,created_at,updated_at,deleted_at,token,session_id,expires_at,idle_expires_at,last_used_at,revoked_at,supersedes,document_id,warning,rank,note}'::text[]
      else a.answer end)::text, E'\n' order by a.place)
    into said from unnest(answers) with ordinality a (answer, place);
    said := coalesce(said, 'nothing') || E'\n' || pg_temp.stored();
  exception
    when query_canceled then said := 'no end';
    when others then said := 'refused ' || sqlstate || ' ' || sqlerrm;
  end;
  raise exception using errcode = 'ZZ000', message = said;
exception when sqlstate 'ZZ000' then
  return sqlerrm;
end
$$;
alter function pg_temp.id(text) set search_path = pg_catalog;
alter function pg_temp.item(text, uuid, uuid, jsonb) set search_path = pg_catalog;
alter function pg_temp.document(text, text) set search_path = pg_catalog;
create temporary table usual on commit drop as select c.n, c.name, c.call, pg_temp.said(c.call) as said from calls c order by c.n;
-- The calls whose answer or stored rows differ from the usual ones.
create function pg_temp.odd(setting text default 'search_path', value text default 'extensions, public') returns text language sql as $$
  select string_agg(u.name || ': ' || left(r.said, 80), ', ' order by u.n) from usual u, lateral (select pg_temp.said(u.call, setting, value) as said) r where r.said <> u.said
$$;
create temporary table tables (n integer generated always as identity, place text, name text) on commit drop;
insert into tables (place, name) values ('chatkeep', 'users'), ('chatkeep', 'sessions'), ('chatkeep_private', 'session_secrets'), ('chatkeep', 'chats'), ('chatkeep', 'messages'),
  ('chatkeep', 'message_search'), ('chatkeep', 'documents'), ('chatkeep', 'document_metadata'), ('chatkeep', 'attachments');

select is((select count(*)::integer from usual where said like 'refused%'), 0, 'usually every call works');
select is(pg_temp.odd(), null, 'the same calls give the same answers again');

-- Columns ------------------------------------------------------------------------------------------

create function pg_temp.with_change(change text, undo text) returns text language plpgsql as $$
declare
  said text;
begin
  begin
    execute change;
    said := pg_temp.odd();
  exception when others then
    said := sqlerrm;
  end;
  execute undo;
  return said;
end
$$;
select is(pg_temp.with_change(format('alter table %s.%s add column note text', place, name), format('alter table %s.%s drop column note', place, name)), null,
  'a column that is added to ' || name || ' breaks no call') from tables order by n;
select is(pg_temp.with_change(format('alter table %s.%s add column note integer not null default 7', place, name), format('alter table %s.%s drop column note', place, name)), null,
  'one with a default in ' || name || ' neither') from tables order by n;
select is(pg_temp.odd(), null, 'a dropped column changes nothing');
alter table chatkeep.messages add column note text generated always as (left(content, 3)) stored;
alter table chatkeep.documents add column note text generated always as (left(checksum, 3)) stored;
alter table chatkeep.chats add column note text default 'noted';
select is(pg_temp.odd(), null, 'a generated column changes nothing');
select pg_temp.sign_in('ada');
create function pg_temp.value(query text) returns text language plpgsql as $$
declare
  said text;
begin
  execute query into said;
  return said;
exception when others then
  return sqlstate || ' ' || sqlerrm;
end
$$;
select is(pg_temp.value($$ select string_agg(to_jsonb(m) ->> 'note', ' ') from chatkeep.append_message(pg_temp.id('c1'), 'user', 'next') m $$), 'nex', 'a call returns the value of an added column, even after dropped columns');
select is(pg_temp.value($$ select string_agg(to_jsonb(m) ->> 'note', ' ') from chatkeep.list_messages(pg_temp.id('c1')) m $$), 'the  nex', 'as does a list');
select is(pg_temp.value($$ select to_jsonb(c) ->> 'note' from chatkeep.create_chat() c $$), 'noted', 'and a new chat');
select is(pg_temp.value($$ select count(*) from chatkeep.append_messages(pg_temp.id('c1'), jsonb_build_array(pg_temp.item('a'), pg_temp.item('b'))) m
  where m.content in ('a', 'b') and m.outcome = 'appended' and m.role = 'user' and m.metadata = '{}' $$), '2', 'a batch has every value in its own column');
select is(pg_temp.value($$ select concat_ws(' ', d.outcome, d.source_uri, d.access, d.status) from chatkeep.register_document('columns.html', repeat('9', 64)) d $$), 'created columns.html private pending', 'a registration too');
reset role;
delete from chatkeep.chats where id not in (pg_temp.id('c1'), pg_temp.id('c2'), pg_temp.id('c7'));
alter table chatkeep.messages disable trigger guard_deletion;
delete from chatkeep.messages where id not in (pg_temp.id('a1'), pg_temp.id('a2'), pg_temp.id('a3')) and chat_id <> pg_temp.id('c7');
alter table chatkeep.messages enable trigger guard_deletion;
update chatkeep.chats set last_seq = 3, message_count = 3, active_leaf_id = pg_temp.id('a3') where id = pg_temp.id('c1');
delete from chatkeep.documents where source_uri = 'columns.html';
alter table chatkeep.messages drop column note;
alter table chatkeep.documents drop column note;
alter table chatkeep.chats drop column note;
select is(pg_temp.odd(), null, 'and all is as it was');

-- Names --------------------------------------------------------------------------------------------

do $$
declare
  i record;
begin
  for i in select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname like 'chatkeep%' and c.relkind = 'i' loop
    execute format('alter index %I.%I rename to %I', i.nspname, i.relname, left('zz_' || i.relname, 60));
  end loop;
end
$$;
select is(pg_temp.odd(), null, 'the names of indexes do not matter');
create index memberships_pkey on chatkeep.memberships (tenant_id);
create index chats_pkey on chatkeep.chats using hash (user_id);
create index messages_pkey on chatkeep.messages using brin (created_at);
create index sessions_pkey on chatkeep.sessions ((1));
create index documents_pkey on chatkeep.documents (checksum) where false;
select is(pg_temp.odd(), null, 'other objects may have the old names of the indexes');
drop index chatkeep.memberships_pkey, chatkeep.chats_pkey, chatkeep.messages_pkey, chatkeep.sessions_pkey, chatkeep.documents_pkey;
create view chatkeep.memberships_pkey as select 1 as id;
create table chatkeep.messages_pkey ();
select is(pg_temp.odd(), null, 'a view or a table of such a name neither');
drop view chatkeep.memberships_pkey;
drop table chatkeep.messages_pkey;
do $$
declare
  i record;
begin
  for i in select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname like 'chatkeep%' and c.relkind = 'i' and c.relname like 'zz\_%' loop
    execute format('alter index %I.%I rename to %I', i.nspname, i.relname, substr(i.relname, 4));
  end loop;
end
$$;
select is(pg_temp.odd(), null, 'and the old names are known again');

-- Settings of the caller ---------------------------------------------------------------------------

create schema evil;
grant usage on schema evil to public;
create function evil.no(uuid, uuid) returns boolean language sql immutable as 'select false';
create operator evil.= (leftarg = uuid, rightarg = uuid, function = evil.no);
create function evil.no(text, text) returns boolean language sql immutable as 'select false';
create operator evil.= (leftarg = text, rightarg = text, function = evil.no);
create function evil.no(timestamptz, timestamptz) returns boolean language sql immutable as 'select false';
create operator evil.< (leftarg = timestamptz, rightarg = timestamptz, function = evil.no);
create operator evil.> (leftarg = timestamptz, rightarg = timestamptz, function = evil.no);
create operator evil.= (leftarg = timestamptz, rightarg = timestamptz, function = evil.no);
create function evil.no(jsonb, jsonb) returns boolean language sql immutable as 'select false';
create operator evil.= (leftarg = jsonb, rightarg = jsonb, function = evil.no);
create operator evil.<> (leftarg = jsonb, rightarg = jsonb, function = evil.no);
create function evil.no(bytea, bytea) returns boolean language sql immutable as 'select false';
create operator evil.= (leftarg = bytea, rightarg = bytea, function = evil.no);
create function evil.no(anyarray, anyarray) returns boolean language sql immutable as 'select false';
create operator evil.&& (leftarg = anyarray, rightarg = anyarray, function = evil.no);
create function evil.plus(integer, integer) returns integer language sql immutable as 'select 0';
create operator evil.+ (leftarg = integer, rightarg = integer, function = evil.plus);
create function evil.lower(text) returns text language sql immutable as $$ select 'evil' $$;
create function evil.count() returns bigint language sql immutable as 'select 0::bigint';
create function evil.unnest(uuid[]) returns setof uuid language sql immutable as 'select null::uuid where false';
create function evil.unnest(text[]) returns setof text language sql immutable as 'select null::text where false';
create function evil.clock_timestamp() returns timestamptz language sql immutable as $$ select '-infinity'::timestamptz $$;
create function evil.current_setting(text, boolean) returns text language sql immutable as $$ select ''::text $$;
create function evil.set_config(text, text, boolean) returns text language sql immutable as $$ select ''::text $$;
create function evil.sha256(bytea) returns bytea language sql immutable as $$ select '\x00'::bytea $$;
select is(pg_temp.odd('search_path', path), null, 'a search_path of ' || path || ' changes nothing')
from unnest(array['evil, pg_catalog', 'evil, pg_catalog, chatkeep, chatkeep_private', 'pg_catalog, evil', 'evil, extensions, public, pg_catalog', 'chatkeep, extensions', '']) with ordinality p (path, n) order by n;
create temporary table settings (n integer generated always as identity, setting text, value text) on commit drop;
insert into settings (setting, value) values
  ('DateStyle', 'SQL, DMY'), ('DateStyle', 'German'), ('IntervalStyle', 'sql_standard'), ('TimeZone', 'Asia/Kathmandu'), ('bytea_output', 'escape'), ('array_nulls', 'off'), ('transform_null_equals', 'on'),
  ('quote_all_identifiers', 'on'), ('default_text_search_config', 'pg_catalog.german'), ('plan_cache_mode', 'force_custom_plan'), ('plan_cache_mode', 'force_generic_plan'), ('enable_indexscan', 'off'), ('enable_seqscan', 'off'),
  ('check_function_bodies', 'off'), ('extra_float_digits', '-15'), ('standard_conforming_strings', 'off'), ('xmloption', 'document'), ('default_transaction_read_only', 'on'), ('default_tablespace', ''), ('synchronize_seqscans', 'off');
select is(pg_temp.odd(setting, value), null, setting || ' = ' || value || ' changes nothing') from settings order by n;

-- Triggers that call -------------------------------------------------------------------------------

create schema operators;
grant usage on schema operators to public;
-- A call within a call, by the caller of the outer one.
create function operators.call() returns trigger language plpgsql as $$
begin
  if pg_trigger_depth() = 1 and current_user = 'authenticated' then
    case tg_argv[0]
      when 'read' then perform count(*) from chatkeep.messages;
      when 'list_messages' then perform chatkeep.list_messages('00000000-0000-7000-8000-0000000000c7');
      when 'search_messages' then perform chatkeep.search_messages('log');
      when 'append_message' then perform chatkeep.append_message('00000000-0000-7000-8000-0000000000c7', 'tool', 'noted');
      when 'append_messages' then perform chatkeep.append_messages('00000000-0000-7000-8000-0000000000c7', '[{"role":"tool","content":"noted"}]');
      when 'create_chat' then perform chatkeep.create_chat('log');
      when 'register_document' then perform chatkeep.register_document('log.html', repeat('f', 64));
      when 'create_session' then perform chatkeep.create_session('log');
      when 'validate_session' then perform chatkeep.validate_session(tg_argv[1]);
    end case;
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end
$$;
create function pg_temp.with_triggers(timing text, level text, callee text, token text) returns text language plpgsql as $$
declare
  said text;
begin
  begin
    execute (select string_agg(format('create trigger zz %s insert or update or delete on %s.%s for each %s execute function operators.call(%L, %L)', timing, place, name, level, callee, token), ';') from tables);
    said := pg_temp.odd();
    raise exception using errcode = 'ZZ001', message = coalesce(said, 'none');
  exception when sqlstate 'ZZ001' then
    return nullif(sqlerrm, 'none');
  end;
end
$$;
select is(pg_temp.with_triggers(timing, 'row', callee, :'other'), null, 'triggers ' || timing || ' every row that call ' || callee || ' disturb no call')
from unnest(array['read', 'list_messages', 'search_messages', 'append_message', 'append_messages', 'create_chat', 'register_document', 'create_session', 'validate_session']) with ordinality c (callee, n),
  unnest(array['before', 'after']) timing order by n, timing desc;
select is(pg_temp.with_triggers('after', 'statement', callee, :'other'), null, 'nor do triggers after every statement that call ' || callee)
from unnest(array['list_messages', 'append_message', 'validate_session']) with ordinality c (callee, n) order by n;
-- A trigger that appends to the chat of the message that is being written.
create function operators.answer() returns trigger language plpgsql as $$
begin
  if new.role = 'user' then
    perform chatkeep.append_message(new.chat_id, 'assistant', 'answer to ' || new.content);
  end if;
  return null;
end
$$;
create trigger answer after insert on chatkeep.messages for each row execute function operators.answer();
select pg_temp.sign_in('ada');
select id as answered from chatkeep.create_chat() \gset
select is((select array_agg(pg_temp.refusal(format(call, :'answered'))) from unnest(array['select * from chatkeep.append_message(%L, ''user'', ''one'')', 'select * from chatkeep.append_message(%L, ''user'', ''two'')']) call),
  array['accepted', 'accepted'], 'a trigger may append to the chat that is being appended to');
select is((select array_agg(m.content::text order by m.seq) from chatkeep.messages m where m.chat_id = :'answered'), array['one', 'answer to one', 'two', 'answer to two'], 'and each message is stored once, with a number of its own');
select is((select array_agg(m.seq order by m.seq) from chatkeep.messages m where m.chat_id = :'answered'), array[1, 2, 3, 4], 'without a gap');
select is((select last_seq || ' ' || message_count from chatkeep.chats where id = :'answered'), '4 4', 'that the chat counts');
select is(coalesce(current_setting('chatkeep.writing', true), '') || coalesce(current_setting('chatkeep.presented', true), ''), '', 'no marker is left');
select matches(pg_temp.refusal('insert into chatkeep.chats (tenant_id, user_id) values (''00000000-0000-4000-8000-000000007e01'', ''00000000-0000-4000-8000-00000000ada0'')'), '^42501 ', 'nothing is written by hand then');
reset role;
drop trigger answer on chatkeep.messages;
delete from chatkeep.chats where id = :'answered';
-- A call inside another call fails, and the trigger catches it.
create function operators.fails() returns trigger language plpgsql as $$
begin
  begin
    perform chatkeep.append_message(gen_random_uuid(), 'user', 'x');
  exception when sqlstate 'PT404' then null;
  end;
  return new;
end
$$;
create trigger fails before insert or update on chatkeep.messages for each row execute function operators.fails();
create trigger fails before insert or update on chatkeep.chats for each row execute function operators.fails();
create trigger fails before insert or update on chatkeep.documents for each row execute function operators.fails();
select is(pg_temp.odd(), null, 'a call that fails within another one, and is caught there, disturbs nothing');
drop trigger fails on chatkeep.messages;
drop trigger fails on chatkeep.chats;
drop trigger fails on chatkeep.documents;

-- Triggers that swallow rows -----------------------------------------------------------------------

create function operators.swallow() returns trigger language plpgsql as $$ begin return null; end $$;
-- A dishonest call neither refuses nor does what it usually does. A call that returns no row and has stored nothing is honest.
create function pg_temp.dishonest(place text, name text, operation text, call_name text) returns text language plpgsql as $$
declare
  usually usual;
  said text;
begin
  select u.* into usually from usual u where u.name = call_name;
  begin
    execute format('create trigger swallow before %s on %s.%s for each row execute function operators.swallow()', operation, place, name);
    said := pg_temp.said(usually.call);
    raise exception using errcode = 'ZZ001', message = case
      when said like 'refused %' or said = usually.said or said = E'nothing\n' || pg_temp.stored() then 'none'
      else usually.name || ': ' || left(said, 80) end;
  exception
    when sqlstate 'ZZ001' then return nullif(sqlerrm, 'none');
    when query_canceled then return usually.name || ': no end';
  end;
end
$$;
create temporary table swallowed (name text, operation text, call_name text, said text) on commit drop;
set local statement_timeout = '1s';
select format('insert into swallowed select %L, %L, %L, pg_temp.dishonest(%L, %L, %L, %L)', t.name, o, u.name, t.place, t.name, o, u.name)
from tables t, unnest(array['insert', 'update']) o, usual u
-- The first returns how many sessions it ended, and the second may end none. In the others a foreign key of Postgres makes the change.
where (t.name, o, u.name) not in (('sessions', 'update', 'revoke_other_sessions'), ('sessions', 'update', 'create_session at most'),
  ('attachments', 'update', 'delete_document'), ('document_metadata', 'update', 'delete_document'))
order by t.n, o, u.n \gexec
set local statement_timeout = '60s';
select is((select string_agg(s.said, ', ') from swallowed s where s.name = t.name and s.operation = o), null,
  'no call says that it has stored what a trigger before ' || o || ' on ' || t.name || ' has swallowed')
from tables t, unnest(array['insert', 'update']) o order by t.n, o;
select is(pg_temp.odd(), null, 'without these triggers all is as it was');

-- Triggers that change the written rows ------------------------------------------------------------

create function pg_temp.shout() returns trigger language plpgsql as $$ begin new.content := upper(new.content); return new; end $$;
create trigger shout before insert on chatkeep.messages for each row execute function pg_temp.shout();
select pg_temp.sign_in('ada');
select id as loud from chatkeep.create_chat() \gset
select is((select content::text from chatkeep.append_message(:'loud', 'user', 'one')), 'ONE', 'a trigger''s content is returned');
select pg_temp.rows_are(format($$ select seq, content::text from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('two'), pg_temp.item('three'))) $$, :'loud'),
  $$ values (2, 'TWO'), (3, 'THREE') $$, 'of a batch too');
select is(pg_temp.listed(:'loud'), 'ONE TWO THREE', 'and stored');

select * from finish();
rollback;
