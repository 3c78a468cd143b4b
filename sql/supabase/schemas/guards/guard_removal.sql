-- redact_message needs the right to delete these rows, so clients have it too. A policy would let a direct request delete
-- nothing and call that a success. Foreign keys delete as the owner of the table.
create or replace function chatkeep_private.guard_removal() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if current_user = 'authenticated' and chatkeep_private.writer() is null then
    perform chatkeep_private.refuse('42501', 'rows of ' || tg_table_name || ' cannot be ' || case tg_op when 'DELETE' then 'deleted' else 'changed' end || ' directly',
      'redact_message removes what belongs to a message, and delete_chat the whole chat.');
  end if;
  return null;
end
$$;
comment on function chatkeep_private.guard_removal() is 'Refuses direct deletions of clients.';
revoke all on function chatkeep_private.guard_removal() from public, anon, authenticated, service_role;

create trigger guard_removal before delete on chatkeep.attachments
  for each statement execute function chatkeep_private.guard_removal();
comment on trigger guard_removal on chatkeep.attachments is 'Only calls delete attachments.';

create trigger guard_removal before delete or update on chatkeep.message_search
  for each statement execute function chatkeep_private.guard_removal();
comment on trigger guard_removal on chatkeep.message_search is 'Only calls change and delete rows of search.';

create trigger guard_removal before delete or update on chatkeep.chat_summaries
  for each statement execute function chatkeep_private.guard_removal();
comment on trigger guard_removal on chatkeep.chat_summaries is 'Only calls change and delete summaries.';
