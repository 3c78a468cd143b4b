-- The replica identity of every table is its primary key, which holds the tenant, so that a publication can filter its
-- rows by tenant. With FULL, every append and every choice of a branch would log whole rows, and Realtime lets any
-- subscriber filter deletions by the columns of the identity.
create table chatkeep.chats (
  id uuid not null default chatkeep_private.uuid_v7(),
  tenant_id uuid not null,
  user_id uuid not null,
  title text,
  metadata jsonb not null default '{}',
  language chatkeep.search_language not null default 'simple',
  message_count integer not null default 0,
  last_seq integer not null default 0,
  active_leaf_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  indexed_to timestamptz,
  archived_at timestamptz,
  deleted_at timestamptz,
  purged_at timestamptz,
  pinned_at timestamptz,
  read_up_to_seq integer,
  folder text,
  tags text[] not null default '{}',
  title_source text not null default 'user',
  constraint chats_pkey primary key (id, tenant_id),
  -- For the foreign keys of messages, attachments and message_search: their rows have the owner of the chat.
  constraint chats_owner_key unique (id, tenant_id, user_id),
  constraint chats_user_id_fkey foreign key (user_id, tenant_id)
    references chatkeep.memberships (user_id, tenant_id) on update cascade on delete cascade
) with (fillfactor = 70);
comment on table chatkeep.chats is 'A conversation of one user with an assistant.';
comment on column chatkeep.chats.title is 'At most 500 characters. guard_chat checks direct writes.';
comment on column chatkeep.chats.metadata is 'A JSON object. guard_chat checks direct writes.';
comment on column chatkeep.chats.language is 'The text search configuration of its messages. It never changes.';
comment on column chatkeep.chats.last_seq is
  'The seq of the newest message. The row lock on the chat hands out the next one.';
comment on column chatkeep.chats.active_leaf_id is 'The last message of the path that list_messages shows.';
comment on column chatkeep.chats.updated_at is
  'The created_at of the newest message. A new title does not change it.';
comment on column chatkeep.chats.indexed_to is
  'message_search holds every message up to this created_at. Later ones, or all where it is NULL, are searched in their text.';
comment on column chatkeep.chats.deleted_at is 'Set by delete_chat and cleared by restore_chat.';
comment on column chatkeep.chats.purged_at is
  'When purge_chats began to remove the messages. From then on the chat cannot be restored.';
comment on column chatkeep.chats.pinned_at is 'Set while the chat is pinned. list_chats shows pinned chats first.';
comment on column chatkeep.chats.read_up_to_seq is 'The seq up to which the owner has read. NULL until update_chat is told.';
comment on column chatkeep.chats.folder is '1 to 200 characters. NULL without a folder.';
comment on column chatkeep.chats.tags is 'At most 50, of 1 to 100 characters each.';
comment on column chatkeep.chats.title_source is
  'One of user, model. model: update_chat stored the title of a model, and nobody has changed it since.';
create index chats_user_id_updated_at_idx on chatkeep.chats (user_id, updated_at desc);

-- Few rows: those that policies hide and purge_chats removes, and those that list_chats shows first. One index, because an
-- append opens every index of the table.
create index chats_deleted_or_pinned_idx on chatkeep.chats (user_id, deleted_at, pinned_at)
  where deleted_at is not null or pinned_at is not null;
