// The arguments of the calls.
// Written by `cargo xtask generate` from the declarations in sql/supabase/schemas.

import type { ListedChat } from "./rows.d.ts";
import type { Bytes, Interval, Json, JsonObject, Timestamp, Uuid } from "./values.d.ts";

export interface AddMember {
  tenantId: Uuid;
  /** A person who has signed in. service_role may name one who has not. */
  userId: Uuid;
  /** owner, admin or member. Only owners make owners. `member` when left out. */
  role?: "owner" | "admin" | "member";
}

export interface AppendMessage {
  chatId: Uuid;
  /** The role of its author. */
  role: "system" | "developer" | "user" | "assistant" | "tool";
  /** At most 1 MiB of UTF-8. It may be empty. */
  content: string;
  /** The idempotency key within the chat. A new one is made when it is left out. */
  messageId?: Uuid | null;
  /** The content in the application's own form, at most 256 KiB. */
  parts?: Json[] | null;
  /** At most 256 KiB. */
  metadata?: JsonObject;
  /** The message before this one. The last message of the active path when it is left out. */
  parentId?: Uuid | null;
  /** streaming for a message that finishMessage ends later. `complete` when left out. */
  status?: "complete" | "streaming" | "failed" | "stopped";
  /** At most 200 characters. */
  model?: string | null;
  /** Zero or more. */
  tokenCount?: number | null;
  /** The last message that the caller has seen. PT409 names the present one where another was appended meanwhile. The nil UUID expects an empty chat. */
  expectedLeaf?: Uuid | null;
  /** The message that this one answers, where others have been appended since. */
  replyTo?: Uuid | null;
  /** An object with any of input_tokens, output_tokens, cached_input_tokens, reasoning_tokens, and cost with currency. */
  usage?: JsonObject | null;
}

export interface AppendMessages {
  chatId: Uuid;
  /** At most 1,000 objects with the arguments of appendMessage except expectedLeaf. All or none are stored, in this order. */
  messages: Omit<AppendMessage, "chatId" | "expectedLeaf">[];
  /** The last message that the caller has seen. PT409 names the present one where another was appended meanwhile. The nil UUID expects an empty chat. */
  expectedLeaf?: Uuid | null;
}

export interface Attach {
  chatId: Uuid;
  messageId: Uuid;
  /** The document. Without one there must be a storagePath. */
  documentId?: Uuid | null;
  /** 1 to 500 characters. */
  name?: string | null;
  /** At most 255 characters. */
  mimeType?: string | null;
  /** Zero or more. */
  byteSize?: number | null;
  /** The path of a stored object, at most 2,048 characters. */
  storagePath?: string | null;
  /** For service_role only: the person whose chat it is. */
  userId?: Uuid | null;
}

export interface CopyChat {
  /** The chat to copy. */
  chatId: Uuid;
  /** The last message of the copy. Left out, the copy has the active path. */
  upToMessageId?: Uuid | null;
  /** At most 500 characters. Left out, the title of the original. An empty one: no title. */
  title?: string | null;
  /** The idempotency key. The same call again returns the copy that is there. A new one is made when it is left out. */
  newChatId?: Uuid | null;
  /** For service_role only: the person whose chat it is. */
  userId?: Uuid | null;
}

export interface CreateChat {
  /** At most 500 characters. */
  title?: string | null;
  /** At most 256 KiB. */
  metadata?: JsonObject;
  /** The idempotency key. A new one is made when it is left out. */
  chatId?: Uuid | null;
  /** The text search configuration of its messages, such as english. `simple` when left out. */
  language?: string;
  /** For service_role only. */
  userId?: Uuid | null;
}

export interface CreateSession {
  /** The first 1,000 characters are kept. */
  userAgent?: string | null;
  /** The address of the device, as a proxy writes it. The first address in the text is kept; text without an address is null. */
  ip?: string | null;
  /** 1 second to 400 days. `30 days` when left out. */
  ttl?: Interval;
  /** How long the session may be unused. null: for its whole life. */
  idleTtl?: Interval | null;
  /** The user's oldest sessions beyond this number are revoked. Those in a tenant that is being moved stay. */
  maxSessions?: number | null;
  /** At most 256 KiB. */
  metadata?: JsonObject;
  /** For service_role only. */
  userId?: Uuid | null;
  /** A valid token of the same user, as the browser held it before: its session is revoked. Any other text changes nothing. */
  replaces?: string | null;
}

export interface DeleteChat {
  chatId: Uuid;
}

export interface DeleteDocument {
  documentId: Uuid;
}

export interface DocumentChecksum {
  content: Bytes;
}

export interface DoneStorageDeletions {
  /** At most 1,000 ids of takeStorageDeletions. */
  ids: Uuid[];
}

export interface ElevateSession {
  /** The token as it was presented. null, as for a missing cookie, is an invalid token. */
  token: string | null;
  aal: "aal1" | "aal2" | "aal3";
}

export interface FailStaleMessages {
  /** How long ago finishMessage kept their progress, or appendMessage stored them. `00:15:00` when left out. */
  olderThan?: Interval;
  /** 1 to 1,000. `1000` when left out. */
  batchSize?: number;
}

