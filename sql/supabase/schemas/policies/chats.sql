-- A deleted chat is visible only inside a call, which can then refuse it as deleted. No column grant lets user_id or
-- tenant_id change, so the check of an update only has to prove order.
alter table chatkeep.chats enable row level security;
alter table chatkeep.chats force row level security;

create policy chats_select on chatkeep.chats for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep_private.reader(), chatkeep_private.reading_tenant())
    and (deleted_at is null or chatkeep_private.in_call())
    and id = coalesce((select chatkeep_private.shared_chat_id()), id)
  );
comment on policy chats_select on chatkeep.chats is
  'Users read their own chats, and in a call that opens a shared chat this chat.';

create policy chats_insert on chatkeep.chats for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep.tenant_id())
  );
comment on policy chats_insert on chatkeep.chats is 'create_chat makes chats of the signed-in user.';

-- The same expressions as in chats_select: an update passes both policies, and PostgreSQL then evaluates each
-- expression once.
create policy chats_update on chatkeep.chats for update to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep_private.reader(), chatkeep_private.reading_tenant())
    and (deleted_at is null or chatkeep_private.in_call())
    and id = coalesce((select chatkeep_private.shared_chat_id()), id)
  )
  with check (
    chatkeep_private.keeps_order(id, tenant_id, message_count, last_seq, active_leaf_id, updated_at, deleted_at)
  );
comment on policy chats_update on chatkeep.chats is
  'Users change what orders no messages in their own chats. Calls change the rest.';

revoke all on chatkeep.chats from public, anon, authenticated, service_role;
grant select,
  insert (id, tenant_id, user_id, title, metadata, language, created_at, updated_at, archived_at),
  update (title, metadata, archived_at, deleted_at, message_count, last_seq, active_leaf_id, updated_at,
    pinned_at, read_up_to_seq, folder, tags, title_source)
  on chatkeep.chats to authenticated;
grant select, insert, update, delete on chatkeep.chats to service_role;
