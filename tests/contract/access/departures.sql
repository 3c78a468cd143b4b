-- Users who left: their account was deleted, they are disabled, or they moved to another tenant. The answer of each call to them.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

-- Bob and Ada are members of one tenant, Eve of another.
select pg_temp.sign_in('bob');
select id as bobs from chatkeep.register_document('bob.html', repeat('b', 64), visibility => 'tenant') \gset
select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.create_chat('plans', chat_id => pg_temp.id('c1')) \gset
select count(*) as made from chatkeep.append_messages(pg_temp.id('c1'), jsonb_build_array(
  pg_temp.item('the vault', pg_temp.id('a1')), pg_temp.item('an answer', pg_temp.id('a2')), pg_temp.item('', pg_temp.id('a3'), pg_temp.id('a1'), '{"status":"streaming"}'))) \gset
select count(*) as made from chatkeep.summarise_chat(pg_temp.id('c1'), pg_temp.id('a1'), 'so far') \gset
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('c2')) \gset
select count(*) as made from chatkeep.delete_chat(pg_temp.id('c2')) \gset
select id as document from chatkeep.register_document('ada.html', repeat('a', 64), tags => '{"a":1}') \gset
select id as shared from chatkeep.register_document('shared.html', repeat('d', 64), visibility => 'tenant') \gset
select token, session_id as session from chatkeep.create_session() \gset
reset role;

