create or replace function chatkeep.attach(
  chat_id uuid,
  message_id uuid,
  document_id uuid default null,
  name text default null,
  mime_type text default null,
  byte_size bigint default null,
  storage_path text default null,
  user_id uuid default null
) returns setof chatkeep.attachments
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  tenant uuid;
  chat chatkeep.chats;
  document chatkeep.documents;
  stored chatkeep.attachments;
begin
  perform chatkeep_private.check_present('chat_id', attach.chat_id is not null);
  perform chatkeep_private.check_present('message_id', attach.message_id is not null);
  if attach.document_id is null and attach.storage_path is null then
    perform chatkeep_private.refuse('22023', 'document_id or storage_path is missing', 'Pass one of the two, or both.');
  end if;
  if attach.name = '' then
    perform chatkeep_private.refuse('22023', 'name must not be empty', 'Pass the name of the file, or leave it out.');
  end if;
  perform chatkeep_private.check_length('name', attach.name, 500);
  perform chatkeep_private.check_length('mime_type', attach.mime_type, 255);
  if attach.byte_size < 0 then
    perform chatkeep_private.refuse('22023', 'byte_size must not be negative',
      'Pass the number of bytes, or leave it out.');
  end if;
  perform chatkeep_private.check_storage_path(attach.storage_path);
  if attach.user_id is not null then
    tenant := chatkeep_private.enter(attach.user_id);
  end if;
  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(attach.chat_id, or_shared => attach.user_id is null, of_user => attach.user_id, of_tenant => tenant);
  perform from chatkeep.messages m
  where m.id = attach.message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
  for key share;
  if not found then
    perform chatkeep_private.refuse_message('message_id');
  end if;
  if attach.document_id is not null then
    -- The foreign key would take this lock. Taken here, an earlier deletion gets its own refusal.
    select d.* into document from chatkeep.documents d
    where d.id = attach.document_id
      and d.tenant_id = chat.tenant_id
      and (d.user_id = chat.user_id or d.visibility = 'tenant')
    for key share;
    if not found or document.deleted_at is not null then
      perform chatkeep_private.refuse_document(found);
    end if;
  end if;

  -- Under the lock on the chat this query and the insert are one step: of two retries at once the second finds the
  -- row of the first.
  select a.* into stored from chatkeep.attachments a
  where a.message_id = attach.message_id and a.chat_id = chat.id and a.tenant_id = chat.tenant_id
    and (a.document_id, a.name, a.storage_path) is not distinct from (attach.document_id, attach.name, attach.storage_path)
    and not a.document_deleted
  limit 1;
  if not found then
    insert into chatkeep.attachments as a (
      id, tenant_id, user_id, chat_id, message_id, document_id, document_access, name, mime_type, byte_size, storage_path
    )
    select chatkeep_private.uuid_v7(), chat.tenant_id, chat.user_id, chat.id, attach.message_id, document.id, document.access,
      attach.name, attach.mime_type, attach.byte_size, attach.storage_path
    where (select chatkeep_private.may_still_write())
    returning a.* into stored;
    if not found then
      perform chatkeep_private.refuse_unwritten('chat_id names a chat that');
    end if;
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next stored;
end
$$;
comment on function chatkeep.attach(uuid, uuid, uuid, text, text, bigint, text, uuid) is
'Attaches a document, a stored object or both to a message and returns the attachment.
In a chat that is shared with the caller to write: a stored object to a message of the caller.
The same message, document, name and storage_path again return the stored row.
document_id: The document. Without one there must be a storage_path.
name: 1 to 500 characters.
mime_type: At most 255 characters.
byte_size: Zero or more.
storage_path: The path of a stored object, at most 2,048 characters.
user_id: For service_role only: the person whose chat it is.
Returns: one row.
Errors: 22023, 22004, 42501, PT404, PT409, PT410, PT503.';
revoke all on function chatkeep.attach(uuid, uuid, uuid, text, text, bigint, text, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.attach(uuid, uuid, uuid, text, text, bigint, text, uuid) to authenticated, service_role;
