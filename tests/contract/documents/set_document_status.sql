-- set_document_status: the graph of an ingest, its claim, its errors; and the guard that holds the graph for everybody.
begin;
\ir ../support/identities.psql
select * from no_plan();
savepoint people;

-- A document of Ada's in every state.
create function pg_temp.document(suffix text, status text, visibility text default 'private', error text default null)
returns uuid language sql as $$
  insert into chatkeep.documents (id, tenant_id, user_id, source_uri, checksum, status, visibility, error, updated_at)
  values (pg_temp.id(suffix), '00000000-0000-4000-8000-000000007e01', '00000000-0000-4000-8000-00000000ada0', 'd/' || suffix,
    encode(sha256(convert_to(suffix, 'UTF8')), 'hex'), status, visibility, error, '2026-01-01')
  returning id
$$;
create temporary table states (state text, n integer) on commit drop;
insert into states select * from unnest(array['pending', 'processing', 'ready', 'failed', 'archived']) with ordinality;
create temporary table moves on commit drop as
  select a.state as was, b.state as becomes, a.n::text || b.n::text as suffix,
    case
      when a.state = 'processing' and b.state = 'processing' then 'taken'
      when a.state = b.state then 'same'
      when (a.state, b.state) in (('pending', 'processing'), ('pending', 'ready'), ('pending', 'failed'), ('pending', 'archived'),
        ('processing', 'pending'), ('processing', 'ready'), ('processing', 'failed'), ('processing', 'archived'),
        ('ready', 'processing'), ('ready', 'archived'),
        ('failed', 'pending'), ('failed', 'processing'), ('failed', 'archived')) then 'moves'
      else 'wrong'
    end as verdict
  from states a, states b;
grant select on moves, states to public;
select is((select array_agg(verdict || ' ' || n order by verdict) from (select verdict, count(*) as n from moves group by 1) v),
  array['moves 13', 'same 4', 'taken 1', 'wrong 7'], 'of 25 pairs of states');
select count(pg_temp.document('a' || suffix, was)) as made from moves \gset

-- The call.
select pg_temp.sign_in('ada');
create function pg_temp.moved(id uuid, status text) returns text language plpgsql as $$
declare
  said text;
begin
  select d.status || case when d.updated_at = '2026-01-01' then ' unwritten' else '' end into said
  from chatkeep.set_document_status(id, status) d;
  return said;
exception when sqlstate 'PT409' then
  return sqlstate || ' ' || sqlerrm;
end
$$;
select is(pg_temp.moved(pg_temp.id('a' || suffix), becomes),
  case verdict when 'moves' then becomes when 'same' then becomes || ' unwritten'
    else format('PT409 status cannot go from %s to %s', was, becomes) end,
  format('%s to %s: %s', was, becomes, verdict))
from moves order by suffix;
select is(pg_temp.refusal(format('select * from chatkeep.set_document_status(%L, ''processing'')', pg_temp.id('a22'))),
  'PT409 status cannot go from processing to processing | Another worker has taken the document: leave it to that one.', 'the second worker learns that the first has the document');
select is(pg_temp.refusal(format('select * from chatkeep.set_document_status(%L, ''pending'')', pg_temp.id('a31'))),
  'PT409 status cannot go from ready to pending | See the graph of states in docs/documents.md.', 'a wrong way, where the right ones are written');
select is(pg_temp.refusal(format('select * from chatkeep.set_document_status(%L, ''ready'')', pg_temp.id('a53'))),
  'PT409 status cannot go from archived to ready | Register the document anew.', 'and that history is history');

-- The guard: the same graph for direct updates.
select pg_temp.serve();
create function pg_temp.updated(id uuid, status text) returns text language plpgsql as $$
declare
  said text;
begin
  update chatkeep.documents d set status = updated.status where d.id = updated.id returning d.status into said;
  return said;
exception when sqlstate 'PT409' then
  return sqlstate || ' ' || sqlerrm;
