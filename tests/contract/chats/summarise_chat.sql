-- summarise_chat: a summary beside the messages, and list_messages from it on. Redaction removes what covers a message.
begin;
\ir ../support/identities.psql
select * from no_plan();
select pg_temp.sign_in('ada');
\set chat 00000000-0000-7000-8000-0000000000c1
select count(*) as made from chatkeep.create_chat('plans', chat_id => :'chat') \gset
-- one, two, three, four; and two b, three b on a branch after one.
select count(*) as written from chatkeep.append_messages(:'chat', jsonb_build_array(
  pg_temp.item('one', pg_temp.id('a1')), pg_temp.item('two b', pg_temp.id('b2')), pg_temp.item('three b', pg_temp.id('b3')),
  pg_temp.item('two', pg_temp.id('a2'), pg_temp.id('a1')), pg_temp.item('three', pg_temp.id('a3')), pg_temp.item('four', pg_temp.id('a4')))) \gset
-- What a model gets, and whole rows as bytes.
create function pg_temp.prompt(chat uuid) returns text language sql as $$
  select string_agg(m.content, ' ' order by m.created_at) from chatkeep.list_messages(chat, page_size => 200, from_summary => true) m
$$;
create function pg_temp.bytes(chat uuid) returns text[] language sql as $$
  select array_agg(m::text order by m.created_at) from chatkeep.list_messages(chat, page_size => 200, from_summary => true) m
$$;
create function pg_temp.summarised() returns text language sql as $$
  select string_agg(s.content, ' ' order by s.up_to_seq) from chatkeep.chat_summaries s
$$;
grant execute on all functions in schema pg_temp to public;
savepoint written;

-- The row and the page.
select is(pg_temp.prompt(:'chat'), 'one two three four', 'without a summary the page begins at the first message');
select row_to_json(s) as stored from chatkeep.summarise_chat(:'chat', pg_temp.id('a2'), 'to two', '{"by":"worker"}', 'a-model', 7) s \gset
select is(:'stored'::jsonb - '{created_at,updated_at}'::text[],
  jsonb_build_object('message_id', pg_temp.id('a2'), 'chat_id', :'chat', 'tenant_id', '00000000-0000-4000-8000-000000007e01', 'user_id', pg_temp.person('ada'),
    'up_to_seq', 4, 'message_version', 1, 'content', 'to two', 'metadata', '{"by":"worker"}'::jsonb, 'model', 'a-model', 'token_count', 7), 'the stored summary');
select is(pg_temp.prompt(:'chat'), 'to two three four', 'a summary takes the place of what it covers');
select is(pg_temp.listed(:'chat'), 'one two three four', 'the messages list as before');
select is((select count(*) || ' ' || max(last_seq) from chatkeep.chats c, chatkeep.messages m where c.id = :'chat' and m.chat_id = c.id), '6 6', 'and are all there');
select is((select to_jsonb(m) - '{id,created_at,updated_at}'::text[] from chatkeep.list_messages(:'chat', from_summary => true) m limit 1),
  (select jsonb_object_agg(a.attname, null) from pg_attribute a where a.attrelid = 'chatkeep.messages'::regclass and a.attnum > 0 and not a.attisdropped and a.attname not in ('id', 'created_at', 'updated_at'))
  || jsonb_build_object('chat_id', :'chat', 'tenant_id', '00000000-0000-4000-8000-000000007e01', 'user_id', pg_temp.person('ada'), 'seq', 4, 'active', true,
    'role', 'system', 'content', 'to two', 'status', 'complete', 'written_as', 'chatkeep', 'model', 'a-model', 'token_count', 7, 'version', 1,
    'metadata', jsonb_build_object('by', 'worker', 'chatkeep_summary', jsonb_build_object('message_id', pg_temp.id('a2'), 'up_to_seq', 4))),
  'its row has the form of a message');
select is((select m.created_at from chatkeep.list_messages(:'chat', from_summary => true) m limit 1), (select created_at from chatkeep.messages where id = pg_temp.id('a2')), 'with the time of the covered message');
select ok((select m.id <> all (array(select id from chatkeep.messages)) and substr(m.id::text, 15, 1) = '8' from chatkeep.list_messages(:'chat', from_summary => true) m limit 1), 'and an id that no message has');
select is(pg_temp.refusal(format('select * from chatkeep.append_message(%L, ''user'', ''x'', parent_id => (select id from chatkeep.list_messages(%1$L, from_summary => true) limit 1))', :'chat')),
  'PT404 parent_id names no message of this chat | Pass the id of a message of the same chat.', 'it is no message that others follow');

