create type chatkeep.appended_message as (
  outcome text,
  id uuid, chat_id uuid, tenant_id uuid, user_id uuid, created_at timestamptz, updated_at timestamptz,
  seq integer, parent_id uuid, active boolean,
  role chatkeep.message_role, content chatkeep.message_content, parts chatkeep.json_array,
  status chatkeep.message_status, author_id uuid, written_as text, model chatkeep.model_name,
  token_count chatkeep.natural_number, metadata chatkeep.json_object,
  redacted_at timestamptz, redacted_by uuid, redaction_reason text, version integer, reply_to uuid, usage chatkeep.json_object
);
comment on type chatkeep.appended_message is 'A message of a batch and its outcome.';
comment on column chatkeep.appended_message.outcome is 'One of appended, stored, grown. stored: the message was there before. grown: it was there and now says more.';

create type chatkeep.found_message as (
  id uuid, chat_id uuid, seq integer, role text, created_at timestamptz, rank real, snippet text
);
comment on type chatkeep.found_message is 'A message that a search found.';
comment on column chatkeep.found_message.role is 'One of system, developer, user, assistant, tool.';
comment on column chatkeep.found_message.rank is 'How well the message matches.';
comment on column chatkeep.found_message.snippet is 'HTML: the text is escaped, and matches are in `<mark>`.';

create type chatkeep.listed_chat as (
  id uuid, tenant_id uuid, user_id uuid, title text, title_source text, metadata jsonb,
  message_count integer, last_seq integer, active_leaf_id uuid, created_at timestamptz, updated_at timestamptz,
  archived_at timestamptz, deleted_at timestamptz, pinned_at timestamptz, folder text, tags text[], read_up_to_seq integer,
  preview text, preview_role text, unread_count integer, is_shared boolean
);
comment on type chatkeep.listed_chat is
  'A chat with its last message. Of a chat that somebody else shares with the caller, it has the title and what the share shows.';
comment on column chatkeep.listed_chat.user_id is 'Owner of the chat.';
comment on column chatkeep.listed_chat.title is 'NULL without a title.';
comment on column chatkeep.listed_chat.title_source is
  'One of user, model. model: a model wrote the title. NULL for a chat of somebody else.';
comment on column chatkeep.listed_chat.metadata is 'A JSON object. Empty for a chat of somebody else.';
comment on column chatkeep.listed_chat.message_count is 'On all branches. NULL for a chat of somebody else.';
comment on column chatkeep.listed_chat.last_seq is 'The seq of the newest message that is shown.';
comment on column chatkeep.listed_chat.active_leaf_id is 'The last message of the path that list_messages shows. NULL without a message.';
comment on column chatkeep.listed_chat.created_at is 'NULL for a chat of somebody else.';
comment on column chatkeep.listed_chat.updated_at is
  'The created_at of the newest message. NULL for a chat of somebody else that is not shared live.';
comment on column chatkeep.listed_chat.archived_at is 'NULL unless the chat is archived.';
comment on column chatkeep.listed_chat.deleted_at is 'NULL unless the chat is deleted.';
comment on column chatkeep.listed_chat.pinned_at is 'NULL unless the chat is pinned.';
comment on column chatkeep.listed_chat.folder is 'NULL without a folder.';
comment on column chatkeep.listed_chat.tags is 'Empty for a chat of somebody else.';
comment on column chatkeep.listed_chat.read_up_to_seq is 'The seq up to which the owner has read. NULL until update_chat is told.';
comment on column chatkeep.listed_chat.preview is 'The first 200 characters of the last message of the active path. NULL without a message.';
comment on column chatkeep.listed_chat.preview_role is 'One of system, developer, user, assistant, tool. The role of this message. NULL without a message.';
comment on column chatkeep.listed_chat.unread_count is
  'How many of the last 100 messages of the active path come after read_up_to_seq and are not the owner''s own. NULL while read_up_to_seq is.';
comment on column chatkeep.listed_chat.is_shared is 'Whether a share of the chat is open.';
