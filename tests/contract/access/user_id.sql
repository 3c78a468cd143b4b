-- user_id: the id of a user whom a registered issuer signs in, the same in SQL, in core and in the npm package.
begin;
\ir ../support/identities.psql
\ir ../support/user_ids.psql
grant select on user_ids to public;
select * from no_plan();

select pg_temp.sign_in('ada');
select is((select count(*)::int from user_ids), (select count(distinct id)::int from user_ids), 'every vector has an id of its own');
select is_empty('select issuer, subject from user_ids where id is distinct from chatkeep.user_id(issuer, subject)', 'SQL computes the ids of core');
select is_empty($$ select id from user_ids where id::text !~ '^.{14}8.{4}[89ab]' $$, 'which are UUIDs of version 8 (RFC 9562)');

select is(pg_temp.refusal($$ select chatkeep.user_id(null, 'a') $$), '22004 issuer is missing | Pass a value; null is not accepted here.', 'no issuer');
select is(pg_temp.refusal($$ select chatkeep.user_id('a', null) $$), '22004 subject is missing | Pass a value; null is not accepted here.', 'no subject');
select is(pg_temp.refusal($$ select chatkeep.user_id(repeat('x', 501), 'a') $$), '22023 issuer is longer than 500 characters | Shorten it.', 'a long issuer');
select is(pg_temp.refusal($$ select chatkeep.user_id('a', repeat('x', 501)) $$), '22023 subject is longer than 500 characters | Shorten it.', 'a long subject');
select is(pg_temp.refusal($$ select chatkeep.user_id('a', '') $$), '22023 subject must not be empty | Pass the claim sub of the person''s tokens.', 'an empty subject');
select is(pg_temp.refusal(format($$ select chatkeep.user_id(%L, 'a') $$, issuer)),
  '22023 issuer must not be empty, and must not have control characters | Pass the claim iss of the issuer''s tokens.', 'an issuer that names none: ' || what)
from (values ('', 'empty'), (E'a\nb', 'a line feed'), (E'\x7f', 'delete'), (E'\x01', 'the first control character')) v (issuer, what);

select * from finish();
rollback;
