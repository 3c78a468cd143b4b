-- document_checksum: SHA-256 of bytes.
begin;
\ir ../support/identities.psql
select * from no_plan();

select pg_temp.sign_out();
select is(chatkeep.document_checksum(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'SHA-256 of nothing (FIPS 180-4)');
select is(chatkeep.document_checksum('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 'SHA-256 of abc');
select is(chatkeep.document_checksum(convert_to(repeat('a', 1000000), 'UTF8')), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0', 'SHA-256 of a million a');
select is(chatkeep.document_checksum(null), null, 'and NULL of NULL');
reset role;
create temporary table stored (content bytea) on commit drop;
alter table stored alter content set storage external;
insert into stored select convert_to(repeat('a', 1000000), 'UTF8');
select is((select chatkeep.document_checksum(content) from stored), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0', 'of bytes that are stored out of line too');
select isnt(chatkeep.document_checksum('x'), chatkeep.document_checksum('y'), 'one byte makes another checksum');

select * from finish();
rollback;
