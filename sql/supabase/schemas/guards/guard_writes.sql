-- Calls need the right to change these rows, so clients have it too. The policies let nothing but a call use it: a direct
-- request would change nothing, and the Data API would call that a success. Foreign keys act as the owner of the table,
-- and row level security does not apply to them.
create or replace function chatkeep_private.guard_writes() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if row_security_active(tg_relid) then
    perform chatkeep_private.refuse('42501', 'rows of ' || tg_table_name || ' cannot be ' || case tg_op when 'DELETE' then 'deleted' else 'changed' end || ' directly',
      tg_argv[0]);
  end if;
  return null;
end
$$;
comment on function chatkeep_private.guard_writes() is
  'Refuses direct changes of rows that only calls change. Its argument is the hint.';
revoke all on function chatkeep_private.guard_writes() from public, anon, authenticated, service_role;

-- Inside a call that writes, PostgreSQL evaluates the condition and calls no function.
create trigger guard_writes before update or delete on chatkeep.messages
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('finish_message and append_message change a message, redact_message removes what it says, rate_message rates it, select_branch and rewind_chat change the path, and update_chat changes the chat.');
comment on trigger guard_writes on chatkeep.messages is 'Only calls change messages.';

create trigger guard_writes before update or delete on chatkeep.attachments
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('redact_message removes what belongs to a message, and delete_chat the whole chat.');
comment on trigger guard_writes on chatkeep.attachments is 'Only calls delete attachments.';

create trigger guard_writes before update or delete on chatkeep.message_search
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('redact_message removes what belongs to a message, and delete_chat the whole chat.');
comment on trigger guard_writes on chatkeep.message_search is 'Only calls change and delete rows of search.';

create trigger guard_writes before update or delete on chatkeep.message_ratings
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('rate_message changes the caller''s own rating, and takes it back.');
comment on trigger guard_writes on chatkeep.message_ratings is 'Only calls change ratings.';

create trigger guard_writes before delete on chatkeep.chats
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('delete_chat deletes a chat, and restore_chat brings it back.');
comment on trigger guard_writes on chatkeep.chats is 'Only calls delete chats.';

create trigger guard_writes before update or delete on chatkeep.chat_shares
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('share_chat changes a share, and revoke_share ends it.');
comment on trigger guard_writes on chatkeep.chat_shares is 'Only calls change shares.';

create trigger guard_writes before update or delete on chatkeep.documents
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('register_document describes a document, set_document_status changes its status, and delete_document deletes it.');
comment on trigger guard_writes on chatkeep.documents is 'Only calls change documents.';

create trigger guard_writes before update or delete on chatkeep.document_metadata
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('tag_document changes tags, and register_document properties.');
comment on trigger guard_writes on chatkeep.document_metadata is 'Only calls change metadata of documents.';

create trigger guard_writes before update or delete on chatkeep.sessions
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('revoke_session, revoke_other_sessions and revoke_all_sessions end sessions.');
comment on trigger guard_writes on chatkeep.sessions is 'Only calls change sessions.';

create trigger guard_writes before update or delete on chatkeep.tenants
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('rename_tenant changes the name.');
comment on trigger guard_writes on chatkeep.tenants is 'Only calls change tenants.';

create trigger guard_writes before update or delete on chatkeep.chat_summaries
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('summarise_chat replaces a summary, and redact_message removes those that cover its message.');
comment on trigger guard_writes on chatkeep.chat_summaries is 'Only calls change and delete summaries.';
