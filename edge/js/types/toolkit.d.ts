// What works without a call: digests, streams, cookies, ids, messages of the AI SDK.

import type { Bytes, Chatkeep, NewMessage, Result } from "./calls.js";
import type { Json, JsonObject, Message, Timestamp, Uuid } from "./rows.js";

/** SHA-256 of bytes, a Blob or a stream of bytes, in constant memory: 64 lower-case hexadecimal characters. */
export function checksum(
  source: Bytes | Blob | ReadableStream<Uint8Array> | AsyncIterable<Bytes>,
): Promise<Result<string>>;

/** What `hashing` found. */
export interface Digest {
  /** 64 lower-case hexadecimal characters. */
  checksum: string;
  byteSize: number;
}

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

export interface CookieOptions {
  /** "Lax" when left out. */
  sameSite?: "Strict" | "Lax" | "None";
}

/**
 * The value of a Set-Cookie header for a session and its token: `__Host-chatkeep`, Secure, HttpOnly, for as long as the
 * session lasts. Throws a TypeError where there is no token.
 */
export function sessionCookie(session: { token: string; expires_at?: Timestamp | null }, options?: CookieOptions): string;

/** The value of a Set-Cookie header that removes the cookie. */
export function endedSessionCookie(options?: CookieOptions): string;

/** The token in the cookie of a request, of its headers, or of the text of its Cookie header; null where there is none. */
export function sessionTokenOf(source: Request | Headers | string | null | undefined): string | null;

/** What this package needs to know of the AI SDK's UIMessage. */
export interface UIMessageLike {
  id: string;
  role: "system" | "user" | "assistant";
  metadata?: unknown;
  // The parts of the AI SDK are a union that depends on the application's tools and data.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  parts: any[];
}

/** The arguments of `appendMessage`, but `chatId`, for a UIMessage. The same message always gets the same id. */
export function fromUIMessage(
  message: UIMessageLike,
): Required<Pick<NewMessage, "role" | "content">> & { messageId?: Uuid; parts: Json[]; metadata: JsonObject };

/** The UIMessage of a row. Throws a TypeError for a row of the role "tool". */
export function toUIMessage<UIMessage extends UIMessageLike = UIMessageLike>(
  row: Pick<Message, "id" | "role" | "content" | "parts" | "metadata">,
): UIMessage;

/** What `streamMessage` takes beside chat and stream. */
export interface StreamOptions extends Partial<Omit<NewMessage, "content" | "status">> {
  /** Called with the whole text at its end: what else `finishMessage` sets. */
  finish?: (text: string) => FinishedWith | undefined | Promise<FinishedWith | undefined>;
  /** Keeps the isolate alive until the message is finished, such as `ctx.waitUntil`. Supabase's own is found without it. */
  waitUntil?: (promise: Promise<unknown>) => void;
  /** Gives up storing the placeholder. */
  signal?: AbortSignal;
}
export interface FinishedWith {
  parts?: Json[] | null;
  metadata?: JsonObject | null;
  tokenCount?: number | null;
}

/** A message that is being written. */
export interface StreamedMessage<Chunk> {
  /** For the client: the chunks of the source. It ends once the message is finished in the store. */
  stream: ReadableStream<Chunk>;
  /** The placeholder. */
  message: Message;
  /** Resolves to the finished message, also when the client has gone; never rejects. */
  done: Promise<Result<Message>>;
}
export type StreamMessage = <Chunk extends string | Uint8Array>(
  chatId: Uuid,
  source: ReadableStream<Chunk>,
  options?: StreamOptions,
) => Promise<Result<StreamedMessage<Chunk>>>;
