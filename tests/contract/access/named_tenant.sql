-- A service names the tenant in the header x-chatkeep-tenant: it means the rows of that tenant, whatever ids another tenant takes.
begin;
\ir ../support/identities.psql
select * from no_plan();

\ir ../support/same_ids.psql

create function pg_temp.serve_in(tenant text) returns void language plpgsql as $$
begin
  perform pg_temp.serve();
  perform set_config('request.headers', json_build_object('accept', '*/*', 'x-chatkeep-tenant', tenant)::text, true);
end
$$;
create function pg_temp.refused_in(tenant text) returns text language plpgsql as $$
begin
  perform pg_temp.serve_in(tenant);
  return pg_temp.refusal($s$ select * from chatkeep.list_messages(pg_temp.id('c1')) $s$);
end
$$;

select pg_temp.serve_in('00000000-0000-4000-8000-000000007e01');
select is(pg_temp.told(call), 'accepted', 'the named tenant''s chat: ' || call) from calls order by n;
select is(pg_temp.listed(pg_temp.id('c1')), 'heron of ada ', 'it is Ada''s');
select pg_temp.serve_in(upper('00000000-0000-4000-8000-000000007e02'));
select is(pg_temp.listed(pg_temp.id('c1')), 'heron of eve ', 'and Eve''s where her tenant is named');
select pg_temp.sign_in('eve');
select count(*) as deleted from chatkeep.delete_chat(pg_temp.id('c1')) \gset
select pg_temp.serve_in('00000000-0000-4000-8000-000000007e01');
select is(pg_temp.told(call), 'accepted', 'a stranger who deletes a chat of the same id changes nothing: ' || call) from calls order by n;
select content as written from chatkeep.append_message(pg_temp.id('c1'), 'assistant', 'written') \gset
select count(*) as appended from chatkeep.append_messages(pg_temp.id('c1'), '[{"role":"user","content":"in a batch"}]') \gset
select pg_temp.serve_in('00000000-0000-4000-8000-000000007e02');
select is(left(pg_temp.told('list_messages(pg_temp.id(''c1''))'), 5), 'PT410', 'the stranger''s is deleted');
select pg_temp.sign_in('ada');
select set_config('request.headers', '', true) \g /dev/null
select is(pg_temp.listed(pg_temp.id('c1')), 'heron of ada  written in a batch', 'what the service wrote is in Ada''s chat');

select pg_temp.serve_in('00000000-0000-4000-8000-000000007e03');
select is(pg_temp.told(call), 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'a tenant without such a chat: ' || call) from calls order by n;
select is(pg_temp.refused_in(tenant), '22023 the header x-chatkeep-tenant is no UUID | Send an id, or leave the header out.', 'a header that is no UUID: ' || tenant)
from unnest(array['', 'acme', '00000000-0000-4000-8000-000000007e0', '''; select']) tenant;

-- Where only one tenant has the chat.
select pg_temp.sign_in('ada');
select set_config('request.headers', '', true) \g /dev/null
select id as single from chatkeep.create_chat('single') \gset
select pg_temp.serve_in('00000000-0000-4000-8000-000000007e02');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_message(%L, 'user', 'x') $$, :'single')),
  'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'another tenant''s chat is out of reach');
select is(pg_temp.refusal(format($$ select * from chatkeep.append_messages(%L, '[{"role":"user","content":"x"}]') $$, :'single')),
  'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.', 'for batches too');

-- Documents.
select pg_temp.sign_in('ada');
select set_config('request.headers', '', true) \g /dev/null
select id as document from chatkeep.register_document('/a', repeat('a', 64)) \gset
reset role;
insert into chatkeep.documents (id, tenant_id, user_id, source_uri, checksum)
values (:'document', '00000000-0000-4000-8000-000000007e02', '00000000-0000-4000-8000-00000000e4e0', '/e', repeat('e', 64));
select pg_temp.serve();
select set_config('request.headers', '', true) \g /dev/null
select is(pg_temp.told(format('set_document_status(%L, ''processing'')', :'document')),
  'PT409 document_id names documents of several tenants | Name the tenant in the header x-chatkeep-tenant, or call as the document''s user.', 'without a tenant the id is ambiguous');
select pg_temp.serve_in('00000000-0000-4000-8000-000000007e02');
select is((select source_uri from chatkeep.set_document_status(:'document', 'processing')), '/e', 'with one it names that tenant''s document');
select is(pg_temp.told(format('tag_document(%L, ''{"a":1}'')', :'document')), 'accepted', 'for tags too');
select pg_temp.serve_in('00000000-0000-4000-8000-000000007e01');
select is((select source_uri from chatkeep.set_document_status(:'document', 'processing')), '/a', 'and the other one''s');
select is((select d.source_uri from chatkeep.delete_document(:'document') d), '/a', 'also for its deletion');

-- A user reads nothing more by naming a tenant.
select pg_temp.sign_in('ada');
select set_config('request.headers', '{"x-chatkeep-tenant":"00000000-0000-4000-8000-000000007e02"}', true) \g /dev/null
select is((select count(*)::int from chatkeep.messages where content like '%eve%'), 0, 'a user reads no other tenant by naming it');

select * from finish();
rollback;
