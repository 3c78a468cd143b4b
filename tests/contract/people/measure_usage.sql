-- measure_usage: how much each member stores, counted in batches by service_role, and read by the member and the tenant's owners and admins.
begin;
\ir ../support/identities.psql
select * from no_plan();
-- Memberships of other tests are measured already.
insert into chatkeep.member_usage
select m.user_id, m.tenant_id, 0, 0, 0, 0, 0, 0, 0, now() + interval '10 years' from chatkeep.memberships m
where m.user_id not in (pg_temp.person('ada'), pg_temp.person('bob'), pg_temp.person('eve'));

-- Signs a person in, to the tenant that ends in these digits or to the home.
create function pg_temp.act(person text, tenant text default null) returns void language plpgsql as $$
begin
  perform pg_temp.sign_in(pg_temp.person(person)::text);
  perform set_config('request.headers', case when tenant is null then '' else format('{"x-chatkeep-tenant":"00000000-0000-4000-8000-00000000%s"}', tenant) end, true);
end
$$;
-- The rows of usage that the caller reads, without their times.
create function pg_temp.usage() returns text language sql as $$
  select string_agg(concat_ws(' ', right(u.user_id::text, 4), right(u.tenant_id::text, 4), u.chats, u.messages, u.documents, u.attachments,
    u.message_bytes, u.document_bytes, u.attachment_bytes), ', ' order by u.user_id, u.tenant_id)
  from chatkeep.member_usage u
  where u.measured_at < now() + interval '1 year'
$$;
-- Moves the last measurement of a person back.
create function pg_temp.age(person text, days integer) returns void language sql as $$
  update chatkeep.member_usage set measured_at = now() - make_interval(days => age.days) where user_id = pg_temp.person(age.person)
$$;
savepoint people;

-- Nothing is stored yet.
select pg_temp.serve();
select is(array[chatkeep.measure_usage(2), chatkeep.measure_usage(2), chatkeep.measure_usage(2)], array[2, 1, 0], 'every membership is measured once, in batches');
select is(pg_temp.usage(), 'ada0 7e01 0 0 0 0 0 0 0, b0b0 7e01 0 0 0 0 0 0 0, e4e0 7e02 0 0 0 0 0 0 0', 'members who store nothing have zeros');

-- What counts: all that can be read or restored.
rollback to people;
select pg_temp.act('ada');
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('c1')) \gset
select count(*) as made from chatkeep.append_message(pg_temp.id('c1'), 'user', 'Grüße', pg_temp.id('a1')) \gset
select count(*) as made from chatkeep.append_message(pg_temp.id('c1'), 'assistant', '', parts => '[{"a":"é"}]', metadata => '{"b": 1}') \gset
select count(*) as made from chatkeep.append_message(pg_temp.id('c1'), 'assistant', 'other', parent_id => pg_temp.id('a1')) \gset
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('c2')) \gset
select count(*) as made from chatkeep.append_message(pg_temp.id('c2'), 'user', 'deleted') \gset
select count(*) as made from chatkeep.delete_chat(pg_temp.id('c2')) \gset
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('c3')) \gset
update chatkeep.chats set archived_at = now() where id = pg_temp.id('c3');
select id as document from chatkeep.register_document('/a', repeat('a', 64), byte_size => 1000) \gset
select count(*) as made from chatkeep.register_document('/a', repeat('b', 64), byte_size => 500) \gset
select count(*) as made from chatkeep.register_document('/unknown', repeat('c', 64)) \gset
select count(*) as made from chatkeep.register_document('/shared', repeat('d', 64), byte_size => 4000000000, visibility => 'tenant') \gset
select id as deleted from chatkeep.register_document('/deleted', repeat('e', 64), byte_size => 70000) \gset
select count(*) as made from chatkeep.delete_document(:'deleted') \gset
select count(*) as made from chatkeep.attach(pg_temp.id('c1'), pg_temp.id('a1'), :'document', byte_size => 1000) \gset
select count(*) as made from chatkeep.attach(pg_temp.id('c1'), pg_temp.id('a1'), byte_size => 30, storage_path => 'b/photo.png') \gset
select count(*) as made from chatkeep.attach(pg_temp.id('c1'), pg_temp.id('a1'), storage_path => 'b/unknown.png') \gset
select pg_temp.serve();
select is(chatkeep.measure_usage(), 3, 'three memberships are measured');
select is(split_part(pg_temp.usage(), ', ', 1), 'ada0 7e01 3 4 4 2 87 4000001500 30',
  'deleted and archived chats count, all branches, archived documents, and attached objects; deleted documents and attached documents do not');
