-- The native engine reads a row by an index only if the index has the expected form. Both engines give the same answers for
-- any form of the index.
begin;
\ir ../support/identities.psql
select * from no_plan();

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat('index') \gset
select id as message from chatkeep.append_message(:'chat', 'user', 'first') \gset
select id as document from chatkeep.register_document('a.html', chatkeep.document_checksum('a'), byte_size => 1) \gset
select token from chatkeep.create_session() \gset

-- The answers of the calls after a change by the owner. The change is rolled back.
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
  (1, 'alter index chatkeep.memberships_pkey rename to renamed', 'no memberships_pkey'),
  (2, pg_temp.instead('chatkeep.memberships_pkey', 'create index memberships_pkey on chatkeep.memberships (tenant_id)'), 'a memberships_pkey of another column'),
  (3, pg_temp.instead('chatkeep.memberships_pkey', 'create unique index memberships_pkey on chatkeep.memberships (tenant_id, user_id)'), 'a memberships_pkey of the columns in another order'),
  (4, pg_temp.instead('chatkeep.memberships_pkey', 'create index memberships_pkey on chatkeep.memberships (user_id)'), 'a memberships_pkey that is not unique'),
  (5, pg_temp.instead('chatkeep.memberships_pkey', 'create unique index memberships_pkey on chatkeep.memberships (user_id) where false'), 'a memberships_pkey of some rows'),
  (6, pg_temp.instead('chatkeep.memberships_pkey', 'create unique index memberships_pkey on chatkeep.memberships ((user_id::text))'), 'a memberships_pkey of an expression'),
  (7, pg_temp.instead('chatkeep.memberships_pkey', 'create index memberships_pkey on chatkeep.memberships using hash (user_id)'), 'a memberships_pkey that is a hash index'),
  (8, pg_temp.instead('chatkeep.memberships_pkey', 'create index memberships_pkey on chatkeep.memberships using brin (user_id)'), 'a memberships_pkey that is a BRIN index'),
  (9, pg_temp.instead('chatkeep.memberships_pkey', $$ create index memberships_pkey on chatkeep.chats using gin (metadata) $$), 'a memberships_pkey that is a GIN index'),
  (10, pg_temp.instead('chatkeep.memberships_pkey', 'create unique index memberships_pkey on chatkeep.chats (id, tenant_id, user_id)'), 'a memberships_pkey of another table'),
  (11, pg_temp.instead('chatkeep.memberships_pkey', 'create table chatkeep.memberships_pkey (id uuid)'), 'a table of that name'),
  (12, pg_temp.instead('chatkeep.memberships_pkey', 'create view chatkeep.memberships_pkey as select 1'), 'a view of that name'),
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
  (26, 'alter table chatkeep.memberships rename to people;
        create view chatkeep.memberships with (security_invoker) as select * from chatkeep.people;
        grant select, insert, update on chatkeep.memberships to authenticated', 'a view in the place of chatkeep.memberships')
) changes (n, change, what) order by n;

select * from finish();
rollback;
