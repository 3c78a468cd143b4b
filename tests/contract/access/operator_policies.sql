-- Every call obeys the policies that an operator adds, such as Supabase's pattern for a second factor. It shows and changes no row that
-- they hide, and ends as it would end without these rows.
begin;
\ir ../support/identities.psql
select * from no_plan();

-- Ada's rows, each with a mark that shows in an answer. Bob shares a document with the tenant.
select pg_temp.sign_in('bob');
select id as shared from chatkeep.register_document('bob.html', repeat('b', 64), 'hidden documents', visibility => 'tenant') \gset
select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.create_chat('plans', '{"mark":"hidden chats"}', pg_temp.id('c1')) \gset
select count(*) as made from chatkeep.append_messages(pg_temp.id('c1'), jsonb_build_array(
  pg_temp.item('the vault', pg_temp.id('a1'), more => '{"metadata":{"mark":"hidden messages"}}'),
  pg_temp.item('an answer', pg_temp.id('a2'), more => '{"metadata":{"mark":"hidden messages"}}'),
  pg_temp.item('another', pg_temp.id('a3'), pg_temp.id('a1'), '{"status":"streaming","metadata":{"mark":"hidden messages"}}'))) \gset
select count(*) as made from chatkeep.summarise_chat(pg_temp.id('c1'), pg_temp.id('a1'), 'so far', '{"mark":"hidden chat_summaries"}') \gset
select count(*) as made from chatkeep.create_chat('old', '{"mark":"hidden chats"}', pg_temp.id('c2')) \gset
select count(*) as made from chatkeep.append_message(pg_temp.id('c2'), 'user', 'the old vault', metadata => '{"mark":"hidden messages"}') \gset
select count(*) as made from chatkeep.delete_chat(pg_temp.id('c2')) \gset
select id as document from chatkeep.register_document('ada.html', repeat('a', 64), 'hidden documents', tags => '{"mark":"hidden document_metadata"}') \gset
select count(*) as made from chatkeep.attach(pg_temp.id('c1'), pg_temp.id('a1'), :'document', 'a.html', 'hidden attachments') \gset
select count(*) as made from chatkeep.rate_message(pg_temp.id('c1'), pg_temp.id('a1'), -1, 'hidden message_ratings') \gset
select id as share from chatkeep.share_chat(pg_temp.id('c1'), with_tenant => true) \gset
select token as first from chatkeep.create_session('hidden sessions') \gset
select token, session_id as session from chatkeep.rotate_session(:'first') \gset
select token as before, session_id as other from chatkeep.create_session('hidden sessions') \gset
select count(*) as rotated from chatkeep.rotate_session(:'before') \gset
select pg_temp.serve();
select chatkeep.index_messages() as indexed \gset
reset role;
update chatkeep.sessions set last_used_at = last_used_at - interval '2 minutes';
-- The grace of the last rotation must outlive this file on a slow machine.
alter table chatkeep_private.session_secrets disable trigger guard_session_secret;
update chatkeep_private.session_secrets set rotated_at = rotated_at + interval '1 day' where session_id = :'other';
alter table chatkeep_private.session_secrets enable trigger guard_session_secret;

create function pg_temp.document(source text, digit text) returns jsonb language sql immutable as $$
  select jsonb_build_object('source_uri', source, 'checksum', repeat(digit, 64))
$$;

