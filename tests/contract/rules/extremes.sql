-- The ends of numbers and times: every engine refuses values out of range in the same way, and nothing wraps around.
begin;
\ir ../support/identities.psql
select * from no_plan();

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat(chat_id => pg_temp.id('c1')) \gset
select count(*) as stored from chatkeep.append_messages(:'chat', jsonb_build_array(pg_temp.item('one', pg_temp.id('a1')), pg_temp.item('two', pg_temp.id('a2')))) \gset

-- Sets columns of the chat as the owner of the table, runs a call as Ada, and rolls both back. Returns the SQLSTATE, or the answer of
-- a query.
create function pg_temp.with_chat(columns text, call text, query text) returns text language plpgsql as $$
declare
  said text;
begin
  begin
    perform set_config('role', 'postgres', true);
    execute 'update chatkeep.chats set ' || columns || ' where id = pg_temp.id(''c1'')';
    perform pg_temp.sign_in('ada');
    execute 'select from chatkeep.' || call;
    execute query into said;
    said := coalesce(said, 'null');
  exception when others then
    said := sqlstate;
  end;
  raise exception using errcode = 'ZZ000', message = said;
exception when sqlstate 'ZZ000' then
  return sqlerrm;
end
$$;
create temporary table appends (n integer generated always as identity, name text, call text, count integer) on commit drop;
insert into appends (name, call, count) values
  ('an append', 'append_message(pg_temp.id(''c1''), ''user'', ''x'')', 1),
  ('an append with an id', 'append_message(pg_temp.id(''c1''), ''user'', ''x'', pg_temp.id(''b1''))', 1),
  ('an append of a branch', 'append_message(pg_temp.id(''c1''), ''user'', ''x'', parent_id => pg_temp.id(''a1''))', 1),
  ('a batch of one', 'append_messages(pg_temp.id(''c1''), ''[{"role":"user","content":"x"}]'')', 1),
  ('a batch of two', 'append_messages(pg_temp.id(''c1''), ''[{"role":"user","content":"x"},{"role":"user","content":"y"}]'')', 2),
  ('a batch with a branch', 'append_messages(pg_temp.id(''c1''), jsonb_build_array(pg_temp.item(''x'', parent => pg_temp.id(''a1''))))', 1),
  ('an import', 'import_chat(jsonb_build_object(''id'', pg_temp.id(''c1''), ''messages'', ''[{"role":"user","content":"x"}]''::jsonb))', 1);
grant select on appends to public;
create temporary table others (n integer generated always as identity, name text, call text, query text, expected text) on commit drop;
insert into others (name, call, query, expected) values
  ('a list', 'list_messages(pg_temp.id(''c1''))', 'select count(*) from chatkeep.list_messages(pg_temp.id(''c1''))', '2'),
  ('a repeated append', 'append_message(pg_temp.id(''c1''), ''user'', ''two'', pg_temp.id(''a2''))', 'select count(*) from chatkeep.messages', '2'),
  ('a repeated batch', 'append_messages(pg_temp.id(''c1''), jsonb_build_array(pg_temp.item(''two'', pg_temp.id(''a2''))))', 'select count(*) from chatkeep.messages', '2'),
  ('a choice of a branch', 'select_branch(pg_temp.id(''c1''), pg_temp.id(''a1''))', 'select count(*) from chatkeep.list_messages(pg_temp.id(''c1''))', '1'),
  ('a search', 'search_messages(''one'')', 'select count(*) from chatkeep.search_messages(''one'')', '1'),
  ('a deletion', 'delete_chat(pg_temp.id(''c1''))', 'select count(*) from chatkeep.chats', '0'),
  ('an import of nothing', 'import_chat(jsonb_build_object(''id'', pg_temp.id(''c1'')))', 'select count(*) from chatkeep.messages', '2');
grant select on others to public;

-- Intervals older than every row.
create temporary table ages (n integer generated always as identity, age text) on commit drop;
insert into ages (age) values ('10000 years'), ('290000 years'), ('178000000 years'), ('178956970 years 7 months'), ('2147483647 months'), ('2147483647 days'), ('2147483647 days 2147483647 months');
grant select on ages to public;