-- Pages.
select is((select array_agg(content::text order by created_at) from chatkeep.list_messages(:'chat', page_size => 1, from_summary => true)), '{to two}', 'the summary counts as a row of the page');
select is((select array_agg(content::text order by created_at) from chatkeep.list_messages(:'chat', page_size => 2, from_summary => true)), '{to two,three}', 'and the page goes forward');
select is((select array_agg(content::text order by created_at) from chatkeep.list_messages(:'chat', page_size => 2, from_summary => f, after => (select created_at from chatkeep.list_messages(:'chat', page_size => 1, from_summary => true)))),
  '{three,four}', 'the next page follows with after') from unnest(array[true, false]) f;
select is((select array_agg(content::text order by created_at) from chatkeep.list_messages(:'chat', after => '-infinity', from_summary => true)), '{one,two,three,four}', 'with after, from_summary adds nothing');
-- Retries.
select is((select row(s.metadata, s.model, s.updated_at = s.created_at)::text from chatkeep.summarise_chat(:'chat', pg_temp.id('a2'), 'to two', '{"other":1}', 'other', 9) s), '("{""by"": ""worker""}",a-model,t)', 'the same content again writes nothing');
select is((select row(s.content, s.metadata, s.model, s.token_count, s.updated_at > s.created_at)::text from chatkeep.summarise_chat(:'chat', pg_temp.id('a2'), 'better') s), '(better,{},,,t)', 'other content replaces the summary');
select is(pg_temp.prompt(:'chat'), 'better three four', 'and is shown');
select count(*) as made from chatkeep.summarise_chat(:'chat', pg_temp.id('a4'), 'to four') \gset
select is(pg_temp.prompt(:'chat'), 'to four', 'the newest summary is shown');
select count(*) as made from chatkeep.summarise_chat(:'chat', pg_temp.id('a1'), 'to one') \gset
select is(pg_temp.prompt(:'chat'), 'to four', 'the newest by what it covers, not by when it was made');
select is(pg_temp.summarised(), 'to one better to four', 'each stays');
select count(*) as made from chatkeep.append_message(:'chat', 'user', 'five') \gset
select is(pg_temp.prompt(:'chat'), 'to four five', 'what follows comes after it');

-- The prefix that a model gets stays the same, byte for byte.
rollback to written;
select count(*) as made from chatkeep.summarise_chat(:'chat', pg_temp.id('a2'), E'so far: "x", \u00e9\n1.10', '{"b":1.10,"a":"é"}') \gset
create temporary table turns (n integer generated always as identity, rows text[]) on commit drop;
grant select, insert on turns to public;
insert into turns (rows) values (pg_temp.bytes(:'chat'));
select count(*) as made from chatkeep.append_messages(:'chat', jsonb_build_array(pg_temp.item('five', pg_temp.id('a5')), pg_temp.item('six', pg_temp.id('a6')))) \gset
insert into turns (rows) values (pg_temp.bytes(:'chat'));
select count(*) as made from chatkeep.summarise_chat(:'chat', pg_temp.id('a2'), E'so far: "x", \u00e9\n1.10', '{"b":1.10,"a":"é"}') \gset
select count(*) as made from chatkeep.summarise_chat(:'chat', pg_temp.id('b3'), 'another branch') \gset
select count(*) as made from chatkeep.update_chat(:'chat', 'new title') \gset
select pg_temp.serve();
select chatkeep.index_messages() as indexed \gset
select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.append_message(:'chat', 'user', 'seven', pg_temp.id('a7')) \gset
insert into turns (rows) values (pg_temp.bytes(:'chat'));
select is((select array_agg(cardinality(rows) order by n) from turns), '{3,5,6}', 'three turns');
select is((select count(*) from turns t join turns next on next.n = t.n + 1 where next.rows[1:cardinality(t.rows)] <> t.rows), 0::bigint, 'the rows of a turn are the first rows of the next, byte for byte');
select pg_temp.serve();
select is(pg_temp.bytes(:'chat'), (select rows from turns where n = 3), 'a service gets the same');

