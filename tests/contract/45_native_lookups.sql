-- What the native engine reads without a statement it reads as a statement would: claims as jsonb takes them, rows only
-- under the policies of the migrations, and by an index only where that has the form expected. Both engines answer alike.
begin;
\ir support/identities.psql
select plan(76);

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat('index') \gset
select id as message from chatkeep.append_message(:'chat', 'user', 'first') \gset
select id as document from chatkeep.register_document('a.html', chatkeep.document_checksum('a'), byte_size => 1) \gset
select token from chatkeep.create_session() \gset

-- Claims -------------------------------------------------------------------------------------------

-- What is answered, or refused, under these claims.
create function pg_temp.under(claims text, statement text) returns text language plpgsql as $$
declare
  refused text;
  answer text;
begin
  perform set_config('request.jwt.claims', claims, true);
  refused := pg_temp.refusal(statement);
  if refused = 'accepted' then
    execute statement into answer;
    return answer;
  end if;
  return refused;
end
$$;
-- The claims of Ada with more of them behind.
create function pg_temp.adas(more text) returns text language sql immutable as $$
  select '{"role":"authenticated","sub":"00000000-0000-4000-8000-00000000ada0"' || more
$$;

create temporary table claims (n integer generated always as identity, claims text, what text);
grant select on claims to authenticated;
insert into claims (claims, what) values
  (pg_temp.adas('} x'), 'a word behind the last brace'),
  (pg_temp.adas('}}'), 'a brace too many'),
  (pg_temp.adas('}{}'), 'an object behind the object'),
  (pg_temp.adas(''), 'a brace too few'),
  (pg_temp.adas(' "x":1}'), 'no comma'),
  (pg_temp.adas(',}'), 'a comma too many'),
  (pg_temp.adas(',"x"}'), 'a key without a value'),
  (pg_temp.adas(',"x":[1,]}'), 'a comma too many in an array'),
  (pg_temp.adas(',"x":[}'), 'brackets of two kinds'),
  (pg_temp.adas(',x:1}'), 'a key without quotes'),
  (pg_temp.adas(',"x":tru}'), 'half of a word'),
  (pg_temp.adas(',"x":NaN}'), 'what is no number'),
  (pg_temp.adas(',"x":01}'), 'a zero in front'),
  (pg_temp.adas(',"x":1.}'), 'a point without digits'),
  (pg_temp.adas(E',"x":"\n"}'), 'a control character'),
  (pg_temp.adas(',"x":"\x"}'), 'an escape that is none'),
  (pg_temp.adas(',"x":"\u12g4"}'), 'an escape with a wrong digit'),
  (pg_temp.adas(',"x":{"y":"\u0000"}}'), 'U+0000 inside another claim'),
  (pg_temp.adas(',"x":{"\u0000":1}}'), 'U+0000 in a key'),
  (pg_temp.adas(',"x":["\ud83d"]}'), 'the first half of a surrogate pair'),
  (pg_temp.adas(',"x":["\ude00"]}'), 'the second half of a surrogate pair'),
  (pg_temp.adas(',"x":["\ud83d\u0041"]}'), 'half of a surrogate pair before a letter'),
  (pg_temp.adas(',"x":1e-16384}'), 'a number that is too small'),
  (pg_temp.adas(',"x":1e999999}'), 'a number that is too large'),
  (pg_temp.adas(format(',"x":%s}', repeat('1', 140000))), 'a number that is too long'),
  (pg_temp.adas(format(',"x":%s%s}', repeat('[', 100000), repeat(']', 100000))), 'too many levels'),
  (pg_temp.adas(',"sub":"00000000-0000-4000-8000-00000000b0b0"}'), 'two subjects'),
  (pg_temp.adas(',"\u0073ub":"00000000-0000-4000-8000-00000000b0b0"}'), 'a second subject by an escape'),
  (pg_temp.adas(',"sub":null}'), 'a second subject that is nobody'),
  (pg_temp.adas(',"x":{"sub":"00000000-0000-4000-8000-00000000b0b0"}}'), 'a subject inside another claim'),
  (pg_temp.adas(',"x":1.5e3}'), 'an exponent'),
  (pg_temp.adas(format(',"x":%s%s}', repeat('[', 100), repeat(']', 100))), 'a hundred levels'),
  (pg_temp.adas(',"x":"\ud83d\ude00 \\u0000"}'), 'a pair, and an escaped backslash'),
  (pg_temp.adas(E'\t,\r\n"":-0.5}\n'), 'white space and an empty key'),
  ('["sub","00000000-0000-4000-8000-00000000ada0"]', 'an array'),
  ('{"sub":1}', 'a subject that is a number'),
  ('{"sub":"ada"}', 'a subject that is no UUID');

