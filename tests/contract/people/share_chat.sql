-- share_chat: a chat is shared with one member, with the tenant, or by a link, to read or to write.
begin;
\ir ../support/identities.psql
select * from no_plan();
\ir ../support/shared_chat.psql

-- With one member, to read.
select row(with_user_id, with_tenant, by_link, permission, up_to_seq, expires_at, revoked_at, secret)::text as share, id as share_id
from chatkeep.share_chat(:'chat', pg_temp.person('bob')) \gset
select is(:'share', format('(%s,f,f,read,,,,)', pg_temp.person('bob')), 'a share says with whom and for what, and has no secret');
select is((select id from chatkeep.share_chat(:'chat', with_user_id => pg_temp.person('bob'), permission => 'read')), :'share_id', 'again returns the same share');
select is(pg_temp.may(:'chat'), 'list accepted, append accepted, branch accepted, select accepted, attach accepted, search accepted, share accepted, delete accepted, restore accepted', 'its owner may do everything as before');
rollback to written;
select id as share_id from chatkeep.share_chat(:'chat', pg_temp.person('bob')) \gset
select pg_temp.sign_in('bob');
select is(pg_temp.listed(:'chat'), 'one right two', 'the reader gets the active path');
select is((select string_agg(seq::text, ' ' order by seq) from chatkeep.list_messages(:'chat', page_size => 2)), '3 4', 'in pages');
select is(pg_temp.sees(), 0::bigint, 'and no row of a table');
select is(pg_temp.may(:'chat'), 'list accepted, append 42501, branch 42501, select PT404, attach 42501, search PT404, share PT404, delete PT404, restore PT404', 'the reader may do nothing but read');
select is(pg_temp.refusal(format('select * from chatkeep.append_message(%L, ''user'', ''x'')', :'chat')),
  '42501 chat_id names a chat that you may only read | Its owner can share it with the permission write.', 'the refusal says what is missing');
select is(pg_temp.refusal(format('select * from chatkeep.append_messages(%L, %L)', :'chat', jsonb_build_array(pg_temp.item('x')))),
  '42501 chat_id names a chat that you may only read | Its owner can share it with the permission write.', 'for a batch too');
select is(split_part(pg_temp.may(:'other'), ',', 1), 'list PT404', 'other chats of the owner stay hidden');
select is((select row(chat_id, owner_id, title, permission, up_to_seq)::text from chatkeep.shared_with_me),
  format('(%s,%s,plans,read,)', :'chat', pg_temp.person('ada')), 'shared_with_me lists it');
select is_empty('select from chatkeep.my_shares', 'my_shares does not');
select pg_temp.sign_in('cyd');
select is(split_part(pg_temp.may(:'chat'), ',', 1), 'list PT404', 'an admin of the tenant reads nothing of it');
select is_empty('select from chatkeep.shared_with_me', 'and has no share');
select pg_temp.sign_in('eve');
select is(split_part(pg_temp.may(:'chat'), ',', 1), 'list PT404', 'a stranger neither');
select pg_temp.sign_in('ada');
select is((select with_user_id from chatkeep.my_shares where id = :'share_id'), pg_temp.person('bob'), 'the owner finds it in my_shares');

-- To write.
select is((select id || ' ' || permission from chatkeep.share_chat(:'chat', pg_temp.person('bob'), permission => 'write')), :'share_id' || ' write', 'a new permission changes the share');
select pg_temp.sign_in('bob');
select is(pg_temp.may(:'chat'), 'list accepted, append accepted, branch PT409, select PT404, attach PT404, search PT404, share PT404, delete PT404, restore PT404', 'the writer appends too');
select is(pg_temp.refusal(format('select * from chatkeep.append_message(%L, ''user'', ''x'', parent_id => pg_temp.id(''a1''))', :'chat')),
  'PT409 parent_id names a message that is not the last one | Read the chat again and append after its last message: only its owner starts branches.', 'the writer starts no branch');
select is((select row(seq, author_id, user_id, written_as)::text from chatkeep.append_message(:'chat', 'user', 'three', pg_temp.id('d1'))),
  format('(6,%s,%s,authenticated)', pg_temp.person('bob'), pg_temp.person('ada')), 'a message says who wrote it, and whose chat it is in');
select is((select seq from chatkeep.append_message(:'chat', 'user', 'three', pg_temp.id('d1'))), 6, 'a retry returns the row');
select is(pg_temp.refusal(format('select * from chatkeep.append_message(%L, ''user'', ''other'', pg_temp.id(''d1''))', :'chat')),
  'PT409 message_id is taken by a message with other content | Send the same content to retry, or a new message_id for a new message.', 'with other content it is a conflict');
