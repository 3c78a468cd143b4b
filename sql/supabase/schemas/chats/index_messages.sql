create or replace function chatkeep.index_messages(batch_size integer default 1000) returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  moving constant uuid[] := chatkeep_private.moving_tenants();
  chat record;
  indexed integer;
  indexed_to timestamptz;
  total integer := 0;
  ids uuid[] := '{}'::uuid[];
  tenants uuid[] := '{}'::uuid[];
  ends timestamptz[] := '{}'::timestamptz[];
begin
  perform chatkeep_private.check_batch_size(batch_size, 100000);
  -- One call at a time. The number is arbitrary.
  if not pg_try_advisory_xact_lock(4841369552730651) then
    return 0;
  end if;
  for chat in
    select c.id, c.tenant_id, c.user_id, c.language, coalesce(c.indexed_to, '-infinity') as indexed_to, c.updated_at
    from chatkeep.chats c
    where c.updated_at > coalesce(c.indexed_to, '-infinity') and c.deleted_at is null and c.tenant_id <> all (moving)
  loop
    -- A transaction that deletes or moves the chat's messages locks the chat first. Such a chat is skipped, and so is a
    -- chat that has got another owner or tenant since.
    perform from chatkeep.chats c
    where c.id = chat.id and c.tenant_id = chat.tenant_id and c.user_id = chat.user_id
    for key share skip locked;
    continue when not found;
    with pending as (
      select m.id, m.created_at, m.content from chatkeep.messages m
      where m.chat_id = chat.id and m.tenant_id = chat.tenant_id
        and m.created_at > chat.indexed_to and m.created_at <= chat.updated_at
        -- A streaming message will have other content, so the index stops before it.
        and m.created_at < coalesce((
          select min(s.created_at) from chatkeep.messages s
          where s.chat_id = chat.id and s.tenant_id = chat.tenant_id
            and s.created_at > chat.indexed_to and s.status = 'streaming'
        ), 'infinity')
      order by m.created_at
      limit batch_size - total
    ), added as (
      insert into chatkeep.message_search (message_id, chat_id, tenant_id, user_id, language, created_at, tsv)
      select p.id, chat.id, chat.tenant_id, chat.user_id, chat.language, p.created_at,
        chatkeep_private.search_vector(chat.language, p.content)
      from pending p
      on conflict do nothing
    )
    select count(*), max(p.created_at) into indexed, indexed_to from pending p;
    total := total + indexed;
    if indexed_to is null and not exists (
      select from chatkeep.messages m
      where m.chat_id = chat.id and m.tenant_id = chat.tenant_id and m.created_at > chat.indexed_to
    ) then
      indexed_to := chat.updated_at;
    end if;
    if indexed_to is not null then
      ids := ids || chat.id;
      tenants := tenants || chat.tenant_id;
      ends := ends || indexed_to;
    end if;
    exit when total >= batch_size;
  end loop;
  -- Last, so that writers wait for this update only and not for the indexing. A chat that is locked is marked next
  -- time.
  with free as (
    select c.id, c.tenant_id, w.indexed_to
    from unnest(ids, tenants, ends) w (id, tenant_id, indexed_to)
    join chatkeep.chats c on c.id = w.id and c.tenant_id = w.tenant_id
    for no key update of c skip locked
  )
  update chatkeep.chats c set indexed_to = f.indexed_to
  from free f
  where c.id = f.id and c.tenant_id = f.tenant_id;
  return total;
end
$$;
comment on function chatkeep.index_messages(integer) is
'Indexes at most batch_size messages for search and returns how many.
0 means that nothing is left, or that another call is running. Tenants that are being moved are left alone. For service_role, on a schedule.
batch_size: 1 to 100,000.
Errors: 22023, 22004.';
revoke all on function chatkeep.index_messages(integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep.index_messages(integer) to service_role;
