create or replace function chatkeep.list_messages(
  chat_id uuid,
  before timestamptz default null,
  after timestamptz default null,
  page_size integer default 50,
  from_summary boolean default false
) returns setof chatkeep.messages
-- The index by time returns rows in order. Where chats are small on average, the planner prefers to collect and sort
-- a chat's rows. Before PostgreSQL 18 the estimate of the remaining sort is so high that the query would be compiled
-- just in time.
language plpgsql stable set search_path = '' set enable_sort = off set jit = off
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
  until timestamptz := coalesce(list_messages.before, 'infinity');
begin
  perform chatkeep_private.check_present('chat_id', list_messages.chat_id is not null);
  perform chatkeep_private.check_page_size(list_messages.page_size);
  if list_messages.from_summary is not false then
    perform chatkeep_private.check_present('from_summary', list_messages.from_summary is not null);
    if list_messages.before is not null then
      perform chatkeep_private.refuse('22023', 'from_summary cannot be true with before',
        'The page begins at the newest summary and goes forward: page on with after.');
    end if;
  end if;
  perform set_config('chatkeep.writing', 'off', true);
  chat := chatkeep_private.visible_chat(list_messages.chat_id, or_shared => true);
  if list_messages.from_summary and list_messages.after is null then
    return query
      select p.* from chatkeep_private.page_from_summary(list_messages.chat_id, chat.tenant_id, list_messages.page_size) p;
  elsif list_messages.after is null then
    return query
      select page.* from (
        select m.* from chatkeep.messages m
        where m.chat_id = list_messages.chat_id
          and m.tenant_id = chat.tenant_id
          and m.active
          and m.created_at < until
        order by m.created_at desc
        limit list_messages.page_size
      ) page
      order by page.created_at;
  else
    return query
      select m.* from chatkeep.messages m
      where m.chat_id = list_messages.chat_id
        and m.tenant_id = chat.tenant_id
        and m.active
        and m.created_at > list_messages.after
        and m.created_at < until
      order by m.created_at
      limit list_messages.page_size;
  end if;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.list_messages(uuid, timestamptz, timestamptz, integer, boolean) is
'A page of the active path, oldest first: the newest page, or the page before or after a created_at (exclusive).
At most 200 rows.
before: Exclusive. With neither before nor after: the newest page.
after: Exclusive.
page_size: 1 to 200.
from_summary: true begins with the newest summary of the active path, as one row, and goes forward; without a summary, with the first message. With after it adds nothing, and before is refused.
Errors: 22023, 22004, PT404, PT410.';
revoke all on function chatkeep.list_messages(uuid, timestamptz, timestamptz, integer, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep.list_messages(uuid, timestamptz, timestamptz, integer, boolean) to authenticated, service_role;
