-- What the calls say of these columns, which clients write directly too: they are plain for the gateways' sake.
create or replace function chatkeep_private.guard_chat() returns trigger
language plpgsql set search_path = ''
as $$
begin
  perform chatkeep_private.check_json('metadata', new.metadata, 'object');
  perform chatkeep_private.check_length('title', new.title, 500);
  return new;
end
$$;
comment on function chatkeep_private.guard_chat() is 'Keeps metadata an object within its limits and title short, also where they are written directly.';
revoke all on function chatkeep_private.guard_chat() from public, anon, authenticated, service_role;

-- The calls name none of these columns in an update. After the row, since a single trigger before an update of any column
-- has every append lock its chat once more.
create trigger guard_chat after insert or update of title, metadata on chatkeep.chats
  for each row execute function chatkeep_private.guard_chat();
comment on trigger guard_chat on chatkeep.chats is 'Title and metadata keep their form.';