-- Branches.
rollback to written;
select count(*) as made from chatkeep.summarise_chat(:'chat', pg_temp.id('a1'), 'to one') \gset
select count(*) as made from chatkeep.summarise_chat(:'chat', pg_temp.id('a3'), 'to three') \gset
select count(*) as made from chatkeep.summarise_chat(:'chat', pg_temp.id('b3'), 'to three b') \gset
savepoint branches;
select is(pg_temp.prompt(:'chat'), 'to three four', 'the summary of another branch is not shown');
select count(*) as made from chatkeep.select_branch(:'chat', pg_temp.id('b3')) \gset
select is(pg_temp.prompt(:'chat'), 'to three b', 'until the branch is selected');
select count(*) as made from chatkeep.append_message(:'chat', 'user', 'two c', parent_id => pg_temp.id('a1')) \gset
select is(pg_temp.prompt(:'chat'), 'to one two c', 'on a new branch the summary of what both have');
select count(*) as made from chatkeep.select_branch(:'chat', pg_temp.id('a4')) \gset
select is(pg_temp.prompt(:'chat'), 'to three four', 'select_branch brings it back');
select count(*) as made from chatkeep.rewind_chat(:'chat', pg_temp.id('a3')) \gset
select is(pg_temp.prompt(:'chat'), 'to one two', 'a rewound chat shows no summary of what it lost');
select count(*) as made from chatkeep.rewind_chat(:'chat', pg_temp.id('a1')) \gset
select is(pg_temp.prompt(:'chat'), null, 'an empty path has none');
select is(pg_temp.summarised(), 'to one to three b to three', 'all stay');

-- Redaction.
rollback to branches;
select count(*) as made from chatkeep.redact_message(:'chat', pg_temp.id('a2')) \gset
select is(pg_temp.summarised(), 'to one to three b', 'a redaction removes the summary that covers the message, and no other');
select is(pg_temp.prompt(:'chat'), 'to one  three four', 'and an older one is shown again');
select count(*) as made from chatkeep.redact_message(:'chat', pg_temp.id('b3')) \gset
select is(pg_temp.summarised(), 'to one', 'the covered message may be the last one, on any branch');
select count(*) as made from chatkeep.summarise_chat(:'chat', pg_temp.id('a4'), 'to four') \gset
select is(pg_temp.summarised(), 'to one to four', 'what a redacted message said is in no new summary, so it may be made');
select count(*) as made from chatkeep.redact_message(:'chat', pg_temp.id('a2')) \gset
select is(pg_temp.summarised(), 'to one', 'redacting again removes one that a job stored meanwhile');
rollback to branches;
select count(*) as made from chatkeep.redact_message(:'chat', pg_temp.id('a1')) \gset
select is(pg_temp.summarised(), null, 'under the first message every summary goes');
rollback to branches;
select count(*) as made from chatkeep.redact_message(:'chat', pg_temp.id('a4')) \gset
select is(pg_temp.summarised(), 'to one to three b to three', 'a message after all of them takes none along');
select pg_temp.serve();
select count(*) as made from chatkeep.redact_message(:'chat', pg_temp.id('a3')) \gset
select is(pg_temp.summarised(), 'to one to three b', 'a service removes them too');
-- Many summaries of one long branch, and a second branch that begins in its middle.
rollback to written;
select count(*) as written from chatkeep.append_messages(:'chat', (select jsonb_agg(pg_temp.item(n::text, pg_temp.id('d' || n))) from generate_series(1, 40) n)) \gset
select count(*) as made from generate_series(5, 40, 5) n, chatkeep.summarise_chat(:'chat', pg_temp.id('d' || n), 'd' || n) s \gset
select count(*) as written from chatkeep.append_messages(:'chat', (select jsonb_agg(pg_temp.item(n::text, pg_temp.id('e' || n), case n when 1 then pg_temp.id('d22') end)) from generate_series(1, 10) n)) \gset
select count(*) as made from generate_series(5, 10, 5) n, chatkeep.summarise_chat(:'chat', pg_temp.id('e' || n), 'e' || n) s \gset
savepoint long;
select count(*) as made from chatkeep.redact_message(:'chat', pg_temp.id('d27')) \gset
select is(pg_temp.summarised(), 'd5 d10 d15 d20 d25 e5 e10', 'of a long branch those go that cover the message');
rollback to long;
select count(*) as made from chatkeep.redact_message(:'chat', pg_temp.id('d21')) \gset
select is(pg_temp.summarised(), 'd5 d10 d15 d20', 'and those of the branches after it');
rollback to long;
select count(*) as made from chatkeep.redact_message(:'chat', pg_temp.id('e7')) \gset
select is(pg_temp.summarised(), 'd5 d10 d15 d20 d25 d30 d35 d40 e5', 'those of the branch before it stay');
-- A policy of the operator's that hides a message in between.
rollback to long;
reset role;
create policy hide on chatkeep.messages as restrictive for select to authenticated using (id <> pg_temp.id('d30'));
select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.redact_message(:'chat', pg_temp.id('d27')) \gset
select is(pg_temp.summarised(), 'd5 d10 d15 d20 d25 e5 e10', 'where the path cannot be followed, the summary goes');

