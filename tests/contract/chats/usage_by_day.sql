-- usage_by_day: what messages took, summed by chat, day, model and currency.
begin;
\ir ../support/identities.psql
select * from no_plan();
select pg_temp.sign_in('ada');
\set chat 00000000-0000-7000-8000-0000000000c1
\set other 00000000-0000-7000-8000-0000000000c2
select count(*) as made from unnest(array[:'chat', :'other']::uuid[]) c, chatkeep.create_chat(chat_id => c) \gset
create function pg_temp.took(usage text, model text default 'm-1') returns jsonb language sql as $$
  select jsonb_strip_nulls(jsonb_build_object('model', model, 'usage', usage::jsonb))
$$;
select count(*) as written from chatkeep.append_messages(:'chat', jsonb_build_array(
  pg_temp.item('no usage', pg_temp.id('a1')),
  pg_temp.item('', pg_temp.id('a2'), more => pg_temp.took('{"input_tokens":100,"output_tokens":20,"cached_input_tokens":50,"reasoning_tokens":5,"cost":0.1,"currency":"USD"}')),
  pg_temp.item('', pg_temp.id('a3'), more => pg_temp.took('{"input_tokens":1,"output_tokens":2,"cost":0.2,"currency":"USD"}')),
  pg_temp.item('', pg_temp.id('a4'), more => pg_temp.took('{"input_tokens":1,"cost":0.000000125,"currency":"EUR"}')),
  pg_temp.item('', pg_temp.id('a5'), more => pg_temp.took('{"output_tokens":7}')),
  pg_temp.item('', pg_temp.id('a6'), more => pg_temp.took('{"output_tokens":2147483647}', 'm-2')),
  pg_temp.item('', pg_temp.id('a7'), more => pg_temp.took('{"output_tokens":2147483647}', 'm-2')),
  pg_temp.item('', pg_temp.id('a8'), more => pg_temp.took('{"reasoning_tokens":1}', null)),
  pg_temp.item('', pg_temp.id('a9'), more => pg_temp.took('{}', null)),
  pg_temp.item('', pg_temp.id('b3'), pg_temp.id('a2'), pg_temp.took('{"input_tokens":1000,"cost":1,"currency":"USD"}')))) \gset
select count(*) as written from chatkeep.append_message(:'other', 'assistant', '', model => 'm-1', usage => '{"input_tokens":3}') \gset
-- The first and the last microsecond of a day in UTC.
reset role;
update chatkeep.messages set created_at = '2026-05-01 23:59:59.999999+00' where chat_id = :'chat';
update chatkeep.messages set created_at = '2026-05-02 00:00:00+00' where id = pg_temp.id('a3');
savepoint written;

select pg_temp.sign_in('ada');
set local timezone = 'Pacific/Auckland';
select pg_temp.rows_are(format($$ select chat_id, day::text, model, currency, messages, input_tokens, output_tokens, cached_input_tokens, reasoning_tokens, cost from chatkeep.usage_by_day where chat_id = %L order by day, model, currency $$, :'chat'),
  format($$ values (%1$L::uuid, '2026-05-01', 'm-1', 'EUR', 1, 1, 0, 0, 0, 0.000000125), (%1$L, '2026-05-01', 'm-1', 'USD', 2, 1100, 20, 50, 5, 1.1),
    (%1$L, '2026-05-01', 'm-1', null, 1, 0, 7, 0, 0, null), (%1$L, '2026-05-01', 'm-2', null, 2, 0, 4294967294, 0, 0, null),
    (%1$L, '2026-05-01', null, null, 2, 0, 0, 0, 1, null), (%1$L, '2026-05-02', 'm-1', 'USD', 1, 1, 2, 0, 0, 0.2) $$, :'chat'),
  'sums by day in UTC, model and currency, over all branches');
select is((select sum(input_tokens) from chatkeep.usage_by_day where model = 'm-1'), 1105::numeric, 'over all chats of the owner');
select is((select string_agg(distinct tenant_id || ' ' || user_id, ', ') from chatkeep.usage_by_day), '00000000-0000-4000-8000-000000007e01 ' || pg_temp.person('ada'), 'with their owner');
select is((select count(*) from chatkeep.usage_by_day where day = '2026-05-02'), 1::bigint, 'one day');
select count(*) as redacted from chatkeep.redact_message(:'chat', pg_temp.id('a3')) \gset
select is((select cost from chatkeep.usage_by_day where day = '2026-05-02'), 0.2, 'a message that was taken back has cost the same');

-- Whose sums.
select count(*) as shared from chatkeep.share_chat(:'chat', pg_temp.person('bob'), permission => 'write') \gset
select pg_temp.sign_in('bob');
select is_empty('select from chatkeep.usage_by_day', 'a colleague reads none, of a shared chat neither');
select pg_temp.sign_in('eve');
select count(*) as made from chatkeep.create_chat(chat_id => :'chat') \gset
select count(*) as written from chatkeep.append_message(:'chat', 'assistant', '', usage => '{"input_tokens":5}') \gset
select is((select sum(input_tokens) from chatkeep.usage_by_day), 5::numeric, 'another tenant reads its own, of a chat with the same id too');
select pg_temp.sign_out();
select is(split_part(pg_temp.refusal('select * from chatkeep.usage_by_day'), ' ', 1), '42501', 'anon reads none');
select pg_temp.serve();
select is((select string_agg(right(tenant_id::text, 4) || ' ' || input, ', ' order by tenant_id) from (select tenant_id, sum(input_tokens) as input from chatkeep.usage_by_day group by tenant_id) t), '7e01 1105, 7e02 5', 'a service reads all, each tenant apart');
select pg_temp.sign_in('ada');
select count(*) as deleted from chatkeep.delete_chat(:'chat') \gset
select is((select sum(input_tokens) from chatkeep.usage_by_day), 3::numeric, 'the owner reads none of a deleted chat');
select pg_temp.serve();
select is((select sum(input_tokens) from chatkeep.usage_by_day where user_id = pg_temp.person('ada')), 1105::numeric, 'a service does, until it is purged');
select matches(pg_temp.refusal('update chatkeep.usage_by_day set cost = 0'), '^(42501|55000) ', 'nobody writes sums');

select * from finish();
rollback;
