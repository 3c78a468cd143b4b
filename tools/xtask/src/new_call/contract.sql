-- NAME: what it does, in one sentence.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat('A chat') \gset
select is((select id from chatkeep.NAME(:'chat')), :'chat'::uuid, 'the call returns the chat');

-- Other users.
select pg_temp.sign_in('eve');
select is(pg_temp.refusal(format($$ select * from chatkeep.NAME(%L) $$, :'chat')),
  'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.',
  'a user of another tenant finds no such chat');

-- Bad arguments.
rollback to people;
select pg_temp.sign_in('ada');
select is(pg_temp.refusal($$ select * from chatkeep.NAME(null) $$),
  '22004 chat_id is missing | Pass a value; null is not accepted here.', 'a missing chat_id is named');

select * from finish();
rollback;
