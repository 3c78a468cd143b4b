-- Values in JSON that are no UUID, number, moment or text of the wanted kind: each is refused by the name of its argument, in the same
-- words on every engine, and never by an error of Postgres' own.
begin;
\ir support/identities.psql
select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('c1')) \gset
select count(*) as stored from chatkeep.append_message(pg_temp.id('c1'), 'user', 'one', pg_temp.id('a1')) \gset
reset role;

-- Where a value may stand: a call in which VALUE is that value, how a refusal names it, and its kind.
create temporary table places (n integer generated always as identity, call text, argument text, kind text) on commit drop;
insert into places (call, argument, kind) values
  ('import_chat(''{"id":VALUE}'')', 'chat.id', 'uuid'),
  ('import_chat(''{"active_leaf_id":VALUE}'')', 'chat.active_leaf_id', 'uuid'),
  ('import_chat(''{"active_leaf_id":VALUE,"messages":[]}'')', 'chat.active_leaf_id', 'uuid'),
  ('import_chat(''{"active_leaf_id":VALUE,"messages":[{"role":"user","content":"x"}]}'')', 'chat.active_leaf_id', 'uuid'),
  ('import_chat(''{"messages":[{"role":"user","content":"x","id":VALUE}]}'')', 'chat.messages[0].id', 'uuid'),
  ('import_chat(''{"messages":[{"role":"user","content":"x"},{"role":"user","content":"x","parent_id":VALUE}]}'')', 'chat.messages[1].parent_id', 'uuid'),
  ('append_messages(CHAT, ''[{"role":"user","content":"x","message_id":VALUE}]'')', 'messages[0].message_id', 'uuid'),
  ('append_messages(CHAT, ''[{"role":"user","content":"x"},{"role":"user","content":"x","parent_id":VALUE}]'')', 'messages[1].parent_id', 'uuid'),
  ('import_chat(''{"created_at":VALUE}'')', 'chat.created_at', 'timestamp'),
  ('import_chat(''{"archived_at":VALUE}'')', 'chat.archived_at', 'timestamp'),
  ('import_chat(''{"messages":[{"role":"user","content":"x","created_at":VALUE}]}'')', 'chat.messages[0].created_at', 'timestamp'),
  ('import_chat(''{"messages":[{"role":"user","content":"x","created_at":"2024-01-01T00:00:00Z"},{"role":"user","content":"x","created_at":VALUE}]}'')', 'chat.messages[1].created_at', 'timestamp'),
  ('import_chat(''{"messages":[{"role":"user","content":"x","token_count":VALUE}]}'')', 'chat.messages[0].token_count', 'integer'),
  ('append_messages(CHAT, ''[{"role":"user","content":"x","token_count":VALUE}]'')', 'messages[0].token_count', 'integer'),
  ('register_documents(''[{"source_uri":"x","checksum":"SUM","byte_size":VALUE}]'')', 'documents[0].byte_size', 'bigint'),
  ('register_documents(''[{"source_uri":"y","checksum":"SUM"},{"source_uri":"x","checksum":"SUM","byte_size":VALUE}]'')', 'documents[1].byte_size', 'bigint'),
  ('import_chat(''{"title":VALUE}'')', 'chat.title', 'string'),
  ('import_chat(''{"language":VALUE}'')', 'chat.language', 'string'),
  ('import_chat(''{"messages":[{"role":VALUE,"content":"x"}]}'')', 'chat.messages[0].role', 'string'),
  ('import_chat(''{"messages":[{"role":"user","content":VALUE}]}'')', 'chat.messages[0].content', 'string'),
  ('import_chat(''{"messages":[{"role":"user","content":"x","status":VALUE}]}'')', 'chat.messages[0].status', 'string'),
  ('import_chat(''{"messages":[{"role":"user","content":"x","model":VALUE}]}'')', 'chat.messages[0].model', 'string'),
  ('append_messages(CHAT, ''[{"role":"user","content":"x","model":VALUE}]'')', 'messages[0].model', 'string'),
  ('append_messages(CHAT, ''[{"role":"user","content":"x","status":VALUE}]'')', 'messages[0].status', 'string'),
  ('register_documents(''[{"source_uri":VALUE,"checksum":"SUM"}]'')', 'documents[0].source_uri', 'string'),
  ('register_documents(''[{"source_uri":"x","checksum":VALUE}]'')', 'documents[0].checksum', 'string'),
  ('register_documents(''[{"source_uri":"x","checksum":"SUM","title":VALUE}]'')', 'documents[0].title', 'string'),
  ('register_documents(''[{"source_uri":"x","checksum":"SUM","mime_type":VALUE}]'')', 'documents[0].mime_type', 'string'),
  ('register_documents(''[{"source_uri":"x","checksum":"SUM","visibility":VALUE}]'')', 'documents[0].visibility', 'string'),
  ('import_chat(''{"metadata":VALUE}'')', 'chat.metadata', 'object'),
  ('import_chat(''{"messages":[{"role":"user","content":"x","metadata":VALUE}]}'')', 'chat.messages[0].metadata', 'object'),
  ('append_messages(CHAT, ''[{"role":"user","content":"x","metadata":VALUE}]'')', 'messages[0].metadata', 'object'),
  ('register_documents(''[{"source_uri":"x","checksum":"SUM","tags":VALUE}]'')', 'documents[0].tags', 'object'),
  ('register_documents(''[{"source_uri":"x","checksum":"SUM","properties":VALUE}]'')', 'documents[0].properties', 'object'),
  ('import_chat(''{"messages":VALUE}'')', 'chat.messages', 'array'),
  ('import_chat(''{"messages":[{"role":"user","content":"x","parts":VALUE}]}'')', 'chat.messages[0].parts', 'array'),
  ('append_messages(CHAT, ''[{"role":"user","content":"x","parts":VALUE}]'')', 'messages[0].parts', 'array');
