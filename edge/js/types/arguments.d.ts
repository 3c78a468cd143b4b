// The arguments of the calls.

import type {
  AssuranceLevel,
  DocumentStatus,
  Interval,
  Json,
  JsonObject,
  MessageStatus,
  Role,
  Timestamp,
  Uuid,
  Visibility,
} from "./rows.d.ts";

export interface CreateChat {
  /** At most 500 characters. */
  title?: string | null;
  metadata?: JsonObject;
  /** The idempotency key; made by this package when left out. */
  chatId?: Uuid | null;
  /** The text search configuration of its messages, such as "english"; "simple" when left out. */
  language?: string;
}

/** A message of a batch. */
export interface NewMessage {
  role: Role;
  /** At most 1 MiB of UTF-8; may be empty. */
  content: string;
  /** The idempotency key within the chat; made by this package when left out. Pass your own (`uuidv7()`) to retry. */
  messageId?: Uuid | null;
  parts?: Json[] | null;
  metadata?: JsonObject;
  /** A message of the same chat; one that is not the last starts a branch. */
  parentId?: Uuid | null;
  status?: MessageStatus;
  model?: string | null;
  tokenCount?: number | null;
}

export interface AppendMessage extends NewMessage {
  chatId: Uuid;
}

export interface AppendMessages {
  chatId: Uuid;
  /** At most 1,000; all or none are stored, in this order. */
  messages: NewMessage[];
}

export interface FinishMessage {
  chatId: Uuid;
  messageId: Uuid;
  /** What is left out, or null, stays as it is stored. */
  content?: string | null;
  parts?: Json[] | null;
  status?: "complete" | "failed";
  metadata?: JsonObject | null;
  tokenCount?: number | null;
}

export interface ListMessages {
  chatId: Uuid;
  /** Exclusive. With neither this nor `after`: the newest page. */
  before?: Timestamp | Date | null;
  /** Exclusive. */
  after?: Timestamp | Date | null;
  /** 1 to 200; 50 when left out. */
  pageSize?: number;
}

export interface SearchMessages {
  /** As for `websearch_to_tsquery`: words, "phrases", -without, or. At most 1,000 characters. */
  query: string;
  /** All chats of the caller when left out. */
  chatId?: Uuid | null;
  /** 1 to 200; 20 when left out. */
  pageSize?: number;
  /** Exclusive. */
  before?: Timestamp | Date | null;
}

/** A message of an imported chat. One without `id` gets one from the chat's id and its place. */
export interface ImportedMessage extends Omit<NewMessage, "messageId"> {
  id?: Uuid | null;
  createdAt?: Timestamp | Date | null;
}

export interface ImportedChat {
  /** The idempotency key; made by this package when left out. */
  id?: Uuid | null;
  title?: string | null;
  metadata?: JsonObject | null;
  language?: string | null;
  createdAt?: Timestamp | Date | null;
  archivedAt?: Timestamp | Date | null;
  activeLeafId?: Uuid | null;
  /** At most 1,000; the same chat again with others appends them. */
  messages?: ImportedMessage[] | null;
}

export interface CreateSession {
  userAgent?: string | null;
  ip?: string | null;
  /** 1 second to 400 days; 30 days when left out. */
  ttl?: Interval;
  /** Never idle when left out. */
  idleTtl?: Interval | null;
  /** Revokes the oldest beyond it. */
  maxSessions?: number | null;
  metadata?: JsonObject;
  /** For service_role only. */
  userId?: Uuid | null;
}

export interface PresentedToken {
  /** null, as a missing cookie may read, is an invalid token. */
  token: string | null;
}

export interface ElevateSession extends PresentedToken {
  aal: AssuranceLevel;
}

export type Bytes = ArrayBuffer | ArrayBufferView;

export interface RegisterDocument {
  /** A URI or path without credentials, at most 2048 characters. */
  sourceUri: string;
  /** SHA-256 in hexadecimal, as `checksum()` gives it. */
  checksum: string;
  title?: string | null;
  mimeType?: string | null;
  byteSize?: number | null;
  /** Flat: scalars, or arrays of scalars. */
  tags?: JsonObject;
  visibility?: Visibility;
  properties?: JsonObject;
}

/** A document of a batch: null is as good as nothing. */
export type NewDocument = RegisterDocument;

export interface RegisterContent extends Omit<RegisterDocument, "checksum" | "byteSize"> {
  /** Hashed by the database, and not stored. */
  content: Bytes;
}

export interface SetDocumentStatus {
  documentId: Uuid;
  status: DocumentStatus;
  /** With "failed" only. */
  error?: string | null;
}

export interface TagDocument {
  documentId: Uuid;
  /** Merged key by key; null removes one. */
  tags: JsonObject;
  /** "default" when left out. */
  namespace?: string;
}

/** A document, a stored object, or both. */
export interface Attach {
  chatId: Uuid;
  messageId: Uuid;
  documentId?: Uuid | null;
  name?: string | null;
  mimeType?: string | null;
  byteSize?: number | null;
  storagePath?: string | null;
}

/** A run of an upkeep call, for service_role. */
export interface Upkeep {
  /** How old what it is about must be. */
  olderThan?: Interval;
  batchSize?: number;
}
