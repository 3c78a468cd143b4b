-- get_chat: one chat as list_chats shows it.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.create_chat('plans', '{"a":1}', pg_temp.id('c1')) \gset
select pg_temp.rows_are($$ select title, metadata, message_count, last_seq, active_leaf_id, preview, preview_role, unread_count, is_shared, tags from chatkeep.get_chat(pg_temp.id('c1')) $$,
  $$ values ('plans', '{"a":1}'::jsonb, 0, 0, null::uuid, null::text, null::text, null::int, false, '{}'::text[]) $$, 'a chat without a message');
select count(*) as stored from chatkeep.append_messages(pg_temp.id('c1'), jsonb_build_array(
  pg_temp.item('one', pg_temp.id('a1')), pg_temp.item('two', pg_temp.id('a2'), more => '{"role":"assistant"}'), pg_temp.item('a question', pg_temp.id('a3')),
  pg_temp.item(repeat('é', 300), pg_temp.id('a4'), more => '{"role":"assistant"}'))) \gset
select count(*) as changed from chatkeep.update_chat(pg_temp.id('c1'), pinned => true, folder => 'Work', tags => '{a,b}', read_up_to_seq => 1) \gset
select pg_temp.rows_are($$ select preview, preview_role, unread_count, read_up_to_seq, last_seq, active_leaf_id, folder, tags, title_source from chatkeep.get_chat(pg_temp.id('c1')) $$,
  $$ values (repeat('é', 200), 'assistant', 2, 1, 4, pg_temp.id('a4'), 'Work', '{a,b}'::text[], 'user') $$, 'its last message in 200 characters, and the answers after what was read');
select is((select row(g.id, g.tenant_id, g.user_id, g.title, g.metadata, g.message_count, g.created_at, g.updated_at, g.archived_at, g.deleted_at, g.pinned_at)::text from chatkeep.get_chat(pg_temp.id('c1')) g),
  (select row(c.id, c.tenant_id, c.user_id, c.title, c.metadata, c.message_count, c.created_at, c.updated_at, c.archived_at, c.deleted_at, c.pinned_at)::text from chatkeep.chats c), 'the rest is the row of the chat');

-- Unread: of the active path, and the owner's questions do not count.
create function pg_temp.unread() returns integer language sql as $$ select unread_count from chatkeep.get_chat(pg_temp.id('c1')) $$;
select is((select pg_temp.unread() from chatkeep.update_chat(pg_temp.id('c1'), read_up_to_seq => n)), expected, format('after %s', n)) from (values (0, 2), (2, 1), (3, 1), (4, 0)) read (n, expected);
select count(*) as chosen from chatkeep.select_branch(pg_temp.id('c1'), pg_temp.id('a2')) \gset
select count(*) as read from chatkeep.update_chat(pg_temp.id('c1'), read_up_to_seq => 0) \gset
select pg_temp.rows_are($$ select preview, unread_count from chatkeep.get_chat(pg_temp.id('c1')) $$, $$ values ('two', 1) $$, 'another branch has its own last message and its own unread ones');
select count(*) as stored from chatkeep.append_messages(pg_temp.id('c1'), (select jsonb_agg(pg_temp.item('m' || n, more => '{"role":"assistant"}')) from generate_series(1, 150) n)) \gset
select is(pg_temp.unread(), 100, 'no more than 100 are counted');
-- A direct update may write any number.
create function pg_temp.unread_after(seq integer) returns integer language plpgsql as $$
begin
  update chatkeep.chats set read_up_to_seq = seq where id = pg_temp.id('c1');
  return pg_temp.unread();
end
$$;
select is(pg_temp.unread_after(seq), expected, seq || ' is no fault') from (values (-2147483648, 100), (2147483647, 0), (null, null)) odd (seq, expected);

-- Sharing.
select is((select is_shared from chatkeep.get_chat(pg_temp.id('c1'))), false, 'not shared');
select id as share from chatkeep.share_chat(pg_temp.id('c1'), by_link => true) \gset
select is((select is_shared from chatkeep.get_chat(pg_temp.id('c1'))), true, 'shared by a link');
select count(*) as ended from chatkeep.revoke_share(:'share') \gset
select is((select is_shared from chatkeep.get_chat(pg_temp.id('c1'))), false, 'no longer shared');