end
$$;
reset role;
select count(pg_temp.document('b' || suffix, was)) as made from moves \gset
select pg_temp.serve();
select is(pg_temp.updated(pg_temp.id('b' || suffix), becomes),
  case when verdict = 'wrong' then format('PT409 status cannot go from %s to %s', was, becomes) else becomes end,
  format('service_role updates %s to %s directly: %s', was, becomes, case verdict when 'wrong' then 'refused' else 'done' end))
from moves order by suffix;
select pg_temp.sign_in('ada');
select matches(pg_temp.refusal($$ update chatkeep.documents set status = 'ready' $$), '^42501 rows of documents cannot be changed directly', 'a user''s direct update is refused');
select set_config('chatkeep.writing', 'on', true) \g /dev/null
select is(pg_temp.updated(pg_temp.id('b34'), 'failed'), 'PT409 status cannot go from ready to failed', 'with the marker set by hand too the graph holds');
select is(pg_temp.refusal(format('update chatkeep.documents set deleted_at = null, checksum = repeat(''0'', 64) where id = %L', pg_temp.id('b34'))),
  '42501 permission denied for table documents', 'and the checksum stays');
select set_config('chatkeep.writing', '', true) \g /dev/null

-- Why it failed.
reset role;
select pg_temp.document('c1', 'processing') as failing \gset
select pg_temp.sign_in('ada');
select results_eq(format($$ select status, error from chatkeep.set_document_status(%L, 'failed', 'no text in page 3') $$, :'failing'),
  $$ values ('failed', 'no text in page 3') $$, 'a failed ingest has a reason');
select set_eq(format($$ select status, error from chatkeep.set_document_status(%L, 'failed') $$, :'failing'),
  $$ values ('failed', 'no text in page 3') $$, 'failed again without a reason keeps it');
select set_eq(format($$ select error from chatkeep.set_document_status(%L, 'failed', '') $$, :'failing'),
  array['no text in page 3'], 'an empty reason keeps the stored one');
select updated_at as changed from chatkeep.documents where id = :'failing' \gset
select is((select updated_at from chatkeep.set_document_status(:'failing', 'failed', 'no text in page 3')), :'changed'::timestamptz, 'the same reason writes nothing');
select results_eq(format($$ select error, updated_at > %L from chatkeep.set_document_status(%L, 'failed', 'no text at all') $$, :'changed', :'failing'),
  $$ values ('no text at all', true) $$, 'another one is stored');
select results_eq(format($$ select status, error from chatkeep.set_document_status(%L, 'pending') $$, :'failing'),
  $$ values ('pending', null::text) $$, 'another status removes the reason');
select is((select char_length(error) from chatkeep.set_document_status(:'failing', 'failed', repeat('é', 2000))), 2000, 'a reason has at most 2000 characters');

-- Other users.
reset role;
select pg_temp.document('c2', 'pending') as private, pg_temp.document('c3', 'pending', 'tenant') as shared \gset
select pg_temp.sign_in('bob');
select is(pg_temp.moved(:'shared', 'processing'), 'processing', 'a member ingests what the tenant shares');
select is(pg_temp.moved(:'shared', 'ready'), 'ready', 'to the end');
select is(pg_temp.refusal(format('select * from chatkeep.set_document_status(%L, ''archived'')', :'shared')),
  '42501 document_id names a document of another member | Its owner, or service_role, can archive, delete or describe it.', 'but does not archive it');
select set_config('chatkeep.writing', 'on', true) \g /dev/null
select is(pg_temp.refusal(format('update chatkeep.documents set aliases = aliases || array[''m''] where id = %L', :'shared')), 'accepted', 'with the marker set by hand a member adds a source');
select is((select array_agg(pg_temp.refusal(format('update chatkeep.documents set %s where id = %L', change, :'shared'))) from unnest(array[
    'aliases = ''{}''', 'aliases = ''{x,m}''', 'source_uri = ''x''', 'title = ''x''', 'mime_type = ''x''', 'byte_size = 1', 'visibility = ''private''', 'deleted_at = now()', 'status = ''archived''']) change),
  array_fill('42501 document_id names a document of another member | Its owner, or service_role, can archive, delete or describe it.'::text, array[9]), 'and changes nothing else that is the owner''s');