update places set call = replace(replace(call, 'CHAT', 'pg_temp.id(''c1'')'), 'SUM', repeat('a', 64));

-- What is not of a kind.
create temporary table vals (n integer generated always as identity, kind text, value text) on commit drop;
insert into vals (kind, value)
select k, v from unnest(array['uuid', 'timestamp', 'integer', 'bigint', 'object', 'array', 'string']) k, unnest(array['true', 'false', '{"a":1}', '["a"]', '1.5', '-1e400', '1e131000', '""', '"x"', '"1"']) v
where not (k = 'object' and v like '{%') and not (k = 'array' and v like '[%') and not (k = 'string' and v like '"%');
insert into vals (kind, value)
select 'uuid', v from unnest(array['1', '"{00000000-0000-7000-8000-0000000000a1}"', '"000000000000700080000000000000a1"', '"00000000-0000-7000-8000-0000000000a"', '"00000000-0000-7000-8000-0000000000ag"', '" 00000000-0000-7000-8000-0000000000a1"',
  '"00000000-0000-7000-8000-0000000000a1\n"', '"urn:uuid:00000000-0000-7000-8000-0000000000a1"', '"００000000-0000-7000-8000-0000000000a1"', '"0000000000007000-8000-0000000000a1-0000"']) v
union all select 'timestamp', v from unnest(array['0', '1706702400', '"infinity"', '"-infinity"', '"now"', '"today"', '"epoch"', '"2026-01-31"', '"2026-01-31T12:00:00"', '"2026-02-30T00:00:00Z"', '"2026-02-29T00:00:00Z"', '"2026-13-01T00:00:00Z"',
  '"2026-00-01T00:00:00Z"', '"2026-01-00T00:00:00Z"', '"2026-01-32T00:00:00Z"', '"0000-01-01T00:00:00Z"', '"294277-01-01T00:00:00Z"', '"10000-01-01T00:00:00Z"', '"99999999-01-01T00:00:00Z"', '"-0001-01-01T00:00:00Z"', '"2026-01-01T00:00:00Z BC"',
  '"2026-01-01T25:00:00Z"', '"2026-01-01T00:60:00Z"', '"2026-01-01T00:00:61Z"', '"2026-01-01T00:00:00+99:99"', '"2026-01-01T00:00:00-99:00"', '"2026-01-01T00:00:00+24:00"', '"2026-01-01T00:00:00+16:00"', '"2026-01-01T00:00:00+00:60"', '"2026-01-01T00:00:00+00:00:00"',
  '"2026-01-01T00:00:00 Europe/Berlin"', '"2026-01-01T00:00:00.Z"', '"2026-01-01T00:00:00.1234567890Z"', '"2026-01-01T00:00:00Z "', '"2026-01-01T00:00:00Z\u0001"', '"２026-01-01T00:00:00Z"', '"J2451187"']) v
union all select 'integer', v from unnest(array['2147483648', '-2147483649', '9999999999', '99999999999999999999', '0.5', '1e-3', '-0.1', '1e309']) v
union all select 'bigint', v from unnest(array['9223372036854775808', '-9223372036854775809', '9999999999999999999', '99999999999999999999', '0.5', '1e-3', '-0.1', '1e309']) v
union all select 'string', v from unnest(array['0', '123456789012345678901234567890', '1e309']) v
union all select 'object', v from unnest(array['0', '1e309']) v
union all select 'array', v from unnest(array['0', '1e309']) v;
create temporary table sentences (kind text, sentence text) on commit drop;
insert into sentences values
  ('uuid', '22023 % must be a UUID | Write it as 8-4-4-4-12 hexadecimal digits.'),
  ('timestamp', '22023 % must be a timestamp (RFC 3339) | Write it as 2026-01-31T12:00:00Z.'),
  ('integer', '22023 % must be an integer | Pass a whole number of at most 2147483647.'),
  ('bigint', '22023 % must be an integer | Pass a whole number of at most 9223372036854775807.'),
  ('string', '22023 % must be a string | Put it in quotes.'),
  ('object', '22023 % must be a JSON object | Wrap the value in one.'),
  ('array', '22023 % must be a JSON array | Wrap the value in one.');
grant select on places, vals, sentences to public;

