alter table chatkeep.chat_summaries enable row level security;
alter table chatkeep.chat_summaries force row level security;

-- member(), not reader(): a share shows messages, and no summary of them.
create policy chat_summaries_select on chatkeep.chat_summaries for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep_private.member(), chatkeep.tenant_id())
    and ((select current_setting('chatkeep.writing', true)) <> ''
      or chat_id <> all ((select chatkeep_private.deleted_chats())::uuid[]))
  );
comment on policy chat_summaries_select on chatkeep.chat_summaries is 'Users read the summaries of their own chats.';

create policy chat_summaries_insert on chatkeep.chat_summaries for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy chat_summaries_insert on chatkeep.chat_summaries is 'summarise_chat summarises chats of the signed-in user.';

create policy chat_summaries_update on chatkeep.chat_summaries for update to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy chat_summaries_update on chatkeep.chat_summaries is 'summarise_chat replaces a summary.';

create policy chat_summaries_delete on chatkeep.chat_summaries for delete to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy chat_summaries_delete on chatkeep.chat_summaries is 'redact_message removes the summaries that cover its message.';

revoke all on chatkeep.chat_summaries from public, anon, authenticated, service_role;
grant select, delete,
  insert (message_id, chat_id, tenant_id, user_id, created_at, updated_at, up_to_seq, message_version, content, model, token_count, metadata),
  update (updated_at, message_version, content, model, token_count, metadata)
  on chatkeep.chat_summaries to authenticated;
grant select, insert, update, delete on chatkeep.chat_summaries to service_role;