-- Messages that change.
rollback to written;
select count(*) as made from chatkeep.append_message(:'chat', 'assistant', 'calling', pg_temp.id('a5'), parts => '[{"type":"tool-x","toolCallId":"1","state":"input-available","input":1}]') \gset
select count(*) as made from chatkeep.summarise_chat(:'chat', pg_temp.id('a5'), 'to five') \gset
select is(pg_temp.prompt(:'chat'), 'to five', 'a tool call is summarised');
select count(*) as made from chatkeep.append_message(:'chat', 'assistant', 'calling, done', pg_temp.id('a5'), parts => '[{"type":"tool-x","toolCallId":"1","state":"output-available","input":1,"output":2}]') \gset
select is(pg_temp.prompt(:'chat'), 'one two three four calling, done', 'a message that has grown since is no longer summarised: a model gets its result');
select is((select content from chatkeep.summarise_chat(:'chat', pg_temp.id('a5'), 'to five')), 'to five', 'the same content says it again');
select is(pg_temp.prompt(:'chat'), 'to five', 'and is shown');
rollback to written;
select count(*) as made from chatkeep.append_message(:'chat', 'assistant', 'half a se', pg_temp.id('a5'), status => 'streaming') \gset
select count(*) as made from chatkeep.append_message(:'chat', 'user', 'and?', pg_temp.id('a6')) \gset
select is(pg_temp.refusal(format('select * from chatkeep.summarise_chat(%L, pg_temp.id(%L), ''x'')', :'chat', m)),
  'PT409 up_to_message_id names a message that is streaming, or one after it | Summarise up to an earlier message, or wait until finish_message or fail_stale_messages has ended it.', m || ' covers a message in mid-stream') from unnest(array['a5', 'a6']) m;
select is((select content from chatkeep.summarise_chat(:'chat', pg_temp.id('a4'), 'to four')), 'to four', 'one before it is summarised');
select is((select content from chatkeep.summarise_chat(:'chat', pg_temp.id('b3'), 'to three b')), 'to three b', 'one of another branch too');
select is(pg_temp.prompt(:'chat'), 'to four half a se and?', 'and the stream goes on after it');
select count(*) as made from chatkeep.finish_message(:'chat', pg_temp.id('a5'), 'half a sentence.') \gset
select is((select content from chatkeep.summarise_chat(:'chat', pg_temp.id('a6'), 'to six')), 'to six', 'at its end it is');