select plan(13 + (select count(*)::integer from places));
select pg_temp.sign_in('ada');
select is((
    select string_agg(v.value || ': ' || left(r.said, 90), ', ' order by v.n)
    from vals v join sentences s on s.kind = v.kind, lateral (select pg_temp.refusal('select * from chatkeep.' || replace(p.call, 'VALUE', v.value)) as said) r
    where v.kind = p.kind and r.said <> replace(s.sentence, '%', p.argument)),
  null, p.argument || ' that is no ' || p.kind || ' is refused by its name: ' || left(p.call, 40))
from places p order by n;
select is((select count(*)::integer from chatkeep.messages), 1, 'no refused message is stored');
select is((select count(*)::integer from chatkeep.chats), 1, 'no refused chat');
select is((select count(*)::integer from chatkeep.documents), 0, 'no refused document');

-- What the kinds allow.
select is((select string_agg(v || ': ' || r.said, ', ') from unnest(array['"2026-01-31T12:00:00Z"', '"2026-01-31t12:00:00z"', '"2026-01-31 12:00:00+05:45"', '"2026-01-31T12:00:00.123456789-12:00"', '"0001-01-01T00:00:00Z"', '"9999-12-31T23:59:59Z"', '"2024-02-29T00:00:00Z"', '"2026-01-01T00:00:00+14:00"', '"2026-01-01T00:00:00-15:59"', 'null']) v,
    lateral (select pg_temp.refusal(format('select * from chatkeep.import_chat(%L)', replace('{"created_at":VALUE,"archived_at":VALUE,"messages":[{"role":"user","content":"x","created_at":VALUE}]}', 'VALUE', v))) as said) r where r.said <> 'accepted'),
  null, 'a moment with its offset is one');
select is((select string_agg(v || ': ' || r.said, ', ') from unnest(array['0', '1', '-0', '2147483647', '1e2', 'null', '2.147483647e9']) v,
    lateral (select pg_temp.refusal(format('select * from chatkeep.append_messages(pg_temp.id(''c1''), %L)', replace('[{"role":"user","content":"x","token_count":VALUE}]', 'VALUE', v))) as said) r where r.said <> 'accepted'),
  null, 'a whole number is one');
select is((select string_agg(v || ': ' || r.said, ', ') from unnest(array['"00000000-0000-7000-8000-0000000000B1"', '"ffffffff-ffff-ffff-ffff-ffffffffffff"', 'null']) v,
    lateral (select pg_temp.refusal(format('select * from chatkeep.append_messages(pg_temp.id(''c1''), %L)', replace('[{"role":"user","content":"x","message_id":VALUE}]', 'VALUE', v))) as said) r where r.said <> 'accepted'),
  null, 'a UUID is one in either case');
select is(pg_temp.refusal($$ select * from chatkeep.import_chat('{"active_leaf_id":null}') $$), 'accepted', 'null is no leaf');
select alike(pg_temp.refusal(format($$ select * from chatkeep.import_chat('{"active_leaf_id":"%s","messages":[{"role":"user","content":"x"}]}') $$, pg_temp.id('ff'))), 'PT404 chat.active_leaf_id names no message of this chat%', 'a leaf that is not there is told as what it is');

-- Arguments beside the JSON.
select is((select array_agg(pg_temp.refusal('select * from chatkeep.' || call)) from unnest(array['validate_session('''')', 'validate_session(null)', 'rotate_session(repeat(''x'', 100000))', 'rotate_session(''cks_'' || repeat(''é'', 70))', 'validate_session(''cks_'' || repeat(''_'', 70))', 'elevate_session(null, ''aal1'')',
    'revoke_other_sessions(null)']) call), array_fill('accepted'::text, array[7]), 'what is no token is invalid, and no error');
select is((select array_agg(pg_temp.refusal('select * from chatkeep.' || call)) from unnest(array['elevate_session(''x'', null)', 'elevate_session(''x'', ''AAL2'')']) call),
  array['22004 aal is missing | Pass a value; null is not accepted here.', '22023 aal must be aal1, aal2 or aal3 | They are the levels of NIST SP 800-63B.'], 'a level is named');
select is((select string_agg(q || ': ' || r.said, ', ') from unnest(array['', ' ', '"', '-', '- -', '"" or ""', 'or', 'a or', E'\\', ':*', 'a:b', '!!', '(', repeat('"', 999), repeat('a ', 500), repeat('-a ', 333), '''', E'\t\n', '<b>', U&'\E000\E001', 'ÄÖ ß', '%', '_']) q,
    lateral (select pg_temp.refusal(format('select * from chatkeep.search_messages(%L)', q)) as said) r where r.said <> 'accepted'), null, 'no query is wrong');
select is((select string_agg(s || ': ' || r.said, ', ') from unnest(array['{}', '[]', '""', '1', 'true']) s,
    lateral (select pg_temp.refusal(format('select * from chatkeep.tag_document(pg_temp.id(''ff''), %L)', s)) as said) r where r.said !~ '^(PT404 document_id|22023 tags must be) '), null, 'tags are named');
select pg_temp.serve();
select matches(pg_temp.refusal('select * from chatkeep.create_session(user_id => pg_temp.id(''ff''))'), '^PT404 user_id names no user \| .', 'a user who does not exist is named');

select * from finish();
rollback;
