create or replace function chatkeep.list_messages(
  chat_id uuid,
  before timestamptz default null,
  after timestamptz default null,
  page_size integer default 50
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
  perform set_config('chatkeep.writing', 'off', true);
  chat := chatkeep_private.visible_chat(list_messages.chat_id, or_shared => true);
  if list_messages.after is null then
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
comment on function chatkeep.list_messages(uuid, timestamptz, timestamptz, integer) is
'A page of the active path, oldest first: the newest page, or the page before or after a created_at (exclusive).
At most 200 rows.
before: Exclusive. With neither before nor after: the newest page.
after: Exclusive.
page_size: 1 to 200.
Errors: 22023, 22004, PT404, PT410.';
revoke all on function chatkeep.list_messages(uuid, timestamptz, timestamptz, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep.list_messages(uuid, timestamptz, timestamptz, integer) to authenticated, service_role;