-- A value has a byte more than its text, and JSON its binary form: 8 + 5, 1 + 24 + 25, 6 + 5 and 8 + 5.
select is((select message_bytes from chatkeep.member_usage where user_id = pg_temp.person('ada')),
  (select sum(pg_column_size(m.content) + coalesce(pg_column_size(m.parts), 0) + pg_column_size(m.metadata)) from chatkeep.messages m where m.user_id = pg_temp.person('ada')),
  'the bytes of messages are those in the table');
select count(*) as summarised from chatkeep.summarise_chat(pg_temp.id('c1'), pg_temp.id('a1'), 'so far') \gset
select chatkeep.purge_chats('0') as purged \gset
select is(chatkeep.measure_usage(older_than => '0'), 3, 'and are measured again if wanted');
select is(split_part(pg_temp.usage(), ', ', 1), 'ada0 7e01 2 3 4 2 86 4000001500 30', 'purged chats do not count, and summaries add their bytes');

select pg_temp.act('eve');
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('e1')) \gset
select count(*) as made from chatkeep.append_message(pg_temp.id('e1'), 'user', repeat('compressible ', 1000)) \gset
select pg_temp.serve();
select chatkeep.measure_usage(older_than => '0') as measured \gset
select cmp_ok((select message_bytes from chatkeep.member_usage where user_id = pg_temp.person('eve')), '<', 1000::bigint, 'after compression');
delete from chatkeep.chats where id = pg_temp.id('e1');
select chatkeep.measure_usage(older_than => '0') as measured \gset

-- Which memberships a call takes.
select pg_temp.age('ada', 2), pg_temp.age('bob', 3), pg_temp.age('eve', 0) \g /dev/null
select is(chatkeep.measure_usage(1), 1, 'a batch of one');
select is((select string_agg(right(user_id::text, 4), ' ' order by user_id) from chatkeep.member_usage where measured_at < now() - interval '1 day'), 'ada0', 'takes the oldest measurement');
delete from chatkeep.member_usage where user_id = pg_temp.person('eve');
select is(chatkeep.measure_usage(1), 1, 'the next');
select is((select string_agg(right(user_id::text, 4), ' ' order by user_id) from chatkeep.member_usage where measured_at < now() - interval '1 day'), 'ada0', 'takes one that was never measured');
select is(array[chatkeep.measure_usage(), chatkeep.measure_usage()], array[1, 0], 'the rest follows, and then nothing is left for a day');
-- The clock of PGlite counts milliseconds: several measurements may be of one time.
select pg_temp.age('ada', 0), pg_temp.age('bob', 0), pg_temp.age('eve', 0) \g /dev/null
select is(chatkeep.measure_usage(1, '0'), 1, 'sooner if wanted');
select pg_temp.age('ada', 0), pg_temp.age('bob', 0), pg_temp.age('eve', 0) \g /dev/null
select is(chatkeep.measure_usage(10, '0'), 3, 'all of them');
select is((select count(*)::integer from chatkeep.member_usage u where u.measured_at < now() and u.user_id in (pg_temp.person('ada'), pg_temp.person('bob'), pg_temp.person('eve'))), 0, 'every time is new');

-- Who reads it. Ada owns 7e01, where Bob is a member; Eve owns 7e02.
select pg_temp.act('bob');
select is(pg_temp.usage(), 'b0b0 7e01 0 0 0 0 0 0 0', 'a member reads their own usage alone');
select pg_temp.act('ada');
select is(pg_temp.usage(), 'ada0 7e01 2 3 4 2 86 4000001500 30, b0b0 7e01 0 0 0 0 0 0 0', 'an owner reads that of every member of the tenant');
select is((select count(*)::integer from chatkeep.chats where user_id <> chatkeep.uid()), 0, 'and nothing of what they wrote');
select count(*) as changed from chatkeep.set_member_role('00000000-0000-4000-8000-000000007e01', pg_temp.person('bob'), 'admin') \gset
select pg_temp.act('bob');
select is(pg_temp.usage(), 'ada0 7e01 2 3 4 2 86 4000001500 30, b0b0 7e01 0 0 0 0 0 0 0', 'an admin reads it too');
select pg_temp.act('eve');
select is(pg_temp.usage(), 'e4e0 7e02 0 0 0 0 0 0 0', 'the owner of another tenant does not');
select pg_temp.act('eve', '7e01');
select is(pg_temp.usage(), null, 'not even by naming the tenant');
select is_empty($$ select from chatkeep.member_usage where user_id = '00000000-0000-4000-8000-00000000ada0' $$, 'nor the person');
select pg_temp.sign_out();
select matches(pg_temp.refusal('select * from chatkeep.member_usage'), '^42501 permission denied for table member_usage', 'anon reads none');