-- Who reads and writes.
rollback to written;
select count(*) as made from chatkeep.summarise_chat(:'chat', pg_temp.id('a1'), 'to one') \gset
select count(*) as made from chatkeep.summarise_chat(:'chat', pg_temp.id('a3'), 'to three') \gset
select count(*) as made from chatkeep.summarise_chat(:'chat', pg_temp.id('b3'), 'to three b') \gset
savepoint branches;
select pg_temp.sign_in('bob');
select is(pg_temp.refusal(format('select * from chatkeep.summarise_chat(%L, pg_temp.id(''a3''), ''x'')', :'chat')), 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'nobody summarises the chat of another');
select is(pg_temp.summarised(), null, 'or reads its summaries');
select pg_temp.sign_in('ada');
select count(*) as shared from chatkeep.share_chat(:'chat', pg_temp.person('bob'), permission => 'write') \gset
select secret from chatkeep.share_chat(:'chat', by_link => true) \gset
select pg_temp.sign_in('bob');
select is(split_part(pg_temp.refusal(format('select * from chatkeep.summarise_chat(%L, pg_temp.id(''a3''), ''x'')', :'chat')), ' ', 1), 'PT404', 'a writer of a shared chat neither');
select is(pg_temp.prompt(:'chat'), 'one two three four', 'and with from_summary reads the messages, from the first one');
select is(pg_temp.summarised(), null, 'no summary');
select pg_temp.sign_out();
select is((select string_agg(m ->> 'content', ' ' order by n) from chatkeep.open_share(:'secret') s, jsonb_array_elements(s.messages) with ordinality t (m, n)), 'one two three four', 'the holder of a link reads messages alone');
select is(split_part(pg_temp.refusal('select * from chatkeep.chat_summaries'), ' ', 1), '42501', 'no table');
select pg_temp.serve();
select is((select up_to_seq || content from chatkeep.summarise_chat(:'chat', pg_temp.id('a4'), 'by a service')), '6by a service', 'a service summarises');
select pg_temp.sign_in('ada');
select is(pg_temp.prompt(:'chat'), 'by a service', 'for the owner');
select is(pg_temp.refusal('delete from chatkeep.chat_summaries'), '42501 rows of chat_summaries cannot be deleted directly | summarise_chat replaces a summary, and redact_message removes those that cover its message.', 'no table request deletes a summary');
select matches(pg_temp.refusal('update chatkeep.chat_summaries set content = ''x'''), '^42501 rows of chat_summaries cannot be changed directly', 'or changes one');
select matches(pg_temp.refusal(format('insert into chatkeep.chat_summaries (message_id, chat_id, tenant_id, user_id, created_at, updated_at, up_to_seq, message_version, content) select id, chat_id, tenant_id, user_id, now(), now(), seq, version, ''x'' from chatkeep.messages where id = %L', pg_temp.id('a2'))),
  '^42501 new row violates row-level security', 'or makes one');

-- The chat goes, changes hands, or moves: so do its summaries.
savepoint owned;
select count(*) as deleted from chatkeep.delete_chat(:'chat') \gset
select is(pg_temp.summarised(), null, 'a deleted chat shows no summary');
select is(split_part(pg_temp.refusal(format('select * from chatkeep.summarise_chat(%L, pg_temp.id(''a3''), ''x'')', :'chat')), ' ', 1), 'PT410', 'and gets none');
select is(split_part(pg_temp.refusal(format('select * from chatkeep.list_messages(%L, from_summary => true)', :'chat')), ' ', 1), 'PT410', 'and lists none');
select count(*) as restored from chatkeep.restore_chat(:'chat') \gset
select is(pg_temp.summarised(), 'to one to three b to three by a service', 'restored it has all');
select count(*) as deleted from chatkeep.delete_chat(:'chat') \gset
select pg_temp.serve();
select pg_temp.tick() \g /dev/null
select chatkeep.purge_chats('0') as purged \gset
select is_empty('select from chatkeep.chat_summaries', 'with the chat they are gone');
rollback to owned;
select pg_temp.serve();
select count(*) as given from chatkeep.transfer_chat(:'chat', pg_temp.person('bob')) \gset
select pg_temp.sign_in('bob');
select is(pg_temp.prompt(:'chat'), 'by a service', 'the new owner has them');
select pg_temp.sign_in('ada');
select is(pg_temp.summarised(), null, 'the old one has not');
rollback to owned;
select pg_temp.serve();
update chatkeep.memberships set tenant_id = '00000000-0000-4000-8000-000000007e02' where user_id = pg_temp.person('ada');
select pg_temp.sign_in('ada');
select is(pg_temp.prompt(:'chat'), 'by a service', 'they move with their owner');
reset role;
delete from auth.users where id = pg_temp.person('ada');
select is_empty('select from chatkeep.chat_summaries', 'and go with the account');

-- Two tenants may hold one id.
rollback to branches;
select pg_temp.sign_in('eve');
select count(*) as made from chatkeep.create_chat(chat_id => :'chat') \gset
select count(*) as made from chatkeep.append_messages(:'chat', jsonb_build_array(pg_temp.item('eve', pg_temp.id('a1')), pg_temp.item('eve2', pg_temp.id('a3')))) \gset
select is(pg_temp.prompt(:'chat'), 'eve eve2', 'another tenant has summaries of its own');
select count(*) as made from chatkeep.summarise_chat(:'chat', pg_temp.id('a3'), 'eve''s') \gset
select is(pg_temp.prompt(:'chat'), 'eve''s', 'of messages with the same ids');
select count(*) as made from chatkeep.redact_message(:'chat', pg_temp.id('a3')) \gset
select pg_temp.sign_in('ada');
select is(pg_temp.summarised(), 'to one to three b to three', 'and removes no summary of others');

