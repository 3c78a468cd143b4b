-- The chat and the day come from columns of messages, so a condition on the chat reaches the index by time.
create view chatkeep.usage_by_day with (security_invoker = true) as
select m.tenant_id, m.user_id, m.chat_id, (m.created_at at time zone 'UTC')::date as day, m.model::text as model, u.currency,
  count(*) as messages,
  coalesce(sum(u.input_tokens), 0)::bigint as input_tokens,
  coalesce(sum(u.output_tokens), 0)::bigint as output_tokens,
  coalesce(sum(u.cached_input_tokens), 0)::bigint as cached_input_tokens,
  coalesce(sum(u.reasoning_tokens), 0)::bigint as reasoning_tokens,
  sum(u.cost) as cost
from chatkeep.messages m,
  jsonb_to_record(m.usage) u (
    input_tokens integer, output_tokens integer, cached_input_tokens integer, reasoning_tokens integer, cost numeric, currency text
  )
where m.usage is not null
group by m.tenant_id, m.user_id, m.chat_id, day, m.model::text, u.currency;
comment on view chatkeep.usage_by_day is
  'What messages took, summed by chat, day, model and currency: those of all branches that have usage.';
comment on column chatkeep.usage_by_day.user_id is 'Owner of the chat.';
comment on column chatkeep.usage_by_day.day is 'The day in UTC on which the messages were made.';
comment on column chatkeep.usage_by_day.model is 'NULL of messages without a model.';
comment on column chatkeep.usage_by_day.currency is 'NULL of messages without a cost.';
comment on column chatkeep.usage_by_day.messages is 'How many messages are in the sums.';
comment on column chatkeep.usage_by_day.cost is 'NULL without a currency.';
revoke all on chatkeep.usage_by_day from public, anon, authenticated, service_role;
grant select on chatkeep.usage_by_day to authenticated, service_role;
