-- Clients write these columns directly too, so the limits of the calls are checked here. The columns have plain types
-- because of gateways.
create or replace function chatkeep_private.guard_chat() returns trigger
language plpgsql set search_path = ''
as $$
begin
  perform chatkeep_private.check_json('metadata', new.metadata, 'object');
  perform chatkeep_private.check_length('title', new.title, 500);
  perform chatkeep_private.check_folder(new.folder);
  perform chatkeep_private.check_chat_tags(new.tags);
  if new.title_source not in ('user', 'model') then
    perform chatkeep_private.refuse('22023', 'title_source must be user or model', 'Leave it out: update_chat sets it.');
  end if;
  -- A person has written over the title of a model. update_chat sets both columns itself.
  if tg_op = 'UPDATE' and new.title_source = 'model' and new.title is distinct from old.title
     and current_setting('chatkeep.writing', true) is distinct from 'on' then
    update chatkeep.chats c set title_source = 'user' where c.id = new.id and c.tenant_id = new.tenant_id;
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_chat() is
  'Checks what clients write into a chat by the limits of the calls, for direct writes too. A title that is written directly is a person''s.';
revoke all on function chatkeep_private.guard_chat() from public, anon, authenticated, service_role;

-- No append updates these columns. The trigger runs after the row: a single trigger before an update of any column
-- makes every append lock its chat once more.
create trigger guard_chat after insert or update of title, metadata, folder, tags, title_source on chatkeep.chats
  for each row execute function chatkeep_private.guard_chat();
comment on trigger guard_chat on chatkeep.chats is 'Checks titles, metadata, folder and tags.';