-- Every call of schema chatkeep and its verdict without an added policy: the number of rows, with their status or outcome, or the
-- SQLSTATE.
create temporary table calls (n integer generated always as identity, name text unique, call text, verdict text) on commit drop;
insert into calls (name, call, verdict) values
  ('uid', $$uid()$$, '1'),
  ('add_member', $$add_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000e4e0')$$, '1'),
  ('set_member_role', $$set_member_role('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000b0b0', 'admin')$$, '1'),
  ('remove_member', $$remove_member('00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000b0b0')$$, '1'),
  ('rename_tenant', $$rename_tenant('00000000-0000-4000-8000-000000007e01', 'Acme')$$, '1'),
  ('tenant_id', $$tenant_id()$$, '1'),
  ('pre_request', $$pre_request()$$, '1'),
  ('engine', $$engine()$$, '1'),
  ('user_id', $$user_id('https://clerk.example.com', 'a')$$, '1'),
  ('document_checksum', $$document_checksum('x')$$, '1'),
  ('create_chat', $$create_chat()$$, '1'),
  ('create_chat_again', $$create_chat(chat_id => CHAT)$$, '1'),
  ('append', $$append_message(CHAT, 'user', 'next')$$, '1'),
  ('append_with_id', $$append_message(CHAT, 'user', 'next', pg_temp.id('f1'))$$, '1'),
  ('append_again', $$append_message(CHAT, 'user', 'the vault', pg_temp.id('a1'))$$, '1'),
  ('append_branch', $$append_message(CHAT, 'user', 'next', parent_id => pg_temp.id('a2'))$$, '1'),
  ('batch_of_none', $$append_messages(CHAT, '[]')$$, '0'),
  ('batch', $$append_messages(CHAT, jsonb_build_array(pg_temp.item('next'), pg_temp.item('after it')))$$, '2 appended'),
  ('batch_again', $$append_messages(CHAT, jsonb_build_array(pg_temp.item('the vault', pg_temp.id('a1'))))$$, '1 stored'),
  ('batch_branch', $$append_messages(CHAT, jsonb_build_array(pg_temp.item('next', parent => pg_temp.id('a2'))))$$, '1 appended'),
  ('finish', $$finish_message(CHAT, pg_temp.id('a3'), 'whole')$$, '1'),
  ('finish_again', $$finish_message(CHAT, pg_temp.id('a1'))$$, '1'),
  ('select_other_branch', $$select_branch(CHAT, pg_temp.id('a2'))$$, '1'),
  ('select_same_branch', $$select_branch(CHAT, pg_temp.id('a3'))$$, '1'),
  ('list', $$list_messages(CHAT)$$, '2'),
  ('list_after', $$list_messages(CHAT, after => '-infinity')$$, '2'),
  ('list_from_summary', $$list_messages(CHAT, from_summary => true)$$, '2'),
  ('summarise', $$summarise_chat(CHAT, pg_temp.id('a2'), 'to two')$$, '1'),
  ('summarise_again', $$summarise_chat(CHAT, pg_temp.id('a1'), 'to one')$$, '1'),
  ('search', $$search_messages('vault')$$, '1'),
  ('search_chat', $$search_messages('vault', CHAT)$$, '1'),
  ('redact', $$redact_message(CHAT, pg_temp.id('a1'))$$, '1'),
  ('rewind', $$rewind_chat(CHAT, pg_temp.id('a3'))$$, '1'),
  ('copy', $$copy_chat(CHAT)$$, '1'),
  ('rate', $$rate_message(CHAT, pg_temp.id('a2'), 1)$$, '1'),
  ('rate_again', $$rate_message(CHAT, pg_temp.id('a1'), 1)$$, '1'),
  ('rate_back', $$rate_message(CHAT, pg_temp.id('a1'), null)$$, '0'),
  ('delete_chat', $$delete_chat(CHAT)$$, '1'),
  ('restore_chat', $$restore_chat(pg_temp.id('c2'))$$, '1'),
  ('update_chat', $$update_chat(CHAT, 'x', tags => '{a}')$$, '1'),
  ('get_chat', $$get_chat(CHAT)$$, '1'),
  ('list_chats', $$list_chats()$$, '1'),
  ('list_trash', $$list_chats(deleted => true)$$, '1'),
  ('import_new', $$import_chat('{"messages":[{"role":"user","content":"x"}]}')$$, '1'),
  ('import_more', $$import_chat(jsonb_build_object('id', CHAT, 'messages', '[{"role":"user","content":"x"}]'::jsonb))$$, '1'),
  ('import_stored', $$import_chat(jsonb_build_object('id', CHAT, 'messages', jsonb_build_array(jsonb_build_object('id', pg_temp.id('a1'), 'role', 'user', 'content', 'the vault'))))$$, '1'),
  ('import_again', $$import_chat(jsonb_build_object('id', CHAT))$$, '1'),
  ('fail_stale', $$fail_stale_messages('0')$$, '1'),
  ('index', $$index_messages()$$, '42501'),
  ('purge_chats', $$purge_chats()$$, '42501'),
  ('share', $$share_chat(CHAT, by_link => true)$$, '1'),
  ('share_again', $$share_chat(CHAT, with_tenant => true)$$, '1'),
  ('revoke_share', $$revoke_share(SHARE)$$, '1'),
  ('open_share', $$open_share(share_id => SHARE)$$, '1'),
  ('my_shares', $$my_shares$$, '1'),
  ('transfer_chat', $$transfer_chat(gen_random_uuid(), gen_random_uuid())$$, '42501'),
  ('transfer_document', $$transfer_document(gen_random_uuid(), gen_random_uuid())$$, '42501'),
  ('transfer_all', $$transfer_all(gen_random_uuid(), gen_random_uuid())$$, '42501'),
  ('create_session', $$create_session()$$, '1 created'),
  ('create_last_session', $$create_session(max_sessions => 1)$$, '1 created'),
  ('rotate', $$rotate_session(TOKEN)$$, '1 rotated'),
  ('rotate_again', $$rotate_session(BEFORE)$$, '1 replayed'),
  ('validate', $$validate_session(TOKEN)$$, '1 valid'),
  ('elevate', $$elevate_session(TOKEN, 'aal1')$$, '1 valid'),
  ('revoke', $$revoke_session(SESSION)$$, '1'),
  ('revoke_others', $$revoke_other_sessions(TOKEN)$$, '1 valid'),
  ('revoke_all', $$revoke_all_sessions()$$, '2'),
  ('purge_sessions', $$purge_sessions()$$, '42501'),
  ('measure_usage', $$measure_usage()$$, '42501'),
  ('take_storage_deletions', $$take_storage_deletions()$$, '42501'),
  ('done_storage_deletions', $$done_storage_deletions('{}')$$, '42501'),
  ('my_sessions', $$my_sessions$$, '2'),
  ('register_new', $$register_document('new.html', repeat('c', 64))$$, '1 created'),
  ('register_described', $$register_document('new.html', repeat('c', 64), tags => '{"a":1}')$$, '1 created'),
  ('register_again', $$register_document('ada.html', repeat('a', 64))$$, '1 duplicate'),
  ('register_new_bytes', $$register_document('ada.html', repeat('c', 64))$$, '1 new_version'),
  ('register_new_source', $$register_document('new.html', repeat('a', 64))$$, '1 duplicate'),
  ('register_source_described', $$register_document('new.html', repeat('a', 64), tags => '{"a":1}')$$, '1 duplicate'),
  ('register_shared', $$register_document('new.html', repeat('b', 64), visibility => 'tenant')$$, '1 duplicate'),
  ('documents_none', $$register_documents('[]')$$, '0'),
  ('documents_new', $$register_documents(jsonb_build_array(pg_temp.document('new.html', 'c')))$$, '1 created'),
  ('documents_mixed', $$register_documents(jsonb_build_array(pg_temp.document('new.html', 'c'), pg_temp.document('ada.html', 'a')))$$, '2 created duplicate'),
  ('documents_new_bytes', $$register_documents(jsonb_build_array(pg_temp.document('ada.html', 'c')))$$, '1 new_version'),
  ('documents_new_source', $$register_documents(jsonb_build_array(pg_temp.document('new.html', 'a')))$$, '1 duplicate'),
  ('register_content', $$register_content('new.html', 'bytes')$$, '1 created'),
  ('set_status', $$set_document_status(DOCUMENT, 'ready')$$, '1'),
  ('set_same_status', $$set_document_status(DOCUMENT, 'pending')$$, '1'),
  ('set_shared_status', $$set_document_status(SHARED, 'ready')$$, '1'),
  ('tag', $$tag_document(DOCUMENT, '{"a":1}')$$, '1'),
  ('tag_nothing', $$tag_document(DOCUMENT, '{}')$$, '1'),
  ('tag_shared', $$tag_document(SHARED, '{"a":1}', 'ada')$$, '1'),
  ('attach', $$attach(CHAT, pg_temp.id('a1'), DOCUMENT, 'b.html')$$, '1'),
  ('attach_again', $$attach(CHAT, pg_temp.id('a1'), DOCUMENT, 'a.html')$$, '1'),
  ('attach_object', $$attach(CHAT, pg_temp.id('a2'), storage_path => 'b/a.png')$$, '1'),
  ('delete_document', $$delete_document(DOCUMENT)$$, '1'),
  ('delete_shared', $$delete_document(SHARED)$$, '42501');
update calls set call = replace(replace(replace(replace(replace(replace(replace(call, 'CHAT', 'pg_temp.id(''c1'')'), 'TOKEN', quote_literal(:'token')),
  'BEFORE', quote_literal(:'before')), 'SESSION', quote_literal(:'session')), 'DOCUMENT', quote_literal(:'document')), 'SHARED', quote_literal(:'shared')), 'SHARE', quote_literal(:'share'));

-- The calls that end in another way under a policy, and how. all: the policy hides the table from every command. select: from reading.
-- rows: it hides the rows that exist so far. update: it allows no row to change. Where two refusals are right, both are listed.
create temporary table differences (kind text, hidden text, verdict text, names text[]) on commit drop;
insert into differences values
  ('all', 'memberships', '0', '{tenant_id,search,fail_stale,my_shares,list_chats,list_trash}'),
  ('all', 'memberships', '42501', '{create_chat,create_chat_again,import_new,import_more,import_stored,import_again,create_session,create_last_session,register_new,register_described,register_again,register_new_bytes,register_new_source,register_source_described,register_shared,documents_none,documents_new,documents_mixed,documents_new_bytes,documents_new_source,register_content,tag,tag_nothing,tag_shared,rate,rate_again,rate_back,copy}'),
  ('all', 'memberships', 'PT404', '{add_member,set_member_role,remove_member,rename_tenant,append,append_with_id,append_again,append_branch,batch_of_none,batch,batch_again,batch_branch,finish,finish_again,select_other_branch,select_same_branch,list,list_after,list_from_summary,summarise,summarise_again,search_chat,delete_chat,restore_chat,set_status,set_same_status,set_shared_status,attach,attach_again,attach_object,delete_document,delete_shared,share,share_again,revoke_share,open_share,redact,rewind,update_chat,get_chat}'),
  ('all', 'sessions', '42501', '{create_session,create_last_session}'),
  ('all', 'sessions', '1 invalid', '{rotate,rotate_again,validate,elevate,revoke_others}'),
  ('all', 'sessions', 'PT404', '{revoke}'),
  ('all', 'sessions', '0', '{revoke_all,my_sessions}'),
  ('all', 'session_secrets', '42501', '{create_session,create_last_session}'),
  ('all', 'session_secrets', '1 invalid', '{rotate,rotate_again,validate,elevate,revoke_others}'),
  ('all', 'chats', '42501', '{create_chat,create_chat_again,import_new,import_more,import_stored,import_again}'),
  ('all', 'chats', 'PT404', '{append,append_with_id,append_again,append_branch,batch_of_none,batch,batch_again,batch_branch,finish,finish_again,select_other_branch,select_same_branch,list,list_after,list_from_summary,summarise,summarise_again,search_chat,delete_chat,restore_chat,attach,attach_again,attach_object,share,share_again,open_share,redact,rewind,update_chat,get_chat,rate,rate_again,rate_back,copy}'),
  ('all', 'chats', '0', '{search,fail_stale,list_chats,list_trash}'),
  ('all', 'messages', '42501', '{append,append_with_id,append_again,batch,batch_again,import_new,import_more,import_stored}'),
  ('all', 'messages', 'PT404', '{append_branch,batch_branch,finish,finish_again,select_other_branch,attach,attach_again,attach_object,redact,summarise,summarise_again,rewind,rate,rate_again,rate_back}'),
  ('all', 'messages', '0', '{list,list_after,list_from_summary,search,search_chat,fail_stale}'),
  ('all', 'chat_summaries', '42501', '{summarise,summarise_again}'),
  ('all', 'message_search', '0', '{search,search_chat}'),
  ('all', 'chat_shares', '42501', '{share,share_again}'),
  ('all', 'chat_shares', 'PT404', '{revoke_share,open_share}'),
  ('all', 'chat_shares', '0', '{my_shares}'),
  ('all', 'documents', '42501', '{register_new,register_described,register_again,register_new_bytes,register_new_source,register_source_described,register_shared,documents_new,documents_mixed,documents_new_bytes,documents_new_source,register_content}'),
  ('all', 'documents', 'PT404', '{set_status,set_same_status,set_shared_status,tag,tag_nothing,tag_shared,attach,attach_again,delete_document,delete_shared}'),
  ('all', 'document_metadata', '42501', '{register_described,register_source_described,tag,tag_shared}'),
  ('all', 'document_metadata', '0', '{tag_nothing}'),
  ('all', 'document_metadata', '1, changed', '{delete_document}'),
  ('all', 'attachments', '42501', '{attach,attach_again,attach_object}'),
  ('all', 'attachments', '1, changed', '{delete_document}'),
  ('all', 'message_ratings', '42501', '{rate,rate_again}'),
  ('select', 'memberships', '0', '{tenant_id,search,fail_stale,my_shares,list_chats,list_trash}'),
  ('select', 'memberships', '42501', '{create_chat,create_chat_again,import_new,import_more,import_stored,import_again,create_session,create_last_session,register_new,register_described,register_again,register_new_bytes,register_new_source,register_source_described,register_shared,documents_none,documents_new,documents_mixed,documents_new_bytes,documents_new_source,register_content,tag,tag_nothing,tag_shared,rate,rate_again,rate_back,copy}'),
  ('select', 'memberships', 'PT404', '{add_member,set_member_role,remove_member,rename_tenant,append,append_with_id,append_again,append_branch,batch_of_none,batch,batch_again,batch_branch,finish,finish_again,select_other_branch,select_same_branch,list,list_after,list_from_summary,summarise,summarise_again,search_chat,delete_chat,restore_chat,set_status,set_same_status,set_shared_status,attach,attach_again,attach_object,delete_document,delete_shared,share,share_again,revoke_share,open_share,redact,rewind,update_chat,get_chat}'),
  ('select', 'sessions', '1 created, added', '{create_session,create_last_session}'),
  ('select', 'sessions', '1 invalid', '{rotate,rotate_again,validate,elevate,revoke_others}'),
  ('select', 'sessions', 'PT404', '{revoke}'),
  ('select', 'sessions', '0', '{revoke_all,my_sessions}'),
  ('select', 'session_secrets', '1 created, added', '{create_session,create_last_session}'),
  ('select', 'session_secrets', '1 invalid', '{rotate,rotate_again,validate,elevate,revoke_others}'),
  ('select', 'chats', '42501', '{create_chat,create_chat_again,import_new,import_more,import_stored,import_again}'),
  ('select', 'chats', 'PT404', '{append,append_with_id,append_again,append_branch,batch_of_none,batch,batch_again,batch_branch,finish,finish_again,select_other_branch,select_same_branch,list,list_after,list_from_summary,summarise,summarise_again,search_chat,delete_chat,restore_chat,attach,attach_again,attach_object,share,share_again,open_share,redact,rewind,update_chat,get_chat,rate,rate_again,rate_back,copy}'),
  ('select', 'chats', '0', '{search,fail_stale,list_chats,list_trash}'),
  ('select', 'messages', '42501', '{append,append_with_id,append_again,batch}'),
  ('select', 'messages', 'PT404', '{append_branch,batch_branch,finish,finish_again,select_other_branch,attach,attach_again,attach_object,redact,summarise,summarise_again,rewind,rate,rate_again,rate_back}'),
  ('select', 'messages', '42501|PT409', '{batch_again,import_stored}'),
  ('select', 'messages', '0', '{list,list_after,list_from_summary,search,search_chat,fail_stale}'),
  ('select', 'messages', '1, added', '{import_new,import_more}'),
  ('select', 'chat_summaries', '42501', '{summarise,summarise_again}'),
  ('select', 'message_search', '0', '{search,search_chat}'),
  ('select', 'chat_shares', '42501', '{share,share_again}'),
  ('select', 'chat_shares', 'PT404', '{revoke_share,open_share}'),
  ('select', 'chat_shares', '0', '{my_shares}'),
  ('select', 'documents', '42501', '{register_new,register_described,register_again,register_new_bytes,register_new_source,register_source_described,register_shared,documents_new,documents_mixed,documents_new_bytes,documents_new_source,register_content}'),
  ('select', 'documents', 'PT404', '{set_status,set_same_status,set_shared_status,tag,tag_nothing,tag_shared,attach,attach_again,delete_document,delete_shared}'),
  ('select', 'document_metadata', '1 created, added', '{register_described}'),
  ('select', 'document_metadata', '42501', '{tag,tag_shared}'),
  ('select', 'document_metadata', '0', '{tag_nothing}'),
  ('select', 'document_metadata', '1, changed', '{delete_document}'),
  ('select', 'attachments', '42501', '{attach,attach_again,attach_object}'),
  ('select', 'attachments', '1, changed', '{delete_document}'),
  ('select', 'message_ratings', '42501', '{rate,rate_again}'),
  ('rows', 'memberships', '0', '{tenant_id,search,fail_stale,my_shares,list_chats,list_trash}'),
  ('rows', 'memberships', '42501', '{create_chat,create_chat_again,import_new,import_more,import_stored,import_again,create_session,create_last_session,register_new,register_described,register_again,register_new_bytes,register_new_source,register_source_described,register_shared,documents_none,documents_new,documents_mixed,documents_new_bytes,documents_new_source,register_content,tag,tag_nothing,tag_shared,rate,rate_again,rate_back,copy}'),
  ('rows', 'memberships', 'PT404', '{add_member,set_member_role,remove_member,rename_tenant,append,append_with_id,append_again,append_branch,batch_of_none,batch,batch_again,batch_branch,finish,finish_again,select_other_branch,select_same_branch,list,list_after,list_from_summary,summarise,summarise_again,search_chat,delete_chat,restore_chat,set_status,set_same_status,set_shared_status,attach,attach_again,attach_object,delete_document,delete_shared,share,share_again,revoke_share,open_share,redact,rewind,update_chat,get_chat}'),
  ('rows', 'sessions', '1 created, added', '{create_session,create_last_session}'),
  ('rows', 'sessions', '1 invalid', '{rotate,rotate_again,validate,elevate,revoke_others}'),
  ('rows', 'sessions', 'PT404', '{revoke}'),
  ('rows', 'sessions', '0', '{revoke_all,my_sessions}'),
  ('rows', 'session_secrets', '1 created, added', '{create_session,create_last_session}'),
  ('rows', 'session_secrets', '1 invalid', '{rotate,rotate_again,validate,elevate,revoke_others}'),
  ('rows', 'chats', '1, added', '{create_chat,import_new}'),
  ('rows', 'chats', 'PT409', '{create_chat_again,import_more,import_stored,import_again}'),
  ('rows', 'chats', 'PT404', '{append,append_with_id,append_again,append_branch,batch_of_none,batch,batch_again,batch_branch,finish,finish_again,select_other_branch,select_same_branch,list,list_after,list_from_summary,summarise,summarise_again,search_chat,delete_chat,restore_chat,attach,attach_again,attach_object,share,share_again,open_share,redact,rewind,update_chat,get_chat,rate,rate_again,rate_back,copy}'),
  ('rows', 'chats', '0', '{search,fail_stale,list_chats,list_trash}'),
  ('rows', 'messages', '1, added', '{append,append_with_id,import_new,import_more}'),
  ('rows', 'messages', 'PT409', '{append_again,batch_again,import_stored}'),
  ('rows', 'messages', 'PT404', '{append_branch,batch_branch,finish,finish_again,select_other_branch,attach,attach_again,attach_object,redact,summarise,summarise_again,rewind,rate,rate_again,rate_back}'),
  ('rows', 'messages', '2 appended, added', '{batch}'),
  ('rows', 'messages', '0', '{list,list_after,list_from_summary,search,search_chat,fail_stale}'),
  ('rows', 'chat_summaries', '1, added', '{summarise}'),
  ('rows', 'chat_summaries', '42501', '{summarise_again}'),
  ('rows', 'message_search', '0', '{search,search_chat}'),
  ('rows', 'chat_shares', '1, added', '{share}'),
  ('rows', 'chat_shares', '42501', '{share_again}'),
  ('rows', 'chat_shares', 'PT404', '{revoke_share,open_share}'),
  ('rows', 'chat_shares', '0', '{my_shares}'),
  ('rows', 'documents', '1 created, added', '{register_new,register_described,documents_new,register_content}'),
  ('rows', 'documents', 'PT409', '{register_again,register_new_bytes,register_new_source,register_source_described,register_shared,documents_mixed,documents_new_bytes,documents_new_source}'),
  ('rows', 'documents', 'PT404', '{set_status,set_same_status,set_shared_status,tag,tag_nothing,tag_shared,attach,attach_again,delete_document,delete_shared}'),
  ('rows', 'document_metadata', '1 created, added', '{register_described}'),
  ('rows', 'document_metadata', '42501', '{tag}'),
  ('rows', 'document_metadata', '0', '{tag_nothing}'),
  ('rows', 'document_metadata', '1, added', '{tag_shared}'),
  ('rows', 'document_metadata', '1, changed', '{delete_document}'),
  ('rows', 'attachments', '1, added', '{attach,attach_again,attach_object}'),
  ('rows', 'attachments', '1, changed', '{delete_document}'),
  ('rows', 'message_ratings', '1, added', '{rate}'),
  ('rows', 'message_ratings', '42501', '{rate_again}'),
  ('update', 'memberships', '1|42501', '{set_member_role,remove_member,create_chat,create_chat_again,import_new,import_more,import_stored,import_again,tag,tag_nothing,tag_shared,rate,rate_again,copy}'),
  ('update', 'memberships', '1 created|42501', '{create_session,create_last_session,register_new,register_described,documents_new,register_content}'),
  ('update', 'memberships', '1 duplicate|42501', '{register_again,register_new_source,register_source_described,register_shared,documents_new_source}'),
  ('update', 'memberships', '1 new_version|42501', '{register_new_bytes,documents_new_bytes}'),
  ('update', 'memberships', '0|42501', '{documents_none,rate_back}'),
  ('update', 'memberships', '2 created duplicate|42501', '{documents_mixed}'),
  ('update', 'sessions', '1 valid|42501', '{elevate}'),
  ('update', 'sessions', '42501', '{revoke,revoke_all,revoke_others}'),
  ('update', 'session_secrets', '1 invalid', '{rotate,rotate_again}'),
  ('update', 'session_secrets', 'PT409', '{elevate}'),
  ('update', 'chats', 'PT404', '{append,append_with_id,append_again,append_branch,batch_of_none,batch,batch_again,batch_branch,select_other_branch,select_same_branch,delete_chat,restore_chat,attach,attach_again,attach_object,share,share_again,redact,summarise,summarise_again,rewind,update_chat,rate,rate_again,rate_back}'),
  ('update', 'chats', '42501', '{import_new,copy}'),
  ('update', 'chats', 'PT409', '{import_more,import_stored,import_again}'),
  ('update', 'messages', '42501', '{append_branch,batch_branch,finish,select_other_branch,redact,rewind}'),
  ('update', 'messages', '0', '{fail_stale}'),
  ('update', 'messages', 'PT404', '{attach,attach_again,attach_object}'),
  ('update', 'chat_shares', 'PT404', '{revoke_share}'),
  ('update', 'documents', '42501|PT409', '{register_new_bytes,register_new_source,register_source_described,register_shared,documents_new_bytes,documents_new_source}'),
  ('update', 'documents', 'PT404', '{set_status,set_same_status,set_shared_status,tag,tag_nothing,tag_shared,attach,attach_again,delete_document,delete_shared}'),
  ('update', 'chat_summaries', '42501', '{summarise_again}'),
  ('update', 'chat_summaries', '1, changed', '{redact}'),
  ('update', 'message_search', '1, changed', '{redact}'),
  ('update', 'document_metadata', '42501', '{tag}'),
  ('update', 'document_metadata', '1, changed', '{delete_document}'),
  ('update', 'message_ratings', '42501', '{rate_again}'),
  ('update', 'message_ratings', '0, changed', '{rate_back}'),
  ('update', 'attachments', '1, changed', '{delete_document,redact}');
create temporary table tables (place text, hidden text, stays text) on commit drop;
insert into tables values
  ('chatkeep', 'memberships', 'user_id <> ''00000000-0000-4000-8000-00000000ada0'''),
  ('chatkeep', 'sessions', 'user_agent is distinct from ''hidden sessions'''),
  ('chatkeep_private', 'session_secrets', 'generation = 0'),
  ('chatkeep', 'chats', 'not metadata ? ''mark'''),
  ('chatkeep', 'messages', 'not metadata ? ''mark'''),
  ('chatkeep', 'chat_summaries', 'not metadata ? ''mark'''),
  ('chatkeep', 'message_search', 'chat_id <> ''00000000-0000-7000-8000-0000000000c1'''),
  ('chatkeep', 'chat_shares', 'with_tenant_id is null'),
  ('chatkeep', 'documents', 'title is distinct from ''hidden documents'''),
  ('chatkeep', 'document_metadata', 'not tags ? ''mark'''),
  ('chatkeep', 'message_ratings', 'comment is distinct from ''hidden message_ratings'''),
  ('chatkeep', 'attachments', 'mime_type is distinct from ''hidden attachments''');
grant select on calls, differences, tables to public;
create temporary table verdicts (kind text, hidden text, name text, verdict text) on commit drop;
grant select, insert on verdicts to public;

-- The rows of a table, as its owner sees them.
create function pg_temp.stored(hidden text) returns text[] language plpgsql as $$
declare
  caller text := current_setting('role');
  place text := (select t.place from tables t where t.hidden = stored.hidden);
  rows text[];
begin
  perform set_config('role', 'postgres', true);
  execute format('select array_agg(r::text) from %I.%I r', place, hidden) into rows;
  perform set_config('role', caller, true);
  return coalesce(rows, '{}');
end
$$;

-- Runs a call, rolls it back, and returns how it ended: the number of rows, with their status or outcome, or the SQLSTATE; and whether it
-- showed a mark of the table, changed a row of it or added one.
create function pg_temp.verdict(call text, hidden text default null) returns text language plpgsql as $$
declare
  before text[];
  after text[];
  answer text;
  verdict text;
begin
  if hidden is not null then
    before := pg_temp.stored(hidden);
  end if;
  begin
    execute format($call$
      select concat_ws(' ', count(*), string_agg(distinct
          coalesce(a.answer ->> 'outcome', case when a.answer ?| '{generation,revoked}' then a.answer ->> 'status' end), ' ')),
        string_agg(a.answer::text, ' ')
      from (select to_jsonb(r) as answer from chatkeep.%s r) a
      where a.answer is not null
    $call$, call) into verdict, answer;
    if hidden is not null then
      after := pg_temp.stored(hidden);
      verdict := verdict
        || case when answer like '%hidden ' || hidden || '%' then ', shown' else '' end
        || case when not before <@ after then ', changed' when before <> after then ', added' else '' end;
    end if;
    raise exception using errcode = 'ZZ000', message = verdict;
  exception
    when sqlstate 'ZZ000' then return sqlerrm;
    when query_canceled then return 'no end';
    when others then return sqlstate;
  end;
end
$$;

create function pg_temp.note(kind text, hidden text, watched text default null) returns void language sql as $$
  insert into verdicts select note.kind, note.hidden, c.name, pg_temp.verdict(c.call, note.watched) from calls c order by c.n
$$;

create function pg_temp.as_owner(statement text) returns void language plpgsql as $$
begin
  perform set_config('role', 'postgres', true);
  execute statement;
end
$$;

-- The verdict of every call under an operator's policy on one table, in one backend that keeps its plans.
create function pg_temp.try_policies() returns void language plpgsql as $$
declare
  t record;
begin
  perform pg_temp.sign_in('ada'), pg_temp.note('none', '');
  for t in select format('zz on %s.%s', place, hidden) as policy, hidden from tables loop
    perform pg_temp.as_owner('create policy ' || t.policy || ' as restrictive to authenticated using (false)');
    perform pg_temp.sign_in('ada'), pg_temp.note('all', t.hidden, t.hidden);
    perform pg_temp.as_owner('drop policy ' || t.policy);
    perform pg_temp.as_owner('create policy ' || t.policy || ' as restrictive for select to authenticated using (false)');
    perform pg_temp.sign_in('ada'), pg_temp.note('select', t.hidden, t.hidden);
    perform pg_temp.as_owner('drop policy ' || t.policy);
    perform pg_temp.as_owner('create policy ' || t.policy || ' as restrictive to authenticated using ((select auth.jwt() ->> ''aal'') = ''aal2'')');
    perform pg_temp.sign_in('ada'), pg_temp.note('one factor', t.hidden, t.hidden);
    perform set_config('request.jwt.claims', (current_setting('request.jwt.claims')::jsonb || '{"aal":"aal2"}')::text, true);
    perform pg_temp.note('two factors', t.hidden);
    perform pg_temp.as_owner('alter policy ' || t.policy || ' using (true)');
    perform pg_temp.sign_in('ada'), pg_temp.note('true', t.hidden);
    perform pg_temp.as_owner('alter policy ' || t.policy || ' to service_role, anon using (false)');
    perform pg_temp.sign_in('ada'), pg_temp.note('others', t.hidden);
    perform pg_temp.as_owner('drop policy ' || t.policy);
    perform pg_temp.sign_in('ada'), pg_temp.note('dropped', t.hidden);
  end loop;
end
$$;
select pg_temp.try_policies() \g /dev/null
-- One policy hides the rows that exist so far and accepts new ones. Another allows no row to change. Each call is a statement of its own,
-- so that a timeout can end it.
set local statement_timeout = '2s';
create function pg_temp.try_one(kind text, hidden text, name text) returns void language sql as $$
  insert into verdicts select try_one.kind, try_one.hidden, c.name, pg_temp.verdict(c.call, try_one.hidden) from calls c where c.name = try_one.name
$$;
select s.statement from (
  select p.kind, t.hidden, 0 as n, format('select pg_temp.as_owner(%L), pg_temp.sign_in(%L)',
    format('create policy zz on %s.%s as restrictive %s to authenticated using (%s)', t.place, t.hidden, p.command, coalesce(p.condition, t.stays)), 'ada') as statement
  from tables t, (values ('update', 'for update', 'false'), ('rows', '', null)) p (kind, command, condition)
  union all select k, t.hidden, c.n, format('select pg_temp.try_one(%L, %L, %L)', k, t.hidden, c.name) from tables t, calls c, unnest(array['rows', 'update']) k
  union all select k, t.hidden, 1000, format('select pg_temp.as_owner(%L)', format('drop policy zz on %s.%s', t.place, t.hidden)) from tables t, unnest(array['rows', 'update']) k
) s order by s.kind, s.hidden, s.n \gexec
set local statement_timeout = '60s';

select is((select string_agg(p.proname, ', ' order by p.proname) from pg_proc p
    where p.pronamespace = 'chatkeep'::regnamespace and not exists (select from calls c where c.call like p.proname || '(%')), null, 'every call is tried');
select is((select string_agg(distinct c.name || ': ' || v.verdict || ' instead of ' || c.verdict, ', ') from verdicts v join calls c using (name)
    where v.kind = 'none' and v.verdict <> c.verdict), null, 'without a policy of the operator''s every call works');
create function pg_temp.odd(kind text, hidden text, as_kind text) returns text language sql as $$
  select string_agg(c.name || ': ' || v.verdict || ' instead of ' || coalesce(d.verdict, c.verdict), ', ' order by c.n)
  from verdicts v
  join calls c on c.name = v.name
  left join differences d on d.kind = odd.as_kind and d.hidden = odd.hidden and c.name = any (d.names)
  where v.kind = odd.kind and v.hidden = odd.hidden 
    and case odd.kind when 'update' then replace(replace(v.verdict, ', shown', ''), ', added', '') else v.verdict end
      <> all (string_to_array(coalesce(d.verdict, c.verdict), '|'))
$$;
select is(pg_temp.odd('all', hidden, 'all'), null, 'a restrictive policy that hides all ' || hidden || ' is obeyed by every call') from tables;
select is(pg_temp.odd('select', hidden, 'select'), null, 'so is one that hides ' || hidden || ' from reading alone') from tables;
select is(pg_temp.odd('one factor', hidden, 'all'), null, 'and one that asks for a second factor before ' || hidden) from tables;
select is(pg_temp.odd('two factors', hidden, 'none'), null, 'whoever has the second factor has all ' || hidden) from tables;
select is(pg_temp.odd('true', hidden, 'none'), null, 'a policy that shows all ' || hidden || ' takes none away') from tables;
select is(pg_temp.odd('others', hidden, 'none'), null, 'nor does one on ' || hidden || ' for other roles') from tables;
select is(pg_temp.odd('dropped', hidden, 'none'), null, 'nor one on ' || hidden || ' that is dropped') from tables;
select is(pg_temp.odd('rows', hidden, 'rows'), null, 'a policy that hides the ' || hidden || ' of so far is obeyed by every call, and each call ends') from tables;
select is(pg_temp.odd('update', hidden, 'update'), null, 'where a policy lets no row of ' || hidden || ' be changed, no call says that it has changed one') from tables;

-- service_role is exempt from all policies.
create temporary table served (n integer generated always as identity, call text, before text, under text) on commit drop;
insert into served (call)
select call from calls where name not in ('rotate_again') and call !~ '^(create_chat|import_chat|register|revoke_other|revoke_all|my_sessions|create_session|uid|tenant_id|search_messages..vault..\))';
grant select, update on served to public;
select pg_temp.serve();
update served set before = pg_temp.verdict(call);
reset role;
select format('create policy zz on %s.%s as restrictive to public using (false)', place, hidden) from tables \gexec
select pg_temp.serve();
update served set under = pg_temp.verdict(call);
select is((select string_agg(call || ': ' || under || ' instead of ' || before, ', ') from served where under <> before), null, 'no policy stops a call of service_role');
-- A permissive policy that shows all rows to everybody gives nobody the rows of others: the calls themselves ask for the owner.
reset role;
select format('drop policy zz on %s.%s', place, hidden) from tables \gexec
create temporary table strangers (person text, n integer, call text, before text, under text) on commit drop;
insert into strangers select p, c.n, c.call from calls c, unnest(array['bob', 'eve']) p where c.verdict <> '42501';
grant select, update on strangers to public;
select pg_temp.sign_in('bob');
update strangers set before = pg_temp.verdict(call) where person = 'bob';
select pg_temp.sign_in('eve');
update strangers set before = pg_temp.verdict(call) where person = 'eve';
reset role;
select format('create policy zz on %s.%s to public using (true)', place, hidden) from tables \gexec
select pg_temp.sign_in('bob');
update strangers set under = pg_temp.verdict(call) where person = 'bob';
select is((select string_agg(call || ': ' || under || ' instead of ' || before, ', ' order by n) from strangers where person = 'bob' and under <> before), null,
  'a policy that shows everything to everybody makes nothing a colleague''s own');
select pg_temp.sign_in('eve');
update strangers set under = pg_temp.verdict(call) where person = 'eve';
select is((select string_agg(call || ': ' || under || ' instead of ' || before, ', ' order by n) from strangers where person = 'eve' and under <> before), null,
  'a policy that shows all rows does not change the answers to another tenant');
reset role;
select format('drop policy zz on %s.%s', place, hidden) from tables \gexec
select format('create policy zz on %s.%s as restrictive to public using (false)', place, hidden) from tables \gexec
-- Without a JWT, with a token alone.
select pg_temp.sign_out();
select is((select array_agg(pg_temp.verdict(c.call) order by c.n) from calls c where c.name in ('rotate', 'rotate_again', 'validate')),
  array_fill('1 invalid'::text, array[3]), 'the holder of a token learns nothing of a session that a policy hides');

select * from finish();
rollback;
