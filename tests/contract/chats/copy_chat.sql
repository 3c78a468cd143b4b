-- copy_chat: a new chat with the path to a message, of one's own chat or of a shared one.
begin;
\ir ../support/identities.psql
select * from no_plan();
-- What a chat says on its active path, oldest first.
create function pg_temp.said(chat uuid) returns text language sql as $$
  select string_agg(m.content || case when m.redacted_at is null then '' else '#' end || case m.status when 'complete' then '' else '(' || m.status || ')' end, ' ' order by m.seq)
  from chatkeep.list_messages(chat, page_size => 200) m
$$;
-- The facts that every copy must have. NULL if all are true.
create function pg_temp.wrong(copy uuid) returns text language sql as $$
  select nullif(concat_ws(', ',
    case when c.message_count <> n.messages or c.last_seq <> n.messages then 'counters' end,
    case when n.last is not null and c.updated_at <> n.last then 'updated_at' end,
    case when c.active_leaf_id is distinct from (select m.id from chatkeep.messages m where m.chat_id = copy and m.seq = c.last_seq) then 'leaf' end,
    case when exists (select from chatkeep.messages m left join chatkeep.messages p on p.chat_id = copy and p.seq = m.seq - 1
      where m.chat_id = copy and (m.parent_id is distinct from p.id or not m.active or m.author_id is distinct from chatkeep.uid() or m.version <> 1 or m.user_id <> c.user_id)) then 'messages' end,
    case when n.seqs is distinct from (select array_agg(g) from generate_series(1, n.messages) g) then 'seq' end,
    case when exists (select from chatkeep.attachments a left join chatkeep.messages m on m.id = a.message_id and m.chat_id = copy where a.chat_id = copy and m.id is null) then 'attachments' end), '')
  from chatkeep.chats c, lateral (
    select count(*)::integer as messages, max(m.created_at) as last, array_agg(m.seq order by m.seq) as seqs from chatkeep.messages m where m.chat_id = copy
  ) n
  where c.id = copy
$$;
grant execute on function pg_temp.said(uuid), pg_temp.wrong(uuid) to authenticated, service_role;
\ir ../support/shared_chat.psql
select pg_temp.sign_in('ada');
select count(*) as cleared from chatkeep.update_chat(:'chat', '') \gset
select count(*) as changed from chatkeep.update_chat(:'chat', 'Plans', if_title_source => 'model', metadata_merge => '{"model":"x","copied_from":1}', pinned => true, folder => 'Work', tags => '{a,b}', read_up_to_seq => 4) \gset
update chatkeep.chats set archived_at = now() where id = :'chat';
select count(*) as grown from chatkeep.append_message(:'chat', 'assistant', 'three', pg_temp.id('a5'), '[{"type":"text","text":"three"}]', '{"m":1}', model => 'gpt', token_count => 7, reply_to => pg_temp.id('a1'), usage => '{"output_tokens":7}') \gset
select count(*) as rated from chatkeep.rate_message(:'chat', pg_temp.id('a5'), 1) \gset
select count(*) as shared from chatkeep.share_chat(:'chat', by_link => true) \gset
savepoint whole;

-- One's own chat.
select id as copy, title, title_source, metadata, folder, tags::text as tags, concat_ws(' ', pinned_at, archived_at, read_up_to_seq) as kept, language from chatkeep.copy_chat(:'chat') \gset
select is(pg_temp.said(:'copy'), 'one right two three', 'the copy has the active path');
select is(pg_temp.wrong(:'copy'), null, 'with its own ids, numbers and parents');
select is(concat_ws(' ', :'title', :'title_source', :'folder', :'tags', :'language'), 'Plans model Work {a,b} simple', 'title, folder, tags and language are those of the original');
select is(:'kept'::text, '', 'the pin, the archive and what was read are not');
select is(:'metadata'::jsonb, jsonb_build_object('model', 'x', 'copied_from', jsonb_build_object('chat_id', :'chat'::uuid, 'message_id', pg_temp.id('a5'))), 'metadata say where the copy comes from');
select results_eq(format('select role, content::text, parts, metadata, model, token_count, status, created_at, updated_at from chatkeep.messages where chat_id = %L order by seq', :'copy'),
  format('select role, content::text, parts, metadata, model, token_count, status, created_at, updated_at from chatkeep.messages where chat_id = %L and active order by seq', :'chat'), 'every message is as it was');