-- The answer of every call to a disabled user and to a user whose account is gone: how many rows, with their status, or the refusal.
-- Calls that make rows name the user in their refusal. The other calls do not find the user's rows.
create temporary table calls (n integer generated always as identity, call text, disabled text, gone text, name text) on commit drop;
insert into calls (call, disabled, gone) values
  ('uid()', '1', '1'),
  ('add_member(''00000000-0000-4000-8000-000000007e01'', ''00000000-0000-4000-8000-00000000e4e0'')', 'PT404', 'PT404'),
  ('set_member_role(''00000000-0000-4000-8000-000000007e01'', ''00000000-0000-4000-8000-00000000b0b0'', ''admin'')', 'PT404', 'PT404'),
  ('remove_member(''00000000-0000-4000-8000-000000007e01'', ''00000000-0000-4000-8000-00000000b0b0'')', 'PT404', 'PT404'),
  ('rename_tenant(''00000000-0000-4000-8000-000000007e01'', ''Acme'')', 'PT404', 'PT404'),
  ('tenant_id()', '0', '0'),
  ('pre_request()', '1', '1'),
  ('engine()', '1', '1'),
  ('user_id(''https://clerk.example.com'', ''a'')', '1', '1'),
  ('document_checksum(''x'')', '1', '1'),
  ('create_chat()', 'DISABLED', 'GONE'),
  ('create_chat(chat_id => CHAT)', 'DISABLED', 'GONE'),
  ('import_chat(''{}'')', 'DISABLED', 'GONE'),
  ('import_chat(''{"messages":[{"role":"user","content":"x"}]}'')', 'DISABLED', 'GONE'),
  ('import_chat(jsonb_build_object(''id'', CHAT, ''messages'', jsonb_build_array(jsonb_build_object(''role'', ''user'', ''content'', ''x''))))', 'DISABLED', 'GONE'),
  ('create_session()', 'DISABLED', 'GONE'),
  ('create_session(max_sessions => 1)', 'DISABLED', 'GONE'),
  ('register_document(''ada.html'', repeat(''a'', 64))', 'DISABLED', 'GONE'),
  ('register_document(''new.html'', repeat(''c'', 64))', 'DISABLED', 'GONE'),
  ('register_document(''new.html'', repeat(''b'', 64), visibility => ''tenant'')', 'DISABLED', 'GONE'),
  ('register_documents(''[]'')', 'DISABLED', 'GONE'),
  ('register_documents(jsonb_build_array(jsonb_build_object(''source_uri'', ''x'', ''checksum'', repeat(''c'', 64))))', 'DISABLED', 'GONE'),
  ('register_content(''new.html'', ''x'')', 'DISABLED', 'GONE'),
  ('tag_document(DOCUMENT, ''{"b":1}'')', 'DISABLED', 'GONE'),
  ('tag_document(BOBS, ''{"b":1}'', ''ada'')', 'DISABLED', 'GONE'),
  ('append_message(CHAT, ''user'', ''x'')', 'PT404', 'PT404'),
  ('append_message(CHAT, ''user'', ''the vault'', pg_temp.id(''a1''))', 'PT404', 'PT404'),
  ('append_message(CHAT, ''user'', ''x'', parent_id => pg_temp.id(''a2''))', 'PT404', 'PT404'),
  ('append_messages(CHAT, ''[]'')', 'PT404', 'PT404'),
  ('append_messages(CHAT, ''[{"role":"user","content":"x"}]'')', 'PT404', 'PT404'),
  ('finish_message(CHAT, pg_temp.id(''a3''), ''x'')', 'PT404', 'PT404'),
  ('select_branch(CHAT, pg_temp.id(''a2''))', 'PT404', 'PT404'),
  ('select_branch(CHAT, pg_temp.id(''a3''))', 'PT404', 'PT404'),
  ('list_messages(CHAT)', 'PT404', 'PT404'),
  ('list_messages(CHAT, after => ''-infinity'')', 'PT404', 'PT404'),
  ('list_messages(CHAT, from_summary => true)', 'PT404', 'PT404'),
  ('summarise_chat(CHAT, pg_temp.id(''a1''), ''x'')', 'PT404', 'PT404'),
  ('search_messages(''vault'', CHAT)', 'PT404', 'PT404'),
  ('search_messages(''vault'')', 'DISABLED', '0'),
  ('redact_message(CHAT, pg_temp.id(''a1''))', 'PT404', 'PT404'),
  ('rewind_chat(CHAT, pg_temp.id(''a1''))', 'PT404', 'PT404'),
  ('copy_chat(CHAT)', 'DISABLED', 'GONE'),
  ('rate_message(CHAT, pg_temp.id(''a1''), 1)', 'DISABLED', 'GONE'),
  ('delete_chat(CHAT)', 'PT404', 'PT404'),
  ('restore_chat(pg_temp.id(''c2''))', 'PT404', 'PT404'),
  ('update_chat(CHAT, ''x'')', 'PT404', 'PT404'),
  ('get_chat(CHAT)', 'PT404', 'PT404'),
  ('list_chats()', 'DISABLED', '0'),
  ('list_chats(deleted => true)', 'DISABLED', '0'),
  ('attach(CHAT, pg_temp.id(''a1''), DOCUMENT)', 'PT404', 'PT404'),
  ('attach(CHAT, pg_temp.id(''a1''), storage_path => ''b/a.png'')', 'PT404', 'PT404'),
  ('fail_stale_messages(''0'')', '0', '0'),
  ('set_document_status(DOCUMENT, ''ready'')', 'PT404', 'PT404'),
  ('set_document_status(BOBS, ''ready'')', 'PT404', 'PT404'),
  ('delete_document(DOCUMENT)', 'PT404', 'PT404'),
  ('revoke_session(SESSION)', 'PT404', 'PT404'),
  ('revoke_all_sessions()', '0', '0'),
  ('revoke_other_sessions(TOKEN)', '1 revoked', '1 invalid'),
  ('rotate_session(TOKEN)', '1 revoked', '1 invalid'),
  ('validate_session(TOKEN)', '1 revoked', '1 invalid'),
  ('elevate_session(TOKEN, ''aal1'')', '1 revoked', '1 invalid'),
  ('my_sessions', '0', '0'),
  ('index_messages()', '42501', '42501'),
  ('purge_chats()', '42501', '42501'),
  ('purge_sessions()', '42501', '42501'),
  ('share_chat(CHAT, with_tenant => true)', 'PT404', 'PT404'),
  ('revoke_share(pg_temp.id(''e1''))', 'PT404', 'PT404'),
  ('open_share(share_id => pg_temp.id(''e1''))', 'PT404', 'PT404'),
  ('measure_usage()', '42501', '42501'),
  ('take_storage_deletions()', '42501', '42501'),
  ('done_storage_deletions(''{}'')', '42501', '42501'),
  ('transfer_chat(CHAT, BOB)', '42501', '42501'),
  ('transfer_document(DOCUMENT, BOB)', '42501', '42501'),
  ('transfer_all(chatkeep.uid(), BOB)', '42501', '42501');
