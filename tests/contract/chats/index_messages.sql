-- index_messages: fills the full-text index in batches, for service_role alone. search_messages.sql tests the search before and after.
begin;
\ir ../support/identities.psql
select * from no_plan();

-- Ada has eleven messages in three chats, one of them archived, and one message in a deleted chat. Bob and Eve have a message each.
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat('simple') \gset
select id as english from chatkeep.create_chat('english', language => 'english') \gset
select id as archived from chatkeep.create_chat('archived') \gset
select id as deleted from chatkeep.create_chat('deleted') \gset
select count(*) as stored from chatkeep.append_messages(:'chat', jsonb_build_array(
  pg_temp.item('s1 deploy the blue green cluster', pg_temp.id('a1')),
  pg_temp.item('s2 deploy to staging', pg_temp.id('a2')),
  pg_temp.item('s3 the green and blue deploy deploy deploy', pg_temp.id('a3')),
  pg_temp.item('s4 deployed the day before', pg_temp.id('a4')),
  pg_temp.item('s5 nothing to see', pg_temp.id('a5')),
  pg_temp.item('s6 <script>alert("x & y")</script> said the walrus <b>', pg_temp.id('a6')),
  pg_temp.item('s7 literal \u0000 and \ud800 said the narwhal', pg_temp.id('a7')))) \gset
select count(*) as stored from chatkeep.append_messages(:'english', jsonb_build_array(
  pg_temp.item('e1 she deployed it twice', pg_temp.id('b1')),
  pg_temp.item('e2 the old deployment', pg_temp.id('b2'), '00000000-0000-0000-0000-000000000000'),
  pg_temp.item('e3 the mice were running', pg_temp.id('b3'), '00000000-0000-0000-0000-000000000000'))) \gset
select count(*) as stored from chatkeep.append_message(:'archived', 'user', 'r1 an archived deploy') \gset
update chatkeep.chats set archived_at = now() where id = :'archived';
select count(*) as stored from chatkeep.append_message(:'deleted', 'user', 'd1 a deleted deploy') \gset
select count(*) as stored from chatkeep.delete_chat(:'deleted') \gset
select pg_temp.sign_in('bob');
select id as bobs from chatkeep.create_chat() \gset
select count(*) as stored from chatkeep.append_message(:'bobs', 'user', 'x1 a deploy of Bob''s') \gset
select pg_temp.sign_in('eve');
select id as eves from chatkeep.create_chat(chat_id => :'chat') \gset
select count(*) as stored from chatkeep.append_message(:'eves', 'user', 'x2 a deploy of Eve''s') \gset

create function pg_temp.index_all(batch_size integer) returns integer language plpgsql as $$
declare
  total integer := 0;
  indexed integer;
begin
  loop
    indexed := chatkeep.index_messages(batch_size);
    if indexed > batch_size then raise exception 'indexed % of %', indexed, batch_size; end if;
    exit when indexed = 0;
    total := total + indexed;
  end loop;
  return total;
end
$$;
select pg_temp.serve();
select cmp_ok(chatkeep.index_messages(2), '=', 2, 'index_messages indexes batch_size messages');
select cmp_ok(pg_temp.index_all(3), '>=', 10, 'and the rest in batches, until none is left');
select pg_temp.sign_in('ada');
select cmp_ok((select count(*)::int from chatkeep.message_search s where s.chat_id in (:'chat', :'english', :'archived')), '=', 11, 'every message that can be read is indexed');

-- Bad arguments.
select alike(pg_temp.refusal('select * from chatkeep.' || statement), expected, statement || ' is refused') from (values
  ('index_messages()', '42501 %')
) refused (statement, expected);
select is(pg_temp.refusal('select * from chatkeep.' || call), expected, name)
from (values
  ('an index run by a user', $$index_messages()$$, '42501 permission denied for function index_messages')
) refused (name, call, expected);
select pg_temp.serve();
select alike(pg_temp.refusal('select * from chatkeep.' || statement), expected, statement || ' is refused to service_role') from (values
  ('index_messages(0)', '22023 batch_size %'),
  ('index_messages(null)', '22004 batch_size is missing%')
) refused (statement, expected);

select * from finish();
rollback;
