-- update_chat: changes what its arguments name, and nothing else.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('c1')) \gset
select count(*) as stored from chatkeep.append_messages(pg_temp.id('c1'), jsonb_build_array(pg_temp.item('one'), pg_temp.item('two'), pg_temp.item('three'))) \gset
select row(c.message_count, c.last_seq, c.active_leaf_id, c.created_at, c.updated_at, c.language, c.archived_at, c.deleted_at)::text as order from chatkeep.chats c \gset

-- Each argument alone.
create temporary table changes (n integer generated always as identity, arguments text, title text, title_source text, metadata jsonb, pinned boolean, folder text, tags text[], read_up_to_seq integer) on commit drop;
insert into changes (arguments, title, title_source, metadata, pinned, folder, tags, read_up_to_seq) values
  ('', null, 'user', '{}', false, null, '{}', null),
  (', title => ''Heron''', 'Heron', 'user', '{}', false, null, '{}', null),
  (', metadata_merge => ''{"a":1,"b":{"c":[null]}}''', 'Heron', 'user', '{"a":1,"b":{"c":[null]}}', false, null, '{}', null),
  (', metadata_merge => ''{"a":null,"b":{"d":2}}''', 'Heron', 'user', '{"b":{"c":[null],"d":2}}', false, null, '{}', null),
  (', pinned => true', 'Heron', 'user', '{"b":{"c":[null],"d":2}}', true, null, '{}', null),
  (', folder => ''Birds''', 'Heron', 'user', '{"b":{"c":[null],"d":2}}', true, 'Birds', '{}', null),
  (', tags => ''{b,a,b,"A"}''', 'Heron', 'user', '{"b":{"c":[null],"d":2}}', true, 'Birds', '{b,a,A}', null),
  (', read_up_to_seq => 2', 'Heron', 'user', '{"b":{"c":[null],"d":2}}', true, 'Birds', '{b,a,A}', 2),
  (', read_up_to_seq => 2147483647', 'Heron', 'user', '{"b":{"c":[null],"d":2}}', true, 'Birds', '{b,a,A}', 3),
  (', null, null, null, null, null, null, null', 'Heron', 'user', '{"b":{"c":[null],"d":2}}', true, 'Birds', '{b,a,A}', 3),
  (', title => '''', metadata_merge => ''{"b":null}'', pinned => false, folder => '''', tags => ''{}'', read_up_to_seq => 0', null, 'user', '{}', false, null, '{}', 0);
create function pg_temp.changed(arguments text) returns text language plpgsql as $$
declare
  said text;
begin
  execute format('select row(c.title, c.title_source, c.metadata, c.pinned_at is not null, c.folder, c.tags, c.read_up_to_seq)::text from chatkeep.update_chat(pg_temp.id(''c1'')%s) c', arguments) into said;
  return said;
end
$$;
select is(pg_temp.changed(c.arguments), row(c.title, c.title_source, c.metadata, c.pinned, c.folder, c.tags, c.read_up_to_seq)::text, 'update_chat(chat_id' || c.arguments || ')') from changes c order by c.n;
select is((select row(c.message_count, c.last_seq, c.active_leaf_id, c.created_at, c.updated_at, c.language, c.archived_at, c.deleted_at)::text from chatkeep.chats c), :'order', 'messages and times stay as they are');

-- Pins keep their time. What is there already is not written again.
select pinned_at as pinned from chatkeep.update_chat(pg_temp.id('c1'), pinned => true, tags => '{a}') \gset
select pg_temp.tick();
select is((select c.pinned_at::text || ' ' || c.xmin from chatkeep.update_chat(pg_temp.id('c1'), pinned => true, tags => '{a,a}', metadata_merge => '{"x":null}') u, chatkeep.chats c), (select :'pinned' || ' ' || c.xmin from chatkeep.chats c), 'a pinned chat keeps its place');
create function pg_temp.updates(statement text) returns text language plpgsql as $$
declare
  all_before bigint := pg_stat_get_xact_tuples_updated('chatkeep.chats'::regclass);
  hot_before bigint := pg_stat_get_xact_tuples_hot_updated('chatkeep.chats'::regclass);