update calls set name = call, call = replace(replace(replace(replace(replace(replace(call, 'CHAT', 'pg_temp.id(''c1'')'), 'TOKEN', quote_literal(:'token')), 'SESSION', quote_literal(:'session')),
    'DOCUMENT', quote_literal(:'document')), 'BOBS', quote_literal(:'bobs')), 'BOB', quote_literal('00000000-0000-4000-8000-00000000b0b0')),
  disabled = replace(disabled, 'DISABLED', '42501 this user is disabled | Ask an administrator to clear disabled_at in chatkeep.users or chatkeep.memberships.'),
  gone = replace(gone, 'GONE', '42501 this user does not exist');
grant select on calls to public;

-- Runs a call, rolls it back, and returns how it ended.
create function pg_temp.ending(call text) returns text language plpgsql as $$
declare
  said text;
begin
  begin
    execute format($call$
      select concat_ws(' ', count(*), string_agg(distinct case when a.answer ?| '{generation,revoked}' then a.answer ->> 'status' end, ' '))
      from (select to_jsonb(r) as answer from chatkeep.%s r) a where a.answer is not null
    $call$, call) into said;
  exception when others then
    get stacked diagnostics said = pg_exception_hint;
    said := sqlstate || ' ' || sqlerrm || case when said = '' then '' else ' | ' || said end;
  end;
  raise exception using errcode = 'ZZ000', message = said;
exception when sqlstate 'ZZ000' then
  return sqlerrm;
end
$$;
create function pg_temp.everything() returns text language sql as $$
  select concat_ws(E'\n', (select string_agg(u::text, E'\n' order by u.id) from chatkeep.users u), (select string_agg(m::text, E'\n' order by m.user_id) from chatkeep.memberships m), (select string_agg(c::text, E'\n' order by c.id) from chatkeep.chats c),
    (select string_agg(m::text, E'\n' order by m.id) from chatkeep.messages m), (select string_agg(s::text, E'\n' order by s.message_id) from chatkeep.chat_summaries s), (select string_agg(d::text, E'\n' order by d.id) from chatkeep.documents d),
    (select string_agg(d::text, E'\n' order by d::text) from chatkeep.document_metadata d), (select string_agg(a::text, E'\n' order by a.id) from chatkeep.attachments a),
    (select string_agg(s::text, E'\n' order by s.id) from chatkeep.sessions s))
$$;

select is((select string_agg(p.proname, ', ' order by p.proname) from pg_proc p
    where p.pronamespace = 'chatkeep'::regnamespace and not exists (select from calls c where c.call like p.proname || '(%')), null, 'every call is tried');

-- Disabled.
update chatkeep.users set disabled_at = now() where id = '00000000-0000-4000-8000-00000000ada0';
create temporary table was on commit drop as select pg_temp.everything() as everything;
select pg_temp.sign_in('ada');
select is(left(pg_temp.ending(call), length(disabled)), disabled, name || ' answers a disabled user') from calls order by n;
select is((select count(*) from calls where disabled = 'PT404' and pg_temp.ending(call) !~ ' names no (chat|document|session|share) of yours | names no tenant that you manage | opens no chat '), 0::bigint, 'and PT404 names a chat, document or session, as for one that nobody has');
select is((select array_agg(pg_temp.ending(call)) from unnest(array['append_message(null, ''user'', ''x'')', 'search_messages(null)', 'create_chat(metadata => null)']) call),
  array['22004 chat_id is missing | Pass a value; null is not accepted here.', '22004 query is missing | Pass a value; null is not accepted here.', '22004 metadata is missing | Pass a value; null is not accepted here.'],
  'arguments are judged first');
select is_empty($$ select from chatkeep.chats $$, 'a disabled user reads no chat');
select is_empty($$ select from chatkeep.messages $$, 'no message');
select is_empty($$ select from chatkeep.chat_summaries $$, 'no summary');
select is_empty($$ select from chatkeep.documents $$, 'no document, shared ones included');
select is_empty($$ select id from chatkeep.sessions $$, 'no session');
select is_empty($$ update chatkeep.users set display_name = 'still here' returning id $$, 'and changes nothing');
select is_empty($$ update chatkeep.chats set title = 'still here' returning id $$, 'the title of a chat neither');
select set_config('chatkeep.writing', 'on', true) \g /dev/null
select matches(pg_temp.refusal($$ insert into chatkeep.messages (chat_id, tenant_id, user_id, author_id, seq, role, content, created_at, updated_at)
  values (pg_temp.id('c1'), '00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', '00000000-0000-4000-8000-00000000ada0', 4, 'user', 'late', now(), now()) $$),
  '^42501 ', 'a disabled user writes no message with a forged marker');