-- Ada is a plain member of Eve's tenant.
select pg_temp.serve();
select set_config('request.headers', '', true) \g /dev/null
select count(*) as added from chatkeep.add_member('00000000-0000-4000-8000-000000007e02', pg_temp.person('ada')) \gset
select is(chatkeep.measure_usage(), 1, 'a new membership is measured');
select pg_temp.act('ada', '7e02');
select is(pg_temp.usage(), 'ada0 7e02 0 0 0 0 0 0 0', 'what a person stores elsewhere does not count, and an owner of one tenant is a member of another');
select pg_temp.act('eve');
select is(pg_temp.usage(), 'ada0 7e02 0 0 0 0 0 0 0, e4e0 7e02 0 0 0 0 0 0 0', 'whose owner reads what is stored there alone');

-- A member who was removed, an admin who was removed, and one who is disabled.
select pg_temp.act('bob');
select count(*) as made from chatkeep.create_chat('kept') \gset
select pg_temp.act('ada');
select count(*) as removed from chatkeep.remove_member('00000000-0000-4000-8000-000000007e01', pg_temp.person('bob')) \gset
select pg_temp.act('bob');
select is(pg_temp.usage(), null, 'an admin who was removed reads nothing');
select pg_temp.act('bob', '7e01');
select is(pg_temp.usage(), null, 'with the header neither');
select pg_temp.serve();
select set_config('request.headers', '', true) \g /dev/null
select is(chatkeep.measure_usage(older_than => '0'), 4, 'a removed member is measured');
select pg_temp.act('ada');
select is(split_part(pg_temp.usage(), ', ', 2), 'b0b0 7e01 1 0 0 0 0 0 0', 'and what they left is in the list of the owner');
reset role;
update chatkeep.users set disabled_at = now() where id = pg_temp.person('ada');
select pg_temp.act('ada');
select is(pg_temp.usage(), null, 'a disabled owner reads nothing');
reset role;
update chatkeep.users set disabled_at = null where id = pg_temp.person('ada');

-- A membership that moves, and one that ends.
select pg_temp.serve();
update chatkeep.memberships set tenant_id = '00000000-0000-4000-8000-000000007e09' where user_id = pg_temp.person('bob');
select is(split_part(pg_temp.usage(), ', ', 3), 'b0b0 7e09 1 0 0 0 0 0 0', 'a member who moves takes the measurement along');
select pg_temp.act('ada');
select is(pg_temp.usage(), 'ada0 7e01 2 3 4 2 86 4000001500 30', 'out of the list of the old tenant');
reset role;
delete from auth.users where id = pg_temp.person('bob');
select is((select count(*)::integer from chatkeep.member_usage where user_id = pg_temp.person('bob')), 0, 'no row outlives its person');

-- A transfer shows at the next measurement.
select pg_temp.serve();
select count(*) as added from chatkeep.add_member('00000000-0000-4000-8000-000000007e01', pg_temp.person('eve')) \gset
select count(*) as given from chatkeep.transfer_chat(pg_temp.id('c1'), pg_temp.person('eve')) \gset
select chatkeep.measure_usage(older_than => '0') as measured \gset
select is(pg_temp.usage(), 'ada0 7e01 1 0 4 0 0 4000001500 0, ada0 7e02 0 0 0 0 0 0 0, e4e0 7e01 1 3 0 2 86 0 30, e4e0 7e02 0 0 0 0 0 0 0', 'a chat counts for its owner, with its attachments');

-- Nobody but a service writes it.
select pg_temp.act('ada');
select matches(pg_temp.refusal(statement), '^42501 permission denied for ', statement)
from unnest(array[
  'select chatkeep.measure_usage()',
  'update chatkeep.member_usage set chats = 0',
  'delete from chatkeep.member_usage where chats >= 0',
  'insert into chatkeep.member_usage select * from chatkeep.member_usage'
]) statement;
select set_config('chatkeep.writing', 'on', true) \g /dev/null
select matches(pg_temp.refusal('update chatkeep.member_usage set chats = 0'), '^42501 permission denied for ', 'a forged marker does not help');
select set_config('chatkeep.writing', '', true) \g /dev/null
select pg_temp.sign_out();
select matches(pg_temp.refusal('select chatkeep.measure_usage()'), '^42501 permission denied for function measure_usage', 'anon measures nothing');

-- Bad arguments.
select pg_temp.serve();
select is(pg_temp.refusal('select chatkeep.measure_usage' || arguments), said, 'measure_usage' || arguments)
from (values
  ('(0)', '22023 batch_size must be between 1 and 100000 | Call again until nothing is left.'),
  ('(-1)', '22023 batch_size must be between 1 and 100000 | Call again until nothing is left.'),
  ('(100001)', '22023 batch_size must be between 1 and 100000 | Call again until nothing is left.'),
  ('(null)', '22004 batch_size is missing | Pass a value; null is not accepted here.'),
  ('(older_than => null)', '22004 older_than is missing | Pass a value; null is not accepted here.'),
  ('(older_than => ''-1 second'')', '22023 older_than must not be negative | Pass an interval such as ''15 minutes''.')
) v (arguments, said);

select * from finish();
rollback;
