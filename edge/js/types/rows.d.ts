// The rows that the calls answer, as the gateway gives them, by the names of their columns.
// Written by `cargo xtask generate` from the declarations in sql/supabase/schemas.

import type { Json, JsonObject, Timestamp, Uuid } from "./values.d.ts";

/** A message of a batch and its outcome. */
export interface AppendedMessage extends Message {
  /** stored: the message was there before. grown: it was there and now says more. */
  outcome: "appended" | "stored" | "grown";
}

/** A row of `chatkeep.attachments`. A document or a stored object attached to a message. It stays readable when the document is deleted. */
export interface Attachment {
  id: Uuid;
  tenant_id: Uuid;
  user_id: Uuid;
  chat_id: Uuid;
  message_id: Uuid;
  document_id: Uuid | null;
  /** The document's access while there is a document; null if none was attached. */
  document_access: "private" | "tenant" | "deleted" | null;
  /** Whether the attached document has been deleted. */
  document_deleted: boolean;
  name: string | null;
  mime_type: string | null;
  byte_size: number | null;
  storage_path: string | null;
  created_at: Timestamp;
}

/** A row of `chatkeep.chat_summaries`. What a model reads in place of the messages up to one. They stay as they are. Only summariseChat writes rows. */
export interface ChatSummary {
  /** The last message that it covers: this one and all before it on its branch. */
  message_id: Uuid;
  chat_id: Uuid;
  tenant_id: Uuid;
  /** Owner of the chat. */
  user_id: Uuid;
  created_at: Timestamp;
  updated_at: Timestamp;
  /** The seq of that message. */
  up_to_seq: number;
  /** The version of that message when it was summarised. listMessages shows no summary of a message that has changed since. */
  message_version: number;
  /** Not empty. */
  content: string;
  model: string | null;
  token_count: number | null;
  metadata: JsonObject;
}

/** A row of `chatkeep.chats`. A conversation of one user with an assistant. */
export interface Chat {
  id: Uuid;
  tenant_id: Uuid;
  user_id: Uuid;
  /** At most 500 characters. guard_chat checks direct writes. */
  title: string | null;
  /** A JSON object. guard_chat checks direct writes. */
  metadata: JsonObject;
  /** The text search configuration of its messages. It never changes. */
  language: string;
  message_count: number;
  /** The seq of the newest message. The row lock on the chat hands out the next one. */
  last_seq: number;
  /** The last message of the path that listMessages shows. */
  active_leaf_id: Uuid | null;
  created_at: Timestamp;
  /** The created_at of the newest message. A new title does not change it. */
  updated_at: Timestamp;
  /** message_search holds every message up to this created_at. Later ones, or all where it is null, are searched in their text. */
  indexed_to: Timestamp | null;
  archived_at: Timestamp | null;
  /** Set by deleteChat and cleared by restoreChat. */
  deleted_at: Timestamp | null;
  /** When purgeChats began to remove the messages. From then on the chat cannot be restored. */
  purged_at: Timestamp | null;
  /** Set while the chat is pinned. listChats shows pinned chats first. */
  pinned_at: Timestamp | null;
  /** The seq up to which the owner has read. null until updateChat is told. */
  read_up_to_seq: number | null;
  /** 1 to 200 characters. null without a folder. */
  folder: string | null;
  /** At most 50, of 1 to 100 characters each. */
  tags: string[];
  /** model: updateChat stored the title of a model, and nobody has changed it since. */
  title_source: "user" | "model";
}

