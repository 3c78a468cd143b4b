create table chatkeep.chat_summaries (
  message_id uuid not null,
  chat_id uuid not null,
  tenant_id uuid not null,
  user_id uuid not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  up_to_seq integer not null,
  message_version integer not null,
  content chatkeep.message_content not null,
  model chatkeep.model_name,
  token_count chatkeep.natural_number,
  metadata chatkeep.json_object not null default '{}',
  constraint chat_summaries_content_not_empty check (content <> ''),
  -- The chat comes first: the key also finds the summaries of a chat.
  constraint chat_summaries_pkey primary key (chat_id, message_id, tenant_id),
  constraint chat_summaries_message_id_fkey foreign key (chat_id, message_id, tenant_id)
    references chatkeep.messages (chat_id, id, tenant_id) on update cascade on delete cascade,
  constraint chat_summaries_chat_id_fkey foreign key (chat_id, tenant_id, user_id)
    references chatkeep.chats (id, tenant_id, user_id) on update cascade on delete cascade
);
comment on table chatkeep.chat_summaries is
  'What a model reads in place of the messages up to one. They stay as they are. Only summarise_chat writes rows.';
comment on column chatkeep.chat_summaries.message_id is 'The last message that it covers: this one and all before it on its branch.';
comment on column chatkeep.chat_summaries.user_id is 'Owner of the chat.';
comment on column chatkeep.chat_summaries.up_to_seq is 'The seq of that message.';
comment on column chatkeep.chat_summaries.message_version is
  'The version of that message when it was summarised. list_messages shows no summary of a message that has changed since.';
comment on column chatkeep.chat_summaries.content is 'Not empty.';
create index chat_summaries_user_id_idx on chatkeep.chat_summaries (user_id);