export interface FinishMessage {
  chatId: Uuid;
  messageId: Uuid;
  /** At most 1 MiB of UTF-8. */
  content?: string | null;
  /** At most 256 KiB. */
  parts?: Json[] | null;
  /** streaming keeps what there is so far, and is a sign of life for failStaleMessages. stopped is for an answer that the user ended. `complete` when left out. */
  status?: "complete" | "streaming" | "failed" | "stopped";
  /** At most 256 KiB. */
  metadata?: JsonObject | null;
  /** Zero or more. */
  tokenCount?: number | null;
  /** As for appendMessage. */
  usage?: JsonObject | null;
}

export interface GetChat {
  chatId: Uuid;
}

export interface IndexMessages {
  /** 1 to 100,000. `1000` when left out. */
  batchSize?: number;
}

export interface ListChats {
  /** Only chats in this folder. Empty text means chats without a folder. */
  folder?: string | null;
  /** Only chats with this tag. */
  tag?: string | null;
  /** false without archived chats, true for archived chats alone, null for both. The trash has both. `false` when left out. */
  archived?: boolean | null;
  /** true for the trash: chats that are deleted and can be restored, the last deleted first. `false` when left out. */
  deleted?: boolean;
  /** A row of listed_chat, the last of the page before. Only its id, pinned_at, updated_at and deleted_at count. */
  before?: ListedChat | null;
  /** 1 to 200. `50` when left out. */
  pageSize?: number;
  /** For service_role only. */
  userId?: Uuid | null;
}

export interface ListMessages {
  chatId: Uuid;
  /** Exclusive. With neither before nor after: the newest page. */
  before?: Timestamp | Date | null;
  /** Exclusive. */
  after?: Timestamp | Date | null;
  /** 1 to 200. `50` when left out. */
  pageSize?: number;
  /** true begins with the newest summary of the active path, as one row, and goes forward; without a summary, with the first message. With after it adds nothing, and before is refused. `false` when left out. */
  fromSummary?: boolean;
}

export interface MeasureUsage {
  /** 1 to 100,000. `10000` when left out. */
  batchSize?: number;
  /** How long ago a membership was measured last. `1 day` when left out. */
  olderThan?: Interval;
}

export interface OpenShare {
  /** The secret that shareChat returned: cksh_ and 32 characters. */
  secret?: string | null;
  /** An id from shared_with_me, in place of the secret. */
  shareId?: Uuid | null;
  /** The created_at of the last message of the page before. Exclusive. */
  after?: Timestamp | Date | null;
  /** 1 to 200. `50` when left out. */
  pageSize?: number;
}

export interface PurgeChats {
  /** How long ago they were deleted. `30 days` when left out. */
  olderThan?: Interval;
  /** 1 to 100,000. `10000` when left out. */
  batchSize?: number;
}

export interface PurgeSessions {
  /** 1 to 100,000. `1000` when left out. */
  batchSize?: number;
  /** How long ago they ended. `30 days` when left out. */
  olderThan?: Interval;
}

export interface RateMessage {
  chatId: Uuid;
  messageId: Uuid;
  /** 1 or -1. null, or leaving it out, takes the rating back, and the call returns no row. */
  rating?: number | null;
  /** At most 2,000 characters. */
  comment?: string | null;
  /** At most 50 of 1 to 100 characters each. */
  labels?: string[] | null;
  /** For service_role only: the person whose chat it is and who rates. */
  userId?: Uuid | null;
}

export interface RedactMessage {
  chatId: Uuid;
  messageId: Uuid;
  /** Why, at most 500 characters. It is shown with the message. */
  reason?: string | null;
}

export interface RegisterContent {
  /** A URI or path without credentials, at most 2,048 characters. */
  sourceUri: string;
  /** Hashed by the database, and not stored. */
  content: Bytes;
  /** At most 500 characters. */
  title?: string | null;
  /** At most 255 characters. */
  mimeType?: string | null;
  /** Flat: scalars, or arrays of scalars. */
  tags?: JsonObject;
  /** Who reads the document: its owner alone, or the whole tenant. `private` when left out. */
  visibility?: "private" | "tenant";
  /** At most 256 KiB. */
  properties?: JsonObject;
  /** For service_role only. */
  userId?: Uuid | null;
}

export interface RegisterDocument {
  /** A URI or path without credentials, at most 2,048 characters. */
  sourceUri: string;
  /** SHA-256 of the bytes in hexadecimal. */
  checksum: string;
  /** At most 500 characters. */
  title?: string | null;
  /** At most 255 characters. */
  mimeType?: string | null;
  /** Zero or more. */
  byteSize?: number | null;
  /** Flat: scalars, or arrays of scalars. */
  tags?: JsonObject;
  /** Who reads the document: its owner alone, or the whole tenant. `private` when left out. */
  visibility?: "private" | "tenant";
  /** At most 256 KiB. */
  properties?: JsonObject;
  /** For service_role only. */
  userId?: Uuid | null;
}

