alter table chatkeep.messages enable row level security;
alter table chatkeep.messages force row level security;

create policy messages_select on chatkeep.messages for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep_private.reader(), chatkeep_private.reading_tenant())
    and ((select current_setting('chatkeep.writing', true)) in ('on', 'off')
      or chat_id <> all ((select chatkeep_private.deleted_chats())::uuid[])
      or (chat_id = (select chatkeep_private.opened_chat()) and active and seq <= (select chatkeep_private.opened_to())))
  );
comment on policy messages_select on chatkeep.messages is
  'Users read the messages of their own chats, and in a call that opens a shared chat its active path.';

create policy messages_insert on chatkeep.messages for insert to authenticated
  with check (
    (user_id, tenant_id, author_id) = (select chatkeep_private.writer(), chatkeep_private.reading_tenant(), chatkeep.uid())
  );
comment on policy messages_insert on chatkeep.messages is
  'Calls append to the user''s own chats, and to shared ones with the permission write. No client inserts directly.';

create policy messages_update on chatkeep.messages for update to authenticated
  using (
    user_id = (select chatkeep_private.writer())
    and ((select current_setting('chatkeep.writing', true)) = 'on' or author_id = (select chatkeep.uid()))
  )
  with check (user_id is not null);
comment on policy messages_update on chatkeep.messages is
  'Calls change the active path and finish messages. In a shared chat people finish their own messages. No client updates directly.';

revoke all on chatkeep.messages from public, anon, authenticated, service_role;
grant select,
  insert (id, chat_id, tenant_id, user_id, seq, parent_id, active, role, content, parts, status, author_id, model, token_count, metadata, created_at, updated_at,
    reply_to, usage, redacted_at, redacted_by, redaction_reason),
  update (active, content, parts, status, token_count, metadata, updated_at, redacted_at, redacted_by, redaction_reason, version, usage)
  on chatkeep.messages to authenticated;
grant select, insert, update, delete on chatkeep.messages to service_role;