select is((select seq from chatkeep.append_message(:'chat', 'user', 'four', pg_temp.id('d2'), parent_id => pg_temp.id('d1'))), 7, 'the last message as a parent continues the path');
select is((select string_agg(seq || outcome, ' ' order by seq) from chatkeep.append_messages(:'chat', jsonb_build_array(pg_temp.item('four', pg_temp.id('d2')), pg_temp.item('five', pg_temp.id('d3')), pg_temp.item('six')))),
  '7stored 8appended 9appended', 'a batch too');
select is(pg_temp.refusal(format('select * from chatkeep.append_messages(%L, %L)', :'chat', jsonb_build_array(pg_temp.item('x'), pg_temp.item('y', null, pg_temp.id('a1'))))),
  'PT409 messages[1].parent_id names a message that is not the last one | Read the chat again and append after its last message: only its owner starts branches.', 'a batch starts no branch');
select count(*) as begun from chatkeep.append_message(:'chat', 'assistant', '', pg_temp.id('d4'), status => 'streaming') \gset
select is((select content || ' ' || status from chatkeep.finish_message(:'chat', pg_temp.id('d4'), 'seven')), 'seven complete', 'the writer finishes what the writer began');
select is((select user_id || ' ' || storage_path from chatkeep.attach(:'chat', pg_temp.id('d4'), storage_path => 'bob/x.png')), pg_temp.person('ada') || ' bob/x.png', 'the writer attaches a stored object to an own message');
select is((select count(*) from chatkeep.attach(:'chat', pg_temp.id('d4'), storage_path => 'bob/x.png')), 1::bigint, 'a retry too');
select id as document from chatkeep.register_document('bob.html', repeat('b', 64)) \gset
select is(split_part(pg_temp.refusal(format('select * from chatkeep.attach(%L, pg_temp.id(''d4''), %L)', :'chat', :'document')), ' ', 1), 'PT404', 'but no document: it would leave the rights of its owner');
select is(pg_temp.sees(), 0::bigint, 'and still sees no row of a table');
select pg_temp.sign_in('ada');
select count(*) as begun from chatkeep.append_message(:'chat', 'assistant', '', pg_temp.id('d5'), status => 'streaming') \gset
select pg_temp.sign_in('bob');
select is(split_part(pg_temp.refusal(format('select * from chatkeep.finish_message(%L, pg_temp.id(''d5''), ''x'')', :'chat')), ' ', 1), '42501', 'the writer does not finish what the owner began');
select pg_temp.sign_in('ada');
select is((select string_agg(seq || case author_id when pg_temp.person('bob') then 'b' else 'a' end, ' ' order by seq) from chatkeep.list_messages(:'chat')),
  '1a 3a 4a 5b 6b 7b 8b 9b 10b 11a', 'the owner reads who wrote what, in one order without a gap');
select is((select status from chatkeep.finish_message(:'chat', pg_temp.id('d5'), 'eight')), 'complete', 'the owner finishes an own message');
select is((select count(*) from chatkeep.attachments where chat_id = :'chat'), 3::bigint, 'and what the writer attached');
select is((select message_count || ' ' || last_seq from chatkeep.chats where id = :'chat'), '11 11', 'the counters of the chat count all');

-- Up to a message, and until a time.
rollback to written;
select pg_temp.sign_in('ada');
select is((select up_to_seq from chatkeep.share_chat(:'chat', pg_temp.person('bob'), up_to_message_id => pg_temp.id('a3'))), 3, 'a share can end at a message');
select is(pg_temp.refusal(format('select * from chatkeep.share_chat(%L, pg_temp.person(''bob''), up_to_message_id => pg_temp.id(''a2''))', :'chat')),
  pg_temp.refusal(format('select * from chatkeep.share_chat(%L, pg_temp.person(''bob''), up_to_message_id => pg_temp.id(''b1''))', :'chat')), 'at one of the active path');
select count(*) as written from chatkeep.append_message(:'chat', 'user', 'later') \gset
select pg_temp.sign_in('bob');
select is(pg_temp.listed(:'chat'), 'one right', 'the reader gets the messages up to there');
select is((select updated_at from chatkeep.shared_with_me), null, 'and does not learn when the chat went on');
select pg_temp.sign_in('ada');
select is((select expires_at is not null and up_to_seq is null from chatkeep.share_chat(:'chat', pg_temp.person('bob'), expires_at => clock_timestamp() + interval '1 hour')), true, 'a share can end at a time');
select pg_temp.serve();
update chatkeep.chat_shares set expires_at = clock_timestamp();
select pg_temp.sign_in('bob');
select is(split_part(pg_temp.may(:'chat'), ',', 1), 'list PT404', 'when the time has come nobody reads through it');
select is_empty('select from chatkeep.shared_with_me', 'and nobody has it in the list');