select is((select string_agg(a.storage_path || ' ' || m.content, ', ') from chatkeep.attachments a join chatkeep.messages m on m.id = a.message_id and m.chat_id = a.chat_id where a.chat_id = :'copy'), 'ada/map.png one', 'attachments of the path are copied');
select is((select created_at from chatkeep.chats where id = :'copy'), (select created_at from chatkeep.messages where id = pg_temp.id('a1')), 'the chat is as old as its first message');
select is((select count(*)::integer from chatkeep.message_ratings r where r.chat_id = :'copy') + (select count(*)::integer from chatkeep.my_shares s where s.chat_id = :'copy'), 0, 'ratings and shares stay behind');
select is((select count(*)::integer from chatkeep.messages where usage is not null), 1, 'what a message took is counted once');
select is((select r.content::text from chatkeep.messages m join chatkeep.messages r on r.id = m.reply_to and r.chat_id = m.chat_id where m.chat_id = :'copy' and m.content = 'three'), 'one',
  'an answer names the copy of its question');
select is(pg_temp.said(:'chat'), 'one right two three', 'the original stays as it was');
select is((select seq from chatkeep.append_message(:'copy', 'user', 'on')), 5, 'the copy goes on');
select is(pg_temp.said(:'chat'), 'one right two three', 'without the original');
select isnt((select id from chatkeep.copy_chat(:'chat')), :'copy'::uuid, 'another call makes another copy');