select is(pg_temp.under(c.claims, 'select chatkeep.uid()'), pg_temp.under(c.claims, 'select auth.uid()'), 'uid() says what auth.uid() says: ' || c.what)
from claims c order by c.n;
select is(
  (select count(*)::int from claims c
   where pg_temp.under(c.claims, 'select auth.uid()') ~ '^[0-9A-Z]{5} '
     and pg_temp.under(c.claims, 'select chatkeep.tenant_id()') is distinct from pg_temp.under(c.claims, 'select auth.uid()')),
  0, 'claims that auth.uid() refuses have no tenant');
select is(
  (select count(*)::int from claims c
   where pg_temp.under(c.claims, 'select auth.uid()') ~ '^[0-9A-Z]{5} '
     and pg_temp.under(c.claims, format($$ select count(*) from chatkeep.list_messages(%L) $$, :'chat')) is distinct from pg_temp.under(c.claims, 'select auth.uid()')),
  0, 'and read no chat');

-- Forms of tables and indexes ----------------------------------------------------------------------

-- What the calls answer after a change of the owner's, which is then taken back.
create function pg_temp.after(change text, chat text, token text) returns text language plpgsql as $$
declare
  role text := current_setting('role');
  answer text;
begin
  perform set_config('role', 'none', true);
  execute change;
  perform pg_temp.sign_in('ada');
  answer := pg_temp.refusal('select chatkeep.tenant_id()') || ' ' || coalesce(chatkeep.tenant_id()::text, '-')
    || (select ', ' || a.seq || ' ' || a.content from chatkeep.append_message(chat::uuid, 'user', 'next') a);
  answer := answer || (select ', ' || count(*) from chatkeep.list_messages(chat::uuid))
    || (select ', ' || string_agg(r.outcome, ' ') from chatkeep.register_documents(jsonb_build_array(
         jsonb_build_object('source_uri', 'a.html', 'checksum', chatkeep.document_checksum('a'), 'byte_size', 1),
         jsonb_build_object('source_uri', 'b.html', 'checksum', chatkeep.document_checksum('b'), 'byte_size', 1))) r)
    || (select ', ' || v.status from chatkeep.validate_session(token) v);
  raise sqlstate 'TAP01' using message = answer;
exception when others then
  perform set_config('role', role, true);
  return case when sqlstate = 'TAP01' then sqlerrm else sqlstate || ' ' || sqlerrm end;
end
$$;

select is(pg_temp.after('select', :'chat', :'token'),
  'accepted 00000000-0000-4000-8000-000000007e01, 2 next, 2, duplicate created, valid', 'the calls answer');

create function pg_temp.instead(index text, made text) returns text language sql immutable as $$
  select format('alter index %s rename to renamed; %s', index, made)
