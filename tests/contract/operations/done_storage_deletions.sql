-- done_storage_deletions: ends what a worker has deleted.
begin;
\ir ../support/identities.psql
select * from no_plan();
delete from chatkeep_private.storage_outbox;
insert into chatkeep_private.storage_outbox (id, tenant_id, user_id, storage_path)
select pg_temp.id('f' || n), gen_random_uuid(), gen_random_uuid(), 'files/' || n from generate_series(1, 3) n;

select pg_temp.serve();
select is((select count(*)::integer from chatkeep.take_storage_deletions()), 3, 'three objects are taken');
select is(chatkeep.done_storage_deletions(array[pg_temp.id('f1'), pg_temp.id('f2'), pg_temp.id('ff')]), 2, 'those that wait end, and unknown ids are nothing');
select is(chatkeep.done_storage_deletions(array[pg_temp.id('f1'), pg_temp.id('f2')]), 0, 'the same again ends nothing');
select is(chatkeep.done_storage_deletions('{}'), 0, 'and no ids end nothing');
select is((select string_agg(storage_path, ' ') from chatkeep.take_storage_deletions(retry_after => '0')), 'files/3', 'the third is given again');

select pg_temp.sign_in('ada');
select alike(pg_temp.refusal(format('select chatkeep.done_storage_deletions(array[%L]::uuid[])', pg_temp.id('f3'))), '42501 %', 'a user ends none');

select pg_temp.serve();
select is(pg_temp.refusal('select chatkeep.' || call), expected, name)
from (values
  ('no ids', $$done_storage_deletions(null)$$, '22004 ids is missing | Pass a value; null is not accepted here.'),
  ('ids over 1000', $$done_storage_deletions(array_fill(gen_random_uuid(), array[1001]))$$, '22023 ids has more than 1000 items | Send it in several calls.')
) refused (name, call, expected);

select * from finish();
rollback;
