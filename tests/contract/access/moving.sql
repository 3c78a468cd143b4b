-- A tenant that is being moved: calls refuse its writes, and reads go on. tenants.moving_to is the fence.
begin;
\ir ../support/identities.psql
select * from no_plan();

-- Ada's chat c1 has a message a1 and a streaming a2, c2 is deleted, and both have rows of search to come. Her document is
-- ready to be tagged. A link shows c1. Eve, of the other tenant, has the same. Ada's colleague Bob may write in her c1.
create temporary table kept (person text, document uuid, session uuid, token text, share uuid, secret text) on commit drop;
grant select, insert on kept to public;
create function pg_temp.scene(person text) returns void language plpgsql as $$
declare
  document uuid;
  opened chatkeep.session_token;
  link chatkeep.new_share;
begin
  perform pg_temp.sign_in(person);
  perform chatkeep.create_chat(person, chat_id => pg_temp.id('c1')), chatkeep.create_chat(person, chat_id => pg_temp.id('c2'));
  perform chatkeep.append_message(pg_temp.id('c1'), 'user', 'hello', pg_temp.id('a1')),
    chatkeep.append_message(pg_temp.id('c1'), 'assistant', '', pg_temp.id('a2'), status => 'streaming');
  perform chatkeep.delete_chat(pg_temp.id('c2'));
  select d.id into document from chatkeep.register_document('/a', repeat('a', 64)) d;
  select s.* into opened from chatkeep.create_session('phone') s;
  perform chatkeep.create_session('laptop');
  select s.* into link from chatkeep.share_chat(pg_temp.id('c1'), by_link => true) s;
  insert into kept values (person, document, opened.session_id, opened.token, link.id, link.secret);
end
$$;
select pg_temp.scene('eve'), pg_temp.scene('ada') \g /dev/null
select count(*) as shared from chatkeep.share_chat(pg_temp.id('c1'), with_tenant => true, permission => 'write') \gset
reset role;
-- A use of the sessions would be noted.
update chatkeep.sessions set created_at = now() - interval '2 hours', last_used_at = now() - interval '1 hour';

