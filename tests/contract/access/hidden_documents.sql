-- Documents that the caller does not see. A registration is refused where one of them holds its bytes or source. A shared document that
-- its owner has deleted looks to everybody else as if it had never existed.
begin;
\ir ../support/identities.psql
select * from no_plan();

-- The refusal of a statement, or 'no end' where a timeout ended it.
create function pg_temp.ended(statement text) returns text language plpgsql as $$
begin
  return pg_temp.refusal(statement);
exception when query_canceled then
  return 'no end';
end
$$;
create function pg_temp.item(source text, digit text, more jsonb default '{}') returns jsonb language sql immutable as $$
  select jsonb_build_object('source_uri', source, 'checksum', repeat(digit, 64)) || more
$$;

select pg_temp.sign_in('bob');
select id as bobs from chatkeep.register_document('bob.html', repeat('b', 64), 'held back', visibility => 'tenant') \gset
select pg_temp.sign_in('ada');
select id as adas from chatkeep.register_document('ada.html', repeat('a', 64), 'held back') \gset
select id as shared from chatkeep.register_document('shared.html', repeat('d', 64), 'held back', visibility => 'tenant') \gset
select id as other from chatkeep.register_document('other.html', repeat('e', 64), 'in sight') \gset
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('c1')) \gset
select count(*) as made from chatkeep.append_message(pg_temp.id('c1'), 'user', 'x', pg_temp.id('a1')) \gset

create temporary table tries (n integer generated always as identity, name text, call text, place text default '') on commit drop;
insert into tries (name, call, place) values
  ('source and bytes of a hidden document', $$register_document('ada.html', repeat('a', 64))$$, ''),
  ('new bytes of its source', $$register_document('ada.html', repeat('c', 64))$$, ''),
  ('its bytes under another source', $$register_document('new.html', repeat('a', 64))$$, ''),
  ('its bytes with tags', $$register_document('new.html', repeat('a', 64), tags => '{"a":1}')$$, ''),
  ('the bytes of a colleague''s hidden document, to be shared', $$register_document('new.html', repeat('b', 64), visibility => 'tenant')$$, ''),
  ('the bytes of a shared one that is hidden, to be shared', $$register_document('new.html', repeat('d', 64), visibility => 'tenant')$$, ''),
  ('the source of a shared one that is hidden', $$register_document('shared.html', repeat('c', 64))$$, ''),
  ('its source, with the bytes themselves', $$register_content('ada.html', 'other bytes')$$, ''),
  ('its source and bytes in a batch of one', $$register_documents(jsonb_build_array(pg_temp.item('ada.html', 'a')))$$, 'documents[0].'),
  ('its bytes in a batch', $$register_documents(jsonb_build_array(pg_temp.item('1.html', '1'), pg_temp.item('other.html', 'e'), pg_temp.item('2.html', '2'), pg_temp.item('new.html', 'a')))$$, 'documents[3].'),
  ('its source in a batch', $$register_documents(jsonb_build_array(pg_temp.item('1.html', '1'), pg_temp.item('ada.html', 'c')))$$, 'documents[1].'),
  ('its source, twice in a batch', $$register_documents(jsonb_build_array(pg_temp.item('ada.html', '1'), pg_temp.item('ada.html', '2')))$$, 'documents[0].'),
  ('a colleague''s bytes in a batch, to be shared', $$register_documents(jsonb_build_array(pg_temp.item('1.html', '1'), pg_temp.item('new.html', 'b', '{"visibility":"tenant"}')))$$, 'documents[1].');
grant select on tries to public;

reset role;
create policy held_back on chatkeep.documents as restrictive for select to authenticated using (title is distinct from 'held back');
create temporary table was on commit drop as select d::text as document from chatkeep.documents d;
select pg_temp.sign_in('ada');
set local statement_timeout = '1s';
select format($s$select is(pg_temp.ended('select * from chatkeep.' || call),
    'PT409 ' || place || 'source_uri or checksum is taken by a document that you cannot see | Repeat the call; if it is refused again, a policy of this database hides the document.',
    'a registration of ' || name || ' is refused as taken') from tries where n = %s$s$, n) from tries order by n \gexec
set local statement_timeout = '60s';
select is(coalesce(current_setting('chatkeep.writing', true), ''), '', 'a registration that is refused leaves no marker');
select is((select outcome from chatkeep.register_document('new.html', repeat('f', 64), 'in sight')), 'created', 'a document that shares nothing with a hidden one is registered');
select is((select outcome from chatkeep.register_document('other.html', repeat('e', 64), 'in sight')), 'duplicate', 'a document in sight is known');
reset role;
select bag_eq($$ select d::text from chatkeep.documents d where d.source_uri <> 'new.html' $$, 'select document from was', 'no refused registration stores, moves or archives anything');
drop policy held_back on chatkeep.documents;
select pg_temp.sign_in('ada');
select is((select outcome from chatkeep.register_document('ada.html', repeat('a', 64))), 'duplicate', 'once the policy is gone, the document is known again');
select is((select outcome from chatkeep.register_document('ada.html', repeat('9', 64))), 'new_version', 'and its source takes new bytes');

