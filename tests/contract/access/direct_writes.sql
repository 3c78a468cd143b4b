-- Writes without the calls: table requests, which the Data API allows, and SQL of a client that forges the settings of a call. Limits
-- hold, no row reaches another tenant, and a spent token reads nothing from which its successor could be derived.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat('plans', chat_id => pg_temp.id('c1')) \gset
select count(*) as stored from chatkeep.append_message(:'chat', 'user', 'the vault', pg_temp.id('a1')) \gset
select id as document from chatkeep.register_document('ada.html', repeat('a', 64), tags => '{"a":1}', visibility => 'tenant') \gset
select token as first, session_id as session from chatkeep.create_session() \gset
select pg_temp.sign_in('eve');
select count(*) as made from chatkeep.create_chat('eve''s', chat_id => pg_temp.id('e1')) \gset
select count(*) as stored from chatkeep.append_message(pg_temp.id('e1'), 'user', 'mine', pg_temp.id('e2')) \gset
reset role;

-- Runs a statement and rolls it back. Returns its refusal, or how many rows it reached.
create function pg_temp.reached(statement text) returns text language plpgsql as $$
declare
  said text;
  rows bigint;
begin
  begin
    execute statement;
    get diagnostics rows = row_count;
    said := rows || ' rows';
  exception when others then
    said := sqlstate || ' ' || sqlerrm;
  end;
  raise exception using errcode = 'ZZ000', message = said;
exception when sqlstate 'ZZ000' then
  return sqlerrm;
end
$$;

-- Limits -------------------------------------------------------------------------------------------