-- With the tenant.
rollback to written;
select pg_temp.sign_in('ada');
select is((select row(with_user_id, with_tenant, permission)::text from chatkeep.share_chat(:'chat', with_tenant => true, permission => 'write')), '(,t,write)', 'a chat can be shared with the tenant');
select is((select count(*) from chatkeep.share_chat(:'chat', with_user_id => pg_temp.person('cyd'))), 1::bigint, 'and with a member besides');
select is((select count(*) from chatkeep.my_shares), 2::bigint, 'these are two shares');
select pg_temp.sign_in('cyd');
select is((select count(*) from chatkeep.append_message(:'chat', 'user', 'hi')), 1::bigint, 'of two shares the wider one counts');
select pg_temp.sign_in('eve');
select is(split_part(pg_temp.may(:'chat'), ',', 1), 'list PT404', 'a user of another tenant has no part in it');
select pg_temp.serve();
update chatkeep.users set disabled_at = now() where id = pg_temp.person('bob');
select pg_temp.sign_in('bob');
select is(split_part(pg_temp.may(:'chat'), ',', 1), 'list PT404', 'a disabled member neither');

-- By a service.
rollback to written;
select pg_temp.serve();
select is((select with_user_id from chatkeep.share_chat(:'chat', pg_temp.person('bob'))), pg_temp.person('bob'), 'a service shares a chat for its owner');
select is(pg_temp.refusal(format('select * from chatkeep.share_chat(%L, pg_temp.person(''ada''))', :'chat')),
  '22023 with_user_id must be somebody else | The chat is this person''s own.', 'with somebody else than the owner');
select pg_temp.sign_in('ada');
select is((select count(*) from chatkeep.my_shares), 1::bigint, 'the owner sees it');

-- Refusals. Nothing is stored.
rollback to written;
select pg_temp.sign_in('ada');
create temporary table refused (name text, call text, expected text) on commit drop;
insert into refused values
  ('no chat', 'null, pg_temp.person(''bob'')', '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('an unknown chat', 'pg_temp.id(''ff''), pg_temp.person(''bob'')', 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'),
  ('with nobody', 'pg_temp.id(''c1'')', '22023 with_user_id or with_tenant or by_link must say with whom, and only one of them | Pass with_user_id, or with_tenant as true, or by_link as true.'),
  ('with two', 'pg_temp.id(''c1''), pg_temp.person(''bob''), true', '22023 with_user_id or with_tenant or by_link must say with whom, and only one of them | Pass with_user_id, or with_tenant as true, or by_link as true.'),
  ('with NULL for the tenant', 'pg_temp.id(''c1''), with_tenant => null', '22004 with_tenant is missing | Pass a value; null is not accepted here.'),
  ('with NULL for a link', 'pg_temp.id(''c1''), by_link => null', '22004 by_link is missing | Pass a value; null is not accepted here.'),
  ('with no permission', 'pg_temp.id(''c1''), with_tenant => true, permission => null', '22004 permission is missing | Pass a value; null is not accepted here.'),
  ('with oneself', 'pg_temp.id(''c1''), pg_temp.person(''ada'')', '22023 with_user_id must be somebody else | The chat is this person''s own.'),
  ('with a stranger', 'pg_temp.id(''c1''), pg_temp.person(''eve'')', 'PT404 with_user_id names no member of the tenant of the chat | Pass the user_id of a membership, or add the person with add_member.'),
  ('with nobody known', 'pg_temp.id(''c1''), pg_temp.person(''nobody'')', 'PT404 with_user_id names no member of the tenant of the chat | Pass the user_id of a membership, or add the person with add_member.'),
  ('to own', 'pg_temp.id(''c1''), pg_temp.person(''bob''), permission => ''own''', '22023 permission must be read or write | Pass read, or write to let the person append.'),
  ('a link to write', 'pg_temp.id(''c1''), by_link => true, permission => ''write''', '22023 permission must be read for a link | Share with a member to let somebody append: each message then names its author.'),
  ('to write up to a message', 'pg_temp.id(''c1''), pg_temp.person(''bob''), permission => ''write'', up_to_message_id => pg_temp.id(''a1'')', '22023 permission must be read with up_to_message_id | Leave up_to_message_id out: who appends has to see the last message.'),
  ('until the past', 'pg_temp.id(''c1''), pg_temp.person(''bob''), expires_at => now()', '22023 expires_at must be in the future | Pass a later time, or leave it out.');
select is(pg_temp.refusal('select * from chatkeep.share_chat(' || call || ')'), expected, name) from refused;
select is_empty('select from chatkeep.my_shares', 'nothing was stored');
select count(*) as deleted from chatkeep.delete_chat(:'chat') \gset
select is(split_part(pg_temp.refusal(format('select * from chatkeep.share_chat(%L, with_tenant => true)', :'chat')), ' ', 1), 'PT410', 'a deleted chat is not shared');
select pg_temp.sign_out();
select is(pg_temp.refusal('select * from chatkeep.share_chat(pg_temp.id(''c1''), by_link => true)'), '42501 permission denied for function share_chat', 'nobody shares without signing in');

select * from finish();
rollback;
