// The arguments of each call in the order of its declaration: name, type and, where it may be left out, default; a default
// interval in seconds. Written by `cargo xtask generate` from the declarations in sql/supabase/schemas.

export const SIGNATURES = {
  add_member: [
    ["tenant_id", "uuid"],
    ["user_id", "uuid"],
    ["role", "text", "member"],
  ],
  append_message: [
    ["chat_id", "uuid"],
    ["role", "text"],
    ["content", "text"],
    ["message_id", "uuid", null],
    ["parts", "jsonb", null],
    ["metadata", "jsonb", "{}"],
    ["parent_id", "uuid", null],
    ["status", "text", "complete"],
    ["model", "text", null],
    ["token_count", "integer", null],
  ],
  append_messages: [
    ["chat_id", "uuid"],
    ["messages", "jsonb"],
  ],
  attach: [
    ["chat_id", "uuid"],
    ["message_id", "uuid"],
    ["document_id", "uuid", null],
    ["name", "text", null],
    ["mime_type", "text", null],
    ["byte_size", "bigint", null],
    ["storage_path", "text", null],
    ["user_id", "uuid", null],
  ],
  create_chat: [
    ["title", "text", null],
    ["metadata", "jsonb", "{}"],
    ["chat_id", "uuid", null],
    ["language", "text", "simple"],
    ["user_id", "uuid", null],
  ],
  create_session: [
    ["user_agent", "text", null],
    ["ip", "text", null],
    ["ttl", "interval", 2592000],
    ["idle_ttl", "interval", null],
    ["max_sessions", "integer", null],
    ["metadata", "jsonb", "{}"],
    ["user_id", "uuid", null],
    ["replaces", "text", null],
  ],
  delete_chat: [
    ["chat_id", "uuid"],
  ],
  delete_document: [
    ["document_id", "uuid"],
  ],
  document_checksum: [
    ["content", "bytea"],
  ],
  elevate_session: [
    ["token", "text"],
    ["aal", "text"],
  ],
  engine: [],
  fail_stale_messages: [
    ["older_than", "interval", 900],
    ["batch_size", "integer", 1000],
  ],
  finish_message: [
    ["chat_id", "uuid"],
    ["message_id", "uuid"],
    ["content", "text", null],
    ["parts", "jsonb", null],
    ["status", "text", "complete"],
    ["metadata", "jsonb", null],
    ["token_count", "integer", null],
  ],
  import_chat: [
    ["chat", "jsonb"],
    ["user_id", "uuid", null],
  ],
  index_messages: [
    ["batch_size", "integer", 1000],
  ],
  list_messages: [
    ["chat_id", "uuid"],
    ["before", "timestamp with time zone", null],
    ["after", "timestamp with time zone", null],
    ["page_size", "integer", 50],
  ],
  purge_chats: [
    ["older_than", "interval", 2592000],
    ["batch_size", "integer", 10000],
  ],
  purge_sessions: [
    ["batch_size", "integer", 1000],
    ["older_than", "interval", 2592000],
  ],
  register_content: [
    ["source_uri", "text"],
    ["content", "bytea"],
    ["title", "text", null],
    ["mime_type", "text", null],
    ["tags", "jsonb", "{}"],
    ["visibility", "text", "private"],
    ["properties", "jsonb", "{}"],
    ["user_id", "uuid", null],
  ],
  register_document: [
    ["source_uri", "text"],
    ["checksum", "text"],
    ["title", "text", null],
    ["mime_type", "text", null],
    ["byte_size", "bigint", null],
    ["tags", "jsonb", "{}"],
    ["visibility", "text", "private"],
    ["properties", "jsonb", "{}"],
    ["user_id", "uuid", null],
  ],
  register_documents: [
    ["documents", "jsonb"],
    ["user_id", "uuid", null],
  ],
  remove_member: [
    ["tenant_id", "uuid"],
    ["user_id", "uuid"],
  ],
  rename_tenant: [
    ["tenant_id", "uuid"],
    ["name", "text"],
  ],
  restore_chat: [
    ["chat_id", "uuid"],
  ],
  revoke_all_sessions: [
    ["user_id", "uuid", null],
  ],
  revoke_other_sessions: [
    ["token", "text"],
  ],
  revoke_session: [
    ["session_id", "uuid"],
  ],
  rotate_session: [
    ["token", "text"],
  ],
  search_messages: [
    ["query", "text"],
    ["chat_id", "uuid", null],
    ["page_size", "integer", 20],
    ["before", "timestamp with time zone", null],
  ],
  select_branch: [
    ["chat_id", "uuid"],
    ["leaf_id", "uuid"],
  ],
  set_document_status: [
    ["document_id", "uuid"],
    ["status", "text"],
    ["error", "text", null],
  ],
  set_member_role: [
    ["tenant_id", "uuid"],
    ["user_id", "uuid"],
    ["role", "text"],
  ],
  tag_document: [
    ["document_id", "uuid"],
    ["tags", "jsonb"],
    ["namespace", "text", "default"],
  ],
  transfer_all: [
    ["from_user_id", "uuid"],
    ["to_user_id", "uuid"],
  ],
  transfer_chat: [
    ["chat_id", "uuid"],
    ["to_user_id", "uuid"],
  ],
  transfer_document: [
    ["document_id", "uuid"],
    ["to_user_id", "uuid"],
  ],
  user_id: [
    ["issuer", "text"],
    ["subject", "text"],
  ],
  validate_session: [
    ["token", "text"],
  ],
};

// What each call answers.
export const ANSWERS = {
  add_member: "row",
  append_message: "row",
  append_messages: "rows",
  attach: "row",
  create_chat: "row",
  create_session: "row",
  delete_chat: "row",
  delete_document: "row",
  document_checksum: "string",
  elevate_session: "row",
  engine: "row",
  fail_stale_messages: "rows",
  finish_message: "row",
  import_chat: "row",
  index_messages: "number",
  list_messages: "rows",
  purge_chats: "number",
  purge_sessions: "number",
  register_content: "row",
  register_document: "row",
  register_documents: "rows",
  remove_member: "row",
  rename_tenant: "row",
  restore_chat: "row",
  revoke_all_sessions: "rows",
  revoke_other_sessions: "row",
  revoke_session: "row",
  rotate_session: "row",
  search_messages: "rows",
  select_branch: "row",
  set_document_status: "row",
  set_member_role: "row",
  tag_document: "row or none",
  transfer_all: "row",
  transfer_chat: "row",
  transfer_document: "row",
  user_id: "Uuid",
  validate_session: "row",
};

// The arguments that core's rule for a call takes, in the order of edge/src/arguments.rs.
export const JUDGED = {
  user_id: ["issuer", "subject"],
  create_chat: ["title", "metadata", "language"],
  append_message: ["role", "content", "parts", "metadata", "status", "model", "token_count"],
  list_messages: ["page_size"],
  create_session: ["user_agent", "ip", "ttl", "idle_ttl", "max_sessions", "metadata"],
  register_document: ["source_uri", "checksum", "title", "mime_type", "byte_size", "tags", "visibility", "properties"],
  finish_message: ["content", "parts", "status", "metadata", "token_count"],
  search_messages: ["query", "page_size"],
  elevate_session: ["aal"],
  add_member: ["role"],
  set_member_role: ["role"],
  rename_tenant: ["name"],
  set_document_status: ["status", "error"],
  tag_document: ["tags", "namespace"],
  attach: ["document_id", "name", "mime_type", "byte_size", "storage_path"],
};
