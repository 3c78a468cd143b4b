// The calls and their arguments.

import type {
  AppendedMessage,
  AssuranceLevel,
  Attachment,
  Chat,
  CreatedSession,
  Document,
  DocumentMetadata,
  DocumentRegistration,
  DocumentStatus,
  Engine,
  FoundMessage,
  Interval,
  Json,
  JsonObject,
  Message,
  MessageStatus,
  Role,
  RotatedSession,
  Session,
  SessionsRevoked,
  SessionStatus,
  Timestamp,
  Uuid,
  Visibility,
} from "./rows.d.ts";
import type { StreamMessage } from "./toolkit.d.ts";

/** Why a call failed: refused by the rules before the request, by the database, or on the way. */
export interface ChatkeepError {
  /** SQLSTATE, or the gateway's own code (PGRST...); empty when the request got no answer. */
  code: string;
  /** HTTP status; 0 when the request got no answer. A refusal before the request has the status the database would have answered. */
  status: number;
  /** The argument at fault, by its name in SQL (`chat_id`), with its place in an array (`messages[3].role`). */
  argument?: string;
  message: string;
  details: string | null;
  hint: string | null;
  /** Whether the same call may go well the next time, and does no harm if the first one was carried out after all. */
  retryable: boolean;
}

/** Never both, never neither; a call does not throw. */
export type Result<Data> = { data: Data; error: null } | { data: null; error: ChatkeepError };

/** What goes beside the arguments of a call. */
export interface CallOptions {
  /** Gives the call up: no further attempt is made, and the request under way is aborted. */
  signal?: AbortSignal;
}

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

type Call<Given, Data> = (given: Given, options?: CallOptions) => Promise<Result<Data>>;
type CallOfNothing<Given, Data> = (given?: Given, options?: CallOptions) => Promise<Result<Data>>;

export interface Chatkeep {
  /** Makes a chat; with a `chatId` that the user already has, returns the stored one. */
  createChat: CallOfNothing<CreateChat, Chat>;
  /** Appends a message; the same `messageId` and content again return the stored row. */
  appendMessage: Call<AppendMessage, Message>;
  /** Appends a batch, all or nothing; each row says whether it is new. */
  appendMessages: Call<AppendMessages, AppendedMessage[]>;
  /** Ends a message that was appended with the status "streaming", once. */
  finishMessage: Call<FinishMessage, Message>;
  /** Makes the path that ends at a message the active one. */
  selectBranch: Call<{ chatId: Uuid; leafId: Uuid }, Chat>;
  /** A page of the active path, oldest first. */
  listMessages: Call<ListMessages, Message[]>;
  /** Full-text search, newest first. */
  searchMessages: Call<SearchMessages, FoundMessage[]>;
  /** Deletes a chat softly. */
  deleteChat: Call<{ chatId: Uuid }, Chat>;
  /** Brings a deleted chat back. */
  restoreChat: Call<{ chatId: Uuid }, Chat>;
  /** Stores a whole chat with its times and branches; can be repeated. */
  importChat: Call<{ chat: ImportedChat }, Chat>;
  /** Fails messages whose writer died. `batchSize` is at most 1,000. */
  failStaleMessages: CallOfNothing<Upkeep, Message[]>;
  /** Indexes messages for search; how many. For service_role. */
  indexMessages: CallOfNothing<Pick<Upkeep, "batchSize">, number>;
  /** Removes chats that were deleted long ago; how many rows, 0 when done. For service_role. */
  purgeChats: CallOfNothing<Upkeep, number>;
  /** Opens a session of the signed-in user and returns its token, once. */
  createSession: CallOfNothing<CreateSession, CreatedSession>;
  /** Trades a token for its successor. Rotations of one token at the same time are one request. */
  rotateSession: Call<PresentedToken, RotatedSession>;
  /** Says what a token is worth. */
  validateSession: Call<PresentedToken, SessionStatus>;
  /** Ends a session of the caller. */
  revokeSession: Call<{ sessionId: Uuid }, Session>;
  /** Ends all sessions of a token's user but its own. */
  revokeOtherSessions: Call<PresentedToken, SessionsRevoked>;
  /** Ends all sessions of the caller, or of the user that service_role names. */
  revokeAllSessions: CallOfNothing<{ userId?: Uuid | null }, Session[]>;
  /** Raises a session's assurance level, as far as the JWT proves it. */
  elevateSession: Call<ElevateSession, SessionStatus>;
  /** Removes sessions that ended long ago; how many, 0 when done. For service_role. */
  purgeSessions: CallOfNothing<Upkeep, number>;
  /** SHA-256 of bytes, computed by the database; `checksum()` computes the same here, without a request. */
  documentChecksum: Call<{ content: Bytes }, string>;
  /** Registers where bytes came from: `outcome` says whether they were known. */
  registerDocument: Call<RegisterDocument, DocumentRegistration>;
  /** Registers up to 10,000 documents, all or none; a row for each, in order. Mind the gateway's limit of rows. */
  registerDocuments: Call<{ documents: NewDocument[] }, DocumentRegistration[]>;
  /** `registerDocument` for bytes at hand. */
  registerContent: Call<RegisterContent, DocumentRegistration>;
  /** Moves a document's ingest on; "processing" is one worker's claim. */
  setDocumentStatus: Call<SetDocumentStatus, Document>;
  /** Merges tags into a namespace; null where there is none and nothing to write. */
  tagDocument: Call<TagDocument, DocumentMetadata | null>;
  /** Hangs a document or a stored object on a message. */
  attach: Call<Attach, Attachment>;
  /** Deletes a document softly; its attachments stay, marked. */
  deleteDocument: Call<{ documentId: Uuid }, Document>;
  /**
   * Stores an answer while it is streamed to the client: a placeholder first, the whole text at the end, also when the
   * client goes away.
   */
  streamMessage: StreamMessage;
  /** Which engine answers, and its versions. */
  engine: CallOfNothing<Record<string, never>, Engine>;
}
