alter table chatkeep.attachments enable row level security;
alter table chatkeep.attachments force row level security;

create policy attachments_select on chatkeep.attachments for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep_private.reader(), chatkeep_private.reading_tenant())
    and ((select current_setting('chatkeep.writing', true)) in ('on', 'off')
      or chat_id <> all ((select chatkeep_private.deleted_chats())::uuid[])
      or (chat_id = (select chatkeep_private.opened_chat()) and exists (
        select from chatkeep.messages m
        where m.id = attachments.message_id and m.chat_id = attachments.chat_id and m.tenant_id = attachments.tenant_id
      )))
  );
comment on policy attachments_select on chatkeep.attachments is
  'Users read the attachments of their own messages, and in a call that opens a shared chat those of its active path.';

create policy attachments_insert on chatkeep.attachments for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep_private.reading_tenant())
    and exists (
      select from chatkeep.messages m
      where m.id = attachments.message_id and m.chat_id = attachments.chat_id and m.tenant_id = attachments.tenant_id
        and (attachments.user_id = (select chatkeep.uid()) or m.author_id = (select chatkeep.uid()))
    )
    and (document_id is null or exists (
      select from chatkeep.documents d
      where d.id = attachments.document_id and d.tenant_id = attachments.tenant_id
    ))
  );
comment on policy attachments_insert on chatkeep.attachments is 'Calls attach to messages of the user''s own chats, and in shared ones to the user''s own messages.';

create policy attachments_delete on chatkeep.attachments for delete to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy attachments_delete on chatkeep.attachments is 'redact_message removes the attachments of its message.';

revoke all on chatkeep.attachments from public, anon, authenticated, service_role;
grant select, delete, insert (id, tenant_id, user_id, chat_id, message_id, document_id, document_access, name, mime_type, byte_size, storage_path)
  on chatkeep.attachments to authenticated;
grant select, insert, update, delete on chatkeep.attachments to service_role;
