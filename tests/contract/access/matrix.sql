-- The matrix of who may do what: every cell of sql/access.tsv, tried by the caller of its column on the things of one owner.
begin;
\ir ../support/identities.psql
select * from no_plan();

-- A line of the table: what is tried, one cell for each caller, the statement. The first line with tabs names the callers. psql runs in the
-- root of the repository.
\set table `cat sql/access.tsv`
create temporary table cells (row bigint, place bigint, caller text, expected text, statement text) on commit drop;
with lines as (
  select row, string_to_array(line, e'\t') as parts, row = min(row) over () as is_head
  from string_to_table(:'table', e'\n') with ordinality t (line, row) where line like e'%\t%'
)
insert into cells
select l.row, a.place, a.caller, l.parts[a.place], l.parts[cardinality(head.parts)]
from lines head, unnest(head.parts) with ordinality a (caller, place), lines l
where head.is_head and not l.is_head and a.place between 2 and cardinality(head.parts) - 1;
select isnt_empty('select from cells', 'the table is read');

-- Bob is the owner of the things. Ada owns the tenant, Cyd is an admin, Dan a member. Fay and Gus are members too, with whom Bob shares
-- his chat: she may read, he may write. Eve is the owner of another tenant.
\set tenant 00000000-0000-4000-8000-000000007e01
\set dan 00000000-0000-4000-8000-00000000da00
\set fay 00000000-0000-4000-8000-00000000fa00
\set gus 00000000-0000-4000-8000-000000009000
insert into auth.users (id) values (pg_temp.person('cyd')), (:'dan'), (:'fay'), (:'gus');
select pg_temp.serve();
select count(*) as made from chatkeep.add_member(:'tenant', pg_temp.person('cyd'), 'admin') \gset
select count(*) as made from unnest(array[:'dan', :'fay', :'gus']::uuid[]) person, chatkeep.add_member(:'tenant', person) m \gset

select pg_temp.sign_in('bob');
select id as chat from chatkeep.create_chat('plans') \gset
select count(*) as made from chatkeep.append_messages(:'chat', jsonb_build_array(pg_temp.item('the heron', pg_temp.id('a1')), pg_temp.item('one', pg_temp.id('a2'), more => '{"usage":{"output_tokens":1}}'))) \gset
select count(*) as made from chatkeep.append_message(:'chat', 'assistant', '', pg_temp.id('a3'), parent_id => pg_temp.id('a1'), status => 'streaming') \gset
select count(*) as made from chatkeep.attach(:'chat', pg_temp.id('a1'), storage_path => 'bob/heron.png') \gset
select count(*) as made from chatkeep.summarise_chat(:'chat', pg_temp.id('a1'), 'a bird') \gset
select count(*) as rated from chatkeep.rate_message(:'chat', pg_temp.id('a1'), -1) \gset
select id as deleted_chat from chatkeep.create_chat('old plans') \gset
select count(*) as made from chatkeep.append_message(:'deleted_chat', 'user', 'an old heron') \gset
select count(*) as made from unnest(array[:'chat', :'deleted_chat']::uuid[]) c, chatkeep.share_chat(c, :'gus', permission => 'write') s \gset
select count(*) as made from chatkeep.share_chat(:'deleted_chat', :'fay') \gset
select id as share from chatkeep.share_chat(:'chat', :'fay') \gset
select secret from chatkeep.share_chat(:'chat', by_link => true) \gset
select count(*) as made from chatkeep.delete_chat(:'deleted_chat') \gset
select count(*) as made from chatkeep.delete_document((select d.id from chatkeep.register_document('storage://bob/old.pdf', repeat('c', 64)) d)) \gset
select id as private_document from chatkeep.register_document('private.html', repeat('a', 64), tags => '{"a":1}') \gset
select id as shared_document from chatkeep.register_document('shared.html', repeat('b', 64), tags => '{"a":1}', visibility => 'tenant') \gset
select pg_temp.sign_in(:'gus');
select count(*) as made from chatkeep.append_message(:'chat', 'user', '', pg_temp.id('a4'), status => 'streaming') \gset
select pg_temp.sign_in('bob');
select session_id as session, token from chatkeep.create_session() \gset
select count(*) as made from chatkeep.create_session() \gset
select pg_temp.serve();
select chatkeep.index_messages() as indexed, chatkeep.measure_usage() as measured \gset
reset role;
insert into chatkeep.identity_providers (issuer, name) values ('https://clerk.example.com', 'Clerk');

-- What the words in braces stand for.
create temporary table things (name text, value text) on commit drop;
insert into things values
  ('chat', :'chat'), ('message', pg_temp.id('a1')), ('inactive_message', pg_temp.id('a2')), ('streaming_message', pg_temp.id('a3')), ('writers_message', pg_temp.id('a4')), ('deleted_chat', :'deleted_chat'),
  ('private_document', :'private_document'), ('shared_document', :'shared_document'), ('session', :'session'), ('token', :'token'), ('share', :'share'),
  ('tenant', :'tenant'), ('owner', pg_temp.person('bob')), ('member', :'dan'), ('stranger', pg_temp.person('eve'));
create function pg_temp.filled(statement text, unknown uuid default null) returns text language plpgsql as $$
declare
  thing record;