-- A policy that hides by time, as for retention.
reset role;
create policy retained on chatkeep.documents as restrictive to authenticated using (created_at > now() - interval '1 day');
update chatkeep.documents set created_at = now() - interval '2 days' where source_uri = 'other.html';
select pg_temp.sign_in('ada');
set local statement_timeout = '1s';
select is(pg_temp.ended($$ select * from chatkeep.register_document('other.html', repeat('e', 64)) $$),
  'PT409 source_uri or checksum is taken by a document that you cannot see | Repeat the call; if it is refused again, a policy of this database hides the document.',
  'a document that a policy hides by time is refused as taken too');
set local statement_timeout = '60s';
select is((select outcome from chatkeep.register_document('fresh.html', repeat('8', 64))), 'created', 'and a new one is registered beside it');
reset role;
drop policy retained on chatkeep.documents;

-- A shared document that is deleted: each call answers a colleague and another tenant as if it had never existed.
select pg_temp.sign_in('bob');
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('c2')) \gset
select count(*) as made from chatkeep.append_message(pg_temp.id('c2'), 'user', 'x', pg_temp.id('a2')) \gset
select count(*) as tagged from chatkeep.tag_document(:'shared', '{"a":1}', 'bob') \gset
select count(*) as attached from chatkeep.attach(pg_temp.id('c2'), pg_temp.id('a2'), :'shared', 'seen.html') \gset
select pg_temp.sign_in('ada');
select count(*) as deleted from chatkeep.delete_document(:'shared') \gset
create temporary table calls (n integer generated always as identity, call text) on commit drop;
insert into calls (call) values
  ('delete_document(DOCUMENT)'), ('set_document_status(DOCUMENT, ''ready'')'), ('set_document_status(DOCUMENT, ''pending'')'),
  ('tag_document(DOCUMENT, ''{"b":1}'', ''bob'')'), ('tag_document(DOCUMENT, ''{}'', ''bob'')'), ('tag_document(DOCUMENT, ''{"b":1}'')'),
  ('attach(pg_temp.id(''c2''), pg_temp.id(''a2''), DOCUMENT)');
grant select on calls to public;
create function pg_temp.told(call text, document uuid) returns text language sql as $$
  select pg_temp.refusal('select * from chatkeep.' || replace(call, 'DOCUMENT', quote_literal(document)))
$$;
select pg_temp.sign_in('bob');
select is(pg_temp.told(call, :'shared'), pg_temp.told(call, pg_temp.id('ff')), 'to a colleague ' || call || ' answers for a deleted document as for a missing one') from calls order by n;
select is((select count(*)::integer from calls where pg_temp.told(call, :'shared') like 'PT404 document_id names no document of yours | %'), 7, 'each of these calls answers PT404');
select is_empty(format('select from chatkeep.documents where id = %L', :'shared'), 'the colleague cannot read the deleted document');
select is_empty(format('select from chatkeep.document_metadata where document_id = %L', :'shared'), 'the colleague cannot read its metadata, not even their own');
-- Anybody who sends SQL may forge the marker of a call. The Data API lets nobody do so.
select set_config('chatkeep.writing', 'on', true) \g /dev/null
select is_empty(format('select from chatkeep.documents where id = %L', :'shared'), 'a forged marker shows a colleague no deleted document');
select matches(pg_temp.refusal(format('select row(d.*)::text from chatkeep_private.locked_document(%L, true) d', :'shared')), '^(PT404|42501|42883) ', 'a helper of the calls does not show it either');
select is_empty(format('update chatkeep.documents set error = null where id = %L returning id', :'shared'), 'or an update');
select set_config('chatkeep.writing', 'off', true) \g /dev/null
select is_empty(format('select from chatkeep.documents where id = %L', :'shared'), 'of whatever call it is');
select set_config('chatkeep.writing', '', true) \g /dev/null
select pg_temp.sign_in('eve');
select is((select count(*)::integer from calls where pg_temp.told(call, :'shared') = pg_temp.told(call, pg_temp.id('ff'))), 7, 'another tenant gets the same answers');
-- The owner and service_role learn that it is deleted.
select pg_temp.sign_in('ada');
select is((select deleted_at is not null from chatkeep.delete_document(:'shared')), true, 'its owner deletes it again, and has the same row');
select alike(pg_temp.refusal(format($$ select * from chatkeep.set_document_status(%L, 'ready') $$, :'shared')), 'PT410 document_id names a deleted document%', 'and other calls answer that it is deleted');
select alike(pg_temp.refusal(format('select * from chatkeep.attach(pg_temp.id(''c1''), pg_temp.id(''a1''), %L)', :'shared')), 'PT410 document_id names a deleted document%', 'attach too');
select pg_temp.serve();
select alike(pg_temp.refusal(format($$ select * from chatkeep.tag_document(%L, '{"b":1}') $$, :'shared')), 'PT410 document_id names a deleted document%', 'and so do they to service_role');
-- Its bytes and sources are free.
select pg_temp.sign_in('bob');
select is((select outcome from chatkeep.register_document('shared.html', repeat('d', 64), visibility => 'tenant')), 'created', 'a colleague registers the bytes of what was deleted');

select * from finish();
rollback;
