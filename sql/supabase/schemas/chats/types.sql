create type chatkeep.appended_message as (
  outcome text,
  id uuid, chat_id uuid, tenant_id uuid, user_id uuid, created_at timestamptz, updated_at timestamptz,
  seq integer, parent_id uuid, active boolean,
  role chatkeep.message_role, content chatkeep.message_content, parts chatkeep.json_array,
  status chatkeep.message_status, author_id uuid, written_as text, model chatkeep.model_name,
  token_count chatkeep.natural_number, metadata chatkeep.json_object,
  redacted_at timestamptz, redacted_by uuid, redaction_reason text
);
comment on type chatkeep.appended_message is 'A message of a batch and its outcome.';
comment on column chatkeep.appended_message.outcome is 'One of appended, stored. stored: the message was there before.';

create type chatkeep.found_message as (
  id uuid, chat_id uuid, seq integer, role text, created_at timestamptz, rank real, snippet text
);
comment on type chatkeep.found_message is 'A message that a search found.';
comment on column chatkeep.found_message.role is 'One of system, user, assistant, tool.';
comment on column chatkeep.found_message.rank is 'How well the message matches.';
comment on column chatkeep.found_message.snippet is 'HTML: the text is escaped, and matches are in `<mark>`.';
