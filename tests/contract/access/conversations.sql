-- Every conversation call by callers without access: a colleague, another tenant, anon, a disabled user; and by service_role, which
-- has access.
begin;
\ir ../support/identities.psql
select * from no_plan();

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat('secret plans', chat_id => pg_temp.id('c1')) \gset
select count(*) as stored from chatkeep.append_messages(:'chat', jsonb_build_array(
  pg_temp.item('the vault code is 0000', pg_temp.id('a1')), pg_temp.item('noted', pg_temp.id('a2')), pg_temp.item('', pg_temp.id('a3'), more => '{"status":"streaming"}'),
  pg_temp.item('the vault code is 1111', pg_temp.id('a4'), pg_temp.id('a1')))) \gset
select id as gone from chatkeep.create_chat('gone', chat_id => pg_temp.id('c2')) \gset
select count(*) as stored from chatkeep.append_message(:'gone', 'user', 'the old vault') \gset
select count(*) as stored from chatkeep.delete_chat(:'gone') \gset
reset role;
insert into chatkeep.attachments (id, tenant_id, user_id, chat_id, message_id, name) values
  (pg_temp.id('b1'), '00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', :'chat', pg_temp.id('a1'), 'vault.png');
select pg_temp.serve();
select chatkeep.index_messages() as indexed \gset
reset role;
-- Everything of Ada's, to compare with at the end. Bob and Eve have nothing yet.
create function pg_temp.everything_of(owner uuid) returns text language sql as $$
  select concat_ws(E'\n',
    (select string_agg(row(c.*)::text, E'\n' order by c.id) from chatkeep.chats c where c.user_id = owner),
    (select string_agg(row(m.*)::text, E'\n' order by m.chat_id, m.seq) from chatkeep.messages m where m.user_id = owner),
    (select string_agg(row(a.*)::text, E'\n' order by a.id) from chatkeep.attachments a where a.user_id = owner))
$$;
create temporary table was on commit drop as select pg_temp.everything_of('00000000-0000-4000-8000-00000000ada0') as everything;

-- Every call on Ada's chat, on her deleted chat and on a chat that nobody has. The answers must be the same.
create temporary table calls (n integer, call text) on commit drop;
insert into calls values
  (1, 'append_message(CHAT, ''user'', ''x'')'),
  (2, 'append_message(CHAT, ''user'', ''the vault code is 0000'', message_id => pg_temp.id(''a1''))'),
  (3, 'append_message(CHAT, ''user'', ''x'', parent_id => pg_temp.id(''a1''))'),
  (4, 'append_messages(CHAT, jsonb_build_array(pg_temp.item(''x'', pg_temp.id(''a1''))))'),
  (5, 'append_messages(CHAT, ''[]'')'),
  (6, 'finish_message(CHAT, pg_temp.id(''a3''), ''forged'')'),
  (7, 'finish_message(CHAT, pg_temp.id(''a1''), ''the vault code is 0000'')'),
  (8, 'select_branch(CHAT, pg_temp.id(''a2''))'),
  (9, 'list_messages(CHAT)'),
  (10, 'search_messages(''vault'', CHAT)'),
  (11, 'delete_chat(CHAT)'),
  (12, 'restore_chat(CHAT)');
create temporary table writers (n integer, call text) on commit drop;
insert into writers values
  (1, 'create_chat()'), (2, 'create_chat(chat_id => pg_temp.id(''c1''))'), (3, 'import_chat(''{}'')'),
  (4, 'import_chat(jsonb_build_object(''id'', pg_temp.id(''c1''), ''messages'', jsonb_build_array(pg_temp.item(''x''))))'),
  (5, 'fail_stale_messages(''0'')'), (6, 'search_messages(''vault'')');
grant select on calls, writers, was to public;
create function pg_temp.answer(call text, chat uuid) returns text language sql as $$
  select pg_temp.refusal('select * from chatkeep.' || replace(call, 'CHAT', quote_literal(chat) || '::uuid'))
$$;

