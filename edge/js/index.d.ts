/** The schema as supabase-js wants to know it: `createClient<Database, "chatkeep">(url, key, { db: { schema: "chatkeep" } })`. */
export type { Database } from "./database.types.ts";

/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json | undefined };

/** Why a call failed: refused by the rules before the request, by the database, or on the way. */
export interface ChatkeepError {
  /** SQLSTATE, or the gateway's own code (PGRST...); empty when the request got no answer. */
  code: string;
  /** HTTP status; 0 when the request got no answer. A refusal before the request has the status the database would have answered. */
  status: number;
  /** The argument at fault, by its name in SQL (`chat_id`). */
  argument?: string;
  message: string;
  details: string | null;
  hint: string | null;
}

/** Never both, never neither; a call does not throw. */
export type Result<Data> = { data: Data; error: null } | { data: null; error: ChatkeepError };

/** A UUID in its usual form. */
export type Uuid = string;
/** A timestamptz as the gateway prints it, to the microsecond. Pass it back unchanged: a Date loses the last three digits. */
export type Timestamp = string;
/** A length of time: a number of seconds, or PostgreSQL's text, such as "30 days". */
export type Interval = number | string;

export type Role = "system" | "user" | "assistant" | "tool";
export type MessageStatus = "complete" | "streaming" | "failed";
export type Visibility = "private" | "tenant";

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

/** A row of `chatkeep.documents`, and how it came to be. */
export interface DocumentRegistration {
  outcome: "created" | "duplicate" | "new_version";
  id: Uuid;
  tenant_id: Uuid;
  user_id: Uuid;
  source_uri: string;
  aliases: string[];
  checksum: string;
  title: string | null;
  mime_type: string | null;
  byte_size: number | null;
  status: "pending" | "processing" | "ready" | "failed" | "archived";
  visibility: Visibility;
  supersedes: Uuid | null;
  created_at: Timestamp;
  updated_at: Timestamp;
  deleted_at: Timestamp | null;
}

export interface Engine {
  engine: "native" | "portable";
  version: string;
  schema_version: string;
  /** What is known against the server, such as a CVE that a newer minor release fixes. */
  warning: string | null;
}

export interface CreateChat {
  /** At most 500 characters. */
  title?: string | null;
  metadata?: JsonObject;
  /** The idempotency key; made by this package when left out. */
  chatId?: Uuid | null;
}

export interface AppendMessage {
  chatId: Uuid;
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

export interface ListMessages {
  chatId: Uuid;
  /** Exclusive. With neither this nor `after`: the newest page. */
  before?: Timestamp | Date | null;
  /** Exclusive. */
  after?: Timestamp | Date | null;
  /** 1 to 200; 50 when left out. */
  pageSize?: number;
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

export interface Chatkeep {
  /** Makes a chat; with a `chatId` that the user already has, returns the stored one. */
  createChat(given?: CreateChat): Promise<Result<Chat>>;
  /** Appends a message; the same `messageId` and content again return the stored row. */
  appendMessage(given: AppendMessage): Promise<Result<Message>>;
  /** A page of the active path, oldest first. */
  listMessages(given: ListMessages): Promise<Result<Message[]>>;
  /** Opens a session of the signed-in user and returns its token, once. */
  createSession(given?: CreateSession): Promise<Result<CreatedSession>>;
  /** Trades a token for its successor. */
  rotateSession(given: PresentedToken): Promise<Result<RotatedSession>>;
  /** Says what a token is worth. */
  validateSession(given: PresentedToken): Promise<Result<SessionStatus>>;
  /** SHA-256 of bytes, computed by the database; `checksum()` computes the same here, without a request. */
  documentChecksum(given: { content: Bytes }): Promise<Result<string>>;
  /** Registers where bytes came from: `outcome` says whether they were known. */
  registerDocument(given: RegisterDocument): Promise<Result<DocumentRegistration>>;
  /** Which engine answers, and its versions. */
  engine(given?: Record<string, never>): Promise<Result<Engine>>;
}

/** What this package needs of a supabase-js client, whatever its `Database` type. */
export interface SupabaseClientLike {
  // The client's own signature depends on its Database type, which need not know this schema.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  schema(name: any): any;
}

/** The calls of Chatkeep on a supabase-js client. Throws a TypeError when it is given no client. */
export function chatkeep(supabase: SupabaseClientLike): Chatkeep;

/** SHA-256 of bytes, a Blob or a stream of bytes, in constant memory: 64 lower-case hexadecimal characters. */
export function checksum(
  source: Bytes | Blob | ReadableStream<Uint8Array> | AsyncIterable<Bytes>,
): Promise<Result<string>>;

/** SHA-256 of bytes that arrive in pieces. Misuse throws a TypeError. */
export class Hasher {
  update(content: Bytes): this;
  /** 64 lower-case hexadecimal characters; no update is possible after it. */
  digest(): string;
}

/** A new UUID version 7. */
export function uuidv7(): Uuid;

/** Whether a value can be a session token at all: prefix, length, alphabet and check sum. No request. */
export function isSessionToken(value: unknown): value is string;
