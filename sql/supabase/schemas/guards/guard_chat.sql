-- Clients write these columns directly too, so the limits of the calls are checked here. The columns have plain types
-- because of gateways.
create or replace function chatkeep_private.guard_chat() returns trigger
language plpgsql set search_path = ''
as $$
begin
  perform chatkeep_private.check_json('metadata', new.metadata, 'object');
  perform chatkeep_private.check_length('title', new.title, 500);
  perform chatkeep_private.check_length('model_title', new.model_title, 500);
  perform chatkeep_private.check_folder(new.folder);
  perform chatkeep_private.check_chat_tags(new.tags);
  return new;
end
$$;
comment on function chatkeep_private.guard_chat() is
  'Checks what clients write into a chat by the limits of the calls, for direct writes too.';
revoke all on function chatkeep_private.guard_chat() from public, anon, authenticated, service_role;

-- No append updates these columns. The trigger runs after the row: a single trigger before an update of any column
-- makes every append lock its chat once more.
create trigger guard_chat after insert or update of title, metadata, model_title, folder, tags on chatkeep.chats
  for each row execute function chatkeep_private.guard_chat();
comment on trigger guard_chat on chatkeep.chats is 'Checks titles, metadata, folder and tags.';