select is_empty($$ update chatkeep.messages set content = 'late' returning id $$, 'or changes one');
select set_config('chatkeep.writing', '', true) \g /dev/null
reset role;
select is(pg_temp.everything(), (select everything from was), 'all is as it was');
-- service_role still finishes the streaming messages of disabled users.
select pg_temp.serve();
select is(pg_temp.ending('finish_message(pg_temp.id(''c1''), pg_temp.id(''a3''), ''whole'')'), '1', 'a backend finishes an answer of a disabled user');
select alike(pg_temp.ending('create_session(user_id => ''00000000-0000-4000-8000-00000000ada0'')'), '42501 this user is disabled%', 'and opens no session for one');
select pg_temp.sign_out();
select is(pg_temp.ending(format('rotate_session(%L)', :'token')), '1 revoked', 'the token of a disabled user is dead');
reset role;
update chatkeep.users set disabled_at = null where id = '00000000-0000-4000-8000-00000000ada0';
select pg_temp.sign_in('ada');
select is(pg_temp.listed(pg_temp.id('c1')), 'the vault ', 'an enabled user has everything as it was');
select is((select seq from chatkeep.append_message(pg_temp.id('c1'), 'user', 'back')), 4, 'and can append');
select is((select status from chatkeep.rotate_session(:'token')), 'revoked', 'but for the sessions');

-- Moved. Eve's tenant has a shared document with the bytes of Ada's.
select pg_temp.sign_in('eve');
select id as eves from chatkeep.register_document('eve.html', repeat('d', 64), visibility => 'tenant') \gset
select count(*) as made from chatkeep.create_chat('eve''s', chat_id => pg_temp.id('c1')) \gset
select pg_temp.serve();
create temporary table moved (said text) on commit drop;
create function pg_temp.move(person uuid, tenant uuid) returns text language sql as $$
  select pg_temp.refusal(format('update chatkeep.memberships set tenant_id = %L where user_id = %L', tenant, person))
$$;
insert into moved select pg_temp.move('00000000-0000-4000-8000-00000000ada0', '00000000-0000-4000-8000-000000007e02');
select matches((select said from moved), '^PT409 .*chat.* \| .+', 'a user cannot move to a tenant that has a chat with the same id, and the refusal has a hint');
select unalike((select said from moved), '%pkey%', 'in words that are no constraint''s');
select is((select tenant_id from chatkeep.memberships where user_id = '00000000-0000-4000-8000-00000000ada0'), '00000000-0000-4000-8000-000000007e01'::uuid, 'the user stays');
select is((select count(*)::integer from chatkeep.chats where tenant_id = '00000000-0000-4000-8000-000000007e01'), 2, 'with all chats');
select is((select count(*)::integer from chatkeep.documents where tenant_id = '00000000-0000-4000-8000-000000007e01' and visibility = 'tenant'), 2, 'and what is shared stays shared');
reset role;
delete from chatkeep.chats where id = pg_temp.id('c1') and tenant_id = '00000000-0000-4000-8000-000000007e02';
select pg_temp.serve();
select is(pg_temp.move('00000000-0000-4000-8000-00000000ada0', '00000000-0000-4000-8000-000000007e02'), 'accepted', 'without it the user moves, though both tenants share the same bytes');
select results_eq(format($$ select tenant_id, visibility, status, source_uri from chatkeep.documents where id = %L $$, :'shared'),
  $$ values ('00000000-0000-4000-8000-000000007e02'::uuid, 'private', 'pending', 'shared.html') $$, 'the mover''s document is private there');
select results_eq(format($$ select tenant_id, visibility, status, source_uri from chatkeep.documents where id = %L $$, :'eves'),
  $$ values ('00000000-0000-4000-8000-000000007e02'::uuid, 'tenant', 'pending', 'eve.html') $$, 'and the one that was there is as it was');