-- A colleague.
select pg_temp.sign_in('bob');
select is(pg_temp.answer(call, pg_temp.id('c1')) || pg_temp.answer(call, pg_temp.id('c2')), pg_temp.answer(call, pg_temp.id('ff')) || pg_temp.answer(call, pg_temp.id('ff')), 'to a colleague ' || call || ' answers as for a chat that nobody has') from calls order by n;
select is((select count(*)::int from calls where pg_temp.answer(call, pg_temp.id('c1')) not like 'PT404 chat_id names no chat of yours%'), 0, 'every call refuses an unknown chat with PT404');
select is_empty($$ select * from chatkeep.search_messages('vault') $$, 'a colleague finds nothing');
select is_empty($$ select * from chatkeep.fail_stale_messages('0') $$, 'and fails nothing');
select alike(pg_temp.answer('create_chat(chat_id => CHAT)', pg_temp.id('c1')), 'PT409 chat_id is taken%', 'a chat id of the tenant is taken');
select is(pg_temp.answer('create_chat(chat_id => CHAT)', pg_temp.id('c2')), pg_temp.answer('create_chat(chat_id => CHAT)', pg_temp.id('c1')), 'deleted or not');
select alike(pg_temp.answer('import_chat(jsonb_build_object(''id'', CHAT, ''messages'', jsonb_build_array(pg_temp.item(''x''))))', pg_temp.id('c1')), 'PT409 chat.id is taken%', 'for an import too');
-- A message id is unique within its chat. Another chat may hold the same id.
select id as bobs from chatkeep.create_chat() \gset
select pg_temp.rows_are(
  format($$ select a.outcome, a.seq, a.content from chatkeep.append_messages(%L, jsonb_build_array(pg_temp.item('mine', pg_temp.id('a1')), pg_temp.item('mine too', pg_temp.id('a2')))) a $$, :'bobs'),
  $$ values ('appended', 1, 'mine'), ('appended', 2, 'mine too') $$, 'a message id of another user''s chat is free in one''s own chat');
select alike(pg_temp.answer('append_message(CHAT, ''user'', ''x'', parent_id => pg_temp.id(''a4''))', :'bobs'), 'PT404 parent_id names no message of this chat%', 'but its message is no parent here');
select alike(pg_temp.answer('select_branch(CHAT, pg_temp.id(''a4''))', :'bobs'), 'PT404 leaf_id names no message of this chat%', 'no leaf');
select alike(pg_temp.answer('finish_message(CHAT, pg_temp.id(''a3''), ''x'')', :'bobs'), 'PT404 message_id names no message of this chat%', 'and nothing to finish');

-- Another tenant.
select pg_temp.sign_in('eve');
select is(pg_temp.answer(call, pg_temp.id('c1')) || pg_temp.answer(call, pg_temp.id('c2')), pg_temp.answer(call, pg_temp.id('ff')) || pg_temp.answer(call, pg_temp.id('ff')), 'to another tenant ' || call || ' answers as for a chat that nobody has') from calls order by n;
select is_empty($$ select * from chatkeep.search_messages('vault') $$, 'another tenant finds nothing');
select pg_temp.rows_are($$ select tenant_id, message_count from chatkeep.create_chat(chat_id => pg_temp.id('c1')) $$, $$ values ('00000000-0000-4000-8000-000000007e02'::uuid, 0) $$, 'the same chat id there is a chat of its own');
select pg_temp.rows_are($$ select seq, content from chatkeep.append_message(pg_temp.id('c1'), 'user', 'mine', message_id => pg_temp.id('a1')) $$, $$ values (1, 'mine') $$, 'with its own messages');
select is(pg_temp.listed(pg_temp.id('c1')), 'mine', 'and nothing else');