-- Bad arguments.
create temporary table refused (name text, call text, expected text) on commit drop;
insert into refused values
  ('no chat', 'summarise_chat(null, pg_temp.id(''a1''), ''x'')', '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('no message', 'summarise_chat(CHAT, null, ''x'')', '22004 up_to_message_id is missing | Pass a value; null is not accepted here.'),
  ('no content', 'summarise_chat(CHAT, pg_temp.id(''a1''), null)', '22004 content is missing | Pass a value; null is not accepted here.'),
  ('empty content', 'summarise_chat(CHAT, pg_temp.id(''a1''), '''')', '22023 content must not be empty | Pass what a model is to read in place of the messages.'),
  ('long content', 'summarise_chat(CHAT, pg_temp.id(''a1''), repeat(''x'', 1048577))', '22023 content is longer than 1048576 bytes | Split it, or store it as a document and attach that.'),
  ('no metadata', 'summarise_chat(CHAT, pg_temp.id(''a1''), ''x'', null)', '22004 metadata is missing | Pass a value; null is not accepted here.'),
  ('an array', 'summarise_chat(CHAT, pg_temp.id(''a1''), ''x'', ''[]'')', '22023 metadata must be a JSON object | Wrap the value in one.'),
  ('large metadata', 'summarise_chat(CHAT, pg_temp.id(''a1''), ''x'', jsonb_build_object(''a'', repeat(''x'', 262144)))', '22023 metadata is larger than 262144 bytes | Store large values as a document and attach that.'),
  ('a long model', 'summarise_chat(CHAT, pg_temp.id(''a1''), ''x'', model => repeat(''x'', 201))', '22023 model is longer than 200 characters | Shorten it.'),
  ('negative tokens', 'summarise_chat(CHAT, pg_temp.id(''a1''), ''x'', token_count => -1)', '22023 token_count must not be negative | Pass the number of tokens, or leave it out.'),
  ('an unknown message', 'summarise_chat(CHAT, pg_temp.id(''ff''), ''x'')', 'PT404 up_to_message_id names no message of this chat | Pass the id of a message of the same chat.'),
  ('an unknown chat', 'summarise_chat(pg_temp.id(''c9''), pg_temp.id(''a1''), ''x'')', 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'),
  ('before a page from a summary', 'list_messages(CHAT, before => now(), from_summary => true)', '22023 from_summary cannot be true with before | The page begins at the newest summary and goes forward: page on with after.'),
  ('both bounds', 'list_messages(CHAT, before => now(), after => now(), from_summary => true)', '22023 from_summary cannot be true with before | The page begins at the newest summary and goes forward: page on with after.'),
  ('null', 'list_messages(CHAT, from_summary => null)', '22004 from_summary is missing | Pass a value; null is not accepted here.'),
  ('an unknown chat from its summary', 'list_messages(pg_temp.id(''c9''), from_summary => true)', 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.');
select is(pg_temp.refusal('select * from chatkeep.' || replace(call, 'CHAT', quote_literal(:'chat') || '::uuid')), expected, name) from refused;
select is((select octet_length(content) from chatkeep.summarise_chat(:'chat', pg_temp.id('a4'), repeat('x', 1048576))), 1048576, 'content of the limit is stored');
select is((select octet_length(content) from chatkeep.list_messages(:'chat', from_summary => true)), 1048576, 'and given');

-- Times before Christ, and in a chat whose messages are of the end of time, are kept.
select pg_temp.serve();
reset role;
update chatkeep.messages set created_at = '4713-01-01 00:00:00.000001+00 BC' where id = pg_temp.id('a1');
select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.select_branch(:'chat', pg_temp.id('a1')) \gset
select is((select created_at from chatkeep.list_messages(:'chat', from_summary => true)), '4713-01-01 00:00:00.000001+00 BC'::timestamptz, 'a time is given as it is');

select * from finish();
rollback;
