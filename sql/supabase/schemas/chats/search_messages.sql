create or replace function chatkeep.search_messages(
  query text,
  chat_id uuid default null,
  page_size integer default 20,
  before timestamptz default null
) returns setof chatkeep.found_message
-- An index returns the owner's rows newest first, and a frequent word fills the page at once. The planner cannot know
-- how frequent a word is and prefers to collect and sort. Before PostgreSQL 18 the estimate of the remaining sorts is
-- so high that the query would be compiled just in time.
language plpgsql stable set search_path = '' set enable_sort = off set jit = off
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
  owner uuid := chatkeep_private.member();
  until timestamptz := coalesce(search_messages.before, 'infinity');
begin
  perform chatkeep_private.check_present('query', search_messages.query is not null);
  perform chatkeep_private.check_length('query', search_messages.query, 1000);
  perform chatkeep_private.check_page_size(search_messages.page_size);
  perform set_config('chatkeep.writing', 'off', true);
  if search_messages.chat_id is not null then
    chat := chatkeep_private.visible_chat(search_messages.chat_id);
    owner := chat.user_id;
  elsif owner is null and chatkeep_private.is_service() then
    perform chatkeep_private.refuse('22004', 'chat_id is missing',
      'A service has no chats of its own: name the one to search.');
  elsif chatkeep.tenant_id() is null and exists (select from chatkeep.memberships m where m.user_id = owner) then
    perform chatkeep_private.refuse_outsider(owner);
  end if;
  return query
    with asked as materialized (
      select l.language, websearch_to_tsquery(l.language::regconfig, search_messages.query) as tsquery
      from (
        select distinct c.language::text from chatkeep.chats c
        where c.user_id = owner
          and c.deleted_at is null
          and (chat.id is null or (c.id = chat.id and c.tenant_id = chat.tenant_id))
      ) l
    ),
    found as (
      select a.language, a.tsquery, s.message_id, s.chat_id, s.tenant_id, s.created_at, s.tsv
      from asked a, lateral (
        -- The owner's rows, newest first, until the page is full.
        select s.* from chatkeep.message_search s
        where s.user_id = owner
          and s.language = a.language
          and s.created_at < until
          and (chat.id is null or s.chat_id = chat.id)
          and s.tsv @@ a.tsquery
          and (select c.deleted_at is null from chatkeep.chats c where c.id = s.chat_id and c.tenant_id = s.tenant_id)
        order by s.created_at desc
        fetch first search_messages.page_size rows with ties
      ) s
      union all
      -- What index_messages has not reached yet is searched in its text.
      select a.language, a.tsquery, m.id, m.chat_id, m.tenant_id, m.created_at, v.tsv
      from chatkeep.chats c
      join asked a on a.language = c.language
      join chatkeep.messages m
        on m.chat_id = c.id and m.tenant_id = c.tenant_id
          and m.created_at > coalesce(c.indexed_to, '-infinity') and m.created_at < until,
      lateral (select chatkeep_private.search_vector(c.language, m.content) as tsv offset 0) v
      where c.user_id = owner
        and c.updated_at > coalesce(c.indexed_to, '-infinity')
        and c.deleted_at is null
        and (chat.id is null or (c.id = chat.id and c.tenant_id = chat.tenant_id))
        and v.tsv @@ a.tsquery
        and not exists (
          select from chatkeep.message_search s
          where s.message_id = m.id and s.chat_id = m.chat_id and s.tenant_id = m.tenant_id
        )
    ),
    page as (
      select f.* from found f order by f.created_at desc
      fetch first search_messages.page_size rows with ties
    )
    select m.id, m.chat_id, m.seq, m.role::text, m.created_at, ts_rank(p.tsv, p.tsquery),
      chatkeep_private.snippet(p.language, m.content, p.tsquery)
    from page p
    join chatkeep.messages m on m.id = p.message_id and m.chat_id = p.chat_id and m.tenant_id = p.tenant_id
    order by m.created_at desc, m.id;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.search_messages(text, uuid, integer, timestamptz) is
'Searches the caller''s messages, or one chat, with the syntax of websearch_to_tsquery in each chat''s language.
Newest first, with rank and a snippet of safe HTML.
query: Words, "phrases", -without, or: as for websearch_to_tsquery. At most 1,000 characters.
chat_id: All chats of the caller when it is left out.
page_size: 1 to 200.
before: Exclusive.
Errors: 22023, 22004, PT404, PT410.';
revoke all on function chatkeep.search_messages(text, uuid, integer, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep.search_messages(text, uuid, integer, timestamptz) to authenticated, service_role;
