// What the functions without a call take and give: digests, cookies, messages of the AI SDK, streams.

import type { NewMessage } from "./batches.d.ts";
import type { Result } from "./result.d.ts";
import type { Message } from "./rows.d.ts";
import type { Json, JsonObject, Uuid } from "./values.d.ts";

/** What `hashing` found. */
export interface Digest {
  /** 64 lower-case hexadecimal characters. */
  checksum: string;
  byteSize: number;
}

export interface CookieOptions {
  /** "Lax" when left out. */
  sameSite?: "Strict" | "Lax" | "None";
}

/** What this package needs to know of the AI SDK's UIMessage. */
export interface UIMessageLike {
  id: string;
  role: "system" | "user" | "assistant";
  metadata?: unknown;
  // The parts of the AI SDK are a union that depends on the application's tools and data.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  parts: any[];
}

/** The columns of a message that `toUIMessage` reads. */
export type MessageRow = Pick<Message, "id" | "role" | "content" | "parts" | "metadata">;

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