-- In a call, DOCUMENT, SESSION, TOKEN and SHARE are the caller's, TENANT is Ada's tenant, and WHOM is Ada for a service.
create temporary table writes (call text, caller text) on commit drop;
insert into writes values
  ('create_chat(user_id => WHOM)', 'both'),
  ('create_chat(chat_id => pg_temp.id(''c1''), user_id => WHOM)', 'both'),
  ('import_chat(''{"messages":[{"role":"user","content":"x"}]}'', WHOM)', 'both'),
  ('append_message(pg_temp.id(''c1''), ''user'', ''x'')', 'both'),
  ('append_message(pg_temp.id(''c1''), ''user'', ''x'', parent_id => pg_temp.id(''a1''))', 'both'),
  ('append_message(pg_temp.id(''c1''), ''user'', ''hello'', pg_temp.id(''a1''))', 'both'),
  ('append_messages(pg_temp.id(''c1''), ''[{"role":"user","content":"x"},{"role":"user","content":"y"}]'')', 'both'),
  ('finish_message(pg_temp.id(''c1''), pg_temp.id(''a2''), ''done'')', 'both'),
  ('select_branch(pg_temp.id(''c1''), pg_temp.id(''a1''))', 'both'),
  ('rewind_chat(pg_temp.id(''c1''), pg_temp.id(''a2''))', 'both'),
  ('redact_message(pg_temp.id(''c1''), pg_temp.id(''a1''))', 'both'),
  ('summarise_chat(pg_temp.id(''c1''), pg_temp.id(''a1''), ''x'')', 'both'),
  ('rate_message(pg_temp.id(''c1''), pg_temp.id(''a1''), 1, user_id => WHOM)', 'both'),
  ('copy_chat(pg_temp.id(''c1''), user_id => WHOM)', 'both'),
  ('delete_chat(pg_temp.id(''c1''))', 'both'),
  ('restore_chat(pg_temp.id(''c2''))', 'both'),
  ('fail_stale_messages(interval ''0'')', 'user'),
  ('register_document(''/b'', repeat(''b'', 64), user_id => WHOM)', 'both'),
  ('register_document(''/a'', repeat(''a'', 64), user_id => WHOM)', 'both'),
  ('register_documents(jsonb_build_array(jsonb_build_object(''source_uri'', ''/b'', ''checksum'', repeat(''b'', 64))), WHOM)', 'both'),
  ('register_content(''/c'', ''content'', user_id => WHOM)', 'both'),
  ('attach(pg_temp.id(''c1''), pg_temp.id(''a1''), storage_path => ''b/a.png'')', 'both'),
  ('attach(pg_temp.id(''c1''), pg_temp.id(''a1''), storage_path => ''b/a.png'', user_id => WHOM)', 'both'),
  ('tag_document(DOCUMENT, ''{"a":1}'')', 'both'),
  ('set_document_status(DOCUMENT, ''ready'')', 'both'),
  ('delete_document(DOCUMENT)', 'both'),
  ('share_chat(pg_temp.id(''c1''), by_link => true)', 'both'),
  ('share_chat(pg_temp.id(''c1''), with_tenant => true)', 'both'),
  ('revoke_share(SHARE)', 'both'),
  ('create_session(user_id => WHOM)', 'both'),
  ('create_session(max_sessions => 1, user_id => WHOM)', 'both'),
  ('rotate_session(TOKEN)', 'both'),
  ('elevate_session(TOKEN, ''aal1'')', 'both'),
  ('revoke_session(SESSION)', 'both'),
  ('revoke_other_sessions(TOKEN)', 'user'),
  ('revoke_all_sessions(WHOM)', 'both'),
  ('add_member(TENANT, pg_temp.person(''eve''))', 'both'),
  ('set_member_role(TENANT, pg_temp.person(''bob''), ''admin'')', 'both'),
  ('remove_member(TENANT, pg_temp.person(''bob''))', 'both'),
  ('rename_tenant(TENANT, ''Moved'')', 'both'),
  ('transfer_chat(pg_temp.id(''c1''), pg_temp.person(''bob''))', 'service'),
  ('transfer_document(DOCUMENT, pg_temp.person(''bob''))', 'service'),
  ('transfer_all(pg_temp.person(''ada''), pg_temp.person(''bob''))', 'service');
