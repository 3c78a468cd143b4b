// The types of the package's exports. The types of rows, arguments and results are in types/.

import type { Chatkeep } from "./types/chatkeep.d.ts";
import type { Result } from "./types/result.d.ts";
import type { CookieOptions, Digest, FromUIMessage, MessageRow, StorageFiles, StorageFilesOptions, Turn, UIMessageLike } from "./types/toolkit.d.ts";
import type { Bytes, Json, JsonObject, Timestamp, Uuid } from "./types/values.d.ts";

export type * from "./types/arguments.d.ts";
export type * from "./types/batches.d.ts";
export type * from "./types/calls.d.ts";
export type * from "./types/chatkeep.d.ts";
export type * from "./types/result.d.ts";
export type * from "./types/rows.d.ts";
export type * from "./types/sessions.d.ts";
export type * from "./types/toolkit.d.ts";
export type * from "./types/values.d.ts";
export type * from "./types/words.d.ts";

/** The schema for supabase-js: `createClient<Database, "chatkeep">(url, key, { db: { schema: "chatkeep" } })`. */
export type { Database } from "./database.types.ts";

/** A supabase-js client with any `Database` type. */
export interface SupabaseClientLike {
  // The client's signature depends on its Database type, which may lack this schema.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  schema(name: any): any;
}

/** The part of a supabase-js client that has the files. */
export interface StorageClientLike {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  storage: { from(bucket: string): any };
}

/** The Data API of a project, for callers without supabase-js. */
export interface DataApi {
  /** The URL of the project, without a path. */
  url: string;
  /** The publishable (anon) key, or a secret one. */
  key: string;
  /** Returns the user's JWT, before every request. Without one, the key is sent. */
  accessToken?: () => string | null | undefined | Promise<string | null | undefined>;
  headers?: Record<string, string>;
  /** The default is that of the runtime. */
  fetch?: typeof fetch;
}

export interface ChatkeepOptions {
  /**
   * How requests are repeated: at most `attempts` (4) within `deadline` (15,000) milliseconds. The first pause is `firstPause`
   * (100) milliseconds; each further pause is twice as long, up to `longestPause` (2,000). `false` sends each request once.
   */
  retry?: false | { attempts?: number; deadline?: number; firstPause?: number; longestPause?: number };
  /**
   * What happens to U+0000 and halves of surrogate pairs in content, parts and metadata of messages, which Postgres cannot store:
   * `"refuse"` (default) answers 22023, `"escape"` stores an escape that the rows of every call, `toUIMessage` and `toUIMessages`
   * undo.
   */
  unstorable?: "refuse" | "escape";
}

/** The calls of Chatkeep on a supabase-js client or on the Data API. Throws a TypeError for any other connection. */
export function chatkeep(connection: SupabaseClientLike | DataApi, options?: ChatkeepOptions): Chatkeep;

/** SHA-256 of bytes, a Blob or a stream of bytes, in constant memory: 64 lower-case hexadecimal characters. */
export function checksum(
  source: Bytes | Blob | ReadableStream<Uint8Array> | AsyncIterable<Bytes>,
): Promise<Result<string>>;

/**
 * Passes bytes through and hashes them, so that a function can upload and register a document in one pass. `digest` resolves
 * when `stream` was read to its end, and never rejects. Throws a TypeError for anything but a stream or a Blob.
 */
export function hashing(
  source: ReadableStream<Uint8Array> | Blob,
): { stream: ReadableStream<Uint8Array>; digest: Promise<Result<Digest>> };

/** SHA-256 of bytes that arrive in pieces. `update` throws a TypeError for other values, and after `digest`. */
export class Hasher {
  update(content: Bytes): this;
  /** 64 lower-case hexadecimal characters; no update is possible after it. */
  digest(): string;
}

/** A new UUID version 7. */
export function uuidv7(): Uuid;

/**
 * The UUID for an id in another form, such as a nanoid: always the same one. A UUID is returned in lower case. Throws a
 * TypeError for empty text and for other values.
 */
export function toUuid(id: string): Uuid;

/**
 * The id of the user whom a registered issuer (chatkeep.identity_providers) calls `subject`: the claims `iss` and `sub` of the
 * user's tokens. Throws a TypeError for empty text, for more than 500 characters, and for an issuer with control characters.
 */
export function userId(issuer: string, subject: string): Uuid;

/** Whether a value has the form of a session token: prefix, length, alphabet and check sum. Sends no request. */
export function isSessionToken(value: unknown): value is string;

/**
 * The value of a Set-Cookie header for a session's token: `__Host-chatkeep`, Secure, HttpOnly. The cookie lasts as long as the
 * session. Throws a TypeError if the session has no token.
 */
export function sessionCookie(session: { token: string; expires_at?: Timestamp | null }, options?: CookieOptions): string;

/** The value of a Set-Cookie header that removes the cookie. */
export function endedSessionCookie(options?: CookieOptions): string;

/** The token in the cookie of a request, of its headers or of its Cookie header's text; null if there is none. */
export function sessionTokenOf(source: Request | Headers | string | null | undefined): string | null;

/**
 * The arguments of `appendMessage` for a UIMessage, without `chatId`. The same message always gets the same id. With `messageId`,
 * it is stored under that id, and shown under its own.
 */
export function fromUIMessage(message: UIMessageLike, options?: { messageId?: Uuid }): FromUIMessage;

/**
 * What the last turn of an AI SDK chat adds to the stored chat: new messages, an assistant's message that has grown, and a user's
 * that was edited, on a branch. `rows` are the active path as it is stored, `messages` those of the SDK.
 */
export function turnOf(rows: readonly MessageRow[], messages: readonly UIMessageLike[]): Turn;

/**
 * The UIMessage of a row, as a call returns it or as supabase-js reads it. A row of role tool becomes an assistant's message with
 * a part for each result. Throws a TypeError for anything but a row.
 */
export function toUIMessage<UIMessage extends UIMessageLike = UIMessageLike>(row: MessageRow): UIMessage;

/**
 * The UIMessages of rows in order, as the AI SDK shows them: results in rows of role tool are added to the calls that they
 * answer, and what an assistant says after them continues the same message. Throws a TypeError for anything but rows.
 */
export function toUIMessages<UIMessage extends UIMessageLike = UIMessageLike>(rows: readonly MessageRow[]): UIMessage[];

/**
 * The files of messages in a bucket of Supabase Storage. A data URL moves there, and its part keeps a reference. Throws a
 * TypeError without a client or a bucket.
 */
export function storageFiles(supabase: StorageClientLike, options: StorageFilesOptions): StorageFiles;