begin
  execute statement;
  return (pg_stat_get_xact_tuples_updated('chatkeep.chats'::regclass) - all_before) || ' ' || (pg_stat_get_xact_tuples_hot_updated('chatkeep.chats'::regclass) - hot_before);
end
$$;
select is(pg_temp.updates($$ select * from chatkeep.update_chat(pg_temp.id('c1'), pinned => true, tags => '{a}', read_up_to_seq => 0, title => '', folder => '') $$), '0 0', 'a repetition writes nothing');
select is(pg_temp.updates(format('select * from chatkeep.update_chat(pg_temp.id(''c1''), %s)', arguments)), '1 1', 'one HOT update: ' || arguments)
from unnest(array['title => ''x''', 'metadata_merge => ''{"a":1}''', 'folder => ''Work''', 'tags => ''{b}''', 'read_up_to_seq => 1',
  'title => ''y'', if_title_source => null, metadata_merge => ''{"a":2}'', folder => ''Home'', tags => ''{c}'', read_up_to_seq => 2']) arguments;

-- Titles ------------------------------------------------------------------------------------------

rollback to people;
select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('c1')) \gset
create temporary table titles (n integer generated always as identity, statement text, title text, source text, name text) on commit drop;
insert into titles (statement, title, source, name) values
  ($$ select from chatkeep.update_chat(pg_temp.id('c1'), title => 'by a model', if_title_source => 'model') $$, 'by a model', 'model', 'a model names a chat without a title'),
  ($$ select from chatkeep.update_chat(pg_temp.id('c1'), title => 'a better one', if_title_source => 'model') $$, 'a better one', 'model', 'and names it again'),
  ($$ select from chatkeep.update_chat(pg_temp.id('c1'), pinned => true, if_title_source => 'model') $$, 'a better one', 'model', 'other changes leave the title'),
  ($$ update chatkeep.chats set title = 'by hand' $$, 'by hand', 'user', 'a direct update is by a person'),
  ($$ select from chatkeep.update_chat(pg_temp.id('c1'), title => 'by a model', if_title_source => 'model', folder => 'Work') $$, 'by hand', 'user', 'which a model leaves alone'),
  ($$ update chatkeep.chats set title = null $$, null, 'user', 'without a title'),
  ($$ select from chatkeep.update_chat(pg_temp.id('c1'), title => 'by a model', if_title_source => 'model') $$, 'by a model', 'model', 'it is the model''s turn again'),
  ($$ select from chatkeep.update_chat(pg_temp.id('c1'), title => 'by a model') $$, 'by a model', 'user', 'a person confirms the title of a model'),
  ($$ select from chatkeep.update_chat(pg_temp.id('c1'), title => '', if_title_source => 'model') $$, 'by a model', 'user', 'which a model does not remove'),
  ($$ select from chatkeep.append_message(pg_temp.id('c1'), 'user', 'x') $$, 'by a model', 'user', 'nor does a message change it');
create function pg_temp.named(statement text) returns text language plpgsql as $$
begin
  execute statement;
  return (select concat_ws(': ', c.title_source, c.title) from chatkeep.chats c where c.id = pg_temp.id('c1'));
end
$$;
select is(pg_temp.named(t.statement), concat_ws(': ', t.source, t.title), t.name) from titles t order by t.n;
select is((select folder from chatkeep.chats), 'Work', 'the rest of a call whose title was not wanted is stored');
select is((select title_source from chatkeep.create_chat('named')), 'user', 'the title of a new chat is by a person');
select pg_temp.serve();
select is((select title_source from chatkeep.update_chat(pg_temp.id('c1'), title => 'by a service')), 'user', 'a service writes as a person unless it says otherwise');
select is((select title from chatkeep.update_chat(pg_temp.id('c1'), title => 'by its model', if_title_source => 'model')), 'by a service', 'and its model overwrites no person either');

