create or replace function chatkeep.update_chat(
  chat_id uuid,
  title text default null,
  if_title_source text default null,
  metadata_merge jsonb default null,
  pinned boolean default null,
  folder text default null,
  tags text[] default null,
  read_up_to_seq integer default null
) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  chat chatkeep.chats;
  changed chatkeep.chats;
begin
  perform chatkeep_private.check_present('chat_id', update_chat.chat_id is not null);
  perform chatkeep_private.check_length('title', update_chat.title, 500);
  if update_chat.if_title_source <> 'model' then
    perform chatkeep_private.refuse('22023', 'if_title_source must be model', 'Leave it out for a title that a person wrote.');
  end if;
  if update_chat.metadata_merge is not null then
    perform chatkeep_private.check_json('metadata_merge', update_chat.metadata_merge, 'object');
  end if;
  perform chatkeep_private.check_folder(nullif(update_chat.folder, ''));
  perform chatkeep_private.check_chat_tags(update_chat.tags);
  if update_chat.read_up_to_seq < 0 then
    perform chatkeep_private.refuse('22023', 'read_up_to_seq must not be negative', 'Pass the seq of a message, or 0 for an unread chat.');
  end if;

  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(update_chat.chat_id);
  changed := chat;
  if update_chat.title is not null
     and (update_chat.if_title_source is null or chat.title is null or chat.title_source = 'model') then
    changed.title := nullif(update_chat.title, '');
    changed.title_source := case when changed.title is null then 'user' else coalesce(update_chat.if_title_source, 'user') end;
  end if;
  if update_chat.metadata_merge is not null then
    changed.metadata := chatkeep_private.merge_patch(chat.metadata, update_chat.metadata_merge);
  end if;
  if update_chat.pinned is not null then
    changed.pinned_at := case when update_chat.pinned then coalesce(chat.pinned_at, clock_timestamp()) end;
  end if;
  if update_chat.folder is not null then
    changed.folder := nullif(update_chat.folder, '');
  end if;
  if update_chat.tags is not null then
    changed.tags := chatkeep_private.unique_names(update_chat.tags);
  end if;
  if update_chat.read_up_to_seq is not null then
    changed.read_up_to_seq := least(update_chat.read_up_to_seq, chat.last_seq);
  end if;
  if changed is distinct from chat then
    update chatkeep.chats c
    set title = changed.title,
      title_source = changed.title_source,
      metadata = changed.metadata,
      pinned_at = changed.pinned_at,
      folder = changed.folder,
      tags = changed.tags,
      read_up_to_seq = changed.read_up_to_seq
    where c.id = chat.id and c.tenant_id = chat.tenant_id
    returning c.* into chat;
    if not found then
      perform chatkeep_private.refuse_unwritten('chat_id names a chat that');
    end if;
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next chat;
end
$$;
comment on function chatkeep.update_chat(uuid, text, text, jsonb, boolean, text, text[], integer) is
'Changes what the arguments name of a chat of the caller, and returns the chat.
An argument that is NULL or left out changes nothing. Messages and updated_at stay.
title: At most 500 characters. An empty one removes the title.
if_title_source: One of model. A model wrote this title: it is stored unless a person wrote the present one. Leave it out for a title by a person.
metadata_merge: Merged into the metadata by RFC 7396: objects are merged key by key, and null removes a key.
pinned: true pins the chat, false unpins it.
folder: At most 200 characters. An empty one takes the chat out of its folder.
tags: At most 50 of 1 to 100 characters each. They replace the tags; an empty array removes them.
read_up_to_seq: The seq up to which the owner has read. 0 makes the whole chat unread.
Returns: one row.
Errors: 22023, 22004, 42501, PT404, PT409, PT410.';
revoke all on function chatkeep.update_chat(uuid, text, text, jsonb, boolean, text, text[], integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep.update_chat(uuid, text, text, jsonb, boolean, text, text[], integer) to authenticated, service_role;
