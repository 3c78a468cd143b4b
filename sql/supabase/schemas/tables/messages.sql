create table chatkeep.messages (
  id uuid not null default chatkeep_private.uuid_v7(),
  chat_id uuid not null,
  tenant_id uuid not null,
  user_id uuid not null,
  -- Columns of eight bytes come first, so that they need no padding.
  created_at timestamptz not null,
  updated_at timestamptz not null,
  seq integer not null,
  parent_id uuid,
  active boolean not null default true,
  role chatkeep.message_role not null,
  content chatkeep.message_content not null,
  parts chatkeep.json_array,
  status chatkeep.message_status not null default 'complete',
  author_id uuid,
  written_as text not null default current_user,
  model chatkeep.model_name,
  token_count chatkeep.natural_number,
  metadata chatkeep.json_object not null default '{}',
  redacted_at timestamptz,
  redacted_by uuid,
  redaction_reason text,
  version integer not null default 1,
  reply_to uuid,
  usage chatkeep.json_object,
  -- The tenant is a part of the key: two tenants may hold the same chat id, and neither may learn of, or block, the
  -- other's message ids.
  constraint messages_pkey primary key (id, chat_id, tenant_id),
  -- The owner is a part of the key: a chat changes hands with all of its messages or not at all.
  constraint messages_chat_id_fkey foreign key (chat_id, tenant_id, user_id)
    references chatkeep.chats (id, tenant_id, user_id) on update cascade on delete cascade
);
comment on table chatkeep.messages is 'One message. Append-only for clients: only calls write rows.';
comment on column chatkeep.messages.user_id is 'Owner of the chat.';
comment on column chatkeep.messages.seq is
  'The position in the chat over all branches: 1, 2, 3 ... without a gap, in the order of commits.';
comment on column chatkeep.messages.parent_id is 'The message before this one on its branch; NULL for a first message.';
comment on column chatkeep.messages.active is 'Whether the message is on the path that list_messages shows.';
comment on column chatkeep.messages.author_id is 'The signed-in user who wrote it. NULL for service_role. No client can set it.';
comment on column chatkeep.messages.written_as is 'The database role of the writer. No client can set it.';
comment on column chatkeep.messages.version is '1, and one more for each time that what it says was stored again.';
comment on column chatkeep.messages.reply_to is 'The message that it answers, where that is another than the one before it.';
comment on column chatkeep.messages.usage is 'What it took: input_tokens, output_tokens, cached_input_tokens, reasoning_tokens, cost and currency.';
comment on column chatkeep.messages.redacted_at is 'Set by redact_message, which removes what the message said.';
comment on column chatkeep.messages.redacted_by is 'The signed-in user who redacted it. NULL for service_role.';
comment on column chatkeep.messages.redaction_reason is 'At most 500 characters.';
comment on column chatkeep.messages.created_at is 'Strictly increasing in a chat, even if the clock steps back.';

-- active comes last: a page of the active path is one range of the index, and messages of other branches are skipped
-- in the index, about a hundred per page. An index of the active path alone would avoid that and would add a
-- twentieth to the bytes of every append.
create index messages_chat_id_created_at_idx on chatkeep.messages (chat_id, created_at desc, active);
create index messages_user_id_idx on chatkeep.messages (user_id);
create index messages_streaming_idx on chatkeep.messages (created_at) where status = 'streaming';
