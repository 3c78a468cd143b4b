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

/** What `fromUIMessage` makes: arguments of `appendMessage`, or a message for `appendMessages`. */
export type FromUIMessage = Required<Pick<NewMessage, "role" | "content">> & { messageId?: Uuid; parts: Json[]; metadata: JsonObject };

/** What `turnOf` makes. */
export interface Turn {
  /** For `appendMessages`. Empty if everything is stored. */
  messages: (FromUIMessage & { parentId?: Uuid })[];
  /** The row that an answer follows, once the messages are stored. */
  parentId: Uuid | undefined;
}

/** The columns of a message that `toUIMessage` reads. */
export type MessageRow = Pick<Message, "id" | "role" | "content" | "parts" | "metadata">;

/** What `streamMessage` takes beside chat and source. */
export interface StreamOptions extends Partial<Omit<NewMessage, "content" | "status">> {
  /** Called with the whole text at its end, and with the message if UI-message chunks were streamed: what else `finishMessage` sets. */
  finish?: (text: string, message?: UIMessageLike) => FinishedWith | undefined | void | Promise<FinishedWith | undefined | void>;
  /** Keeps the isolate alive until the message is finished, such as `ctx.waitUntil`. Supabase's own is found without it. */
  waitUntil?: (promise: Promise<unknown>) => void;
  /** The user's stop: ends the source and the client's stream, and the message becomes `stopped`. */
  signal?: AbortSignal;
  /** The message that the answer continues, after a tool's output or an approval. The source is a UI-message stream then. */
  continues?: UIMessageLike;
  /** The shortest time between two checkpoints, in milliseconds: 2,000 by default, `Infinity` for none. */
  checkpointEvery?: number;
}
export interface FinishedWith {
  parts?: Json[] | null;
  metadata?: JsonObject | null;
  tokenCount?: number | null;
  usage?: JsonObject | null;
}

/** A UI-message chunk of the AI SDK. */
export interface UIChunkLike {
  type: string;
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
export interface StreamMessage {
  <Chunk extends string | Uint8Array | UIChunkLike>(
    chatId: Uuid,
    source: ReadableStream<Chunk>,
    options?: StreamOptions,
  ): Promise<Result<StreamedMessage<Chunk>>>;
  (chatId: Uuid, source: Response, options?: StreamOptions): Promise<Result<StreamedMessage<Uint8Array>>>;
}

export interface StorageFilesOptions {
  bucket: string;
  /** The folder of the objects, such as the user's id, for which policies of Storage ask. */
  folder?: string;
  /** The longest data URL that stays in its part, in characters: 32,768 by default. */
  limit?: number;
  /** How long a signed URL is valid, in seconds: 3,600 by default. */
  expiresIn?: number;
}

/** What `attach` takes beside chat and message, for a file in Storage. */
export interface StoredFile {
  name?: string;
  mimeType?: string;
  byteSize: number;
  storagePath: string;
}

export interface StorageFiles {
  /** Moves the data URL of a file part to Storage, and turns a signed URL back into its reference. Other parts stay as they are. */
  externalize<Part>(part: Part): Promise<Result<{ part: Part; attachment: StoredFile | null }>>;
  /** The same for every part of a message. */
  externalizeMessage<UIMessage extends UIMessageLike>(message: UIMessage): Promise<Result<{ message: UIMessage; attachments: StoredFile[] }>>;
  /** Messages with signed URLs for their references. An object that is gone keeps its reference. */
  sign<UIMessage extends UIMessageLike>(messages: readonly UIMessage[]): Promise<Result<UIMessage[]>>;
}