begin
  for thing in select t.name, coalesce(unknown::text, t.value) as value from things t loop
    statement := replace(statement, '{' || thing.name || '}', quote_literal(thing.value));
  end loop;
  return statement;
end
$$;

-- The callers: a function for each column. The holder of the link alone presents its secret.
select set_config('test.link', :'secret', true), set_config('test.secret', '', true) \g /dev/null
create function pg_temp.as_owner() returns void language sql as $$ select pg_temp.sign_in('bob') $$;
create function pg_temp.as_reader() returns void language sql as $$ select pg_temp.sign_in('00000000-0000-4000-8000-00000000fa00') $$;
create function pg_temp.as_writer() returns void language sql as $$ select pg_temp.sign_in('00000000-0000-4000-8000-000000009000') $$;
create function pg_temp.as_link_holder() returns void language sql as $$ select pg_temp.sign_out(), set_config('test.secret', current_setting('test.link'), true) $$;
create function pg_temp.as_member() returns void language sql as $$ select pg_temp.sign_in('00000000-0000-4000-8000-00000000da00') $$;
create function pg_temp.as_admin() returns void language sql as $$ select pg_temp.sign_in(pg_temp.person('cyd')::text) $$;
create function pg_temp.as_tenant_owner() returns void language sql as $$ select pg_temp.sign_in('ada') $$;
create function pg_temp.as_reading_admin() returns void language plpgsql as $$
begin
  perform pg_temp.serve();
  update chatkeep.tenants set settings = '{"admin_reads":true}' where id = '00000000-0000-4000-8000-000000007e01';
  perform pg_temp.as_admin(), set_config('request.headers', (current_setting('request.headers')::jsonb || jsonb_build_object('x-chatkeep-member', pg_temp.person('bob')))::text, true);
end
$$;
create function pg_temp.as_stranger() returns void language sql as $$ select pg_temp.sign_in('eve') $$;
create function pg_temp.as_removed() returns void language plpgsql as $$
begin
  perform pg_temp.sign_in('ada');
  perform chatkeep.remove_member('00000000-0000-4000-8000-000000007e01', pg_temp.person('bob'));
  perform pg_temp.sign_in('bob');
end
$$;
create function pg_temp.as_disabled() returns void language plpgsql as $$
begin
  perform pg_temp.serve();
  update chatkeep.users set disabled_at = now() where id = pg_temp.person('bob');
  perform pg_temp.sign_in('bob');
end
$$;
create function pg_temp.as_anon() returns void language sql as $$ select pg_temp.sign_out() $$;
create function pg_temp.as_service() returns void language sql as $$ select pg_temp.serve() $$;

-- What a caller gets: yes, none, or the refusal. It leaves no trace.
create function pg_temp.answer(caller text, statement text, headers text default '{}') returns text language plpgsql as $$
declare
  found bigint;
  hint text;
begin
  perform set_config('request.headers', headers, true);
  execute format('select pg_temp.%I()', 'as_' || replace(caller, ' ', '_'));
  execute statement;
  get diagnostics found = row_count;
  set constraints all immediate;
  raise exception using errcode = 'ZZ000', message = case found when 0 then 'none' else 'yes' end;
exception
  when sqlstate 'ZZ000' then return sqlerrm;
  when others then
    get stacked diagnostics hint = pg_exception_hint;
    return sqlstate || ' ' || sqlerrm || ' | ' || hint;
end
$$;
create temporary table answers on commit drop as select c.*, pg_temp.answer(caller, pg_temp.filled(statement)) as answer from cells c;
select is(split_part(answer, ' ', 1), expected, format('%s gets %s: %s', caller, expected, statement)) from answers order by row, place;

-- What no cell says.
select is(string_agg(distinct statement, e'\n'), null, 'every statement works for somebody, or finds a deleted chat')
from answers a where not exists (select from answers b where b.row = a.row and b.answer ~ '^(yes|PT410)');
select is(string_agg(caller || ': ' || statement, e'\n'), null, 'PT404 is the answer for an id that nobody has, unless the caller reads the chat')
from answers where answer like 'PT404%' and answer <> pg_temp.answer(caller, pg_temp.filled(statement, '00000000-0000-7000-8000-00000000ffff'))
  and pg_temp.answer(caller, pg_temp.filled('select from chatkeep.list_messages({chat})')) <> 'yes';
select is(string_agg(caller || ': ' || statement, e'\n'), null, 'the header x-chatkeep-tenant opens nothing and closes nothing of the own tenant')
from answers where (answer = 'yes') <> (pg_temp.answer(caller, pg_temp.filled(statement), format('{"x-chatkeep-tenant":"%s"}', :'tenant')) = 'yes');
select is(string_agg(name, ', '), null, 'every call and every table has a line')
from (
  select p.oid::regproc::text as name from pg_proc p where p.pronamespace = 'chatkeep'::regnamespace
    and p.proname not in ('uid', 'tenant_id', 'user_id', 'engine', 'document_checksum', 'pre_request')
  union all
  select c.oid::regclass::text from pg_class c where c.relnamespace = 'chatkeep'::regnamespace and c.relkind in ('r', 'v')
    or c.relnamespace = 'chatkeep_private'::regnamespace and c.relkind = 'r'
) objects where not exists (select from cells where statement ~ ('\m' || name || '\M'));

select * from finish();
rollback;
