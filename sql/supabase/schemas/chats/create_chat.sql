create or replace function chatkeep.create_chat(
  title text default null,
  metadata jsonb default '{}',
  chat_id uuid default null,
  language text default 'simple',
  user_id uuid default null
) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  owner uuid := coalesce(create_chat.user_id, chatkeep.uid());
  tenant uuid;
  wanted uuid := coalesce(create_chat.chat_id, chatkeep_private.uuid_v7());
  stored chatkeep.chats;
begin
  perform chatkeep_private.check_length('title', create_chat.title, 500);
  perform chatkeep_private.check_present('metadata', create_chat.metadata is not null);
  perform chatkeep_private.check_json('metadata', create_chat.metadata, 'object');
  perform chatkeep_private.check_language('language', create_chat.language);
  tenant := chatkeep_private.enter(create_chat.user_id);

  perform set_config('chatkeep.writing', 'on', true);
  return query
    insert into chatkeep.chats as c (id, tenant_id, user_id, title, metadata, language)
    values (wanted, tenant, owner, create_chat.title, create_chat.metadata, create_chat.language)
    -- Two keys of chats begin with the id, and a race may meet either first, so no key is named.
    on conflict do nothing
    returning c.*;
  if not found then
    select c.* into stored from chatkeep.chats c
    where c.id = wanted and c.tenant_id = tenant and c.user_id = owner;
    if not found then
      perform chatkeep_private.refuse('PT409', 'chat_id is taken', 'Leave chat_id out, or make a new UUID.');
    elsif stored.deleted_at is not null then
      perform chatkeep_private.refuse_chat(true, stored.deleted_at);
    end if;
    return next stored;
  end if;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.create_chat(text, jsonb, uuid, text, uuid) is
'Makes a chat of the signed-in user, or of the user_id that service_role names, and returns it.
With a chat_id that the user already has, returns the stored chat.
title: At most 500 characters.
metadata: At most 256 KiB.
chat_id: The idempotency key. A new one is made when it is left out.
language: The text search configuration of its messages, such as english.
user_id: For service_role only.
Returns: one row.
Errors: 22023, 22004, 42501, PT404, PT409, PT410, PT503.';
revoke all on function chatkeep.create_chat(text, jsonb, uuid, text, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.create_chat(text, jsonb, uuid, text, uuid) to authenticated, service_role;
