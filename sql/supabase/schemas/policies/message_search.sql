alter table chatkeep.message_search enable row level security;
alter table chatkeep.message_search force row level security;

create policy message_search_select on chatkeep.message_search for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep_private.member(), chatkeep.tenant_id())
    and ((select current_setting('chatkeep.writing', true)) <> ''
      or chat_id <> all ((select chatkeep_private.deleted_chats())::uuid[]))
  );
comment on policy message_search_select on chatkeep.message_search is 'Users search their own messages.';

create policy message_search_update on chatkeep.message_search for update to authenticated
  using (
    user_id = (select chatkeep_private.writer())
    and chat_id = coalesce((select chatkeep_private.shared_chat_id()), chat_id)
  );
comment on policy message_search_update on chatkeep.message_search is 'A message that grows is found by its new words.';

create policy message_search_delete on chatkeep.message_search for delete to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy message_search_delete on chatkeep.message_search is 'redact_message removes what a search would find.';

revoke all on chatkeep.message_search from public, anon, authenticated, service_role;
grant select, delete, update (tsv) on chatkeep.message_search to authenticated;
grant select, insert, update, delete on chatkeep.message_search to service_role;
