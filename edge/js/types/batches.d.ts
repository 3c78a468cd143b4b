// The items of batches, and a chat to import. By hand: an item has a name for those who build batches, and the keys of an
// import are in no declaration.

import type { AppendMessage, RegisterDocument } from "./arguments.d.ts";
import type { JsonObject, Timestamp, Uuid } from "./values.d.ts";

/** A message of a batch. */
export type NewMessage = Omit<AppendMessage, "chatId" | "expectedLeaf">;

/** A document of a batch: null is as good as nothing. */
export type NewDocument = Omit<RegisterDocument, "userId">;

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

export interface ImportChat {
  chat: ImportedChat;
  /** For service_role only. */
  userId?: Uuid | null;
}