-- Up to a message.
select id as copy from chatkeep.copy_chat(:'chat', pg_temp.id('a3'), 'Fork') \gset
select is(pg_temp.said(:'copy') || coalesce(pg_temp.wrong(:'copy'), ''), 'one right', 'up to a message');
select is((select title || ' ' || title_source from chatkeep.chats where id = :'copy'), 'Fork user', 'with a title of its own');
select is((select metadata #>> '{copied_from,message_id}' from chatkeep.chats where id = :'copy'), pg_temp.id('a3')::text, 'and the message that it continues');
select id as copy, coalesce(title, 'none') as none from chatkeep.copy_chat(:'chat', pg_temp.id('a2'), '') \gset
select is(pg_temp.said(:'copy') || coalesce(pg_temp.wrong(:'copy'), ''), 'one left', 'a branch that is not active');
select is(:'none'::text, 'none', 'an empty title is none');
select is((select string_agg(storage_path, ' ' order by storage_path) from chatkeep.attachments where chat_id = :'copy'), 'ada/left.png ada/map.png', 'with its attachments');
select id as copy from chatkeep.copy_chat(:'chat', pg_temp.id('a1')) \gset
select is(pg_temp.said(:'copy') || coalesce(pg_temp.wrong(:'copy'), ''), 'one', 'the first message alone');
select id as second from chatkeep.copy_chat(:'copy') \gset
select is(pg_temp.said(:'second') || (select metadata #>> '{copied_from,chat_id}' from chatkeep.chats where id = :'second'), 'one' || :'copy', 'a copy of a copy comes from the copy');
select id as copy from chatkeep.create_chat() \gset
select id as copy from chatkeep.copy_chat(:'copy') \gset
select is(coalesce(pg_temp.said(:'copy'), 'nothing') || coalesce(pg_temp.wrong(:'copy'), ''), 'nothing', 'an empty chat');
-- Another first message, on a branch of its own.
select count(*) as other from chatkeep.append_message(:'chat', 'user', 'other', pg_temp.id('a6'), parent_id => '00000000-0000-0000-0000-000000000000') \gset
select id as copy from chatkeep.copy_chat(:'chat', pg_temp.id('a5')) \gset
select is(pg_temp.said(:'copy') || coalesce(pg_temp.wrong(:'copy'), ''), 'one right two three', 'a branch that shares nothing with the active path');
select is(pg_temp.said((select id from chatkeep.copy_chat(:'chat'))), 'other', 'and the active path beside it');

-- Messages that are not whole.
rollback to whole;
select count(*) as redacted from chatkeep.redact_message(:'chat', pg_temp.id('a3'), 'a secret') \gset
select count(*) as begun from chatkeep.append_message(:'chat', 'assistant', 'half', pg_temp.id('d1'), status => 'streaming') \gset
select id as copy from chatkeep.copy_chat(:'chat') \gset
select is(pg_temp.said(:'copy') || coalesce(pg_temp.wrong(:'copy'), ''), 'one # two three half(failed)', 'a redacted message stays redacted, and one in mid-stream is failed');
select results_eq(format('select redacted_at, redacted_by, redaction_reason, parts::jsonb, metadata::jsonb from chatkeep.messages where chat_id = %L and seq = 2', :'copy'),
  format('select redacted_at, redacted_by, redaction_reason, null::jsonb, ''{}''::jsonb from chatkeep.messages where id = %L', pg_temp.id('a3')), 'the copy says who took it back, and why');
select is((select status::text from chatkeep.finish_message(:'chat', pg_temp.id('d1'), 'whole')), 'complete', 'the original goes on streaming');

-- The same call again.
rollback to whole;
select count(*) as copied from chatkeep.copy_chat(:'chat', pg_temp.id('a3'), new_chat_id => pg_temp.id('e1')) \gset
select xmin as version from chatkeep.chats where id = pg_temp.id('e1') \gset
select is((select id from chatkeep.copy_chat(:'chat', pg_temp.id('a3'), new_chat_id => pg_temp.id('e1'))), pg_temp.id('e1'), 'a retry returns the copy');
select is((select xmin::text from chatkeep.chats where id = pg_temp.id('e1')) || (select count(*) from chatkeep.messages where chat_id = pg_temp.id('e1')), :'version' || '2', 'and writes nothing');
select count(*) as appended from chatkeep.append_message(pg_temp.id('e1'), 'user', 'on') \gset
select is((select last_seq from chatkeep.copy_chat(:'chat', pg_temp.id('a3'), new_chat_id => pg_temp.id('e1'))), 3, 'also when the copy has gone on');
select is(pg_temp.refusal('select * from chatkeep.copy_chat(pg_temp.id(''c2''), new_chat_id => pg_temp.id(''e1''))'), 'PT409 new_chat_id is taken | Leave new_chat_id out, or make a new UUID.', 'a copy of another chat is not the same');
select is(pg_temp.refusal('select * from chatkeep.copy_chat(pg_temp.id(''c1''), new_chat_id => pg_temp.id(''c1''))'), 'PT409 new_chat_id is taken | Leave new_chat_id out, or make a new UUID.', 'nor is the original');
select count(*) as deleted from chatkeep.delete_chat(pg_temp.id('e1')) \gset
select is(pg_temp.refusal('select * from chatkeep.copy_chat(pg_temp.id(''c1''), new_chat_id => pg_temp.id(''e1''))'), 'PT410 new_chat_id names a deleted chat | Restore it with restore_chat, or make a new UUID.', 'a copy that was deleted');
select pg_temp.sign_in('bob');
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('e2')) \gset
select pg_temp.sign_in('ada');
select is(pg_temp.refusal('select * from chatkeep.copy_chat(pg_temp.id(''c1''), new_chat_id => pg_temp.id(''e2''))'), 'PT409 new_chat_id is taken | Leave new_chat_id out, or make a new UUID.', 'an id of a colleague''s chat');
select is_empty('select from chatkeep.messages where chat_id = pg_temp.id(''e2'')', 'gets no message');

-- Arguments.
create temporary table refused (name text, arguments text, expected text) on commit drop;
insert into refused values
  ('no chat', 'null', '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('a long title', 'pg_temp.id(''c1''), title => repeat(''x'', 501)', '22023 title is longer than 500 characters | Shorten it.'),
  ('an unknown chat', 'pg_temp.id(''ff'')', 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'),
  ('an unknown message', 'pg_temp.id(''c1''), pg_temp.id(''ff'')', 'PT404 up_to_message_id names no message of this chat | Pass the id of a message of the same chat.'),
  ('a message of another chat', 'pg_temp.id(''c1''), pg_temp.id(''b1'')', 'PT404 up_to_message_id names no message of this chat | Pass the id of a message of the same chat.'),
  ('somebody else''s name', 'pg_temp.id(''c1''), user_id => pg_temp.person(''bob'')', '42501 user_id can be named by service_role only | Leave user_id out to act for yourself.');
select is(pg_temp.refusal('select * from chatkeep.copy_chat(' || arguments || ')'), expected, name) from refused;
select is(current_setting('chatkeep.writing', true), '', 'no marker is left');
select count(*) as deleted from chatkeep.delete_chat(:'chat') \gset
select is(split_part(pg_temp.refusal('select * from chatkeep.copy_chat(pg_temp.id(''c1''))'), ' ', 1), 'PT410', 'a deleted chat');

-- A shared chat.
rollback to whole;
select id as private from chatkeep.register_document('p', repeat('c', 64)) \gset
select id as common from chatkeep.register_document('s', repeat('d', 64), visibility => 'tenant') \gset
select count(*) as attached from chatkeep.attach(:'chat', pg_temp.id('a3'), :'private', 'private.pdf') p, chatkeep.attach(:'chat', pg_temp.id('a3'), :'common', 'common.pdf') c \gset
select id as share from chatkeep.share_chat(:'chat', pg_temp.person('bob'), up_to_message_id => pg_temp.id('a4')) \gset
select pg_temp.sign_in('bob');
select id as copy from chatkeep.copy_chat(:'chat') \gset
select is(pg_temp.said(:'copy') || coalesce(pg_temp.wrong(:'copy'), ''), 'one right two', 'a reader continues what the share shows');
select is((select row(title, title_source, folder, tags, pinned_at, archived_at, user_id, metadata)::text from chatkeep.chats where id = :'copy'),
  (select row('Plans', 'user', null::text, '{}'::text[], null::timestamptz, null::timestamptz, pg_temp.person('bob'), jsonb_build_object('copied_from', jsonb_build_object('chat_id', :'chat'::uuid, 'message_id', pg_temp.id('a4'))))::text),
  'with the title, and nothing else that its owner keeps');
select set_eq(format('select name, document_id, document_deleted from chatkeep.attachments where chat_id = %L', :'copy'),
  format('values (''map.png'', null::uuid, false), (''private.pdf'', null, true), (''common.pdf'', %L, false)', :'common'), 'a private document of the owner is not attached to the copy');
select is((select count(*)::integer from chatkeep.search_messages('right')), 1, 'the reader finds it in the own chat');
select is(pg_temp.said((select id from chatkeep.copy_chat(:'chat', pg_temp.id('a3')))), 'one right', 'up to a message that is shown');
select is(split_part(pg_temp.refusal(format('select * from chatkeep.copy_chat(%L, pg_temp.id(%L))', :'chat', m)), ' ', 1), 'PT404', m || ' is not shown') from unnest(array['a2', 'a5', 'b1']) m;
select is(split_part(pg_temp.refusal('select * from chatkeep.copy_chat(pg_temp.id(''c2''))'), ' ', 1), 'PT404', 'nor is another chat of its owner');
select is((select id from chatkeep.copy_chat(:'chat', new_chat_id => pg_temp.id('e1'))), pg_temp.id('e1'), 'with an id of one''s own');
select pg_temp.sign_in('cyd');
select is(split_part(pg_temp.refusal('select * from chatkeep.copy_chat(pg_temp.id(''c1''))'), ' ', 1), 'PT404', 'a member without the share copies nothing');
select pg_temp.sign_in('ada');
select is((select count(*)::integer from chatkeep.chats), 2, 'the owner sees no copy of others');
select count(*) as revoked from chatkeep.revoke_share(:'share') \gset
select pg_temp.sign_in('bob');
select is((select id from chatkeep.copy_chat(:'chat', new_chat_id => pg_temp.id('e1'))), pg_temp.id('e1'), 'after the share a retry still returns the copy');
select is(split_part(pg_temp.refusal('select * from chatkeep.copy_chat(pg_temp.id(''c1''))'), ' ', 1), 'PT404', 'and there is no other');
select is(pg_temp.said(:'copy'), 'one right two', 'the copy is the reader''s own');

-- A service.
rollback to whole;
select pg_temp.serve();
select is(pg_temp.refusal('select * from chatkeep.copy_chat(pg_temp.id(''c1''))'), '42501 no user is signed in | Send the user''s JWT, or call as service_role where a user is named.', 'a service names the person');
select id as copy, user_id as owner from chatkeep.copy_chat(:'chat', pg_temp.id('a2'), user_id => pg_temp.person('ada')) \gset
select is(pg_temp.said(:'copy') || coalesce(pg_temp.wrong(:'copy'), '') || (:'owner' = pg_temp.person('ada')::text), 'one lefttrue', 'and copies for this person');
select is(split_part(pg_temp.refusal(format('select * from chatkeep.copy_chat(pg_temp.id(''c1''), user_id => %L)', pg_temp.person('bob'))), ' ', 1), 'PT404', 'whose chat it is');
select chatkeep.index_messages() as indexed \gset
select is((select count(*)::integer from chatkeep.message_search where chat_id = :'copy'), 2, 'the index of search takes copies as it takes all messages');

-- More messages than one statement copies, with another path beside them.
rollback to whole;
select pg_temp.sign_in('ada');
select id as long from chatkeep.create_chat() \gset
select count(*) as appended from chatkeep.append_messages(:'long', (select jsonb_agg(jsonb_build_object('role', 'user', 'content', 'm' || n)) from generate_series(1, 250) n)) \gset
select id as middle from chatkeep.messages where chat_id = :'long' and seq = 200 \gset
select count(*) as attached from chatkeep.messages m, chatkeep.attach(:'long', m.id, storage_path => 'x' || m.seq) a where m.chat_id = :'long' and m.seq in (1, 100, 101, 200, 250) \gset
select count(*) as branched from chatkeep.append_message(:'long', 'user', 'branch', parent_id => :'middle') \gset
select id as copy from chatkeep.copy_chat(:'long', (select id from chatkeep.messages where chat_id = :'long' and seq = 250)) \gset
select is(coalesce(pg_temp.wrong(:'copy'), '') || (select last_seq from chatkeep.chats where id = :'copy'), '250', 'a long branch is copied whole');
select results_eq(format('select content::text, created_at from chatkeep.messages where chat_id = %L order by seq', :'copy'),
  format('select content::text, created_at from chatkeep.messages where chat_id = %L and seq <= 250 order by seq', :'long'), 'in order');
select is((select string_agg(a.storage_path || m.content, ' ' order by m.seq) from chatkeep.attachments a join chatkeep.messages m on m.id = a.message_id and m.chat_id = a.chat_id where a.chat_id = :'copy'),
  'x1m1 x100m100 x101m101 x200m200 x250m250', 'with attachments at their messages');
select id as copy from chatkeep.copy_chat(:'long') \gset
select is(coalesce(pg_temp.wrong(:'copy'), '') || (select last_seq from chatkeep.chats where id = :'copy'), '201', 'the active path too');

select * from finish();
rollback;