-- A chat of somebody else shows what its share shows, and nothing of the owner.
rollback to people;
select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.create_chat('plans', '{"secret":1}', pg_temp.id('c1')) \gset
select count(*) as stored from chatkeep.append_messages(pg_temp.id('c1'), jsonb_build_array(pg_temp.item('one', pg_temp.id('a1')), pg_temp.item('two', pg_temp.id('a2')), pg_temp.item('three', pg_temp.id('a3')))) \gset
select count(*) as changed from chatkeep.update_chat(pg_temp.id('c1'), pinned => true, folder => 'Secret', tags => '{secret}', read_up_to_seq => 1) \gset
select count(*) as made from chatkeep.create_chat('other', chat_id => pg_temp.id('c2')) \gset
select id as share from chatkeep.share_chat(pg_temp.id('c1'), pg_temp.person('bob'), up_to_message_id => pg_temp.id('a2')) \gset
select pg_temp.sign_in('bob');
select pg_temp.rows_are($$ select * from chatkeep.get_chat(pg_temp.id('c1')) $$,
  $$ values (pg_temp.id('c1'), '00000000-0000-4000-8000-000000007e01'::uuid, pg_temp.person('ada'), 'plans', null::text, '{}'::jsonb, null::int, 2, pg_temp.id('a2'), null::timestamptz, null::timestamptz,
    null::timestamptz, null::timestamptz, null::timestamptz, null::text, '{}'::text[], null::int, 'two', 'user', null::int, true) $$, 'a share up to a message shows the chat up to there');
select is(current_setting('chatkeep.writing'), '', 'the call leaves no marker');
select is_empty('select from chatkeep.chats', 'and opens nothing');
select is(pg_temp.refusal($$ select * from chatkeep.get_chat(pg_temp.id('c2')) $$), 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'no other chat of the owner');
select pg_temp.sign_in('ada');
select count(*) as shared from chatkeep.share_chat(pg_temp.id('c1'), pg_temp.person('bob')) \gset
select pg_temp.sign_in('bob');
select pg_temp.rows_are($$ select title, last_seq, preview, updated_at is not null, metadata, folder, is_shared from chatkeep.get_chat(pg_temp.id('c1')) $$, $$ values ('plans', 3, 'three', true, '{}'::jsonb, null::text, true) $$, 'a live share shows the last message');
select pg_temp.sign_in('eve');
select is(pg_temp.refusal($$ select * from chatkeep.get_chat(pg_temp.id('c1')) $$), 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'a stranger sees nothing');
select pg_temp.sign_out();
select is(pg_temp.refusal($$ select * from chatkeep.get_chat(pg_temp.id('c1')) $$), '42501 permission denied for function get_chat', 'nor does anon');

-- Deleted, a service, two tenants.
select pg_temp.sign_in('ada');
select count(*) as deleted from chatkeep.delete_chat(pg_temp.id('c1')) \gset
select is(pg_temp.refusal($$ select * from chatkeep.get_chat(pg_temp.id('c1')) $$), 'PT410 chat_id names a deleted chat | Restore it with restore_chat, or start a new one.', 'a deleted chat is refused');
select pg_temp.sign_in('bob');
select is(pg_temp.refusal($$ select * from chatkeep.get_chat(pg_temp.id('c1')) $$), 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'as if it were not there for those it was shared with');
select pg_temp.sign_in('ada');
select count(*) as restored from chatkeep.restore_chat(pg_temp.id('c1')) \gset
select pg_temp.serve();
select pg_temp.rows_are($$ select title, folder, unread_count, is_shared from chatkeep.get_chat(pg_temp.id('c1')) $$, $$ values ('plans', 'Secret', 0, true) $$, 'a service sees any chat as its owner does');
select pg_temp.sign_in('eve');
select count(*) as made from chatkeep.create_chat('eve''s', chat_id => pg_temp.id('c1')) \gset
select pg_temp.serve();
select alike(pg_temp.refusal($$ select * from chatkeep.get_chat(pg_temp.id('c1')) $$), 'PT409 chat_id names chats of several tenants%', 'but one tenant at a time');
select set_config('request.headers', '{"x-chatkeep-tenant":"00000000-0000-4000-8000-000000007e02"}', true) \g /dev/null
select is((select title from chatkeep.get_chat(pg_temp.id('c1'))), 'eve''s', 'which a header names');
select set_config('request.headers', '', true) \g /dev/null

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine.
select pg_temp.sign_in('ada');
select is(pg_temp.refusal('select * from chatkeep.' || call), expected, name)
from (values
  ('no chat', 'get_chat(null)', '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('an unknown chat', 'get_chat(pg_temp.id(''ff''))', 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.')
) refused (name, call, expected);

select * from finish();
rollback;
