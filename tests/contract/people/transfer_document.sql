-- transfer_document: a document changes hands with the tags of its owner; what the new owner has stays as it is.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('ada');
select id as private from chatkeep.register_document('p', repeat('a', 64), tags => '{"a":1}') \gset
select id as shared from chatkeep.register_document('s', repeat('b', 64), tags => '{"s":1}', visibility => 'tenant') \gset
select id as chat from chatkeep.create_chat() \gset
select id as message from chatkeep.append_message(:'chat', 'user', 'look') \gset
select count(*) as made from unnest(array[:'private', :'shared']::uuid[]) d, chatkeep.attach(:'chat', :'message', d) a \gset
select pg_temp.sign_in('bob');
select count(*) as made from chatkeep.tag_document(:'shared', '{"b":1}', 'bob') \gset
savepoint registered;

-- A private document.
select pg_temp.serve();
select results_eq(format($$ select user_id, source_uri, status, visibility from chatkeep.transfer_document(%L, pg_temp.person('bob')) $$, :'private'),
  $$ values (pg_temp.person('bob'), 'p', 'pending', 'private') $$, 'a private document is the new owner''s');
select is((select id from chatkeep.transfer_document(:'private', pg_temp.person('bob'))), :'private'::uuid, 'a retry returns the row');
select pg_temp.sign_in('bob');
select results_eq(format('select tags from chatkeep.document_metadata where document_id = %L', :'private'), $$ values ('{"a":1}'::jsonb) $$, 'F5: with the tags of its owner');
select is((select outcome from chatkeep.register_document('p', repeat('a', 64))), 'duplicate', 'the new owner has its source and its bytes');
select pg_temp.sign_in('ada');
select is_empty(format('select 1 from chatkeep.documents where id = %1$L union all select 2 from chatkeep.document_metadata where document_id = %1$L', :'private'), 'F5: the former owner reads neither document nor tags');
select is((select count(*)::integer from chatkeep.attachments where document_deleted and document_id is null), 1, 'and keeps an attachment without the document');
select is((select outcome from chatkeep.register_document('p', repeat('a', 64))), 'created', 'may register the bytes anew');

-- A shared document.
rollback to registered;
select pg_temp.serve();
select is((select user_id from chatkeep.transfer_document(:'shared', pg_temp.person('bob'))), pg_temp.person('bob'), 'a shared document too');
select pg_temp.sign_in('ada');
select set_eq(format('select user_id, tags from chatkeep.document_metadata where document_id = %L', :'shared'),
  $$ values (pg_temp.person('bob'), '{"s":1}'::jsonb), (pg_temp.person('bob'), '{"b":1}') $$, 'the tags of its owner go along, the former owner still reads them');
select is((select document_deleted from chatkeep.attachments where document_id = :'shared'), false, 'and keeps the attachment');
select matches(pg_temp.refusal(format('select * from chatkeep.delete_document(%L)', :'shared')), '^42501 ', 'but does not delete it any more');
select pg_temp.serve();
select count(*) as back from chatkeep.transfer_document(:'shared', pg_temp.person('ada')) \gset

-- What the new owner has stays as it is.
rollback to registered;
select pg_temp.sign_in('bob');
select id as source from chatkeep.register_document('p', repeat('c', 64)) \gset
select pg_temp.serve();
select results_eq(format($$ select status, source_uri, aliases from chatkeep.transfer_document(%L, pg_temp.person('bob')) $$, :'private'), $$ values ('archived', 'p', '{}'::text[]) $$,
  'a document whose only source the new owner holds is archived');
select is((select status || ' ' || source_uri from chatkeep.documents where id = :'source'), 'pending p', 'and theirs is as it was');
rollback to registered;
select pg_temp.sign_in('ada');
select count(*) as made from unnest(array['p2', 'p3', 'p4']) u, chatkeep.register_document(u, repeat('a', 64)) r \gset
select pg_temp.sign_in('bob');
select count(*) as made from unnest(array['p', 'p3']) u, chatkeep.register_document(u, repeat('c', 64)) r \gset
select pg_temp.serve();
select results_eq(format($$ select status, source_uri, aliases from chatkeep.transfer_document(%L, pg_temp.person('bob')) $$, :'private'), $$ values ('pending', 'p2', '{p4}'::text[]) $$,
  'with other sources it keeps those');
rollback to registered;
select pg_temp.sign_in('bob');
select id as bytes from chatkeep.register_document('q', repeat('a', 64)) \gset
select pg_temp.serve();
select is((select status from chatkeep.transfer_document(:'private', pg_temp.person('bob'))), 'archived', 'a private document whose bytes the new owner has is archived');
select is((select status from chatkeep.documents where id = :'bytes'), 'pending', 'and theirs is not');
rollback to registered;
select pg_temp.sign_in('bob');
select count(*) as made from chatkeep.register_document('q', repeat('b', 64)) \gset
select pg_temp.serve();
select is((select status from chatkeep.transfer_document(:'shared', pg_temp.person('bob'))), 'pending', 'a shared one with the bytes of a private one is not');

-- Refusals.
rollback to registered;
select pg_temp.sign_in('ada');
select is(pg_temp.refusal(format('select * from chatkeep.transfer_document(%L, pg_temp.person(''bob''))', :'private')), '42501 permission denied for function transfer_document', 'users do not give documents away');
select pg_temp.serve();
select is(pg_temp.refusal(format('select * from chatkeep.transfer_document(%L, pg_temp.person(%L))', :'private', 'eve')),
  pg_temp.refusal(format('select * from chatkeep.transfer_document(%L, pg_temp.person(%L))', :'private', 'nobody')), 'a user of another tenant and an unknown one get the same answer');
select count(*) as deleted from chatkeep.delete_document(:'shared') \gset
select is(pg_temp.refusal(replace(replace(call, 'PRIVATE', quote_literal(:'private')), 'SHARED', quote_literal(:'shared'))), expected, name)
from (values
  ('no document', 'select * from chatkeep.transfer_document(null, pg_temp.person(''bob''))', '22004 document_id is missing | Pass a value; null is not accepted here.'),
  ('no new owner', 'select * from chatkeep.transfer_document(PRIVATE, null)', '22004 to_user_id is missing | Pass a value; null is not accepted here.'),
  ('an unknown document', 'select * from chatkeep.transfer_document(pg_temp.id(''ff''), pg_temp.person(''bob''))', 'PT404 document_id names no document of yours | Register the document, or check the id.'),
  ('a deleted document', 'select * from chatkeep.transfer_document(SHARED, pg_temp.person(''bob''))', 'PT410 document_id names a deleted document | Register the document anew.'),
  ('an unknown user', 'select * from chatkeep.transfer_document(PRIVATE, pg_temp.person(''nobody''))', 'PT404 to_user_id names no member of the tenant | Pass the id of a member of the same tenant, or add the person with add_member.')
) refused (name, call, expected);

select * from finish();
rollback;