export interface RegisterDocuments {
  /** At most 10,000 objects with the arguments of registerDocument. All or none are registered. */
  documents: Omit<RegisterDocument, "userId">[];
  /** For service_role only, and for the whole batch. */
  userId?: Uuid | null;
}

export interface RemoveMember {
  tenantId: Uuid;
  userId: Uuid;
}

export interface RenameTenant {
  tenantId: Uuid;
  /** 1 to 200 characters. */
  name: string;
}

export interface RestoreChat {
  chatId: Uuid;
}

export interface RevokeAllSessions {
  /** For service_role only. */
  userId?: Uuid | null;
}

export interface RevokeOtherSessions {
  /** The token of the session that stays. null, as for a missing cookie, is an invalid token. */
  token: string | null;
}

export interface RevokeSession {
  sessionId: Uuid;
}

export interface RevokeShare {
  shareId: Uuid;
}

export interface RewindChat {
  chatId: Uuid;
  /** A message of the active path. */
  beforeMessageId: Uuid;
}

export interface RotateSession {
  /** The token as it was presented. null, as for a missing cookie, is an invalid token. */
  token: string | null;
}

export interface SearchMessages {
  /** Words, "phrases", -without, or: as for websearch_to_tsquery. At most 1,000 characters. */
  query: string;
  /** All chats of the caller when it is left out. */
  chatId?: Uuid | null;
  /** 1 to 200. `20` when left out. */
  pageSize?: number;
  /** Exclusive. */
  before?: Timestamp | Date | null;
}

export interface SelectBranch {
  chatId: Uuid;
  /** The message at which the path ends. */
  leafId: Uuid;
}

export interface SetDocumentStatus {
  documentId: Uuid;
  /** The new status, as far as the graph in docs/documents.md leads there. */
  status: "pending" | "processing" | "ready" | "failed" | "archived";
  /** Why the ingest failed, at most 2,000 characters. With the status failed only. */
  error?: string | null;
}

export interface SetMemberRole {
  tenantId: Uuid;
  userId: Uuid;
  /** owner, admin or member. */
  role: "owner" | "admin" | "member";
}

export interface ShareChat {
  chatId: Uuid;
  /** A member of the tenant of the chat. */
  withUserId?: Uuid | null;
  /** true for all members of the tenant of the chat. `false` when left out. */
  withTenant?: boolean;
  /** true for a link, whose secret is returned once. Whoever has it reads the chat, signed in or not. `false` when left out. */
  byLink?: boolean;
  /** write: the person also appends messages. A link is for reading only. `read` when left out. */
  permission?: "read" | "write";
  /** The last message that is shown. Later ones stay hidden, and the permission must be read. The share is live when it is left out. */
  upToMessageId?: Uuid | null;
  /** When the share ends. It ends when it is revoked when this is left out. */
  expiresAt?: Timestamp | Date | null;
}

export interface SummariseChat {
  chatId: Uuid;
  /** The last message that the summary covers. All before it on its branch are covered too. */
  upToMessageId: Uuid;
  /** At most 1 MiB of UTF-8, not empty. */
  content: string;
  /** At most 256 KiB. */
  metadata?: JsonObject;
  /** At most 200 characters. */
  model?: string | null;
  /** Zero or more. */
  tokenCount?: number | null;
}

export interface TagDocument {
  documentId: Uuid;
  /** Merged key by key. null removes a key. */
  tags: JsonObject;
  /** 1 to 64 characters. `default` when left out. */
  namespace?: string;
}

export interface TakeStorageDeletions {
  /** 1 to 1,000. `100` when left out. */
  batchSize?: number;
  /** How long a worker may take. `00:15:00` when left out. */
  retryAfter?: Interval;
}

export interface TransferAll {
  /** Who leaves. A disabled user too. */
  fromUserId: Uuid;
  /** A member of the same tenant. */
  toUserId: Uuid;
}

export interface TransferChat {
  chatId: Uuid;
  /** A member of the tenant of the chat. */
  toUserId: Uuid;
}

export interface TransferDocument {
  documentId: Uuid;
  /** A member of the tenant of the document. */
  toUserId: Uuid;
}

export interface UpdateChat {
  chatId: Uuid;
  /** At most 500 characters. An empty one removes the title. */
  title?: string | null;
  /** A model wrote this title: it is stored unless a person wrote the present one. Leave it out for a title by a person. */
  ifTitleSource?: "model" | null;
  /** Merged into the metadata by RFC 7396: objects are merged key by key, and null removes a key. */
  metadataMerge?: Json | null;
  /** true pins the chat, false unpins it. */
  pinned?: boolean | null;
  /** At most 200 characters. An empty one takes the chat out of its folder. */
  folder?: string | null;
  /** At most 50 of 1 to 100 characters each. They replace the tags; an empty array removes them. */
  tags?: string[] | null;
  /** The seq up to which the owner has read. 0 makes the whole chat unread. */
  readUpToSeq?: number | null;
}

export interface UserId {
  /** The claim iss, at most 500 characters, without control characters. */
  issuer: string;
  /** The claim sub, 1 to 500 characters. */
  subject: string;
}

export interface ValidateSession {
  /** The token as it was presented. null, as for a missing cookie, is an invalid token. */
  token: string | null;
}
