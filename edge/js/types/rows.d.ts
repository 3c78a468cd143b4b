// What the calls answer: rows as the gateway gives them, by the names of their columns.

/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json | undefined };

/** A UUID in its usual form. */
export type Uuid = string;
/** A timestamptz as the gateway prints it, to the microsecond. Pass it back unchanged: a Date loses the last three digits. */
export type Timestamp = string;
/** A length of time: a number of seconds, or PostgreSQL's text, such as "30 days". */
export type Interval = number | string;

export type Role = "system" | "user" | "assistant" | "tool";
export type MessageStatus = "complete" | "streaming" | "failed";
export type Visibility = "private" | "tenant";
export type DocumentStatus = "pending" | "processing" | "ready" | "failed" | "archived";
/** A level of assurance, of NIST SP 800-63B. */
export type AssuranceLevel = "aal1" | "aal2" | "aal3";

/** A row of `chatkeep.chats`. */
export interface Chat {
  id: Uuid;
  tenant_id: Uuid;
  user_id: Uuid;
  title: string | null;
  metadata: JsonObject;
  /** The text search configuration of its messages. */
  language: string;
  message_count: number;
  last_seq: number;
  active_leaf_id: Uuid | null;
  created_at: Timestamp;
  updated_at: Timestamp;
  archived_at: Timestamp | null;
  deleted_at: Timestamp | null;
  /** When a purge began to remove its messages; the chat cannot be restored then. */
  purged_at: Timestamp | null;
}

/** A row of `chatkeep.messages`. */
export interface Message {
  id: Uuid;
  chat_id: Uuid;
  tenant_id: Uuid;
  user_id: Uuid;
  /** 1, 2, 3 ... within the chat, without gaps. */
  seq: number;
  parent_id: Uuid | null;
  /** Whether the message is on the path that `listMessages` reads. */
  active: boolean;
  role: Role;
  content: string;
  parts: Json[] | null;
  status: MessageStatus;
  /** Who wrote it; null when a service did. */
  author_id: Uuid | null;
  /** The database role that wrote it. */
  written_as: string;
  model: string | null;
  token_count: number | null;
  metadata: JsonObject;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/** A message of a batch: new, or stored before. */
export interface AppendedMessage extends Message {
  outcome: "appended" | "stored";
}

/** What a search found. */
export interface FoundMessage {
  id: Uuid;
  chat_id: Uuid;
  seq: number;
  role: Role;
  created_at: Timestamp;
  rank: number;
  /** HTML: the text escaped, matches in `<mark>`. */
  snippet: string;
}

/** A session's facts, all null when the token was never issued. */
interface SessionFacts {
  session_id: Uuid;
  user_id: Uuid;
  tenant_id: Uuid;
  /** How often the token was rotated. */
  generation: number;
  expires_at: Timestamp;
  idle_expires_at: Timestamp | null;
}
type Nullable<Facts> = { [Key in keyof Facts]: Facts[Key] | null };

/** Why a token is worth nothing. */
export type SessionEnd = "invalid" | "expired" | "idle" | "revoked" | "reuse_detected";
/** A session that was opened. The token is shown this once. */
export type CreatedSession = SessionFacts & { status: "created"; token: string };
/** A rotation. A refusal is a row, not an error: look at `status`. */
export type RotatedSession =
  | (SessionFacts & { status: "rotated" | "replayed"; token: string })
  | (Nullable<SessionFacts> & { status: SessionEnd; token: null });
/** What a token is worth. A refusal is a row, not an error: look at `status`. */
export type SessionStatus = (SessionFacts & { status: "valid" }) | (Nullable<SessionFacts> & { status: SessionEnd });

/** A row of the view `chatkeep.my_sessions`. */
export interface Session {
  id: Uuid;
  created_at: Timestamp;
  last_used_at: Timestamp;
  /** PostgreSQL's text. */
  idle_ttl: string | null;
  expires_at: Timestamp;
  idle_expires_at: Timestamp | null;
  status: "active" | "revoked" | "expired" | "idle";
  revoked_at: Timestamp | null;
  revoked_reason: "logout" | "reuse" | "limit" | "admin" | null;
  aal: AssuranceLevel;
  user_agent: string | null;
  ip: string | null;
  metadata: JsonObject;
  /** Whether the JWT's claim `session_id` names it. */
  is_current: boolean;
}
/** The verdict on the token whose session stays, and how many others were revoked. */
export interface SessionsRevoked {
  status: "valid" | SessionEnd;
  session_id: Uuid | null;
  revoked: number;
}

/** A row of `chatkeep.documents`. */
export interface Document {
  id: Uuid;
  tenant_id: Uuid;
  user_id: Uuid;
  source_uri: string;
  aliases: string[];
  checksum: string;
  title: string | null;
  mime_type: string | null;
  byte_size: number | null;
  status: DocumentStatus;
  /** Why the ingest failed. */
  error: string | null;
  visibility: Visibility;
  supersedes: Uuid | null;
  created_at: Timestamp;
  updated_at: Timestamp;
  deleted_at: Timestamp | null;
  /** The visibility, or that it was deleted. */
  access: Visibility | "deleted";
}

/** A document, and how it came to be. */
export interface DocumentRegistration extends Document {
  outcome: "created" | "duplicate" | "new_version";
}

/** A row of `chatkeep.document_metadata`. */
export interface DocumentMetadata {
  document_id: Uuid;
  tenant_id: Uuid;
  document_access: Visibility | "deleted";
  user_id: Uuid;
  namespace: string;
  tags: JsonObject;
  properties: JsonObject;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/** A row of `chatkeep.attachments`. */
export interface Attachment {
  id: Uuid;
  tenant_id: Uuid;
  user_id: Uuid;
  chat_id: Uuid;
  message_id: Uuid;
  document_id: Uuid | null;
  document_access: Visibility | "deleted" | null;
  /** Whether its document is gone. */
  document_deleted: boolean;
  name: string | null;
  mime_type: string | null;
  byte_size: number | null;
  storage_path: string | null;
  created_at: Timestamp;
}

export interface Engine {
  engine: "native" | "portable";
  version: string;
  schema_version: string;
  /** What is known against the server, such as a CVE that a newer minor release fixes. */
  warning: string | null;
}