select set_config('chatkeep.writing', '', true) \g /dev/null
select is(pg_temp.refusal(format('select * from chatkeep.set_document_status(%L, ''processing'')', :'private')),
  'PT404 document_id names no document of yours | Register the document, or check the id.', 'another member''s private document is refused as unknown');
select pg_temp.sign_in('eve');
select is(pg_temp.refusal(format('select * from chatkeep.set_document_status(%L, ''processing'')', :'shared')),
  pg_temp.refusal(format('select * from chatkeep.set_document_status(%L, ''processing'')', pg_temp.id('ff'))),
  'to another tenant a shared document is as unknown as one that nobody has');
select pg_temp.sign_out();
select is(pg_temp.refusal(format('select * from chatkeep.set_document_status(%L, ''ready'')', :'shared')),
  '42501 permission denied for function set_document_status', 'anon moves nothing');
select pg_temp.serve();
select is(pg_temp.moved(:'private', 'ready'), 'ready', 'service_role moves anybody''s');
select is(pg_temp.moved(:'shared', 'archived'), 'archived', 'and archives it');
reset role;
insert into chatkeep.documents (id, tenant_id, user_id, source_uri, checksum)
values (pg_temp.id('c2'), '00000000-0000-4000-8000-000000007e02', '00000000-0000-4000-8000-00000000e4e0', 'x', repeat('0', 64));
select pg_temp.serve();
select is(pg_temp.refusal(format('select * from chatkeep.set_document_status(%L, ''archived'')', :'private')),
  'PT409 document_id names documents of several tenants | Name the tenant in the header x-chatkeep-tenant, or call as the document''s user.', 'an id that two tenants hold is nobody''s to a service');
select pg_temp.sign_in('eve');
select is(pg_temp.moved(:'private', 'processing'), 'processing', 'and each tenant''s own to its user');

-- An archived document frees its source and its bytes.
select pg_temp.sign_in('ada');
select id as first from chatkeep.register_document('free', chatkeep.document_checksum('free')) \gset
select is(pg_temp.moved(:'first', 'archived'), 'archived', 'the owner archives');
select results_eq(format($$ select id <> %L, status from chatkeep.register_document('free', chatkeep.document_checksum('free')) $$, :'first'),
  $$ values (true, 'pending') $$, 'and the same bytes are a new document');

-- Bad arguments: the same SQLSTATE, sentence and hint on every engine.
rollback to people;
select pg_temp.sign_in('ada');
select id as document from chatkeep.register_document('a', repeat('a', 64)) \gset
select is(pg_temp.refusal('select * from chatkeep.' || replace(replace(call, 'DOC', quote_literal(:'document')), 'NONE', '''00000000-0000-7000-8000-0000000000ff''')), expected, name)
from (values
  ('the status of nothing', $$set_document_status(null, 'ready')$$, '22004 document_id is missing | Pass a value; null is not accepted here.'),
  ('no status', $$set_document_status(DOC, null)$$, '22004 status is missing | Pass a value; null is not accepted here.'),
  ('a status of another name', $$set_document_status(DOC, 'Ready')$$, '22023 status must be pending, processing, ready, failed or archived | Pass one of the five, in lower case.'),
  ('an empty status', $$set_document_status(DOC, '')$$, '22023 status must be pending, processing, ready, failed or archived | Pass one of the five, in lower case.'),
  ('an error of what did not fail', $$set_document_status(DOC, 'ready', 'hunter2')$$, '22023 error can be given with failed only | Leave it out, or pass failed.'),
  ('an error over 2000 characters', $$set_document_status(DOC, 'failed', repeat('e', 2001))$$, '22023 error is longer than 2000 characters | Shorten it.'),
  ('the status of no document', $$set_document_status(NONE, 'ready')$$, 'PT404 document_id names no document of yours | Register the document, or check the id.'),
  ('two faults: the first argument is named', $$set_document_status(null, 'nothing', repeat('e', 2001))$$, '22004 document_id is missing | Pass a value; null is not accepted here.')
) refused (name, call, expected);
select results_eq($$ select status, error, updated_at = created_at from chatkeep.documents $$, $$ values ('pending', null::text, true) $$, 'no refused status is stored');

select * from finish();
rollback;
