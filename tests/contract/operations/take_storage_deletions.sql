-- take_storage_deletions: whatever removes an attachment or a document leaves its object to a worker, in the same transaction.
begin;
\ir ../support/identities.psql
select * from no_plan();
delete from chatkeep_private.storage_outbox;

-- What a worker is given, each object with the end of its user and its number of attempts.
create function pg_temp.taken(most integer default 100, age interval default '15 minutes') returns text language sql as $$
  select string_agg(concat_ws(' ', t.storage_path, right(t.user_id::text, 4), t.attempts), ', ' order by t.storage_path)
  from chatkeep.take_storage_deletions(most, age) t
$$;
-- What waits, seen by nobody but the operator.
create function pg_temp.waiting() returns text language sql as $$
  select string_agg(o.storage_path, ', ' order by o.storage_path) from chatkeep_private.storage_outbox o
$$;

-- Ada has a chat with three messages and an attachment each, and documents. Eve, of another tenant, has one attachment.
select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('c1')) \gset
select count(*) as stored from chatkeep.append_messages(pg_temp.id('c1'), jsonb_build_array(
  pg_temp.item('one', pg_temp.id('a1')), pg_temp.item('two', pg_temp.id('a2')), pg_temp.item('three', pg_temp.id('a3')))) \gset
select count(*) as attached from chatkeep.attach(pg_temp.id('c1'), pg_temp.id('a1'), storage_path => 'files/one.png') \gset
select count(*) as attached from chatkeep.attach(pg_temp.id('c1'), pg_temp.id('a2'), storage_path => 'files/two.png') \gset
select count(*) as attached from chatkeep.attach(pg_temp.id('c1'), pg_temp.id('a3'), storage_path => 'files/two.png') \gset
select id as doc from chatkeep.register_document('storage://docs/a.pdf', chatkeep.document_checksum('a')) \gset
select id as linked from chatkeep.register_document('https://example.com/b', chatkeep.document_checksum('b')) \gset
select count(*) as attached from chatkeep.attach(pg_temp.id('c1'), pg_temp.id('a3'), document_id => :'linked') \gset
select pg_temp.sign_in('eve');
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('e1')) \gset
select count(*) as stored from chatkeep.append_message(pg_temp.id('e1'), 'user', 'hi', pg_temp.id('e2')) \gset
select count(*) as attached from chatkeep.attach(pg_temp.id('e1'), pg_temp.id('e2'), storage_path => 'files/eve.png') \gset
savepoint stored;

-- Redaction.
select pg_temp.sign_in('ada');
select lives_ok($$ select * from chatkeep.redact_message(pg_temp.id('c1'), pg_temp.id('a1')) $$, 'a message is redacted');
reset role;
select is(pg_temp.waiting(), 'files/one.png', 'its object waits');
select pg_temp.serve();
select is(pg_temp.taken(), 'files/one.png ada0 1', 'and is given to a worker');
select is(pg_temp.taken(), null, 'to one worker');
select is(pg_temp.taken(age => '0'), 'files/one.png ada0 2', 'until the time to carry it out is over');
select is(chatkeep.done_storage_deletions(array(select o.id from chatkeep_private.storage_outbox o)), 1, 'what was carried out ends');
select is(pg_temp.taken(age => '0'), null, 'and is given no more');

-- An object that another attachment names stays until that one goes too.
rollback to stored;
select pg_temp.sign_in('ada');
select lives_ok($$ select * from chatkeep.redact_message(pg_temp.id('c1'), pg_temp.id('a2')) $$, 'one of two messages with the same object');
select pg_temp.serve();
select is(pg_temp.taken(), null, 'an object that is named elsewhere is not given away');
reset role;
select is(pg_temp.waiting(), null, 'and waits no more');
select pg_temp.sign_in('ada');
select lives_ok($$ select * from chatkeep.redact_message(pg_temp.id('c1'), pg_temp.id('a3')) $$, 'the other one');
select pg_temp.serve();
select is(pg_temp.taken(), 'files/two.png ada0 1', 'now nothing names the object');

-- Whoever attaches the object of somebody else does not get it deleted.
rollback to stored;
select pg_temp.sign_in('ada');
select count(*) as attached from chatkeep.attach(pg_temp.id('c1'), pg_temp.id('a1'), storage_path => 'files/eve.png') \gset
select lives_ok($$ select * from chatkeep.redact_message(pg_temp.id('c1'), pg_temp.id('a1')) $$, 'a message with a foreign object');
select pg_temp.serve();
select is(pg_temp.taken(), 'files/one.png ada0 1', 'leaves that object alone');
reset role;
select is(pg_temp.waiting(), 'files/one.png', 'and forgets it');