-- seq.
select is(pg_temp.with_chat('last_seq = 2147483647', call, 'select ''accepted'''), '22003', name || ' to a chat that has numbered its last message is refused') from appends order by n;
select is(pg_temp.with_chat(format('last_seq = %s', 2147483647 - count), call, 'select max(seq) from chatkeep.messages'), '2147483647', name || ' may take the last number there is') from appends order by n;
select is(pg_temp.with_chat('last_seq = 2147483646', call, 'select min(seq) from chatkeep.messages'), case count when 1 then '1' else '22003' end, 'and no number wraps around in ' || name) from appends order by n;
select is(pg_temp.with_chat('message_count = 2147483647', 'append_message(pg_temp.id(''c1''), ''user'', ''x'')', 'select ''accepted'''), '22003', 'the count of messages does not overflow');
select is(pg_temp.with_chat('message_count = 2147483647', 'append_messages(pg_temp.id(''c1''), ''[{"role":"user","content":"x"}]'')', 'select ''accepted'''), '22003', 'in a batch');
select is(pg_temp.with_chat('last_seq = 2147483647', call, query), expected, name || ' works in a chat that is full') from others order by n;

-- Times.
select is(pg_temp.with_chat('updated_at = ''294276-12-31 23:59:59.999999+00''', call, 'select ''accepted'''), '22008', name || ' behind the last moment there is is refused') from appends order by n;
select is(pg_temp.with_chat('updated_at = ''infinity''', call, 'select max(updated_at) from chatkeep.chats'), '22008', name || ' behind infinity is refused') from appends order by n;
select is(pg_temp.with_chat('updated_at = ''294276-12-31 23:59:59.999999+00''', call, query), expected, name || ' works in a chat at the end of time') from others order by n;
select is(pg_temp.with_chat('updated_at = ''infinity''', call, query), expected, name || ' works in a chat at infinity') from others order by n;
select is(pg_temp.with_chat('updated_at = ''294276-12-31 23:59:59.999998+00''', 'append_message(pg_temp.id(''c1''), ''user'', ''x'')', 'select max(created_at) at time zone ''UTC'' from chatkeep.messages'), '294276-12-31 23:59:59.999999', 'the last moment itself is used');
select is(pg_temp.with_chat('updated_at = ''294276-12-31 23:59:59.999998+00''', 'append_messages(pg_temp.id(''c1''), ''[{"role":"user","content":"x"},{"role":"user","content":"y"}]'')', 'select ''accepted'''), '22008', 'but not by two');
select is(pg_temp.with_chat('updated_at = ''-infinity''', 'append_message(pg_temp.id(''c1''), ''user'', ''x'')', 'select max(created_at) > now() - interval ''1 day'' from chatkeep.messages'), 'true', 'a chat with the time -infinity continues at the present time');
select is(pg_temp.with_chat('updated_at = ''4714-11-24 00:00:00+00 BC''', 'append_messages(pg_temp.id(''c1''), ''[{"role":"user","content":"x"}]'')', 'select max(created_at) > now() - interval ''1 day'' from chatkeep.messages'), 'true', 'a chat with the first possible time continues at the present time');

-- Ages of a message that streams, of a deleted chat and of an ended session.
select pg_temp.sign_in('ada');
select count(*) as stored from chatkeep.append_message(:'chat', 'assistant', '', pg_temp.id('a9'), status => 'streaming') \gset
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('c2')) \gset
select count(*) as deleted from chatkeep.delete_chat(pg_temp.id('c2')) \gset
select count(*) as ended from (select chatkeep.revoke_session(s.session_id) from chatkeep.create_session() s) r \gset
select is(pg_temp.refusal(format('select * from chatkeep.fail_stale_messages(%L)', age)), 'accepted', 'nothing has been streaming for ' || age) from ages order by n;
select pg_temp.serve();
select is(pg_temp.refusal(format('select chatkeep.purge_chats(%L)', age)), 'accepted', 'nothing was deleted ' || age || ' ago') from ages order by n;
select is(pg_temp.refusal(format('select chatkeep.purge_sessions(10, %L)', age)), 'accepted', 'nor ended ' || age || ' ago') from ages order by n;
select is(pg_temp.refusal(format('select chatkeep.measure_usage(10, %L)', age)), 'accepted', 'nor was measured ' || age || ' ago') from ages order by n;
select is((select status::text from chatkeep.messages where id = pg_temp.id('a9')), 'streaming', 'a message that streams is not failed');
select is((select count(*)::integer from chatkeep.chats where id = pg_temp.id('c2')), 1, 'a deleted chat is not purged');
select is((select array_agg(pg_temp.refusal(call)) from unnest(array['select * from chatkeep.fail_stale_messages(''-178000000 years'')', 'select chatkeep.purge_chats(''-2147483647 months'')', 'select chatkeep.purge_sessions(10, ''-2147483647 days'')']) call),
  array_fill('22023 older_than must not be negative | Pass an interval such as ''15 minutes''.'::text, array[3]), 'an age is not negative');

select * from finish();
rollback;