-- JSON Merge Patch: the examples of RFC 7396, appendix A.
select is(chatkeep_private.merge_patch(target::jsonb, patch::jsonb), result::jsonb, format('%s and %s are %s', target, patch, result))
from (values
  ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'),
  ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
  ('{"a":"b"}', '{"a":null}', '{}'),
  ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
  ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'),
  ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
  ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'),
  ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
  ('["a","b"]', '["c","d"]', '["c","d"]'),
  ('{"a":"b"}', '["c"]', '["c"]'),
  ('{"a":"foo"}', 'null', 'null'),
  ('{"a":"foo"}', '"bar"', '"bar"'),
  ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'),
  ('[1,2]', '{"a":"b","c":null}', '{"a":"b"}'),
  ('{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}')
) example (target, patch, result);

-- Others, deleted chats, direct writes ---------------------------------------------------------------

rollback to people;
select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.create_chat('hers', chat_id => pg_temp.id('c1')) \gset
select count(*) as made from chatkeep.create_chat('old', chat_id => pg_temp.id('c2')) \gset
select count(*) as deleted from chatkeep.delete_chat(pg_temp.id('c2')) \gset
select count(*) as shared from chatkeep.share_chat(pg_temp.id('c1'), pg_temp.person('bob'), permission => 'write') \gset
select is(pg_temp.refusal($$ select * from chatkeep.update_chat(pg_temp.id('c2'), title => 'x') $$), 'PT410 chat_id names a deleted chat | Restore it with restore_chat, or start a new one.', 'a deleted chat is refused');
select pg_temp.sign_in('bob');
select is(pg_temp.refusal($$ select * from chatkeep.update_chat(pg_temp.id('c1'), title => 'x') $$), 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'who may append to a shared chat does not change it');
select pg_temp.sign_in('eve');
select is(pg_temp.refusal($$ select * from chatkeep.update_chat(pg_temp.id('c1'), title => 'x') $$), 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'nor does a stranger');
select pg_temp.sign_out();
select is(pg_temp.refusal($$ select * from chatkeep.update_chat(pg_temp.id('c1'), title => 'x') $$), '42501 permission denied for function update_chat', 'nor anon');
-- A service, and the same id in another tenant.
select pg_temp.serve();
select is((select title from chatkeep.update_chat(pg_temp.id('c1'), title => 'by a service')), 'by a service', 'a service changes any chat');
select pg_temp.sign_in('eve');
select count(*) as made from chatkeep.create_chat('eve''s', chat_id => pg_temp.id('c1')) \gset
select pg_temp.serve();
select alike(pg_temp.refusal($$ select * from chatkeep.update_chat(pg_temp.id('c1'), title => 'x') $$), 'PT409 chat_id names chats of several tenants%', 'a service has to say of which tenant');
select set_config('request.headers', '{"x-chatkeep-tenant":"00000000-0000-4000-8000-000000007e02"}', true) \g /dev/null
select is((select title || ' ' || user_id from chatkeep.update_chat(pg_temp.id('c1'), title => 'hers too')), 'hers too 00000000-0000-4000-8000-00000000e4e0', 'which it does in a header');
select set_config('request.headers', '', true) \g /dev/null
select pg_temp.sign_in('ada');
select is((select title from chatkeep.chats), 'by a service', 'and the other chat stays');
-- Table requests show and change the same, within the same limits.
select lives_ok($$ update chatkeep.chats set pinned_at = now(), folder = 'Work', tags = '{a}', read_up_to_seq = 1 $$, 'the owner changes the fields directly too');
select pg_temp.rows_are('select folder, tags, read_up_to_seq, title_source from chatkeep.chats', $$ values ('Work', '{a}'::text[], 1, 'user') $$, 'and reads them');
select is(pg_temp.refusal('update chatkeep.chats set ' || change), said, change)
from (values
  ('folder = ''''', '22023 folder must not be empty | Pass 1 to 200 characters.'),
  ('folder = repeat(''x'', 201)', '22023 folder is longer than 200 characters | Shorten it.'),
  ('tags = array[null]', '22023 tags must be names of 1 to 100 characters | Leave out null and empty ones, and shorten long ones.'),
  ('tags = array_fill(''a''::text, array[51])', '22023 tags has more than 50 items | Use fewer of them.'),
  ('title_source = ''bot''', '22023 title_source must be user or model | Leave it out: update_chat sets it.')
) direct (change, said);
-- Disabled.
reset role;
update chatkeep.users set disabled_at = now() where id = pg_temp.person('ada');
select pg_temp.sign_in('ada');
select is(pg_temp.refusal($$ select * from chatkeep.update_chat(pg_temp.id('c1'), title => 'x') $$), 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'a disabled user changes nothing');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine.
rollback to people;
select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.create_chat('plans', jsonb_build_object('a', repeat('x', 200000)), pg_temp.id('c1')) \gset
select is(pg_temp.refusal(format('select * from chatkeep.update_chat(%s)', replace(arguments, 'CHAT', 'pg_temp.id(''c1'')'))), expected, name)
from (values
  ('no chat', 'null', '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('an unknown chat', 'pg_temp.id(''ff'')', 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'),
  ('a long title', 'CHAT, repeat(''ä'', 501)', '22023 title is longer than 500 characters | Shorten it.'),
  ('an unknown source', 'CHAT, ''x'', ''user''', '22023 if_title_source must be model | Leave it out for a title that a person wrote.'),
  ('an array to merge', 'CHAT, metadata_merge => ''[]''', '22023 metadata_merge must be a JSON object | Wrap the value in one.'),
  ('null to merge', 'CHAT, metadata_merge => ''null''', '22023 metadata_merge must be a JSON object | Wrap the value in one.'),
  ('a large patch', 'CHAT, metadata_merge => jsonb_build_object(''b'', repeat(''x'', 262144))', '22023 metadata_merge is larger than 262144 bytes | Store large values as a document and attach that.'),
  ('metadata that grows too large', 'CHAT, metadata_merge => jsonb_build_object(''b'', repeat(''x'', 100000))', '22023 metadata is larger than 262144 bytes | Store large values as a document and attach that.'),
  ('a deep patch', 'CHAT, metadata_merge => (repeat(''{"a":'', 65) || ''1'' || repeat(''}'', 65))::jsonb', '22023 metadata_merge is nested deeper than 64 levels | Flatten it, or store it as text.'),
  ('a long folder', 'CHAT, folder => repeat(''ä'', 201)', '22023 folder is longer than 200 characters | Shorten it.'),
  ('51 tags', 'CHAT, tags => array_fill(''a''::text, array[51])', '22023 tags has more than 50 items | Use fewer of them.'),
  ('a tag of NULL', 'CHAT, tags => array[''a'', null]', '22023 tags must be names of 1 to 100 characters | Leave out null and empty ones, and shorten long ones.'),
  ('an empty tag', 'CHAT, tags => array['''']', '22023 tags must be names of 1 to 100 characters | Leave out null and empty ones, and shorten long ones.'),
  ('a long tag', 'CHAT, tags => array[repeat(''ä'', 101)]', '22023 tags must be names of 1 to 100 characters | Leave out null and empty ones, and shorten long ones.'),
  ('tags of two dimensions', 'CHAT, tags => array[array[''a''],array[''b'']]', '22023 tags must be names of 1 to 100 characters | Leave out null and empty ones, and shorten long ones.'),
  ('less than nothing read', 'CHAT, read_up_to_seq => -1', '22023 read_up_to_seq must not be negative | Pass the seq of a message, or 0 for an unread chat.')
) refused (name, arguments, expected);
select is((select row(c.title, c.folder, c.tags)::text from chatkeep.chats c), '(plans,,{})', 'nothing was stored');
select lives_ok($$ select * from chatkeep.update_chat(pg_temp.id('c1'), title => repeat('ä', 500), folder => repeat('ä', 200), tags => array(select repeat('ä', 99) || chr(64 + n) from generate_series(1, 50) n)) $$, 'the longest values are stored');
select lives_ok($$ select * from chatkeep.update_chat(pg_temp.id('c1'), metadata_merge => (repeat('{"a":', 64) || '1' || repeat('}', 64))::jsonb) $$, 'so is the deepest patch');

select * from finish();
rollback;