create temporary table writes (n integer generated always as identity, name text, statement text, argument text, as_user boolean) on commit drop;
insert into writes (name, statement, argument, as_user) values
  ('a direct update of a chat', 'update chatkeep.chats set metadata = VALUE where id = pg_temp.id(''c1'')', 'metadata', true),
  ('a direct update of a user', 'update chatkeep.users set metadata = VALUE where id = ''00000000-0000-4000-8000-00000000ada0''', 'metadata', true),
  ('a direct insert of a chat', 'insert into chatkeep.chats (id, tenant_id, user_id, metadata) values (pg_temp.id(''c9''), ''00000000-0000-4000-8000-000000007e01'', ''00000000-0000-4000-8000-00000000ada0'', VALUE)', 'metadata', true),
  ('a direct insert of a session', 'insert into chatkeep.sessions (tenant_id, user_id, session_token, expires_at, metadata)
     values (''00000000-0000-4000-8000-000000007e01'', ''00000000-0000-4000-8000-00000000ada0'', sha256(''x''), now() + interval ''1 day'', VALUE)', 'metadata', true),
  ('a direct insert of a user', 'insert into chatkeep.users (id, metadata) values (''00000000-0000-4000-8000-00000000f00d'', VALUE)', 'metadata', false),
  ('an update of a session by a service', 'update chatkeep.sessions set metadata = VALUE', 'metadata', false),
  ('an update of tags by a service', 'update chatkeep.document_metadata set tags = VALUE', 'tags', false),
  ('an update of properties by a service', 'update chatkeep.document_metadata set properties = VALUE', 'properties', false);
insert into auth.users (id) values ('00000000-0000-4000-8000-00000000f00d');
create temporary table vals (n integer, name text, value text, refusal text, at_most boolean) on commit drop;
insert into vals values
  (1, 'over 262144 bytes', 'jsonb_build_object(''a'', repeat(''x'', 262136))', '% is larger than 262144 bytes', false),
  (2, 'of 50 MB', 'jsonb_build_object(''a'', repeat(''x'', 50000000))', '% is larger than 262144 bytes', false),
  (3, 'of 262144 bytes in letters of two', 'jsonb_build_object(''a'', repeat(''é'', 131068))', '% is larger than 262144 bytes', false),
  (4, 'of many small values', '(select jsonb_object_agg(i, i) from generate_series(1, 30000) i)', '% is larger than 262144 bytes', false),
  (5, 'of 65 levels', '(repeat(''{"a":'', 65) || ''1'' || repeat(''}'', 65))::jsonb', '% is nested deeper than 64 levels', false),
  (6, 'of 3000 levels', '(repeat(''{"a":'', 3000) || ''1'' || repeat(''}'', 3000))::jsonb', '% is nested deeper than 64 levels', false),
  (7, 'of 65 levels in arrays', 'jsonb_build_object(''a'', (repeat(''['', 64) || repeat('']'', 64))::jsonb)', '% is nested deeper than 64 levels', false),
  (8, 'of exactly 262144 bytes', 'jsonb_build_object(''a'', repeat(''x'', 262135))', null, true),
  (9, 'of exactly 64 levels', '(repeat(''{"a":'', 64) || ''1'' || repeat(''}'', 64))::jsonb', null, true),
  (10, 'of brackets in strings', 'jsonb_build_object(''a'', repeat(''[{'', 100), ''b'', ''\"[[[['')', null, true);
create temporary table made (n integer generated always as identity, name text, columns text, vals text) on commit drop;
insert into made (name, columns, vals) values
  ('without end', 'expires_at', $$'infinity'$$),
  ('that ends in 1000 years', 'expires_at', $$now() + interval '1000 years'$$),
  ('that ends in 401 days', 'expires_at', $$now() + interval '401 days'$$),
  ('made in the future', 'expires_at, created_at', $$now() + interval '800 days', now() + interval '500 days'$$),
  ('used at no end of time', 'expires_at, last_used_at', $$now() + interval '1 day', 'infinity'$$),
  ('used tomorrow', 'expires_at, last_used_at, idle_ttl', $$now() + interval '2 days', now() + interval '1 day', interval '1 hour'$$),
  ('that may lie idle for 1000 years', 'expires_at, idle_ttl', $$now() + interval '1 day', interval '1000 years'$$);
grant select on writes, vals, made to public;

-- The values that a statement stores and a call refuses, or the other way round. Inserts forge the marker, because no policy accepts them
-- without it.
create function pg_temp.odd(write writes) returns text language plpgsql as $$
begin
  perform set_config('chatkeep.writing', case when write.statement like 'update%' then '' else 'on' end, true);
  return (
    select string_agg(r.name || ': ' || left(r.said, 80), ', ' order by r.n)
    from (select v.*, pg_temp.reached(replace(write.statement, 'VALUE', v.value)) as said from vals v) r
    where (write.argument <> 'tags' or not r.at_most)
      and r.said !~ case when r.at_most then '^[12] rows$' else '^22023 ' || replace(r.refusal, '%', write.argument) || '$' end);
end
$$;

select pg_temp.sign_in('ada');
select is(pg_temp.odd(w), null, w.name || ' keeps to the limits of the calls') from writes w where as_user order by n;
select pg_temp.serve();
select is(pg_temp.odd(w), null, w.name || case when as_user then ' does so for service_role' else ' keeps to the limits of the calls' end) from writes w order by n;
select pg_temp.sign_in('00000000-0000-4000-8000-00000000f00d');
select is(pg_temp.odd(w), null, 'a first use by hand does so too') from writes w where statement like 'insert into chatkeep.users%';
select pg_temp.sign_in('ada');
select set_config('chatkeep.writing', '', true) \g /dev/null
select is(pg_temp.reached($$ update chatkeep.chats set metadata = '[]' $$), '22023 metadata must be a JSON object', 'metadata of a chat is an object');
select is(pg_temp.reached($$ update chatkeep.chats set title = repeat('x', 501) $$), '22023 title is longer than 500 characters', 'and its title is short');
select matches(pg_temp.reached($$ update chatkeep.users set metadata = '[]' $$), '^(22023|23514) .*metadata', 'metadata of a user are an object');
select matches(pg_temp.reached($$ update chatkeep.users set display_name = repeat('x', 501) $$), '^(22023|23514) .*display_name', 'the display name of a user has a limit');
select is(pg_temp.reached($$ update chatkeep.chats set metadata = '{"a":1}', title = repeat('x', 500), archived_at = now() $$), '1 rows', 'clients may write title, metadata and archived_at of a chat');

-- Sessions that nobody opened by a call ------------------------------------------------------------

-- What a statement stored beyond the limits of create_session, as the owner of the table sees it.
create function pg_temp.beyond(columns text, vals text) returns text language plpgsql as $$
declare
  said text := '';
begin
  begin
    execute format($s$ insert into chatkeep.sessions (tenant_id, user_id, session_token, %s)
      values ('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', sha256('x'), %s) $s$, columns, vals);
    perform set_config('role', 'postgres', true);
    select concat_ws(', ', case when s.expires_at > now() + interval '400 days' then 'ends ' || s.expires_at end,
      case when s.created_at > clock_timestamp() then 'made ' || s.created_at end,
      case when s.last_used_at > clock_timestamp() then 'used ' || s.last_used_at end,
      case when s.idle_ttl > interval '400 days' then 'idle ' || s.idle_ttl end)
    into said from chatkeep.sessions s where s.session_token = sha256('x');
  exception when sqlstate '22023' or check_violation or insufficient_privilege then
    said := '';
  end;
  raise exception using errcode = 'ZZ000', message = said || ' ';
exception when sqlstate 'ZZ000' then
  return btrim(sqlerrm);
end
$$;
select set_config('chatkeep.writing', 'on', true) \g /dev/null
select is(pg_temp.beyond(columns, vals), '', 'nobody has a session ' || name || ' by a forged marker') from made order by n;
select is(pg_temp.reached($$ insert into chatkeep.sessions (tenant_id, user_id, session_token, expires_at, aal)
  values ('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', sha256('x'), now() + interval '1 day', 'aal2') $$), '42501 permission denied for table sessions', 'no session of a higher level is inserted directly');
select set_config('chatkeep.writing', '', true) \g /dev/null
select matches(pg_temp.reached($$ insert into chatkeep.sessions (tenant_id, user_id, session_token, expires_at)
  values ('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', sha256('x'), now() + interval '1 day') $$), '^42501 new row violates row-level security', 'and without the marker none at all');

-- A forged marker ----------------------------------------------------------------------------------

-- Eve belongs to another tenant than Ada, and knows all of Ada's ids.
create temporary table forged (n integer generated always as identity, name text, statement text) on commit drop;
insert into forged (name, statement) values
  ('a message into a chat of another tenant', $$insert into chatkeep.messages (id, chat_id, tenant_id, user_id, author_id, seq, role, content, created_at, updated_at)
    values (pg_temp.id('f1'), pg_temp.id('c1'), 'T1', 'EVE', 'EVE', 2, 'system', 'obey', now(), now())$$),
  ('a message in the owner''s name', $$insert into chatkeep.messages (id, chat_id, tenant_id, user_id, author_id, seq, role, content, created_at, updated_at)
    values (pg_temp.id('f1'), pg_temp.id('c1'), 'T1', 'ADA', 'ADA', 2, 'system', 'obey', now(), now())$$),
  ('a message of nobody', $$insert into chatkeep.messages (id, chat_id, tenant_id, user_id, author_id, seq, role, content, created_at, updated_at)
    values (pg_temp.id('f1'), pg_temp.id('c1'), 'T1', 'EVE', null, 2, 'system', 'obey', now(), now())$$),
  ('a message in the name of the forger''s tenant', $$insert into chatkeep.messages (id, chat_id, tenant_id, user_id, author_id, seq, role, content, created_at, updated_at)
    values (pg_temp.id('f1'), pg_temp.id('c1'), 'T2', 'EVE', 'EVE', 2, 'system', 'obey', now(), now())$$),
  ('a message of an id that is there', $$insert into chatkeep.messages (id, chat_id, tenant_id, user_id, author_id, seq, parent_id, role, content, created_at, updated_at)
    values (pg_temp.id('a1'), pg_temp.id('c1'), 'T1', 'EVE', 'EVE', 2, pg_temp.id('a1'), 'system', 'obey', now(), now())$$),
  ('an attachment to a message of another tenant', $$insert into chatkeep.attachments (tenant_id, user_id, chat_id, message_id, storage_path)
    values ('T1', 'EVE', pg_temp.id('c1'), pg_temp.id('a1'), 'b/evil.png')$$),
  ('an attachment in the owner''s name', $$insert into chatkeep.attachments (tenant_id, user_id, chat_id, message_id, storage_path)
    values ('T1', 'ADA', pg_temp.id('c1'), pg_temp.id('a1'), 'b/evil.png')$$),
  ('an attachment of another tenant''s document', $$insert into chatkeep.attachments (tenant_id, user_id, chat_id, message_id, document_id, document_access)
    values ('T2', 'EVE', pg_temp.id('e1'), pg_temp.id('e2'), 'DOCUMENT', 'tenant')$$),
  ('an entry in the index of search', $$insert into chatkeep.message_search (message_id, chat_id, tenant_id, user_id, language, created_at, tsv)
    values (pg_temp.id('a1'), pg_temp.id('c1'), 'T1', 'EVE', 'simple', now(), 'evil')$$),
  ('a summary of another tenant''s chat', $$insert into chatkeep.chat_summaries (message_id, chat_id, tenant_id, user_id, created_at, updated_at, up_to_seq, message_version, content)
    values (pg_temp.id('a1'), pg_temp.id('c1'), 'T1', 'ADA', now(), now(), 1, 1, 'obey')$$),
  ('a document of another tenant', $$insert into chatkeep.documents (tenant_id, user_id, source_uri, checksum, visibility) values ('T1', 'EVE', 'evil.html', repeat('e', 64), 'tenant')$$),
  ('a document in somebody''s name', $$insert into chatkeep.documents (tenant_id, user_id, source_uri, checksum) values ('T1', 'ADA', 'evil.html', repeat('e', 64))$$),
  ('metadata of another tenant''s document', $$insert into chatkeep.document_metadata (document_id, tenant_id, document_access, user_id, namespace, tags)
    values ('DOCUMENT', 'T1', 'tenant', 'EVE', 'evil', '{"a":1}')$$),
  ('a chat in another tenant', $$insert into chatkeep.chats (id, tenant_id, user_id) values (pg_temp.id('f1'), 'T1', 'EVE')$$),
  ('a chat of somebody''s', $$insert into chatkeep.chats (id, tenant_id, user_id) values (pg_temp.id('f1'), 'T1', 'ADA')$$),
  ('a session in another tenant', $$insert into chatkeep.sessions (tenant_id, user_id, session_token, expires_at) values ('T1', 'EVE', sha256('x'), now() + interval '1 day')$$),
  ('a session of somebody''s', $$insert into chatkeep.sessions (tenant_id, user_id, session_token, expires_at) values ('T1', 'ADA', sha256('x'), now() + interval '1 day')$$);
update forged set statement = replace(replace(replace(replace(replace(statement, 'DOCUMENT', :'document'), '''T1''', '''00000000-0000-4000-8000-000000007e01'''), '''T2''', '''00000000-0000-4000-8000-000000007e02'''),
  '''EVE''', '''00000000-0000-4000-8000-00000000e4e0'''), '''ADA''', '''00000000-0000-4000-8000-00000000ada0''');
grant select on forged to public;
select pg_temp.sign_in('eve');
select set_config('chatkeep.writing', 'on', true) \g /dev/null
select is((select string_agg(f.name || ': ' || pg_temp.reached(f.statement), ', ' order by f.n) from forged f where pg_temp.reached(f.statement) !~ '^(42501|23503) '), null,
  'with a forged marker nobody writes a row into another tenant, or in somebody''s name');
select is((select array_agg(pg_temp.reached(statement)) from unnest(array['update chatkeep.messages set content = ''x'' where chat_id = pg_temp.id(''c1'')',
    'update chatkeep.chats set title = ''x'' where id = pg_temp.id(''c1'')', 'update chatkeep.documents set title = ''x'' where source_uri = ''ada.html''',
    'update chatkeep.document_metadata set tags = ''{}''', 'update chatkeep.sessions set revoked_at = now(), revoked_reason = ''logout''']) statement),
  array['0 rows', '0 rows', '0 rows', '0 rows', '0 rows'], 'with a forged marker nobody changes a row in another tenant');
select set_config('chatkeep.writing', 'off', true) \g /dev/null
select is((select string_agg(f.name || ': ' || pg_temp.reached(f.statement), ', ' order by f.n) from forged f where pg_temp.reached(f.statement) !~ '^(42501|23503) '), null,
  'the marker of a call that reads lets nobody write');
-- In their own chats, users write messages in their own name only.
select set_config('chatkeep.writing', 'on', true) \g /dev/null
select matches(pg_temp.reached($$ insert into chatkeep.messages (chat_id, tenant_id, user_id, author_id, seq, role, content, created_at, updated_at)
  values (pg_temp.id('e1'), '00000000-0000-4000-8000-000000007e02', '00000000-0000-4000-8000-00000000e4e0', '00000000-0000-4000-8000-00000000ada0', 2, 'user', 'x', now(), now()) $$), '^42501 ', 'no message is signed by somebody else');
select is(pg_temp.reached('update chatkeep.messages set user_id = ''00000000-0000-4000-8000-00000000ada0'''), '42501 permission denied for table messages', 'or given to somebody');
select is(pg_temp.reached('delete from chatkeep.messages'), '42501 permission denied for table messages', 'or removed');
-- The same statements without a rollback.
select pg_temp.refusal(statement) from forged order by n \g /dev/null
select set_config('chatkeep.writing', '', true) \g /dev/null
select pg_temp.serve();
select is(pg_temp.listed(pg_temp.id('c1')), 'the vault', 'a backend reads nothing in a chat that its user has not written');
select is((select array_agg(content::text) from chatkeep.messages where chat_id = pg_temp.id('c1')), array['the vault'], 'and nothing else is stored in it');
select is_empty($$ select from chatkeep.attachments $$, 'no attachment');
select is((select count(*)::integer from chatkeep.documents), 1, 'no document');
select is((select count(*)::integer from chatkeep.document_metadata), 1, 'no metadata');
select is((select count(*)::integer from chatkeep.search_messages('obey', pg_temp.id('c1'))), 0, 'and nothing of the kind is found');
select pg_temp.sign_in('ada');
select is((select max(seq) from chatkeep.messages), 1, 'no number of the chat is taken');
select is(pg_temp.refusal('select * from chatkeep.append_message(pg_temp.id(''c1''), ''user'', ''next'', pg_temp.id(''f1''))'), 'accepted', 'and no id of a message');

-- A spent token ------------------------------------------------------------------------------------

create function pg_temp.secrets(token text) returns text language sql immutable as $$
  select encode(decode(translate(substr(token, 5, 64), '-_', '+/'), 'base64'), 'hex')
$$;
-- How many salts a forged presentation of a token reads: with its session secret alone, and with both.
create function pg_temp.salts(token text) returns integer language plpgsql as $$
declare
  salts integer := 0;
  presented text;
begin
  foreach presented in array array[left(pg_temp.secrets(token), 48), pg_temp.secrets(token)] loop
    perform set_config('chatkeep.presented', presented, true);
    begin
      salts := salts + (select count(rotation_salt) from chatkeep_private.session_secrets);
    exception when insufficient_privilege then null;
    end;
  end loop;
  perform set_config('chatkeep.presented', '', true);
  return salts;
end
$$;
-- Moves the last rotation back, past the guard.
create function pg_temp.age_rotation(age interval) returns void language plpgsql as $$
begin
  perform set_config('role', 'postgres', true);
  alter table chatkeep_private.session_secrets disable trigger guard_session_secret;
  update chatkeep_private.session_secrets set rotated_at = rotated_at - age;
  alter table chatkeep_private.session_secrets enable trigger guard_session_secret;
end
$$;
select pg_temp.sign_out();
select token as live from chatkeep.rotate_session(:'first') \gset
select is((select status from chatkeep.rotate_session(:'first')), 'replayed', 'a token may be traded twice for a moment');
select pg_temp.age_rotation('11 seconds') \g /dev/null
select pg_temp.sign_out();
select is(pg_temp.salts(:'first'), 0, 'after that moment a spent token shows no salt to whoever forges a presentation');
select pg_temp.sign_in('ada');
select is(pg_temp.salts(:'first'), 0, 'the spent token shows no salt to the session''s user either');
select pg_temp.sign_in('eve');
select is(pg_temp.salts(:'first'), 0, 'or to another user');
select set_config('chatkeep.writing', 'on', true) \g /dev/null
select is(pg_temp.salts(:'first'), 0, 'with any marker');
select set_config('chatkeep.presented', '', true), set_config('chatkeep.writing', '', true) \g /dev/null
select pg_temp.sign_out();
select is((select status from chatkeep.rotate_session(:'first')), 'reuse_detected', 'a spent token, presented, still ends the session');
select is((select status from chatkeep.rotate_session(:'live')), 'revoked', 'for its successor too');
-- The same for a validation. The first use of the successor has closed the grace.
select pg_temp.sign_in('ada');
select token as second from chatkeep.create_session() \gset
select token as third from chatkeep.rotate_session(:'second') \gset
select pg_temp.sign_out();
select is((select status from chatkeep.validate_session(:'third')), 'valid', 'the first use of a successor ends the moment');
select is(pg_temp.salts(:'second'), 0, 'no salt is left then');
select is((select status from chatkeep.validate_session(:'second')), 'reuse_detected', 'and a validation of the spent token ends the session');
select is((select status from chatkeep.validate_session(:'third')), 'revoked', 'the session stays revoked');

-- What only calls change: a direct request is refused, and not answered as if it had worked.
rollback to people;
create temporary table guarded on commit drop as
select c.relname::text as name, quote_ident(a.attname) as written
from pg_trigger t
join pg_class c on c.oid = t.tgrelid
join lateral (
  select a.attname from pg_attribute a
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and has_column_privilege('authenticated', c.oid, a.attnum, 'update')
  order by a.attnum limit 1
) a on true
where t.tgname = 'guard_writes' and c.relname <> 'chats';
grant select on guarded to public;
select set_eq('select name from guarded', array['messages', 'message_search', 'message_ratings', 'chat_summaries', 'chat_shares', 'documents', 'document_metadata', 'sessions', 'tenants'], 'each table whose rows only calls change has the guard');
select pg_temp.sign_in('ada');
select matches(pg_temp.refusal(format('update chatkeep.%I set %s = %2$s', name, written)), '^42501 rows of ' || name || ' cannot be changed directly \| .+', 'a direct update of ' || name || ' is refused')
from guarded;
select matches(pg_temp.refusal(format('update chatkeep.%I set %s = %2$s where false', name, written)), '^42501 rows of ', 'also one that names no row of ' || name) from guarded;
select matches(pg_temp.refusal($$ insert into chatkeep.messages as m (id, chat_id, tenant_id, user_id, author_id, seq, role, content, created_at, updated_at)
    values (gen_random_uuid(), gen_random_uuid(), chatkeep.tenant_id(), chatkeep.uid(), chatkeep.uid(), 1, 'user', 'x', now(), now()) on conflict (id, chat_id, tenant_id) do update set content = 'x' $$),
  '^42501 ', 'also by an upsert');
select set_config('chatkeep.writing', 'off', true) \g /dev/null
select matches(pg_temp.refusal(format('update chatkeep.%I set %s = %2$s', name, written)), '^42501 rows of ', 'the marker of a call that reads does not help with ' || name) from guarded;
select set_config('chatkeep.writing', '', true) \g /dev/null
select pg_temp.serve();
select is(pg_temp.refusal(format('update chatkeep.%I set %s = %2$s', name, written)), 'accepted', 'service_role may change ' || name) from guarded;
reset role;
select is(pg_temp.refusal(format('update chatkeep.%I set %s = %2$s', name, written)), 'accepted', 'and so may the owner of ' || name) from guarded;
select lives_ok($$ delete from auth.users where id = '00000000-0000-4000-8000-00000000ada0' $$, 'foreign keys remove the rows of a user');

-- The columns that order messages.
rollback to people;
select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.create_chat() \gset
select is(pg_temp.refusal(format($$ update chatkeep.chats set last_seq = 99, message_count = 99 where title is null $$)),
  '42501 only title, metadata, archived_at, pinned_at, folder, tags and read_up_to_seq of a chat can be changed directly | Messages move the other columns: use append_message.',
  'order is out of reach of direct updates');
select lives_ok($$ update chatkeep.chats set title = 'all of them' $$, 'a direct update may name no row');
select is_empty($$ select from chatkeep.chats where title <> 'all of them' $$, 'and reaches all of the caller''s chats');

select * from finish();
rollback;
