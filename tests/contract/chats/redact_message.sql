-- redact_message: what a message said is gone for good, and the message keeps its place.
begin;
\ir ../support/identities.psql
select * from no_plan();
\ir ../support/whole_chat.psql
select pg_temp.sign_in('ada');
select updated_at as before, last_seq from chatkeep.chats where id = :'chat' \gset
select is((select row(content, parts, metadata, status, seq, active, redacted_by, redaction_reason)::text from chatkeep.redact_message(:'chat', pg_temp.id('a1'), 'a secret')),
  format('("",,{},complete,1,t,%s,"a secret")', pg_temp.person('ada')), 'content, parts and metadata are gone, and the message says who took it back and why');
select isnt((select redacted_at from chatkeep.messages where id = pg_temp.id('a1')), null, 'and when');
select is_empty(format('select from chatkeep.message_search where message_id = %L', pg_temp.id('a1')), 'its row of search is gone');
select is_empty($$ select * from chatkeep.search_messages('vault') $$, 'a search does not find it');
select is_empty(format('select from chatkeep.attachments where message_id = %L', pg_temp.id('a1')), 'its attachments are gone');
select is(pg_temp.listed(:'chat'), ' two', 'what follows stays');
select is((select last_seq || ' ' || (updated_at = :'before') from chatkeep.chats where id = :'chat'), :'last_seq' || ' true', 'the chat stays as it was');
select is((select redacted_at from chatkeep.redact_message(:'chat', pg_temp.id('a1'), 'again')), (select redacted_at from chatkeep.messages where id = pg_temp.id('a1')), 'again returns the row as it is');
select is((select redaction_reason from chatkeep.messages where id = pg_temp.id('a1')), 'a secret', 'with its reason');
select is((select content || seq from chatkeep.append_message(:'chat', 'user', 'the vault', pg_temp.id('a1'))), '1', 'a late retry of the message does not bring its text back');
select is((select content || outcome from chatkeep.append_messages(:'chat', jsonb_build_array(pg_temp.item('the vault', pg_temp.id('a1'))))), 'stored', 'in a batch neither');
select is((select count(*) from chatkeep.select_branch(:'chat', pg_temp.id('a2'))), 1::bigint, 'branches through it can be chosen');
select is(pg_temp.listed(:'chat'), ' one', 'and read');
select pg_temp.serve();
select chatkeep.index_messages() as indexed \gset
select is_empty(format('select from chatkeep.message_search where message_id = %L', pg_temp.id('a1')), 'no index comes back');
select is((select redacted_by from chatkeep.redact_message(:'chat', pg_temp.id('a2'))), null, 'a service takes a message back too');

-- A message that is being streamed.
rollback to written;
select pg_temp.sign_in('ada');
select count(*) as begun from chatkeep.append_message(:'chat', 'assistant', 'half a se', pg_temp.id('d1'), status => 'streaming') \gset
select is((select status || content from chatkeep.redact_message(:'chat', pg_temp.id('d1'))), 'failed', 'a message in mid-stream ends as failed');
select is(split_part(pg_temp.refusal(format('select * from chatkeep.finish_message(%L, pg_temp.id(''d1''), ''a secret'')', :'chat')), ' ', 1), 'PT409', 'and its stream cannot finish it');

-- Whose messages.
select pg_temp.sign_in('bob');
select is(pg_temp.refusal(format('select * from chatkeep.redact_message(%L, pg_temp.id(''a1''))', :'chat')), 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'nobody takes back what stands in the chat of another');
select pg_temp.sign_in('ada');
select count(*) as shared from chatkeep.share_chat(:'chat', pg_temp.person('bob'), permission => 'write') \gset
select pg_temp.sign_in('bob');
select is(split_part(pg_temp.refusal(format('select * from chatkeep.redact_message(%L, pg_temp.id(''a1''))', :'chat')), ' ', 1), 'PT404', 'nor in one that is shared');
select pg_temp.sign_in('ada');
create temporary table refused (name text, call text, expected text) on commit drop;
insert into refused values
  ('no chat', 'null, pg_temp.id(''a1'')', '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('no message', 'pg_temp.id(''c1''), null', '22004 message_id is missing | Pass a value; null is not accepted here.'),
  ('an unknown message', 'pg_temp.id(''c1''), pg_temp.id(''ff'')', 'PT404 message_id names no message of this chat | Pass the id of a message of the same chat.'),
  ('a long reason', 'pg_temp.id(''c1''), pg_temp.id(''a1''), repeat(''x'', 501)', '22023 reason is longer than 500 characters | Shorten it.');
select is(pg_temp.refusal('select * from chatkeep.redact_message(' || call || ')'), expected, name) from refused;
select is(pg_temp.refusal('delete from chatkeep.' || t), '42501 rows of ' || t || ' cannot be deleted directly | redact_message removes what belongs to a message, and delete_chat the whole chat.', 'no table request deletes from ' || t) from unnest(array['attachments', 'message_search']) t;
select count(*) as deleted from chatkeep.delete_chat(:'chat') \gset
select is(split_part(pg_temp.refusal(format('select * from chatkeep.redact_message(%L, pg_temp.id(''a1''))', :'chat')), ' ', 1), 'PT410', 'a message of a deleted chat');

-- No role deletes a message alone.
rollback to written;
select pg_temp.serve();
select is(pg_temp.refusal('delete from chatkeep.messages where id = pg_temp.id(''a1'')'),
  '42501 a message cannot be deleted alone | Remove what it says with redact_message, or leave it out of the path with rewind_chat or select_branch. delete_chat removes all.', 'a service does not cut a path');
select is(pg_temp.refusal('delete from chatkeep.chats where id = pg_temp.id(''c1'')'), 'accepted', 'with the chat all messages go');
select is_empty(format('select from chatkeep.messages where chat_id = %L', :'chat'), 'and are gone');

select * from finish();
rollback;
