-- A message that is saved again under its id: the same, a stale copy, a growth, or a conflict. The order is that of core.
begin;
\ir ../support/identities.psql
select * from no_plan();
\ir ../support/growths.psql
select is(
  (select string_agg(chatkeep_private.growth(m.content, m.parts, c.content, c.parts), ' ' order by c.n) from messages_said c), g.verdicts,
  'copies of message ' || m.n || ' are judged as core judges them')
from messages_said m join growths g using (n) order by m.n;

select pg_temp.sign_in('ada');
\set chat 00000000-0000-7000-8000-0000000000c1
select count(*) as made from chatkeep.create_chat('plans', chat_id => :'chat') \gset
\set asked '[{"type": "tool-weather", "toolCallId": "c1", "state": "input-available", "input": {"city": "Rome"}}]'
\set told '[{"type": "tool-weather", "toolCallId": "c1", "state": "output-available", "input": {"city": "Rome"}, "output": 25}, {"type": "text", "text": "25 degrees"}]'
select count(*) as written from chatkeep.append_message(:'chat', 'user', 'How warm is it in Rome?', pg_temp.id('a1')) \gset
select count(*) as written from chatkeep.append_message(:'chat', 'assistant', '', pg_temp.id('a2'), :'asked', '{"a": 1, "b": 1}', token_count => 5) \gset
select updated_at as chat_time from chatkeep.chats where id = :'chat' \gset
savepoint written;

select is((select row(version, parts = :'told', content, metadata, seq, status, token_count)::text from chatkeep.append_message(:'chat', 'assistant', '25 degrees', pg_temp.id('a2'), :'told', '{"b": 2, "c": 3}')),
  '(2,t,"25 degrees","{""a"": 1, ""b"": 2, ""c"": 3}",2,complete,5)', 'a tool''s answer is stored under the id of the call');
select is((select row(version, content, metadata)::text from chatkeep.append_message(:'chat', 'assistant', '25 degrees', pg_temp.id('a2'), :'told', '{"b": 9}')),
  '(2,"25 degrees","{""a"": 1, ""b"": 2, ""c"": 3}")', 'the same again writes nothing');
select is((select row(version, content)::text from chatkeep.append_message(:'chat', 'assistant', '', pg_temp.id('a2'), :'asked')), '(2,"25 degrees")', 'nor does a stale copy');
select is((select row(message_count, last_seq, updated_at = :'chat_time')::text from chatkeep.chats where id = :'chat'), '(2,2,t)', 'the chat counts no message more');
select is(pg_temp.refusal(format('select * from chatkeep.append_message(%L, ''assistant'', ''26 degrees'', pg_temp.id(''a2''), %L)', :'chat', :'told')),
  'PT409 message_id is taken by a message with other content | Send the same content to retry, or a new message_id for a new message.', 'other words are a conflict');
select is(pg_temp.refusal(format('select * from chatkeep.append_message(%L, ''user'', ''25 degrees, sunny'', pg_temp.id(''a2''), %L)', :'chat', :'told')),
  'PT409 message_id is taken by a message with other content | Send the same content to retry, or a new message_id for a new message.', 'another role too');
select is((select string_agg(seq || outcome || version, ' ' order by seq) from chatkeep.append_messages(:'chat', jsonb_build_array(
    pg_temp.item('25 degrees, sunny', pg_temp.id('a2'), more => jsonb_build_object('role', 'assistant', 'parts', :'told'::jsonb)),
    pg_temp.item('Thanks', pg_temp.id('a3'))))), '2grown3 3appended1', 'a batch grows and appends');
select is(pg_temp.refusal(format('select * from chatkeep.append_message(%L, ''assistant'', ''25 degrees, sunny, dry'', pg_temp.id(''a2''), %L)', :'chat', :'told')),
  'PT409 message_id names a message that has been answered, with less content | Only the newest message of a branch grows: append a new message, or branch before this one.', 'a message that was answered grows no more');
select is(pg_temp.refusal(format('select * from chatkeep.append_messages(%L, %L)', :'chat', jsonb_build_array(pg_temp.item('x'), pg_temp.item('25 degrees, sunny, dry', pg_temp.id('a2'), more => jsonb_build_object('role', 'assistant', 'parts', :'told'::jsonb))))),
  'PT409 messages[1].message_id names a message that has been answered, with less content | Only the newest message of a branch grows: append a new message, or branch before this one.', 'a batch says which item');
select is((select content from chatkeep.append_message(:'chat', 'assistant', '25 degrees', pg_temp.id('a2'), :'told')), '25 degrees, sunny', 'a stale copy of it is still no conflict');
select count(*) as branched from chatkeep.append_message(:'chat', 'assistant', 'Cold', pg_temp.id('a4'), parent_id => pg_temp.id('a1')) \gset
select is((select content from chatkeep.append_message(:'chat', 'assistant', 'Cold, really', pg_temp.id('a4'))), 'Cold, really', 'the newest message of another branch grows');
select is((select content || version from chatkeep.append_message(:'chat', 'user', 'Thanks a lot', pg_temp.id('a3'))), 'Thanks a lot2', 'and one of a branch that is not active');

