-- A connection that begins with odd settings, before a call has been planned: every call works as under the usual ones.
begin;
set local standard_conforming_strings = off;
set local escape_string_warning = off;
set local backslash_quote = on;
set local array_nulls = off;
set local transform_null_equals = on;
set local quote_all_identifiers = on;
set local bytea_output = 'escape';
set local "DateStyle" = 'SQL, DMY';
set local "IntervalStyle" = 'sql_standard';
set local "TimeZone" = 'Asia/Kathmandu';
set local default_text_search_config = 'pg_catalog.german';
set local extra_float_digits = -15;
set local xmloption = 'document';
set local plan_cache_mode = 'force_custom_plan';
\ir ../support/identities.psql
select * from no_plan();

create function pg_temp.refused(statement text) returns text language plpgsql as $$
declare
  said text := pg_temp.refusal(statement);
begin
  return case said when 'accepted' then null else said end;
end
$$;
create temporary table calls (n integer generated always as identity, call text) on commit drop;
insert into calls (call) values
  ('engine()'), ('uid()'), ('tenant_id()'), ('document_checksum(''x''::bytea)'),
  ('create_chat(''plans'', ''{"a":"\\\\b"}'', CHAT)'), ('create_chat(chat_id => CHAT)'), ('create_chat(chat_id => pg_temp.id(''c2''))'),
  ('append_message(CHAT, ''user'', ''the heron'', pg_temp.id(''a1''))'), ('append_message(CHAT, ''user'', ''the heron'', pg_temp.id(''a1''))'),
  ('append_message(CHAT, ''assistant'', ''x'', pg_temp.id(''a2''), parts => ''[{"a":"[{"}]'', metadata => ''{"a":["b"]}'', model => ''m'', token_count => 1)'),
  ('append_message(CHAT, ''user'', ''an edit'', pg_temp.id(''a3''), parent_id => pg_temp.id(''a1''))'),
  ('append_messages(CHAT, jsonb_build_array(pg_temp.item(''one'', pg_temp.id(''a4'')), pg_temp.item('''', pg_temp.id(''a5''), more => ''{"status":"streaming","parts":[],"metadata":{"a":1}}'')))'),
  ('finish_message(CHAT, pg_temp.id(''a5''), ''whole'')'), ('select_branch(CHAT, pg_temp.id(''a2''))'), ('list_messages(CHAT)'), ('list_messages(CHAT, after => ''-infinity'')'),
  ('search_messages(''heron -"x y"'')'), ('search_messages(''heron'', CHAT)'), ('fail_stale_messages(''0'')'),
  ('import_chat(''{"created_at":"2024-01-31T12:00:00Z","metadata":{"a":"b"},"messages":[{"role":"user","content":"x","created_at":"2024-01-31T12:00:00.5+05:45"}]}'')'),
  ('delete_chat(CHAT)'), ('restore_chat(CHAT)'),
  ('get_chat(CHAT)'),
  ('list_chats()'), ('list_chats(before => (select to_jsonb(l) from chatkeep.list_chats() l limit 1))'),
  ('update_chat(CHAT, ''plans'', metadata_merge => ''{"a":"\\\\b"}'', tags => ''{a}'')'),
  ('create_session(''phone'', ''::1'', ''30 days'', ''1 day'', 3, ''{"a":1}'')'), ('my_sessions'), ('revoke_all_sessions()'),
  ('register_document(''https://Example.org:443/a/../b?x=%41#y'', repeat(''a'', 64), ''title'', ''text/html'', 1, ''{"a":["b"]}'', ''tenant'', ''{"c":{}}'')'),
  ('register_document(''a b\\\\c'', repeat(''b'', 64))'), ('register_documents(''[{"source_uri":"https://example.org/c.html","checksum":"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"},{"source_uri":"d e","checksum":"dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd","tags":{"a":1}}]'')'),
  ('register_content(''bytes'', ''x''::bytea)'), ('set_document_status((select id from chatkeep.documents where source_uri = ''bytes''), ''failed'', ''why'')'),
  ('tag_document((select id from chatkeep.documents where source_uri = ''bytes''), ''{"a":null,"b":"c"}'')'),
  ('attach(CHAT, pg_temp.id(''a1''), (select id from chatkeep.documents where source_uri = ''bytes''), ''a.txt'', ''text/plain'', 1, ''b/a%20b.txt'')'),
  ('delete_document((select id from chatkeep.documents where source_uri = ''bytes''))');
update calls set call = replace(call, 'CHAT', 'pg_temp.id(''c1'')');
grant select on calls to public;

select pg_temp.sign_in('ada');
select is(pg_temp.refused('select * from chatkeep.' || call), null, call || ' works') from calls order by n;
select token from chatkeep.create_session() \gset
select is(pg_temp.refused(format('select * from chatkeep.%s', call)), null, 'so does ' || left(call, 24)) from unnest(array[
  format('validate_session(%L)', :'token'), format('elevate_session(%L, %L)', :'token', 'aal1'), format('revoke_other_sessions(%L)', :'token')]) call;
select pg_temp.sign_out();
select token as next, status from chatkeep.rotate_session(:'token') \gset
select is(:'status'::text, 'rotated', 'a token is rotated');
select is((select status from chatkeep.rotate_session(:'token')), 'replayed', 'and traded again');
select is((select token from chatkeep.rotate_session(:'token')), :'next'::text, 'for the same');
select is((select status from chatkeep.validate_session(:'next')), 'valid', 'the rotated token is valid');
select is((select status from chatkeep.validate_session('nonsense')), 'invalid', 'unlike another');
select pg_temp.serve();
select is(pg_temp.refused('select chatkeep.' || call), null, call || ' works') from unnest(array['index_messages()', 'purge_chats()', 'purge_sessions()', 'measure_usage()', 'take_storage_deletions()', 'done_storage_deletions(''{}'')']) call;

-- The calls store the same as under the usual settings.
select pg_temp.sign_in('ada');
select is((select snippet from chatkeep.search_messages('heron')), 'the <mark>heron</mark>', 'a snippet marks what is found');
select is(pg_temp.listed(pg_temp.id('c1')), 'the heron x', 'a branch is shown in order');
select is((select array_agg(source_uri order by source_uri collate "C") from chatkeep.documents where source_uri like 'https:%'), array['https://example.org/b?x=%41', 'https://example.org/c.html'], 'sources have their usual form');
select is((select c.created_at = '2024-01-31T12:00:00Z' from chatkeep.chats c where c.id not in (pg_temp.id('c1'), pg_temp.id('c2'))), true, 'times are the instants that were given');
select is((select m.metadata ->> 'a' from chatkeep.messages m where m.id = pg_temp.id('a2')), '["b"]', 'JSON is stored as it was given');
select is((select count(*)::int from chatkeep.document_metadata where tags = '{"a":["b"]}'), 1, 'tags too');

-- They refuse with the same sentences.
select is(pg_temp.refusal($$ select * from chatkeep.register_document('https://u:p@example.org/', repeat('a', 64)) $$), '22023 source_uri carries credentials | Remove user, password, token and signature; a stored URI is readable.', 'credentials are refused');
select is(pg_temp.refusal($$ select * from chatkeep.register_document(chr(9) || 'a', repeat('a', 64)) $$), '22023 source_uri contains a control character | Percent-encode it (RFC 3986 section 2.1).', 'control characters are refused');
select is(pg_temp.refusal($$ select * from chatkeep.create_chat(metadata => (repeat('{"a":', 65) || '1' || repeat('}', 65))::jsonb) $$), '22023 metadata is nested deeper than 64 levels | Flatten it, or store it as text.', 'and depth');
select is(pg_temp.refused($$ select * from chatkeep.create_chat(metadata => jsonb_build_object('a', repeat(chr(92) || '"{[', 200))) $$), null, 'but no brackets in strings');
select is(pg_temp.refusal($$ select * from chatkeep.import_chat('{"id":"nope"}') $$), '22023 chat.id must be a UUID | Write it as 8-4-4-4-12 hexadecimal digits.', 'an invalid UUID is refused');
select is(pg_temp.refusal($$ select * from chatkeep.import_chat('{"created_at":"31.01.2024 12:00:00Z"}') $$), '22023 chat.created_at must be a timestamp (RFC 3339) | Write it as 2026-01-31T12:00:00Z.', 'or written as the session writes dates');
select is(pg_temp.refusal($$ select * from chatkeep.append_messages(pg_temp.id('c1'), '[{"role":"user","content":"x","token_count":1.5}]') $$), '22023 messages[0].token_count must be an integer | Pass a whole number of at most 2147483647.', 'or half a number');
select is(pg_temp.refusal($$ select * from chatkeep.attach(pg_temp.id('c1'), pg_temp.id('a1'), storage_path => 'b/a?token=x') $$), '22023 storage_path carries credentials | Pass the path in the bucket, and sign a URL when it is needed.', 'or a path with a token');

select * from finish();
rollback;