grant select on writes to public;
create function pg_temp.said_to(person text, call text) returns text language sql as $$
  select 'select * from chatkeep.' || replace(replace(replace(replace(replace(replace(call,
    'DOCUMENT', quote_literal(k.document) || '::uuid'), 'SESSION', quote_literal(k.session) || '::uuid'), 'TOKEN', quote_literal(k.token)),
    'SHARE', quote_literal(k.share) || '::uuid'), 'TENANT', quote_literal('00000000-0000-4000-8000-000000007e01') || '::uuid'),
    'WHOM', case current_user when 'service_role' then 'pg_temp.person(''' || person || ''')' else 'null::uuid' end)
  from kept k where k.person = said_to.person
$$;
-- The answer of a call, which leaves no trace.
create function pg_temp.told(person text, call text) returns text language plpgsql as $$
begin
  raise exception using errcode = 'ZZ000', message = pg_temp.refusal(pg_temp.said_to(person, call));
exception when sqlstate 'ZZ000' then
  return sqlerrm;
end
$$;
-- A service names the tenant, because Eve's chats have the same ids.
create function pg_temp.serve_in(tenant text) returns void language plpgsql as $$
begin
  perform pg_temp.serve();
  perform set_config('request.headers', json_build_object('x-chatkeep-tenant', '00000000-0000-4000-8000-00000000' || tenant)::text, true);
end
$$;
create function pg_temp.sign_in_at_home(person text) returns void language plpgsql as $$
begin
  perform set_config('request.headers', '', true);
  perform pg_temp.sign_in(person);
end
$$;
\set moving 'PT503 the tenant is being moved | Nothing was stored. Try again later: reads go on.'

-- Only service_role sets the fence.
select pg_temp.sign_in_at_home('ada') \g /dev/null
select alike(pg_temp.refusal('update chatkeep.tenants set moving_to = ''x'''), '42501 permission denied%', 'an owner sets no fence');
select alike(pg_temp.refusal('update chatkeep.memberships set tenant_is_moving = true'), '42501 permission denied%', 'nor in the membership');
select alike(pg_temp.refusal('update chatkeep.sessions set tenant_is_moving = true'), '42501 permission denied%', 'nor in a session');
select is(pg_temp.told('ada', call), 'accepted', 'before the fence a user may: ' || call) from writes where caller in ('both', 'user');
select pg_temp.serve_in('7e01') \g /dev/null
select is(pg_temp.told('ada', call), 'accepted', 'and a service: ' || call) from writes where caller in ('both', 'service');
select alike(pg_temp.refusal('update chatkeep.tenants set moving_to = '''''), '23514 %', 'it names a place');
select alike(pg_temp.refusal('update chatkeep.tenants set moving_to = repeat(''x'', 501)'), '23514 %', 'of at most 500 characters');
update chatkeep.tenants set moving_to = 'eu-central' where id = '00000000-0000-4000-8000-000000007e01';
select is((select string_agg(distinct right(m.tenant_id::text, 4) || m.tenant_is_moving, ' ') from chatkeep.memberships m), '7e01true 7e02false', 'memberships follow the fence');
select is((select string_agg(distinct right(s.tenant_id::text, 4) || s.tenant_is_moving, ' ') from chatkeep.sessions s), '7e01true 7e02false', 'and sessions');

-- Every call that writes is refused, whoever calls.
create function pg_temp.stored() returns text language plpgsql as $$
declare
  caller constant text := current_setting('role');
  rows text;
begin
  perform set_config('role', 'service_role', true);
  select md5(string_agg(r.t, '|' order by r.t)) into rows from (
    select c::text as t from chatkeep.chats c union all select m::text from chatkeep.messages m union all select a::text from chatkeep.attachments a
    union all select d::text from chatkeep.documents d union all select d::text from chatkeep.document_metadata d
    union all select s::text from chatkeep.sessions s union all select x::text from chatkeep_private.session_secrets x
    union all select s::text from chatkeep.chat_shares s union all select m::text from chatkeep.memberships m union all select t::text from chatkeep.tenants t union all select q::text from chatkeep.message_search q union all select s::text from chatkeep.chat_summaries s) r;
  perform set_config('role', caller, true);
  return rows;
end
$$;
select pg_temp.stored() as before \gset
select pg_temp.sign_in_at_home('ada') \g /dev/null
select is(pg_temp.told('ada', call), :'moving', 'a user is refused: ' || call) from writes where caller in ('both', 'user');
select pg_temp.serve_in('7e01') \g /dev/null
select is(pg_temp.told('ada', call), :'moving', 'a service is refused: ' || call) from writes where caller in ('both', 'service');
select pg_temp.sign_out() \g /dev/null
select is(pg_temp.told('ada', 'rotate_session(TOKEN)'), :'moving', 'the holder of a token rotates it later');
select pg_temp.sign_in_at_home('eve') \g /dev/null
select is(pg_temp.told('ada', 'rotate_session(TOKEN)'), :'moving', 'signed in elsewhere too');
-- In a shared chat too.
select pg_temp.sign_in_at_home('bob') \g /dev/null
select is(pg_temp.told('ada', call), :'moving', 'who may write in a shared chat is refused: ' || call) from writes where call like 'append_message%';
-- Tables directly: what users may write otherwise.
select pg_temp.sign_in_at_home('ada') \g /dev/null
select is(pg_temp.refusal('update chatkeep.chats set ' || change || ' where id = pg_temp.id(''c1'')'), :'moving', 'a user changes no chat: ' || change)
from unnest(array['title = ''x''', 'metadata = ''{"a":1}''', 'archived_at = now()']) change;
select is(pg_temp.stored(), :'before', 'nothing was stored');