-- A client that joins the text of parts in another way.
rollback to written;
select pg_temp.sign_in('ada');
\set steps '[{"type": "text", "text": "Let me check."}, {"type": "text", "text": "25"}]'
select count(*) as written from chatkeep.append_message(:'chat', 'assistant', 'Let me check.25', pg_temp.id('d1'), :'steps') \gset
select is((select row(version, content)::text from chatkeep.append_message(:'chat', 'assistant', E'Let me check.\n25', pg_temp.id('d1'), :'steps')), '(1,"Let me check.25")', 'a copy with other line breaks writes nothing');
select is((select outcome from chatkeep.append_messages(:'chat', jsonb_build_array(pg_temp.item(E'Let me check.\n25', pg_temp.id('d1'), more => jsonb_build_object('role', 'assistant', 'parts', :'steps'::jsonb))))), 'stored', 'nor in a batch');
select is((select row(version, content)::text from chatkeep.append_message(:'chat', 'assistant', E'Let me check.\n25\nSunny', pg_temp.id('d1'), :'steps')), E'(2,"Let me check.\n25\nSunny")', 'and grows all the same');
select is(pg_temp.refusal(format('select * from chatkeep.append_message(%L, ''assistant'', E''Let me check.\n26'', pg_temp.id(''d1''), %L)', :'chat', :'steps')),
  'PT409 message_id is taken by a message with other content | Send the same content to retry, or a new message_id for a new message.', 'other words are still a conflict');
select count(*) as written from chatkeep.append_message(:'chat', 'user', 'ab', pg_temp.id('d2')) \gset
select is(split_part(pg_temp.refusal(format('select * from chatkeep.append_message(%L, ''user'', E''a\nb'', pg_temp.id(''d2''))', :'chat')), ' ', 1), 'PT409', 'without parts a line break is a word like others');

-- Search follows.
rollback to written;
select pg_temp.serve();
select chatkeep.index_messages() as indexed \gset
select pg_temp.sign_in('ada');
select count(*) as grown from chatkeep.append_message(:'chat', 'assistant', 'sunny', pg_temp.id('a2'), :'told') \gset
select is((select seq from chatkeep.search_messages('sunny')), 2, 'a search finds the new words of an indexed message');
select matches(pg_temp.refusal('update chatkeep.message_search set tsv = '''''), '^42501 rows of message_search cannot be changed directly', 'no table request changes what is found');

-- Streams.
rollback to written;
select pg_temp.sign_in('ada');
select count(*) as begun from chatkeep.append_message(:'chat', 'assistant', '', pg_temp.id('d1'), status => 'streaming') \gset
select is((select status || content from chatkeep.append_message(:'chat', 'assistant', 'half', pg_temp.id('d1'), status => 'streaming')), 'streaminghalf', 'a stream keeps its progress');
select count(*) as written from chatkeep.append_message(:'chat', 'user', 'and?', pg_temp.id('d2')) \gset
select is((select status || content from chatkeep.append_message(:'chat', 'assistant', 'half and half', pg_temp.id('d1'))), 'completehalf and half', 'and ends, also after an answer');
select is((select status || content from chatkeep.append_message(:'chat', 'assistant', 'half', pg_temp.id('d1'), status => 'failed')), 'completehalf and half', 'a late failure of a stale copy changes nothing');
select count(*) as begun from chatkeep.append_message(:'chat', 'assistant', 'ha', pg_temp.id('d3'), status => 'failed') \gset
select is((select status || content from chatkeep.append_message(:'chat', 'assistant', 'half', pg_temp.id('d3'))), 'completehalf', 'a late answer lifts a failure');

-- In a shared chat everybody grows what they wrote.
rollback to written;
select pg_temp.sign_in('ada');
select count(*) as shared from chatkeep.share_chat(:'chat', pg_temp.person('bob'), permission => 'write') \gset
select pg_temp.sign_in('bob');
select is(split_part(pg_temp.refusal(format('select * from chatkeep.append_message(%L, ''assistant'', ''25 degrees'', pg_temp.id(''a2''), %L)', :'chat', :'told')), ' ', 1), '42501', 'a writer does not grow the owner''s message');
select count(*) as written from chatkeep.append_message(:'chat', 'user', 'me', pg_temp.id('d1')) \gset
select pg_temp.serve();
select chatkeep.index_messages() as indexed \gset
select pg_temp.sign_in('bob');
select is((select content from chatkeep.append_message(:'chat', 'user', 'me too', pg_temp.id('d1'))), 'me too', 'but an own one');
select pg_temp.serve();
select is((select version from chatkeep.append_message(:'chat', 'user', 'me too, please', pg_temp.id('d1'))), 3, 'a service grows any');

select * from finish();
rollback;
