-- Many callers on one backend: no plan, cache or setting keeps a caller.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

-- Chats.
select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat('secret plans') \gset
select id as message from chatkeep.append_message(:'chat', 'user', 'the vault code is 0000') \gset
select pg_temp.sign_in('eve');
select count(*) as made from chatkeep.create_chat('mine', chat_id => :'chat') \gset
select count(*) as stored from chatkeep.append_message(:'chat', 'user', 'mine', message_id => :'message') \gset
create function pg_temp.alternate(times integer, chat uuid) returns text language plpgsql as $$
declare
  said text;
begin
  for n in 1 .. times loop
    perform pg_temp.sign_in(case when n % 2 = 0 then 'ada' else 'eve' end);
    perform set_config('search_path', case when n % 3 = 0 then 'chatkeep, extensions' else 'extensions, public' end, true);
    select string_agg(m.content, ',') into said from chatkeep.list_messages(alternate.chat, page_size => 1) m;
    if said is distinct from (case when n % 2 = 0 then 'the vault code is 0000' else 'mine' end) then
      return 'round ' || n || ' read ' || coalesce(said, 'nothing');
    end if;
    perform pg_temp.sign_out();
    if pg_temp.refusal(format('select * from chatkeep.list_messages(%L)', chat)) !~ '^42501' then
      return 'round ' || n || ' read as anon';
    end if;
  end loop;
  return 'each its own';
end
$$;
select is(pg_temp.alternate(500, :'chat'), 'each its own', 'kept plans keep no identity over 500 changes of user, role and search_path');

-- Every kind of caller. Each of them reads and writes their chat, and all chats have the same id.
rollback to people;
create function pg_temp.alternate(times integer) returns text language plpgsql as $$
declare
  person text;
  said text;
  owners text[] := array['ada', 'eve', 'nobody', 'bob', 'service'];
begin
  for n in 1 .. times loop
    person := owners[1 + n % 5];
    perform set_config('search_path', case when n % 3 = 0 then 'chatkeep, extensions' else 'extensions, public' end, true);
    if person = 'nobody' then
      perform pg_temp.sign_out();
      if pg_temp.refusal('select * from chatkeep.append_messages(pg_temp.id(''cc''), ''[]'')') !~ '^42501' then return 'round ' || n || ': nobody appended'; end if;
    elsif person = 'service' then
      perform pg_temp.serve();
      if pg_temp.refusal('select * from chatkeep.search_messages(''word'')') !~ '^22' then return 'round ' || n || ': service_role searched without a chat'; end if;
    elsif person = 'bob' then
      perform pg_temp.sign_in('bob');
      if pg_temp.refusal('select * from chatkeep.list_messages(pg_temp.id(''cc''))') !~ '^PT404' then return 'round ' || n || ': Bob listed'; end if;
      if exists (select from chatkeep.search_messages('word') s where s.chat_id = pg_temp.id('cc')) then return 'round ' || n || ': Bob found'; end if;
      if exists (select from chatkeep.messages m where m.chat_id = pg_temp.id('cc')) then return 'round ' || n || ': Bob read'; end if;
    else
      perform pg_temp.sign_in(person);
      select string_agg(distinct a.user_id || a.content::text, ',') into said
      from chatkeep.append_messages(pg_temp.id('cc'), jsonb_build_array(pg_temp.item('word of ' || person), pg_temp.item('word of ' || person))) a;
      if said is distinct from chatkeep.uid() || 'word of ' || person then return 'round ' || n || ': appended ' || said; end if;
      select string_agg(distinct m.content::text, ',') into said from chatkeep.list_messages(pg_temp.id('cc'), page_size => 4) m;
      if said is distinct from 'word of ' || person then return 'round ' || n || ': listed ' || said; end if;
      select string_agg(distinct m.snippet, ',') into said from chatkeep.search_messages('word', pg_temp.id('cc'), page_size => 3) m;
      if said is distinct from '<mark>word</mark> of ' || person then return 'round ' || n || ': found ' || said; end if;
      if (select count(*) from chatkeep.select_branch(pg_temp.id('cc'), (select c.active_leaf_id from chatkeep.chats c where c.id = pg_temp.id('cc')))) <> 1 then return 'round ' || n || ': no chat'; end if;
    end if;
  end loop;
  return 'each their own';
end
$$;
select pg_temp.sign_in('eve');
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('cc')) \gset
select pg_temp.sign_in('ada');
select count(*) as made from chatkeep.create_chat(chat_id => pg_temp.id('cc')) \gset
select is(pg_temp.alternate(400), 'each their own', '400 changes of user, role and search_path on one backend');

-- A call stops when its caller changes.
reset role;
create function pg_temp.become_eve() returns trigger language plpgsql as $$ begin perform pg_temp.sign_in('eve'); return new; end $$;
create trigger become_eve before insert on chatkeep.messages for each row execute function pg_temp.become_eve();
select pg_temp.sign_in('ada');
select matches(pg_temp.refusal($$ select * from chatkeep.append_message(pg_temp.id('cc'), 'user', 'x') $$), '^42501 new row violates row-level security', 'claims that change inside a call count at once');
select matches(pg_temp.refusal($$ select * from chatkeep.append_messages(pg_temp.id('cc'), jsonb_build_array(pg_temp.item('x'), pg_temp.item('y'))) $$), '^42501 new row violates row-level security', 'inside a batch too');

-- Sessions.
rollback to people;
create function pg_temp.alternate(times integer, adas text, eves text) returns text language plpgsql as $$
declare
  person text;
  token text;
  said text;
begin
  for n in 1 .. times loop
    person := case n % 2 when 0 then 'ada' else 'eve' end;
    token := case n % 2 when 0 then adas else eves end;
    perform set_config('search_path', case n % 3 when 0 then 'chatkeep, extensions' else 'extensions, public' end, true);
    perform pg_temp.sign_in(person);
    select string_agg(m.user_agent, ',') into said from chatkeep.my_sessions m where m.status = 'active';
    if said is distinct from person then return format('round %s: %s lists %s', n, person, said); end if;
    if n % 5 = 0 then perform pg_temp.sign_out(); end if;
    select v.status || v.user_id into said from chatkeep.validate_session(token) v;
    if said is distinct from 'valid00000000-0000-4000-8000-00000000' || (case person when 'ada' then 'ada0' else 'e4e0' end) then
      return format('round %s: the token of %s says %s', n, person, said);
    end if;
    if n % 7 = 0 then
      perform pg_temp.sign_out();
      if exists (select id from chatkeep.sessions) then return format('round %s: anon sees a session', n); end if;
    end if;
  end loop;
  return 'each their own';
end
$$;
select pg_temp.sign_in('eve');
select count(*) as ended from chatkeep.revoke_all_sessions() \gset
select token as eves from chatkeep.create_session('eve') \gset
select pg_temp.sign_in('ada');
select count(*) as ended from chatkeep.revoke_all_sessions() \gset
select token as adas from chatkeep.create_session('ada') \gset
select is(pg_temp.alternate(3000, :'adas', :'eves'), 'each their own', '3,000 changes of user, role and search_path on one backend');
select pg_temp.sign_out();
select is((select array_agg(status) from (select * from chatkeep.validate_session(:'adas') union all select * from chatkeep.validate_session(:'eves')) v), array['valid', 'valid'], 'one statement may present two tokens');

select is(current_setting('chatkeep.presented', true) || current_setting('chatkeep.writing', true), '', 'no setting outlives a call');

select * from finish();
rollback;