-- The tenant of the request counts: Ada, who is in both, is refused in one and not in the other.
reset role;
savepoint members;
insert into chatkeep.memberships (user_id, tenant_id) values (pg_temp.person('ada'), '00000000-0000-4000-8000-000000007e02');
insert into chatkeep.memberships (user_id, tenant_id, role) values (pg_temp.person('eve'), '00000000-0000-4000-8000-000000007e01', 'owner');
select is((select m.tenant_is_moving from chatkeep.memberships m where m.user_id = pg_temp.person('eve') and not m.is_home), true, 'a new membership follows the fence');
select pg_temp.sign_in('ada') \g /dev/null
select set_config('request.headers', '{"x-chatkeep-tenant":"00000000-0000-4000-8000-000000007e02"}', true) \g /dev/null
select is(pg_temp.told('ada', 'create_chat()'), 'accepted', 'in another tenant a person writes');
select is(pg_temp.told('ada', 'create_session(max_sessions => 1)'), 'accepted', 'signs in');
select is((select count(*)::int from chatkeep.create_session(max_sessions => 1)), 1, 'with a limit');
select is((select count(*)::int from chatkeep.sessions s where s.revoked_at is null and s.tenant_is_moving), 2, 'that leaves the sessions of the moving tenant alone');
select is(pg_temp.told('ada', 'revoke_session(SESSION)'), :'moving', 'and ends no session there');
select is(pg_temp.told('ada', 'revoke_all_sessions()'), :'moving', 'neither by ending all');
reset role;
update chatkeep.memberships set disabled_at = now() where user_id = pg_temp.person('ada') and is_home;
select pg_temp.sign_in('ada') \g /dev/null
select is(pg_temp.told('ada', call), :'moving', 'nor after she was removed from the moving tenant: ' || call)
from writes where call like 'revoke%sessions(%' or call like 'revoke_session(%' or call like 'rotate_session(%';
select pg_temp.sign_in('eve') \g /dev/null
select set_config('request.headers', '{"x-chatkeep-tenant":"00000000-0000-4000-8000-000000007e01"}', true) \g /dev/null
select is(pg_temp.told('eve', 'create_chat()'), :'moving', 'a guest of the moving tenant is refused there');
rollback to members;

-- Reads go on.
select pg_temp.sign_in_at_home('ada') \g /dev/null
select is(pg_temp.listed(pg_temp.id('c1')), 'hello ', 'list_messages');
select is((select count(*)::int from chatkeep.search_messages('hello')), 1, 'search_messages');
select is((select count(*)::int from chatkeep.documents), 1, 'documents');
select is((select count(*)::int from chatkeep.my_sessions), 2, 'my_sessions');
select is((select moving_to from chatkeep.tenants), 'eu-central', 'members see where the tenant goes');
select is((select status from chatkeep.validate_session((select token from kept where person = 'ada'))), 'valid', 'validate_session');
select pg_temp.sign_in_at_home('bob') \g /dev/null
select is(pg_temp.listed(pg_temp.id('c1')), 'hello ', 'list_messages of a shared chat');
select is((select title from chatkeep.shared_with_me), 'ada', 'shared_with_me');
select pg_temp.sign_out() \g /dev/null
select is((select title from chatkeep.open_share((select secret from kept where person = 'ada'))), 'ada', 'open_share of anon');
select is((select status from chatkeep.validate_session((select token from kept where person = 'ada'))), 'valid', 'validate_session of anon');
select set_config('request.headers', json_build_object('x-chatkeep-session', (select token from kept where person = 'ada'))::text, true) \g /dev/null
select is(pg_temp.refusal('select chatkeep.pre_request()'), 'accepted', 'pre_request');
select is(chatkeep.uid(), pg_temp.person('ada'), 'signs in');
select is(pg_temp.stored(), :'before', 'and reading wrote nothing, not even the use of a session');

