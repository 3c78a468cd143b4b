-- register_content: register_document for bytes at hand.
begin;
\ir ../support/identities.psql
select * from no_plan();

select pg_temp.sign_in('ada');
select results_eq($$ select outcome, checksum, byte_size, title from chatkeep.register_content('content', 'abc', 'Title') $$,
  $$ values ('created', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 3::bigint, 'Title') $$, 'register_content takes checksum and size of the bytes');
select is((select outcome from chatkeep.register_document('content', 'BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD')), 'duplicate', 'and is register_document otherwise');
select is(pg_temp.refusal($$ select * from chatkeep.register_content('x', null) $$), '22004 content is missing | Pass a value; null is not accepted here.', 'content is needed');
select is(pg_temp.refusal($$ select * from chatkeep.register_content(null, 'abc') $$), '22004 source_uri is missing | Pass a value; null is not accepted here.', 'and a source');
select is((select byte_size from chatkeep.register_content('empty', '')), 0::bigint, 'no bytes are content too');

reset role;
create temporary table stored (content bytea) on commit drop;
alter table stored alter content set storage external;
insert into stored select convert_to(repeat('a', 1000000), 'UTF8');
grant select on stored to authenticated;
select pg_temp.sign_in('ada');
select results_eq($$ select r.byte_size, r.checksum from stored, chatkeep.register_content('of a table', content) r $$,
  $$ values (1000000::bigint, 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0') $$, 'bytes that are stored out of line too');

-- A service registers for a person. access/acting.sql tests who may name whom.
select pg_temp.serve();
select results_eq($$ select outcome, user_id, byte_size from chatkeep.register_content('content', 'abc', user_id => '00000000-0000-4000-8000-00000000b0b0') $$,
  $$ values ('created', '00000000-0000-4000-8000-00000000b0b0'::uuid, 3::bigint) $$, 'service_role registers bytes for a user, apart from those of a colleague');
select is((select outcome from chatkeep.register_content('content', 'abc', user_id => '00000000-0000-4000-8000-00000000b0b0')), 'duplicate', 'once');
select alike(pg_temp.refusal($$ select * from chatkeep.register_content('content', 'abc') $$), '42501 no user is signed in%', 'and for nobody it registers nothing');

select * from finish();
rollback;