-- Forged payloads: columns that no caller sets.
select alike(pg_temp.answer('append_messages(CHAT, jsonb_build_array(pg_temp.item(''x'', more => jsonb_build_object(' || forged || '))))', pg_temp.id('c1')), '22023 messages[0]%', 'a batch cannot say ' || forged)
from unnest(array['''tenant_id'', ''00000000-0000-4000-8000-000000007e01''', '''user_id'', ''00000000-0000-4000-8000-00000000ada0''', '''author_id'', ''00000000-0000-4000-8000-00000000ada0''',
  '''chat_id'', pg_temp.id(''c1'')', '''seq'', 9', '''active'', true', '''written_as'', ''service_role''']) forged;
select is((select array_agg(distinct m.tenant_id) from chatkeep.messages m), array['00000000-0000-4000-8000-000000007e02'::uuid], 'and wrote into the caller''s tenant only');

-- A tenant in a claim is no membership.
select set_config('request.jwt.claims', '{"role":"authenticated","sub":"00000000-0000-4000-8000-00000000e4e0","tenant_id":"00000000-0000-4000-8000-000000007e01","app_metadata":{"tenant_id":"00000000-0000-4000-8000-000000007e01"}}', true);
select is((select array_agg(distinct tenant_id) from chatkeep.chats), null, 'a tenant in a claim opens no tenant of others');
select alike(pg_temp.refusal($$ select * from chatkeep.search_messages('vault') $$), 'PT404 the request names no tenant of this user%', 'not to search either');

-- No user: no JWT, a JWT without subject, an empty JWT.
select pg_temp.sign_out();
select is(
  (select string_agg(distinct left(pg_temp.answer(call, pg_temp.id('c1')), 41), ', ') from (select call from calls union all select call from writers) c),
  '42501 permission denied for function appe, 42501 permission denied for function crea, 42501 permission denied for function dele, 42501 permission denied for function fail, 42501 permission denied for function fini, 42501 permission denied for function impo, 42501 permission denied for function list, 42501 permission denied for function rest, 42501 permission denied for function sear, 42501 permission denied for function sele',
  'without a JWT no call answers');
select is((select array_agg(pg_temp.refusal('select * from chatkeep.' || call) like '42501 permission denied for function %') from unnest(array['index_messages()', 'purge_chats()']) call), array[true, true], 'the calls of service_role are refused');
select set_config('role', 'authenticated', true);
select is_empty($$ select call from calls where pg_temp.answer(call, pg_temp.id('c1')) !~ '^(42501|PT404) ' $$, 'a JWT without a subject is nobody');
select is_empty($$ select call from writers where n <= 4 and pg_temp.answer(call, pg_temp.id('ff')) not like '42501 no user is signed in%' $$, 'and makes no chat');
select is_empty($$ select id from chatkeep.search_messages('vault') $$, 'finds nothing');
select is_empty($$ select id from chatkeep.fail_stale_messages('0') $$, 'and fails nothing');

-- A disabled user loses access to their chats.
reset role;
update chatkeep.users set disabled_at = now() where id = '00000000-0000-4000-8000-00000000ada0';
select pg_temp.sign_in('ada');
select is_empty($$ select call, pg_temp.answer(call, pg_temp.id('c1')) from calls where pg_temp.answer(call, pg_temp.id('c1')) !~ '^(42501|PT404) ' $$, 'a disabled user does nothing in their chats');
select is_empty($$ select call from writers where n <= 4 and pg_temp.answer(call, pg_temp.id('ff')) not like '42501 this user is disabled%' $$, 'and makes none');
select alike(pg_temp.refusal($$ select id from chatkeep.search_messages('vault') $$), '42501 this user is disabled%', 'searches nothing');
select is_empty($$ select id from chatkeep.fail_stale_messages('0') $$, 'fails nothing');
select is_empty($$ update chatkeep.chats set title = 'mine again' where id = pg_temp.id('c1') returning id $$, 'renames nothing that can be named');
select matches(pg_temp.refusal($$ update chatkeep.chats set title = 'mine again' $$), '^(42501 |accepted)', 'and nothing that cannot');
reset role;
update chatkeep.users set disabled_at = null where id = '00000000-0000-4000-8000-00000000ada0';

-- Everything of Ada's is unchanged.
select is(pg_temp.everything_of('00000000-0000-4000-8000-00000000ada0'), (select everything from was), 'Ada''s rows are unchanged');

-- Views and functions of others run with the rights of their caller.
create view public.all_messages with (security_invoker = true) as select m.content from chatkeep.messages m;
create view public.one_chat as select m.content from chatkeep.list_messages(pg_temp.id('c1')) m;
grant select on public.all_messages, public.one_chat to authenticated;
select pg_temp.sign_in('bob');
select is((select array_agg(content::text order by content) from public.all_messages), array['mine', 'mine too'], 'a view shows a colleague their messages');
select alike(pg_temp.refusal('select * from public.one_chat'), 'PT404 chat_id names no chat of yours%', 'and calls nothing in the name of another user');
select pg_temp.sign_in('ada');
select is((select count(*)::int from public.one_chat), 2, 'the owner of the view reads the chats');
select is_empty($$ select c.oid::regclass from pg_catalog.pg_class c where c.relkind = 'v' and c.relnamespace = 'chatkeep'::regnamespace
  and not coalesce(c.reloptions, '{}') && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1'] $$, 'every view of the schema runs as its caller');

-- service_role is exempt, and its rows carry its name.
select pg_temp.serve();
reset role;
delete from chatkeep.chats where id = pg_temp.id('c1') and user_id = '00000000-0000-4000-8000-00000000e4e0';
select pg_temp.serve();
select pg_temp.rows_are($$ select outcome, author_id, written_as, user_id, tenant_id from chatkeep.append_messages(pg_temp.id('c1'), jsonb_build_array(pg_temp.item('by a service', pg_temp.id('a9')))) $$,
  $$ values ('appended', null::uuid, 'service_role', '00000000-0000-4000-8000-00000000ada0'::uuid, '00000000-0000-4000-8000-000000007e01'::uuid) $$, 'service_role appends to any chat, as itself');
select pg_temp.rows_are($$ select status from chatkeep.finish_message(pg_temp.id('c1'), pg_temp.id('a3'), 'done') $$, array['complete'], 'finishes');
select pg_temp.rows_are($$ select active_leaf_id from chatkeep.select_branch(pg_temp.id('c1'), pg_temp.id('a2')) $$, array[pg_temp.id('a2')], 'selects');
select is((select count(*)::int from chatkeep.list_messages(pg_temp.id('c1'))), 2, 'lists');
select is((select count(*)::int from chatkeep.search_messages('vault', pg_temp.id('c1'))), 2, 'searches');
select is((select count(*)::int from chatkeep.delete_chat(pg_temp.id('c1')) d, chatkeep.restore_chat(pg_temp.id('c1')) r), 1, 'deletes and restores');
-- An id that two tenants use is ambiguous to service_role.
select pg_temp.sign_in('eve');
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('c1')) \gset
select pg_temp.serve();
select is_empty($$ select call, pg_temp.answer(call, pg_temp.id('c1')) from calls where pg_temp.answer(call, pg_temp.id('c1')) not like 'PT409 chat_id names chats of several tenants%' $$, 'a chat id of several tenants is refused to service_role');

-- The marker of a call ends with the call, whether its rows are read to the end, and whether it is refused.
select pg_temp.sign_in('ada');
create function pg_temp.left_marker() returns text language plpgsql as $$
declare
  call text;
begin
  for call in select c.call from calls c union all select w.call from writers w loop
    perform pg_temp.answer(call, pg_temp.id('c1'));
    if coalesce(current_setting('chatkeep.writing', true), '') <> '' then return call; end if;
    perform pg_temp.answer(call, pg_temp.id('c2'));
    if coalesce(current_setting('chatkeep.writing', true), '') <> '' then return call || ' on a deleted chat'; end if;
  end loop;
  return null;
end
$$;
select is(pg_temp.left_marker(), null, 'no call leaves the right to write behind');
select is((select (chatkeep.list_messages(pg_temp.id('c1'))).seq limit 1) > 0 and coalesce(current_setting('chatkeep.writing', true), '') = '', true, 'a result that is not read to its end leaves no marker');
select count(*) as deleted from chatkeep.delete_chat(pg_temp.id('c2')) \gset
select is_empty($$ select m.id from chatkeep.list_messages(pg_temp.id('c1')) l, chatkeep.messages m where m.chat_id = pg_temp.id('c2') $$, 'beside a call in one statement a deleted chat stays out of sight');
select matches(pg_temp.refusal($$ update chatkeep.messages m set content = 'forged' from chatkeep.append_message(pg_temp.id('c1'), 'user', 'x') a where m.chat_id = a.chat_id $$), '^42501 rows of messages cannot be changed directly', 'and messages stay as they are');

select * from finish();
rollback;
