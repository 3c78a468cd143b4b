-- Chatkeep: comments and grants of the calls. CREATE OR REPLACE keeps both, so switching engines does not touch them.

comment on function chatkeep.create_chat(text, jsonb, uuid, text) is
  'Makes a chat of the signed-in user and returns it; with a chat_id that the user already has, returns the stored chat. Errors: 22023, 22004, 42501, PT409, PT410.';
comment on function chatkeep.append_message(uuid, text, text, uuid, jsonb, jsonb, uuid, text, text, integer) is
  'Appends a message to a chat of the caller and returns it. message_id makes a retry safe: same id and content return the stored row. A parent_id other than the last message starts a branch. Errors: 22023, 22004, PT404, PT409, PT410.';
comment on function chatkeep.append_messages(uuid, jsonb) is
  'Appends an array of at most 1,000 messages, all or none, in order, and says of each whether it was appended or stored before. Keys are the arguments of append_message. Errors: 22023, 22004, PT404, PT409, PT410; they name the item.';
comment on function chatkeep.finish_message(uuid, uuid, text, jsonb, text, jsonb, integer) is
  'Ends a streaming message, once: complete or failed. NULL keeps what is stored; the same finish again returns the row. Errors: 22023, 22004, PT404, PT409, PT410.';
comment on function chatkeep.select_branch(uuid, uuid) is
  'Makes the path that ends at a message the active one and returns the chat. Errors: 22004, PT404, PT410.';
comment on function chatkeep.list_messages(uuid, timestamptz, timestamptz, integer) is
  'A page of the active path, oldest first: the newest page, or the one before or after a created_at (exclusive). At most 200 rows. Errors: 22023, 22004, PT404, PT410.';
comment on function chatkeep.create_session(text, inet, interval, interval, integer, jsonb, uuid) is
  'Opens a session of the signed-in user, or of the user_id that service_role names, and returns its token, once. max_sessions revokes the oldest beyond it. Errors: 22023, 22004, 42501.';
comment on function chatkeep.rotate_session(text) is
  'Trades a token for its successor. The same token again, within 10 seconds and before the successor is used, gives the same successor; a spent one revokes the session. The status says what happened; a refusal is a row, not an error, so that a revocation stays.';
comment on function chatkeep.validate_session(text) is
  'Says what a token is worth, and notes its use at most once a minute.';
comment on function chatkeep.document_checksum(bytea) is
  'SHA-256 of the bytes, 64 lower-case hexadecimal characters.';
comment on function chatkeep.register_document(text, text, text, text, bigint, jsonb, text, jsonb) is
  'Registers where bytes came from and returns their document. outcome: created; duplicate, where the bytes are stored, this source among its aliases; new_version, where the source held other bytes before. Ingest it unless its status is ready or processing. Errors: 22023, 22004, 42501.';
comment on function chatkeep.register_documents(jsonb) is
  'Registers an array of at most 10,000 documents, all or none, and returns a row for each, in order. Keys are the arguments of register_document. Errors: 22023, 22004, 42501; they name the item.';
comment on function chatkeep.register_content(text, bytea, text, text, jsonb, text, jsonb) is
  'register_document for bytes at hand: takes their checksum and size. The bytes are not stored. Errors: 22023, 22004, 42501.';
comment on function chatkeep.set_document_status(uuid, text, text) is
  'Moves a document along the graph of its ingest and returns it; the same state again writes nothing, but processing is taken by one: the second is told PT409. error says why it failed. Errors: 22023, 22004, 42501, PT404, PT409, PT410.';
comment on function chatkeep.tag_document(uuid, jsonb, text) is
  'Merges tags into a namespace of a document, key by key, null removing one, and returns the namespace''s row; no row where there is none and nothing to write. A namespace is its first writer''s, default the owner''s. Errors: 22023, 22004, 42501, PT404, PT409, PT410.';
comment on function chatkeep.attach(uuid, uuid, uuid, text, text, bigint, text) is
  'Hangs a document, a stored object or both on a message and returns the attachment; the same message, document, name and storage_path again return the stored row. Errors: 22023, 22004, PT404, PT409, PT410.';
comment on function chatkeep.delete_document(uuid) is
  'Deletes a document of the caller and returns it; again returns the same row. Its bytes and sources can be registered anew, its metadata are out of sight, and attachments stay, with document_deleted true. Errors: 22004, 42501, PT404, PT409.';
comment on function chatkeep.engine() is
  'Which engine answers (native or portable), its version and the newest migration.';

revoke all on all functions in schema chatkeep from public, anon, authenticated, service_role;
grant execute on function chatkeep.uid(), chatkeep.tenant_id() to authenticated, service_role;
grant execute on function
  chatkeep.create_chat(text, jsonb, uuid, text),
  chatkeep.append_message(uuid, text, text, uuid, jsonb, jsonb, uuid, text, text, integer),
  chatkeep.append_messages(uuid, jsonb),
  chatkeep.finish_message(uuid, uuid, text, jsonb, text, jsonb, integer),
  chatkeep.select_branch(uuid, uuid),
  chatkeep.delete_chat(uuid),
  chatkeep.restore_chat(uuid),
  chatkeep.fail_stale_messages(interval, integer),
  chatkeep.search_messages(text, uuid, integer, timestamptz),
  chatkeep.import_chat(jsonb),
  chatkeep.list_messages(uuid, timestamptz, timestamptz, integer),
  chatkeep.create_session(text, inet, interval, interval, integer, jsonb, uuid),
  chatkeep.revoke_session(uuid),
  chatkeep.revoke_other_sessions(text),
  chatkeep.revoke_all_sessions(uuid),
  chatkeep.elevate_session(text, text),
  chatkeep.register_document(text, text, text, text, bigint, jsonb, text, jsonb),
  chatkeep.register_documents(jsonb),
  chatkeep.register_content(text, bytea, text, text, jsonb, text, jsonb),
  chatkeep.set_document_status(uuid, text, text),
  chatkeep.tag_document(uuid, jsonb, text),
  chatkeep.attach(uuid, uuid, uuid, text, text, bigint, text),
  chatkeep.delete_document(uuid)
  to authenticated, service_role;
grant execute on function
  chatkeep.rotate_session(text),
  chatkeep.validate_session(text),
  chatkeep.document_checksum(bytea),
  chatkeep.engine()
  to anon, authenticated, service_role;

grant execute on function
  chatkeep.index_messages(integer),
  chatkeep.purge_chats(interval, integer),
  chatkeep.purge_sessions(integer, interval)
  to service_role;

notify pgrst, 'reload schema';
