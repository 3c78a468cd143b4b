-- Beside messages, and filled in batches: an index or generated tsvector on messages halves the rate of append.
create table chatkeep.message_search (
  message_id uuid not null,
  chat_id uuid not null,
  tenant_id uuid not null,
  user_id uuid not null,
  language chatkeep.search_language not null,
  created_at timestamptz not null,
  tsv tsvector not null,
  -- The chat comes first: the key also finds the rows of a chat that is deleted or changes hands.
  constraint message_search_pkey primary key (chat_id, message_id, tenant_id),
  constraint message_search_message_id_fkey foreign key (chat_id, message_id, tenant_id)
    references chatkeep.messages (chat_id, id, tenant_id) on update cascade on delete cascade,
  constraint message_search_chat_id_fkey foreign key (chat_id, tenant_id, user_id)
    references chatkeep.chats (id, tenant_id, user_id) on update cascade on delete cascade
);
comment on table chatkeep.message_search is 'The full-text index of message content.';
create index message_search_tsv_idx on chatkeep.message_search using gin (tsv);
create index message_search_user_id_created_at_idx on chatkeep.message_search (user_id, created_at desc);
