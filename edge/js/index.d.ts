// The types of the package: how one gets the calls, and what works without one. Rows, arguments and results lie in types/.

import type { NewMessage } from "./types/batches.d.ts";
import type { Chatkeep } from "./types/chatkeep.d.ts";
import type { Result } from "./types/result.d.ts";
import type { Message } from "./types/rows.d.ts";
import type { CookieOptions, Digest, UIMessageLike } from "./types/toolkit.d.ts";
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

/** The schema as supabase-js wants to know it: `createClient<Database, "chatkeep">(url, key, { db: { schema: "chatkeep" } })`. */
export type { Database } from "./database.types.ts";

/** What this package needs of a supabase-js client, whatever its `Database` type. */
export interface SupabaseClientLike {
  // The client's own signature depends on its Database type, which need not know this schema.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  schema(name: any): any;
}

/** The Data API of a project, for callers without supabase-js. */
export interface DataApi {
  /** Of the project, without a path. */
  url: string;
  /** The publishable (anon) key, or a secret one. */
  key: string;
  /** The user's JWT, asked for at every request; the key where there is none. */
  accessToken?: () => string | null | undefined | Promise<string | null | undefined>;
  headers?: Record<string, string>;
  /** The runtime's own when left out. */
  fetch?: typeof fetch;
}

export interface ChatkeepOptions {
  /**
   * How lost answers are repeated: at most `attempts` (4) requests within `deadline` (15,000) milliseconds, the first pause
   * `firstPause` (100), twice as long each time up to `longestPause` (2,000). `false` sends every request once.
   */
  retry?: false | { attempts?: number; deadline?: number; firstPause?: number; longestPause?: number };
}

/** The calls of Chatkeep on a supabase-js client, or on the Data API itself. Throws a TypeError when it is given neither. */
export function chatkeep(connection: SupabaseClientLike | DataApi, options?: ChatkeepOptions): Chatkeep;

/** SHA-256 of bytes, a Blob or a stream of bytes, in constant memory: 64 lower-case hexadecimal characters. */
export function checksum(
  source: Bytes | Blob | ReadableStream<Uint8Array> | AsyncIterable<Bytes>,
): Promise<Result<string>>;

/**
 * Passes bytes through and hashes them on the way, so that a function can upload and register a document in one pass.
 * `digest` resolves once `stream` was read to its end, and never rejects. Throws a TypeError for anything but a stream or Blob.
 */
export function hashing(
  source: ReadableStream<Uint8Array> | Blob,
): { stream: ReadableStream<Uint8Array>; digest: Promise<Result<Digest>> };

/** SHA-256 of bytes that arrive in pieces. Misuse throws a TypeError. */
export class Hasher {
  update(content: Bytes): this;
  /** 64 lower-case hexadecimal characters; no update is possible after it. */
  digest(): string;
}

/** A new UUID version 7. */
export function uuidv7(): Uuid;

/** The UUID that stands for an id in another form, such as a nanoid; a UUID stands for itself. Throws for anything but text. */
export function toUuid(id: string): Uuid;

/** Whether a value can be a session token at all: prefix, length, alphabet and check sum. No request. */
export function isSessionToken(value: unknown): value is string;

/**
 * The value of a Set-Cookie header for a session and its token: `__Host-chatkeep`, Secure, HttpOnly, for as long as the
 * session lasts. Throws a TypeError where there is no token.
 */
export function sessionCookie(session: { token: string; expires_at?: Timestamp | null }, options?: CookieOptions): string;

/** The value of a Set-Cookie header that removes the cookie. */
export function endedSessionCookie(options?: CookieOptions): string;

/** The token in the cookie of a request, of its headers, or of the text of its Cookie header; null where there is none. */
export function sessionTokenOf(source: Request | Headers | string | null | undefined): string | null;

/** The arguments of `appendMessage`, but `chatId`, for a UIMessage. The same message always gets the same id. */
export function fromUIMessage(
  message: UIMessageLike,
): Required<Pick<NewMessage, "role" | "content">> & { messageId?: Uuid; parts: Json[]; metadata: JsonObject };

/** The UIMessage of a row. Throws a TypeError for a row of the role "tool". */
export function toUIMessage<UIMessage extends UIMessageLike = UIMessageLike>(
  row: Pick<Message, "id" | "role" | "content" | "parts" | "metadata">,
): UIMessage;
