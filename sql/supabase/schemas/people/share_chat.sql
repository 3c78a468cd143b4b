create or replace function chatkeep.share_chat(
  chat_id uuid,
  with_user_id uuid default null,
  with_tenant boolean default false,
  by_link boolean default false,
  permission text default 'read',
  up_to_message_id uuid default null,
  expires_at timestamptz default null
) returns setof chatkeep.new_share
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  secret constant bytea := chatkeep_private.random_secret();
  chat chatkeep.chats;
  tenant uuid;
  up_to integer;
  stored uuid;
begin
  perform chatkeep_private.check_present('chat_id', share_chat.chat_id is not null);
  perform chatkeep_private.check_share(share_chat.with_user_id, share_chat.with_tenant, share_chat.by_link,
    share_chat.permission, share_chat.up_to_message_id, share_chat.expires_at);
  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(share_chat.chat_id);
  if share_chat.with_user_id = chat.user_id then
    perform chatkeep_private.refuse('22023', 'with_user_id must be somebody else', 'The chat is this person''s own.');
  end if;
  if share_chat.up_to_message_id is not null then
    select m.seq into up_to from chatkeep.messages m
    where m.id = share_chat.up_to_message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id and m.active;
    if not found then
      perform chatkeep_private.refuse_message('up_to_message_id');
    end if;
  end if;
  if not share_chat.by_link then
    tenant := chat.tenant_id;
    -- Who shares again with the same people changes what they may. The lock on the chat makes this and the insert one step.
    update chatkeep.chat_shares s
    set permission = share_chat.permission, up_to_seq = up_to, expires_at = share_chat.expires_at
    where s.chat_id = chat.id and s.tenant_id = chat.tenant_id and s.user_id = chat.user_id
      and s.with_tenant_id = tenant and s.with_user_id is not distinct from share_chat.with_user_id
      and s.revoked_at is null
    returning s.id into stored;
  end if;
  if stored is null then
    begin
      insert into chatkeep.chat_shares as s (
        id, chat_id, tenant_id, user_id, with_tenant_id, with_user_id, secret_digest, permission, up_to_seq, expires_at
      )
      select chatkeep_private.uuid_v7(), chat.id, chat.tenant_id, chat.user_id, tenant, share_chat.with_user_id,
        case when share_chat.by_link then sha256(secret) end, share_chat.permission, up_to, share_chat.expires_at
      -- The owner may have been disabled since the lock. The policy would end the call with an error of its own.
      where chat.tenant_id = (select chatkeep.tenant_id()) or chatkeep_private.serves(chat.tenant_id)
      returning s.id into stored;
    exception when foreign_key_violation then
      perform chatkeep_private.refuse('PT404', 'with_user_id names no member of the tenant of the chat',
        'Pass the user_id of a membership, or add the person with add_member.');
    end;
  end if;
  return query
    select s.id, s.chat_id, s.with_user_id, s.with_tenant_id is not null and s.with_user_id is null, s.with_tenant_id is null,
      s.permission, s.up_to_seq, s.created_at, s.expires_at, s.revoked_at,
      case when s.with_tenant_id is null then 'cksh_' || translate(encode(secret, 'base64'), '+/', '-_') end
    from chatkeep.chat_shares s where s.id = stored and s.tenant_id = chat.tenant_id;
  if not found then
    perform chatkeep_private.refuse_unwritten('chat_id names a chat that');
  end if;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.share_chat(uuid, uuid, boolean, boolean, text, uuid, timestamptz) is
'Shares a chat of the caller with a member of its tenant, with all members, or by a link, and returns the share.
Exactly one of with_user_id, with_tenant and by_link says with whom. The same people again get the new permission, and their share keeps its id. Each link is a share of its own.
with_user_id: A member of the tenant of the chat.
with_tenant: true for all members of the tenant of the chat.
by_link: true for a link, whose secret is returned once. Whoever has it reads the chat, signed in or not.
permission: One of read, write. write: the person also appends messages. A link is for reading only.
up_to_message_id: The last message that is shown. Later ones stay hidden, and the permission must be read. The share is live when it is left out.
expires_at: When the share ends. It ends when it is revoked when this is left out.
Returns: one row.
Errors: 22023, 22004, PT404, PT409, PT410, PT503.';
revoke all on function chatkeep.share_chat(uuid, uuid, boolean, boolean, text, uuid, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep.share_chat(uuid, uuid, boolean, boolean, text, uuid, timestamptz) to authenticated, service_role;