-- Documents.
rollback to stored;
select pg_temp.sign_in('ada');
select count(*) as attached from chatkeep.attach(pg_temp.id('c1'), pg_temp.id('a1'), storage_path => 'docs/a.pdf') \gset
select count(*) as deleted from chatkeep.delete_document(:'doc') \gset
select count(*) as deleted from chatkeep.delete_document(:'doc') \gset
select count(*) as deleted from chatkeep.delete_document(:'linked') \gset
reset role;
select is(pg_temp.waiting(), 'storage://docs/a.pdf', 'the object of a deleted document waits, once, and a page of the web does not');
savepoint deleted;
select pg_temp.serve();
select is(pg_temp.taken(), null, 'an attachment without the scheme names it too');
rollback to deleted;
select pg_temp.sign_in('ada');
select count(*) as redacted from chatkeep.redact_message(pg_temp.id('c1'), pg_temp.id('a1')) \gset
select count(*) as registered from chatkeep.register_document('storage://docs/a.pdf', chatkeep.document_checksum('a again')) \gset
select pg_temp.serve();
select is(pg_temp.taken(), 'files/one.png ada0 1', 'nor is the object given away that a new document names');
rollback to deleted;
select pg_temp.sign_in('ada');
select count(*) as redacted from chatkeep.redact_message(pg_temp.id('c1'), pg_temp.id('a1')) \gset
select pg_temp.serve();
select is(pg_temp.taken(1), 'storage://docs/a.pdf ada0 1', 'the oldest comes first');
select is(pg_temp.taken(1) is not null and pg_temp.taken(1) is not null and pg_temp.taken(1) is null, true, 'in batches');
rollback to stored;
select pg_temp.sign_in('ada');
select count(*) as registered from chatkeep.register_document('storage://docs/copy.pdf', chatkeep.document_checksum('a')) \gset
select count(*) as deleted from chatkeep.delete_document(:'doc') \gset
select pg_temp.serve();
select is(pg_temp.taken(), 'storage://docs/a.pdf ada0 1, storage://docs/copy.pdf ada0 1', 'the other sources of the document go too');

-- Deletions of whole chats, users and tenants.
rollback to stored;
select pg_temp.sign_in('ada');
select count(*) as deleted from chatkeep.delete_chat(pg_temp.id('c1')) \gset
reset role;
select is(pg_temp.waiting(), null, 'a deleted chat can be restored, so its objects stay');
update chatkeep.chats set deleted_at = now() - interval '31 days' where id = pg_temp.id('c1');
select pg_temp.serve();
select is(chatkeep.purge_chats(), 4, 'the chat is purged');
select is(pg_temp.taken(), 'files/one.png ada0 1, files/two.png ada0 1, files/two.png ada0 1', 'its objects go');
rollback to stored;
reset role;
delete from auth.users where id = pg_temp.person('ada');
select is(pg_temp.waiting(), 'files/one.png, files/two.png, files/two.png, storage://docs/a.pdf', 'with a user all of the user''s objects go');
select pg_temp.serve();
select is(pg_temp.taken(), 'files/one.png ada0 1, files/two.png ada0 1, files/two.png ada0 1, storage://docs/a.pdf ada0 1', 'although the user is gone');
rollback to stored;
select pg_temp.serve();
update chatkeep.attachments set storage_path = 'files/moved.png' where storage_path = 'files/one.png';
select is(pg_temp.taken(), 'files/one.png ada0 1', 'so does the object that an attachment no longer names');

-- In the same transaction or not at all.
rollback to stored;
savepoint removal;
select pg_temp.sign_in('ada');
select count(*) as redacted from chatkeep.redact_message(pg_temp.id('c1'), pg_temp.id('a1')) \gset
rollback to removal;
reset role;
select is(pg_temp.waiting(), null, 'a removal that is rolled back leaves nothing');

-- A tenant that is being moved.
select pg_temp.sign_in('ada');
select count(*) as redacted from chatkeep.redact_message(pg_temp.id('c1'), pg_temp.id('a1')) \gset
reset role;
update chatkeep.tenants set moving_to = 'elsewhere' where id = (select m.tenant_id from chatkeep.memberships m where m.user_id = pg_temp.person('ada'));
select pg_temp.serve();
select is(pg_temp.taken(), null, 'the objects of a tenant that is being moved wait');

-- Who may: nobody but a service.
rollback to stored;
select pg_temp.sign_in('ada');
select alike(pg_temp.refusal('select * from chatkeep.take_storage_deletions()'), '42501 %', 'a user takes no deletions');
select alike(pg_temp.refusal('select * from chatkeep_private.storage_outbox'), '42501 %', 'and reads none');
select alike(pg_temp.refusal($$ insert into chatkeep_private.storage_outbox (tenant_id, user_id, storage_path) select chatkeep.tenant_id(), chatkeep.uid(), 'files/eve.png' $$), '42501 %', 'nor asks for one directly');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine.
select pg_temp.serve();
select is(pg_temp.refusal('select * from chatkeep.' || call), expected, name)
from (values
  ('a batch of nothing', $$take_storage_deletions(0)$$, '22023 batch_size must be between 1 and 1000 | Call again until nothing is left.'),
  ('a batch over 1000', $$take_storage_deletions(1001)$$, '22023 batch_size must be between 1 and 1000 | Call again until nothing is left.'),
  ('no batch', $$take_storage_deletions(null)$$, '22004 batch_size is missing | Pass a value; null is not accepted here.'),
  ('a retry in the future', $$take_storage_deletions(retry_after => '-1 s')$$, '22023 retry_after must not be negative | Pass an interval such as ''15 minutes''.'),
  ('a retry without a time', $$take_storage_deletions(retry_after => null)$$, '22004 retry_after is missing | Pass a value; null is not accepted here.')
) refused (name, call, expected);

select * from finish();
rollback;