$$;
select is(pg_temp.after(change, :'chat', :'token'), pg_temp.after('select', :'chat', :'token'), 'and so they do with ' || what)
from (values
  (1, 'alter index chatkeep.users_pkey rename to renamed', 'no users_pkey'),
  (2, pg_temp.instead('chatkeep.users_pkey', 'create index users_pkey on chatkeep.users (tenant_id)'), 'a users_pkey of another column'),
  (3, pg_temp.instead('chatkeep.users_pkey', 'create unique index users_pkey on chatkeep.users (tenant_id, id)'), 'a users_pkey of the columns in another order'),
  (4, pg_temp.instead('chatkeep.users_pkey', 'create index users_pkey on chatkeep.users (id)'), 'a users_pkey that is not unique'),
  (5, pg_temp.instead('chatkeep.users_pkey', 'create unique index users_pkey on chatkeep.users (id) where false'), 'a users_pkey of some rows'),
  (6, pg_temp.instead('chatkeep.users_pkey', 'create unique index users_pkey on chatkeep.users ((id::text))'), 'a users_pkey of an expression'),
  (7, pg_temp.instead('chatkeep.users_pkey', 'create index users_pkey on chatkeep.users using hash (id)'), 'a users_pkey that is a hash index'),
  (8, pg_temp.instead('chatkeep.users_pkey', 'create index users_pkey on chatkeep.users using brin (id)'), 'a users_pkey that is a BRIN index'),
  (9, pg_temp.instead('chatkeep.users_pkey', $$ create index users_pkey on chatkeep.users using gin (metadata) $$), 'a users_pkey that is a GIN index'),
  (10, pg_temp.instead('chatkeep.users_pkey', 'create unique index users_pkey on chatkeep.chats (id, tenant_id, user_id)'), 'a users_pkey of another table'),
  (11, pg_temp.instead('chatkeep.users_pkey', 'create table chatkeep.users_pkey (id uuid)'), 'a table of that name'),
  (12, pg_temp.instead('chatkeep.users_pkey', 'create view chatkeep.users_pkey as select 1'), 'a view of that name'),
  (13, pg_temp.instead('chatkeep.chats_pkey', 'create index chats_pkey on chatkeep.chats (user_id)'), 'a chats_pkey of another column'),
  (14, pg_temp.instead('chatkeep.chats_pkey', 'create unique index chats_pkey on chatkeep.chats (tenant_id, id)'), 'a chats_pkey of the columns in another order'),
  (15, pg_temp.instead('chatkeep.chats_pkey', 'create index chats_pkey on chatkeep.chats using hash (id)'), 'a chats_pkey that is a hash index'),
  (16, pg_temp.instead('chatkeep.messages_pkey', 'create index messages_pkey on chatkeep.messages (chat_id)'), 'a messages_pkey of another column'),
  (17, pg_temp.instead('chatkeep.messages_pkey', 'create unique index messages_pkey on chatkeep.messages (id)'), 'a messages_pkey of fewer columns'),
  (18, pg_temp.instead('chatkeep.messages_pkey', 'create table chatkeep.messages_pkey ()'), 'a table as messages_pkey'),
  (19, pg_temp.instead('chatkeep_private.session_secrets_pkey', 'create unique index session_secrets_pkey on chatkeep_private.session_secrets (session_id)'), 'a session_secrets_pkey of another column'),
  (20, pg_temp.instead('chatkeep.sessions_pkey', 'create index sessions_pkey on chatkeep.sessions (user_id)'), 'a sessions_pkey of another column'),
  (21, pg_temp.instead('chatkeep.documents_checksum_front_idx', 'create index documents_checksum_front_idx on chatkeep.documents (checksum, user_id)'), 'a documents_checksum_front_idx of all of the checksum'),
  (22, pg_temp.instead('chatkeep.documents_checksum_front_idx', 'create index documents_checksum_front_idx on chatkeep.documents (byte_size, tenant_id)'), 'a documents_checksum_front_idx of other columns'),
  (23, pg_temp.instead('chatkeep.documents_checksum_front_idx', 'create index documents_checksum_front_idx on chatkeep.documents ((byte_size + 1), user_id)'), 'a documents_checksum_front_idx of another number'),
  (24, pg_temp.instead('chatkeep.documents_checksum_front_idx', 'create index documents_checksum_front_idx on chatkeep.documents ((byte_size + 1))'), 'a documents_checksum_front_idx of one column'),
  (25, pg_temp.instead('chatkeep.documents_checksum_front_idx', 'create index documents_checksum_front_idx on chatkeep.documents using hash (user_id)'), 'a documents_checksum_front_idx that is a hash index'),
  (26, 'alter table chatkeep.users rename to people;
        create view chatkeep.users with (security_invoker) as select * from chatkeep.people;
        grant select, insert, update on chatkeep.users to authenticated', 'a view in the place of chatkeep.users')
) changes (n, change, what) order by n;

-- Policies of an operator --------------------------------------------------------------------------

reset role;
create policy operators on chatkeep.users as restrictive to authenticated using (metadata ->> 'mfa' = 'yes');
select pg_temp.sign_in('ada');
select is(chatkeep.tenant_id(), null, 'a policy that an operator adds to users hides the tenant');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'x') $$, :'chat')),
  'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'and with it the chats, for writing');
select is(pg_temp.refusal(format($$ select * from chatkeep.list_messages(%L) $$, :'chat')),
  'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'and for reading');
reset role;
update chatkeep.users set metadata = '{"mfa":"yes"}' where id = '00000000-0000-4000-8000-00000000ada0';
select pg_temp.sign_in('ada');
select is(chatkeep.tenant_id(), '00000000-0000-4000-8000-000000007e01'::uuid, 'whom the policy lets pass has a tenant');
select pg_temp.sign_in('bob');
select is(chatkeep.tenant_id(), null, 'nobody else has');
reset role;
drop policy operators on chatkeep.users;
select pg_temp.sign_in('bob');
select is(chatkeep.tenant_id(), '00000000-0000-4000-8000-000000007e01'::uuid, 'without the policy everybody has again');
reset role;
alter policy users_select on chatkeep.users using (id = (select chatkeep.uid()) and metadata ->> 'mfa' = 'yes');
select pg_temp.sign_in('bob');
select is(chatkeep.tenant_id(), null, 'a policy of the migrations that an operator has changed is obeyed too');
reset role;
alter policy users_select on chatkeep.users to service_role;
select pg_temp.sign_in('ada');
select is(chatkeep.tenant_id(), null, 'and one that is no more the role''s');
reset role;
alter policy users_select on chatkeep.users to authenticated using (id = (select chatkeep.uid()));

select pg_temp.sign_in('ada');
select set_config('row_security', 'off', true);
select is(pg_temp.refusal('select chatkeep.tenant_id()'), '42501 query would be affected by row-level security policy for table "users"',
  'who turns row_security off is told of policies');
select set_config('row_security', 'on', true);
select is(chatkeep.tenant_id(), '00000000-0000-4000-8000-000000007e01'::uuid, 'and has a tenant once it is on again');

select * from finish();
rollback;
