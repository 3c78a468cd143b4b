// Converts messages of the AI SDK (the type UIMessage of the npm package `ai`) to rows of the store and back, without loss.
//
// A row stores `parts` unchanged, and their text as `content`, which search reads. Its `metadata` is that of the message.
// The key `uiMessage` in it keeps what the columns cannot hold: an id that is not a UUID, and metadata that is empty or not
// an object.

import { toUuid } from "./identity.js";

const KEPT = "uiMessage";

/** The arguments of appendMessage for a UIMessage, without chatId. The same message always gets the same id. */
export function fromUIMessage(message) {
  if (typeof message?.id !== "string" || !Array.isArray(message.parts)) {
    throw new TypeError("fromUIMessage takes a UIMessage: an object with id, role and parts");
  }
  const messageId = message.id === "" ? undefined : toUuid(message.id);
  const kept = {};
  if (message.id !== messageId) kept.id = message.id;
  const isPlain = isObject(message.metadata) && !(KEPT in message.metadata) && Object.keys(message.metadata).length > 0;
  if (message.metadata !== undefined && !isPlain) kept.metadata = message.metadata;
  return {
    messageId,
    role: message.role,
    content: textOf(message.parts),
    parts: message.parts,
    metadata: { ...(isPlain ? message.metadata : {}), ...(Object.keys(kept).length > 0 ? { [KEPT]: kept } : {}) },
  };
}

/** The UIMessage of a row. A row without parts gets one part, its text. A UIMessage cannot have the role "tool". */
export function toUIMessage(row) {
  if (!["system", "user", "assistant"].includes(row?.role)) {
    throw new TypeError("toUIMessage takes a message of the role system, user or assistant");
  }
  const { [KEPT]: kept, ...metadata } = row.metadata ?? {};
  const message = { id: kept?.id ?? row.id, role: row.role, parts: row.parts ?? [{ type: "text", text: row.content }] };
  if (kept && "metadata" in kept) return { ...message, metadata: kept.metadata };
  return Object.keys(metadata).length > 0 ? { ...message, metadata } : message;
}

// Without a line break between them, the words at the seam of two parts would be one word for search.
const textOf = (parts) =>
  parts.flatMap((part) => (part?.type === "text" && typeof part.text === "string" && part.text !== "" ? [part.text] : [])).join("\n");

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