-- A spent token is told so, and its session ends afterwards.
select pg_temp.serve_in('7e01') \g /dev/null
update chatkeep.tenants set moving_to = null;
select pg_temp.sign_out() \g /dev/null
create temporary table spent as select token from kept where person = 'ada';
grant select on spent to public;
select token as second from chatkeep.rotate_session((select token from spent)) \gset
select token as third from chatkeep.rotate_session(:'second') \gset
select pg_temp.serve_in('7e01') \g /dev/null
update chatkeep.tenants set moving_to = 'eu-central' where id = '00000000-0000-4000-8000-000000007e01';
select pg_temp.sign_out() \g /dev/null
select is((select status from chatkeep.validate_session((select token from spent))), 'reuse_detected', 'a spent token is told so');
select is(pg_temp.refusal('select * from chatkeep.rotate_session((select token from spent))'), :'moving', 'its rotation waits');
select is((select status from chatkeep.validate_session(:'third')), 'valid', 'and its session lives meanwhile');

-- Maintenance leaves the tenant alone, and does the rest.
reset role;
savepoint maintenance;
update chatkeep.chats set deleted_at = now() - interval '40 days' where deleted_at is not null;
update chatkeep.messages set created_at = now() - interval '1 hour', updated_at = now() - interval '1 hour' where status = 'streaming';
update chatkeep.sessions set revoked_at = now() - interval '40 days', revoked_reason = 'logout' where user_agent = 'laptop';
select pg_temp.serve() \g /dev/null
select set_config('request.headers', '', true) \g /dev/null
select is(chatkeep.purge_chats(), 1, 'purge_chats');
select is((select string_agg(right(user_id::text, 4), ' ') from chatkeep.fail_stale_messages()), 'e4e0', 'fail_stale_messages');
select is(chatkeep.index_messages() > 0, true, 'index_messages');
select is((select string_agg(distinct right(user_id::text, 4), ' ') from chatkeep.message_search), 'e4e0', 'of the other tenant');
select is(chatkeep.purge_sessions(), 1, 'purge_sessions');
select is(chatkeep.measure_usage(), 1, 'measure_usage');
select is(chatkeep.purge_chats() + chatkeep.purge_sessions() + chatkeep.index_messages() + chatkeep.measure_usage(), 0, 'nothing else is left to them');
rollback to maintenance;

-- The operator who set the fence may write tables, and disable a user at once.
select pg_temp.serve_in('7e01') \g /dev/null
update chatkeep.chats set title = 'by hand' where tenant_id = '00000000-0000-4000-8000-000000007e01';
select is((select count(*)::int from chatkeep.chats where title = 'by hand'), 2, 'service_role writes tables directly');
update chatkeep.users set disabled_at = now() where id = pg_temp.person('ada');
select is((select count(*)::int from chatkeep.sessions where user_id = pg_temp.person('ada') and revoked_at is null), 0, 'a user who is disabled has no session, also while the tenant moves');
update chatkeep.users set disabled_at = null where id = pg_temp.person('ada');

-- Other tenants write on, and this one too when the fence is gone.
select pg_temp.sign_in_at_home('eve') \g /dev/null
select is(pg_temp.told('eve', call), 'accepted', 'the other tenant writes: ' || call) from writes where caller in ('both', 'user') and call not like '%TENANT%';
select pg_temp.serve_in('7e02') \g /dev/null
select is(pg_temp.told('eve', 'append_message(pg_temp.id(''c1''), ''user'', ''x'')'), 'accepted', 'for a service too');
update chatkeep.tenants set moving_to = null;
select is((select bool_or(m.tenant_is_moving) from chatkeep.memberships m) or (select bool_or(s.tenant_is_moving) from chatkeep.sessions s), false, 'the copies follow');
select pg_temp.sign_in_at_home('ada') \g /dev/null
select is(pg_temp.told('ada', 'append_message(pg_temp.id(''c1''), ''user'', ''x'')'), 'accepted', 'without the fence the tenant writes');

select * from finish();
rollback;