select pg_temp.sign_in('ada');
select is(chatkeep.tenant_id(), '00000000-0000-4000-8000-000000007e02'::uuid, 'the mover is of the new tenant');
select is((select count(*)::integer from chatkeep.documents), 3, 'reads their documents and the one that is shared there');
select is((select outcome || ' ' || id from chatkeep.register_document('shared.html', repeat('d', 64))), 'duplicate ' || :'shared', 'still has their own document');
select is((select outcome || ' ' || id from chatkeep.register_document('shared.html', repeat('d', 64), visibility => 'tenant')), 'duplicate ' || :'eves', 'and the shared one for sharing');
select is(pg_temp.listed(pg_temp.id('c1')), 'the vault  back', 'has the chats');
select is((select seq from chatkeep.append_message(pg_temp.id('c1'), 'user', 'moved')), 5, 'the user can append to these chats');
select is(pg_temp.ending(format('set_document_status(%L, ''ready'')', :'bobs')), 'PT404 document_id names no document of yours | Register the document, or check the id.', 'and has nothing of the old tenant');
select pg_temp.sign_in('bob');
select is((select count(*)::integer from chatkeep.documents), 1, 'the old tenant keeps no document of the user');
-- The members of the new tenant.
select pg_temp.sign_in('eve');
select is((select count(*)::integer from chatkeep.documents), 1, 'the new tenant reads nothing that is the mover''s alone');

-- The chat is out of sight.
reset role;
delete from auth.users where id = '00000000-0000-4000-8000-00000000ada0';
update was set everything = pg_temp.everything();
select pg_temp.sign_in('ada');
select is(left(pg_temp.ending(call), length(gone)), gone, name || ' answers a user whose account is gone') from calls order by n;
select is((select count(*) from calls where gone = 'PT404' and pg_temp.ending(call) !~ ' names no (chat|document|session|share) of yours | names no tenant that you manage | opens no chat '), 0::bigint, 'and PT404 is that of things that nobody has');
select is_empty($$ select from chatkeep.users $$, 'nothing is left to read');
select matches(pg_temp.refusal($$ insert into chatkeep.memberships (user_id, tenant_id, role, is_home) values ('00000000-0000-4000-8000-00000000ada0', '00000000-0000-4000-8000-00000000ada0', 'owner', true) $$), '^(23503|42501) ', 'and no membership comes back by hand');
reset role;
select is(pg_temp.everything(), (select everything from was), 'all is as it was');
select is_empty($$ select from chatkeep.memberships where user_id = '00000000-0000-4000-8000-00000000ada0' $$, 'no membership was made');

-- service_role names a user who does not exist.
select pg_temp.serve();
select alike(pg_temp.ending(call), 'PT404 user_id names no user | _%', call || ' refuses a user_id that nobody has') from unnest(array[
  'create_session(user_id => ''00000000-0000-4000-8000-00000000ada0'')', 'create_session(user_id => gen_random_uuid(), max_sessions => 1)',
  'create_chat(user_id => ''00000000-0000-4000-8000-00000000ada0'')', 'import_chat(''{}'', ''00000000-0000-4000-8000-00000000ada0'')',
  'register_document(''x'', repeat(''a'', 64), user_id => ''00000000-0000-4000-8000-00000000ada0'')', 'register_content(''x'', ''x'', user_id => ''00000000-0000-4000-8000-00000000ada0'')',
  'attach(pg_temp.id(''c1''), pg_temp.id(''a1''), storage_path => ''x'', user_id => ''00000000-0000-4000-8000-00000000ada0'')',
  'register_documents(''[{"source_uri":"x","checksum":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]'', ''00000000-0000-4000-8000-00000000ada0'')']) call;
select is(pg_temp.ending('revoke_all_sessions(gen_random_uuid())'), '0', 'and has no session to revoke');
select is_empty($$ select from chatkeep.memberships where user_id = '00000000-0000-4000-8000-00000000ada0' $$, 'a service does not make a membership for a user without an account');

-- A disabled user is logged out everywhere.
rollback to people;
select pg_temp.sign_in('bob');
select * from chatkeep.create_session('bob') \gset b_
select pg_temp.serve();
update chatkeep.users set disabled_at = now() where id = '00000000-0000-4000-8000-00000000b0b0';
select pg_temp.sign_out();
select is((select status from chatkeep.rotate_session(:'b_token')), 'revoked', 'a disabled user''s token rotates no more');
select pg_temp.serve();
select is((select revoked_reason from chatkeep.sessions where user_agent = 'bob'), 'admin', 'the revoked session has the reason admin');

select * from finish();
rollback;
