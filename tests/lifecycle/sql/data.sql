-- Rows in every table before an upgrade, made by the calls as clients make them. It can be run again.
\pset format unaligned
\pset tuples_only on
select gen_random_uuid() as ada, gen_random_uuid() as ben, gen_random_uuid() as tenant \gset
insert into auth.users (id) values (:'ada'), (:'ben');
insert into chatkeep.identity_providers (issuer, name) values ('https://' || gen_random_uuid() || '.clerk.example.com', 'Clerk');
select count(*) from chatkeep.add_member(:'tenant', :'ada', 'owner') a, chatkeep.add_member(:'tenant', :'ben') b;
update chatkeep.users set display_name = case id when :'ada' then 'Ada' else 'Ben' end where id in (:'ada', :'ben');
select jsonb_build_object('role', 'authenticated', 'sub', :'ada')::text as claims_of_ada,
  jsonb_build_object('role', 'authenticated', 'sub', :'ben')::text as claims_of_ben \gset

set role authenticated;
select set_config('request.jwt.claims', :'claims_of_ada', false) \g /dev/null

-- A chat with branches, a streamed answer and large content; a deleted chat; an imported chat.
select id as chat from chatkeep.create_chat(title => 'Travel', metadata => '{"pinned": true}', language => 'english') \gset
select id as question from chatkeep.append_message(:'chat', 'user', 'Where is it warm in May?') \gset
select id as answer from chatkeep.append_message(:'chat', 'assistant', '', status => 'streaming', model => 'a model') \gset
select from chatkeep.finish_message(:'chat', :'answer', content => 'In Lisbon.', parts => '[{"type": "text"}]', token_count => 4);
select id as other from chatkeep.append_message(:'chat', 'assistant', 'In Seville.', parent_id => :'question') \gset
select from chatkeep.select_branch(:'chat', :'answer');
select from chatkeep.append_messages(:'chat', jsonb_build_array(
  jsonb_build_object('role', 'user', 'content', repeat('And in June? ', 2000)),
  jsonb_build_object('role', 'assistant', 'content', 'There too.', 'metadata', jsonb_build_object('a', 1))));
select from chatkeep.summarise_chat(:'chat', :'answer', 'It is warm in Lisbon.', '{"a": 1}', 'a model', 5);
select from chatkeep.append_message(:'chat', 'assistant', 'Still thinking', status => 'streaming');
select id as gone from chatkeep.create_chat(title => 'Gone') \gset
select from chatkeep.append_message(:'gone', 'user', 'Forget this.');
select from chatkeep.delete_chat(:'gone');
select from chatkeep.import_chat('{"title": "Old", "messages": [{"role": "user", "content": "Long ago", "created_at": "2020-01-01T00:00:00Z"}]}');

-- Shares: to read, to write, by a link that was revoked.
select from chatkeep.share_chat(:'chat', with_tenant => true, up_to_message_id => :'question');
select from chatkeep.share_chat(:'chat', :'ben', permission => 'write');
select id as link from chatkeep.share_chat(:'chat', by_link => true) \gset
select from chatkeep.revoke_share(:'link');
select from chatkeep.redact_message(:'chat', :'other', 'a mistake');
select from chatkeep.rate_message(:'chat', :'answer', 1, 'Warm indeed', '{facts}');
select from chatkeep.update_chat(:'chat', folder => 'Trips', tags => '{may}', pinned => true, read_up_to_seq => 2);

-- A session that was rotated, and one that was revoked.
select token from chatkeep.create_session(user_agent => 'a device', ip => '192.0.2.1') \gset
select from chatkeep.rotate_session(:'token');
select session_id as revoked from chatkeep.create_session() \gset
select from chatkeep.revoke_session(:'revoked');

-- Documents: private and shared, with tags and a new version; one attached, one deleted.
select id as document from chatkeep.register_content('https://example.com/lisbon', 'Lisbon'::bytea, 'Lisbon', 'text/plain',
  tags => '{"place": "Lisbon"}', properties => '{"pages": 1}') \gset
select from chatkeep.register_content('https://example.com/lisbon', 'Lisbon, again'::bytea);
select from chatkeep.register_content('https://example.com/alias', 'Lisbon, again'::bytea);
select id as shared from chatkeep.register_content('https://example.com/shared', convert_to(:'ada', 'utf8'), visibility => 'tenant') \gset
select from chatkeep.set_document_status(:'shared', 'processing');
select from chatkeep.set_document_status(:'shared', 'failed', 'no reader for it');
select from chatkeep.attach(:'chat', :'question', document_id => :'shared', name => 'shared.txt');
select from chatkeep.attach(:'chat', :'answer', name => 'photo.png', storage_path => 'bucket/photo.png');
select id as deleted from chatkeep.register_content('storage://documents/deleted.txt', 'deleted'::bytea) \gset
select from chatkeep.delete_document(:'deleted');
select set_config('request.jwt.claims', :'claims_of_ben', false) \g /dev/null
select from chatkeep.tag_document(:'shared', '{"read": true}', namespace => 'ben');

set role service_role;
select from chatkeep.index_messages(1000);
select from chatkeep.measure_usage();
reset role;
