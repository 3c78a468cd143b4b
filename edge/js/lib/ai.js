// Converts messages of the AI SDK (the type UIMessage of the npm package `ai`) to rows of the store and back, without loss.
//
// A row stores `parts` unchanged, and their text as `content`, which search reads. Its `metadata` is that of the message.
// The key `uiMessage` in it keeps what the columns cannot hold: an id that is not a UUID, and metadata that is empty or not
// an object.

import { toUuid } from "./identity.js";
import { fromModelParts, isModelPart, stepsOfTool, takeStep } from "./model_parts.js";
import { readable } from "./unstorable.js";

const KEPT = "uiMessage";

/**
 * The arguments of appendMessage for a UIMessage, without chatId. The same message always gets the same id. With `messageId`, it
 * is stored under that id, and shown under its own.
 */
export function fromUIMessage(message, options) {
  if (typeof message?.id !== "string" || !Array.isArray(message.parts)) {
    throw new TypeError("fromUIMessage takes a UIMessage: an object with id, role and parts");
  }
  const messageId = options?.messageId ?? (message.id === "" ? undefined : toUuid(message.id));
  const kept = {};
  if (message.id !== messageId) kept.id = message.id;
  const isPlain = isObject(message.metadata) && !(KEPT in message.metadata) && Object.keys(message.metadata).length > 0;
  if (message.metadata !== undefined && !isPlain) kept.metadata = message.metadata;
  // These parts would be read as those of a ModelMessage.
  if (message.parts.some(isModelPart)) kept.parts = "as they are";
  return {
    messageId,
    role: message.role,
    content: contentOf(message.parts),
    parts: message.parts,
    metadata: { ...(isPlain ? message.metadata : {}), ...(Object.keys(kept).length > 0 ? { [KEPT]: kept } : {}) },
  };
}

/**
 * The text of text parts, as `content` has it. Without a line break between them, the words at the seam of two parts would be
 * one word for search.
 */
export function contentOf(parts) {
  return parts.flatMap((part) => (part?.type === "text" && typeof part.text === "string" && part.text !== "" ? [part.text] : [])).join("\n");
}

/** The UIMessage of a row. A row without parts gets one part, its text. A row of role tool becomes an assistant's message. */
export function toUIMessage(row) {
  const { steps, ...message } = opened(row);
  return steps ? { ...message, parts: steps.map(({ alone }) => alone) } : message;
}

/**
 * The UIMessages of rows in order, as the AI SDK shows them. What an agent stored as several rows for one turn (an assistant's
 * calls, the rows of role tool that answer them, the assistant's text) becomes one message.
 */
export function toUIMessages(rows) {
  const messages = [];
  let isAnswered = false;
  for (const row of rows) {
    const { steps, ...message } = opened(row);
    const last = messages.at(-1);
    if (steps) {
      for (const step of steps) show(step, message, messages);
    } else if (isAnswered && row.role === "assistant" && last.role === "assistant" && !isKept(row)) {
      continueTurn(last, message);
    } else {
      // The row's own parts stay as they are.
      messages.push({ ...message, parts: [...message.parts] });
    }
    isAnswered = row.role === "tool" && messages.length > 0;
  }
  return messages;
}

/** No message: the parent of a first message beside another. */
const NOBODY = "00000000-0000-0000-0000-000000000000";

/**
 * What the last turn of an AI SDK chat adds to the stored chat. `rows` are the active path as it is stored, `messages` those of
 * the SDK. Returns `{ messages, parentId }`: the arguments of appendMessages (new messages, an assistant's message that has grown,
 * and a user's that was edited, on a branch), and the id of the row that an answer follows.
 */
export function turnOf(rows, messages) {
  const stored = new Map(rows.filter(({ role }) => role !== "tool").map((row) => [opened(row).id, row]));
  let first = messages.findLastIndex(({ id }) => stored.has(id));
  const last = stored.get(messages[first]?.id);
  if (!last || isSame(opened(last).parts, messages[first].parts)) first += 1;
  let parentId = first > 0 ? stored.get(messages[first - 1].id)?.id : rows.length > 0 ? NOBODY : undefined;
  const turn = messages.slice(first).map((message) => {
    const row = stored.get(message.id);
    // The other text of an edited message needs an id of its own, and a retry needs the same one.
    const edited = row?.role === "user" && toUuid(JSON.stringify([row.id, message.parts]));
    const item = fromUIMessage(message, edited ? { messageId: edited } : row && { messageId: row.id });
    const before = parentId;
    parentId = item.messageId;
    return { ...item, ...(before === undefined ? {} : { parentId: before }) };
  });
  return { messages: turn, parentId };
}

function isSame(one, other) {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other;
  const [keys, others] = [one, other].map((value) => Object.keys(value).filter((key) => value[key] !== undefined));
  return Array.isArray(one) === Array.isArray(other) && keys.length === others.length && keys.every((key) => isSame(one[key], other[key]));
}

/** The message of a row. Of a row of role tool, `steps` are what it says, in the form of model_parts.js. */
function opened(given) {
  if (!ROLES.has(given?.role)) throw new TypeError("toUIMessage takes a row: an object with id, role, content, parts and metadata");
  const row = readable(given);
  const { [KEPT]: kept, ...metadata } = row.metadata ?? {};
  const message = { id: kept?.id ?? row.id, role: ROLES.get(row.role), parts: [] };
  if (row.role === "tool") message.steps = stepsOfTool(row);
  else if (!row.parts) message.parts = [{ type: "text", text: row.content }];
  else message.parts = kept?.parts ? row.parts : fromModelParts(row.parts);
  if (kept && "metadata" in kept) message.metadata = kept.metadata;
  else if (Object.keys(metadata).length > 0) message.metadata = metadata;
  return message;
}

// A UIMessage has one of three roles.
const ROLES = new Map([
  ["system", "system"],
  ["developer", "system"],
  ["user", "user"],
  ["assistant", "assistant"],
  ["tool", "assistant"],
]);

const isKept = (row) => isObject(row.metadata) && KEPT in row.metadata;

/** Shows a step in the newest call that it fits, or else in the message before it, or else in a message of its own. */
function show(step, message, messages) {
  if (messages.findLast(({ parts }) => takeStep(parts, step))) return;
  if (messages.at(-1)?.role !== "assistant") messages.push({ ...message, parts: [] });
  messages.at(-1).parts.push(step.alone);
}

/** Appends a later step of the turn. The SDK begins each step with a part of its own. */
function continueTurn(message, { parts, metadata }) {
  if (parts[0]?.type !== "step-start") message.parts.push({ type: "step-start" });
  message.parts.push(...parts);
  if (isObject(metadata)) message.metadata = { ...(isObject(message.metadata) ? message.metadata : {}), ...metadata };
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