/** A row of `chatkeep.document_metadata`. Tags and properties of a document, one row per namespace. */
export interface DocumentMetadata {
  document_id: Uuid;
  tenant_id: Uuid;
  /** The document's access. The policy reads it here, without reading the document. */
  document_access: "private" | "tenant" | "deleted";
  /** The owner of the namespace: its first writer. */
  user_id: Uuid;
  namespace: string;
  tags: JsonObject;
  properties: JsonObject;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/** A document and the outcome of its registration. */
export interface DocumentRegistration extends Document {
  /** duplicate: the bytes were stored. new_version: the source had other bytes before. */
  outcome: "created" | "duplicate" | "new_version";
}

/** A row of `chatkeep.documents`. A document that the assistant may use: its source and the checksum of its bytes. The bytes are stored elsewhere. */
export interface Document {
  id: Uuid;
  tenant_id: Uuid;
  user_id: Uuid;
  source_uri: string;
  /** Other sources of the same bytes, in the order of their registration. */
  aliases: string[];
  /** SHA-256 of the bytes, 64 lower-case hexadecimal characters. */
  checksum: string;
  title: string | null;
  mime_type: string | null;
  byte_size: number | null;
  /** The state of its ingest. It changes only along the graph in docs/documents.md. */
  status: "pending" | "processing" | "ready" | "failed" | "archived";
  /** Why the ingest failed, from setDocumentStatus. */
  error: string | null;
  visibility: "private" | "tenant";
  /** The document that this source had before these bytes. */
  supersedes: Uuid | null;
  created_at: Timestamp;
  updated_at: Timestamp;
  deleted_at: Timestamp | null;
  /** The visibility, unless the document is deleted. Metadata and attachments carry a copy, which their foreign keys keep up to date. */
  access: "private" | "tenant" | "deleted";
}

/** The engine that answers. */
export interface Engine {
  engine: "native" | "portable";
  version: string;
  /** The newest migration. */
  schema_version: string;
  /** Known vulnerabilities of this server. null if there are none. */
  warning: string | null;
}

/** A message that a search found. */
export interface FoundMessage {
  id: Uuid;
  chat_id: Uuid;
  seq: number;
  role: "system" | "developer" | "user" | "assistant" | "tool";
  created_at: Timestamp;
  /** How well the message matches. */
  rank: number;
  /** HTML: the text is escaped, and matches are in `<mark>`. */
  snippet: string;
}

/** A chat with its last message. Of a chat that somebody else shares with the caller, it has the title and what the share shows. */
export interface ListedChat {
  id: Uuid;
  tenant_id: Uuid;
  /** Owner of the chat. */
  user_id: Uuid;
  /** null without a title. */
  title: string | null;
  /** model: a model wrote the title. null for a chat of somebody else. */
  title_source: "user" | "model" | null;
  /** A JSON object. Empty for a chat of somebody else. */
  metadata: JsonObject;
  /** On all branches. null for a chat of somebody else. */
  message_count: number | null;
  /** The seq of the newest message that is shown. */
  last_seq: number;
  /** The last message of the path that listMessages shows. null without a message. */
  active_leaf_id: Uuid | null;
  /** null for a chat of somebody else. */
  created_at: Timestamp | null;
  /** The created_at of the newest message. null for a chat of somebody else that is not shared live. */
  updated_at: Timestamp | null;
  /** null unless the chat is archived. */
  archived_at: Timestamp | null;
  /** null unless the chat is deleted. */
  deleted_at: Timestamp | null;
  /** null unless the chat is pinned. */
  pinned_at: Timestamp | null;
  /** null without a folder. */
  folder: string | null;
  /** Empty for a chat of somebody else. */
  tags: string[];
  /** The seq up to which the owner has read. null until updateChat is told. */
  read_up_to_seq: number | null;
  /** The first 200 characters of the last message of the active path. null without a message. */
  preview: string | null;
  /** The role of this message. null without a message. */
  preview_role: "system" | "developer" | "user" | "assistant" | "tool" | null;
  /** How many of the last 100 messages of the active path come after read_up_to_seq and are not the owner's own. null while read_up_to_seq is. */
  unread_count: number | null;
  /** Whether a share of the chat is open. */
  is_shared: boolean;
}

/** A row of `chatkeep.memberships`. Which people belong to which tenants. A person may belong to many. Everything that a person stores refers to one membership. */
export interface Membership {
  user_id: Uuid;
  tenant_id: Uuid;
  /** Owners and admins manage the memberships of their tenant. */
  role: "owner" | "admin" | "member";
  /** Whether this tenant counts when a request names none. One of a person's memberships at most. */
  is_home: boolean;
  created_at: Timestamp;
  /** Set by removeMember: the person reads and writes nothing in this tenant from the next statement on. */
  disabled_at: Timestamp | null;
  /** Whether users.disabled_at is set. The foreign key keeps it up to date. */
  user_is_disabled: boolean;
  /** Whether tenants.moving_to is set. The foreign key keeps it up to date. */
  tenant_is_moving: boolean;
  /** Whether the person may act in this tenant. */
  is_enabled: boolean;
}

/** A row of `chatkeep.message_ratings`. What one person thinks of a message. Only rateMessage writes rows. */
export interface MessageRating {
  message_id: Uuid;
  chat_id: Uuid;
  tenant_id: Uuid;
  /** Owner of the chat. */
  user_id: Uuid;
  /** The person who rates: the owner, or somebody with whom the chat is shared. */
  rated_by: Uuid;
  created_at: Timestamp;
  updated_at: Timestamp;
  /** 1 or -1: thumb up or down. */
  rating: number;
  /** At most 2,000 characters. */
  comment: string | null;
  /** At most 50, of 1 to 100 characters each. */
  labels: string[];
}

/** A row of `chatkeep.messages`. One message. Append-only for clients: only calls write rows. */
export interface Message {
  id: Uuid;
  chat_id: Uuid;
  tenant_id: Uuid;
  /** Owner of the chat. */
  user_id: Uuid;
  /** Strictly increasing in a chat, even if the clock steps back. */
  created_at: Timestamp;
  updated_at: Timestamp;
  /** The position in the chat over all branches: 1, 2, 3 ... without a gap, in the order of commits. */
  seq: number;
  /** The message before this one on its branch; null for a first message. */
  parent_id: Uuid | null;
  /** Whether the message is on the path that listMessages shows. */
  active: boolean;
  role: "system" | "developer" | "user" | "assistant" | "tool";
  content: string;
  parts: Json[] | null;
  status: "complete" | "streaming" | "failed" | "stopped";
  /** The signed-in user who wrote it. null for service_role. No client can set it. */
  author_id: Uuid | null;
  /** The database role of the writer. No client can set it. */
  written_as: string;
  model: string | null;
  token_count: number | null;
  metadata: JsonObject;
  /** Set by redactMessage, which removes what the message said. */
  redacted_at: Timestamp | null;
  /** The signed-in user who redacted it. null for service_role. */
  redacted_by: Uuid | null;
  /** At most 500 characters. */
  redaction_reason: string | null;
  /** 1, and one more for each time that what it says was stored again. */
  version: number;
  /** The message that it answers, where that is another than the one before it. */
  reply_to: Uuid | null;
  /** What it took: input_tokens, output_tokens, cached_input_tokens, reasoning_tokens, cost and currency. */
  usage: JsonObject | null;
}

/** The signed-in user's sessions, one per device. */
export interface Session {
  id: Uuid;
  created_at: Timestamp;
  last_used_at: Timestamp;
  /** How long the session may be unused. null: for its whole life. */
  idle_ttl: string | null;
  expires_at: Timestamp;
  /** When the session ends unless it is used. null without idle_ttl. */
  idle_expires_at: Timestamp | null;
  status: "active" | "revoked" | "expired" | "idle";
  /** null until the session is revoked. */
  revoked_at: Timestamp | null;
  /** null until the session is revoked. */
  revoked_reason: "logout" | "reuse" | "limit" | "admin" | "replaced" | null;
  /** The level of assurance, of NIST SP 800-63B. */
  aal: "aal1" | "aal2" | "aal3";
  /** null if the client gave none. */
  user_agent: string | null;
  /** null if the client gave none. */
  ip: string | null;
  /** A JSON object. */
  metadata: JsonObject;
  /** Whether the claim session_id of the JWT names this session. */
  is_current: boolean;
}

/** The shares of the signed-in user's chats, ended ones too. */
export interface MyShare {
  id: Uuid;
  chat_id: Uuid;
  /** null unless the chat is shared with one member. */
  with_user_id: Uuid | null;
  /** Whether the chat is shared with all members of the tenant. */
  with_tenant: boolean;
  /** Whether the chat is shared by a link. */
  by_link: boolean;
  permission: "read" | "write";
  /** The seq of the last message that is shown. null: the share is live. */
  up_to_seq: number | null;
  created_at: Timestamp;
  /** null: the share ends when it is revoked. */
  expires_at: Timestamp | null;
  /** null until the share is revoked. */
  revoked_at: Timestamp | null;
}

/** A share, and the secret of a new link. */
export interface NewShare {
  id: Uuid;
  chat_id: Uuid;
  /** null unless the chat is shared with one member. */
  with_user_id: Uuid | null;
  /** Whether the chat is shared with all members of the tenant. */
  with_tenant: boolean;
  /** Whether the chat is shared by a link. */
  by_link: boolean;
  permission: "read" | "write";
  /** The seq of the last message that is shown. null: the share is live. */
  up_to_seq: number | null;
  created_at: Timestamp;
  /** null: the share ends when it is revoked. */
  expires_at: Timestamp | null;
  /** null until the share is revoked. */
  revoked_at: Timestamp | null;
  /** The secret of the link: cksh_ and 32 characters. Shown once, and null without a link. */
  secret: string | null;
}

/** The verdict on the token whose session stays, and how many other sessions were revoked. */
export interface SessionsRevoked {
  /** As from validateSession. */
  status: "valid" | "invalid" | "expired" | "idle" | "revoked" | "reuse_detected";
  /** The session that stays. null if the token was never issued. */
  session_id: Uuid | null;
  revoked: number;
}

/** A shared chat and a page of its messages. */
export interface SharedChat {
  share_id: Uuid;
  chat_id: Uuid;
  /** null if the chat has none. */
  title: string | null;
  permission: "read" | "write";
  /** The seq of the last message that is shown. null: the share is live. */
  up_to_seq: number | null;
  /** null: the share ends when it is revoked. */
  expires_at: Timestamp | null;
  /** An array of objects with id, seq, role, content, parts, status, model, created_at and attachments. An attachment has id, name, mime_type, byte_size and storage_path. */
  messages: Json;
}

/** A stored object that a worker is to delete. */
export interface StorageDeletion {
  /** For doneStorageDeletions. */
  id: Uuid;
  tenant_id: Uuid;
  /** Owner of the chat or document that had it. The user may be gone. */
  user_id: Uuid;
  /** As the attachment named it, or the source of a document: storage://bucket/path. */
  storage_path: string;
  /** When its attachment or document was removed. */
  created_at: Timestamp;
  /** How often it was given to a worker, this time included. */
  attempts: number;
}

/** A row of `chatkeep.tenants`. An organisation, or the space of one person. The first membership creates the row. */
export interface Tenant {
  id: Uuid;
  name: string | null;
  settings: JsonObject;
  created_at: Timestamp;
  /** Where the tenant is being moved to. Set by service_role. While it is set, calls refuse writes with PT503, and reads go on. Members can read it. */
  moving_to: string | null;
  /** Whether moving_to is set. */
  is_moving: boolean;
}

/** How much a transfer gave to the new owner. */
export interface TransferCount {
  /** The chats. */
  chats: number;
  /** The documents. */
  documents: number;
  /** Those of the documents that were archived, because the new owner has the same source or the same private bytes. */
  archived: number;
}
