// What streamMessage reads: a stream of text, of bytes of text, of UI-message chunks of the AI SDK, or a Response with one.

import { fromUIMessage } from "./ai.js";
import { toUuid } from "./identity.js";
import { refuse } from "./kinds.js";
import { assembler, eventReader, isChunk } from "./ui_stream.js";

/** The longest content of a message (core/src/limits.rs), in bytes of UTF-8. */
export const LONGEST = 1024 * 1024;

const HINT = "Pass a ReadableStream of text, of its bytes or of UI-message chunks (result.toUIMessageStream()), or a Response with one.";

/** Opens a source: its reader, and whether its bytes are server-sent events. Refuses anything else. */
export function openSource(source) {
  if (typeof Response === "function" && source instanceof Response) return openResponse(source);
  if (typeof source?.getReader !== "function" || source.locked) refuse("source", "must be a stream that nobody reads", HINT);
  return { reader: source.getReader(), isEvents: false };
}

function openResponse(response) {
  if (!response.ok) refuse("source", "must be a Response that succeeded", `Its status is ${response.status}.`);
  if (!response.body || response.bodyUsed || response.body.locked) refuse("source", "must be a Response with a body that nobody reads", HINT);
  const type = response.headers.get("content-type") ?? "text/plain";
  const isEvents = response.headers.has("x-vercel-ai-ui-message-stream");
  if (!isEvents && !/^text\/(?!event-stream)/.test(type)) {
    refuse("source", "must be a Response with text or with a UI-message stream", "Pass result.toTextStreamResponse() or result.toUIMessageStreamResponse().");
  }
  return { reader: response.body.getReader(), isEvents };
}

/** What the chunks of a source say. `isEvents` is that of the source, `first` its first chunk; refuses a chunk of no kind. */
export function collectorFor(isEvents, first, continues) {
  if (isEvents) return events(uiMessage(continues));
  if (isChunk(first) || (continues && first === undefined)) return uiMessage(continues);
  if (continues) refuse("source", "must be a UI-message stream, because it continues a message", "Pass result.toUIMessageStream().");
  if (first !== undefined && typeof first !== "string" && !ArrayBuffer.isView(first)) refuse("source", "has a chunk of no kind that is known", HINT);
  return text();
}

// A collector has
//   begin(chunk) takes the id of the message from the first chunk, for UI messages
//   place(row)   gives the message the id of its row, if it has none, for UI messages
//   add(chunk)   adds a chunk, and returns the chunks for the client
//   end()        returns the last chunks for the client
//   said(row)    the arguments of finishMessage so far; `row` is the stored message
//   id           the id that the source gives the message, or undefined
//   message      the UIMessage, if it is one
//   ending       how the source says that it ended: undefined, "stopped", or an Error

function text() {
  const decoder = new TextDecoder();
  let content = "";
  // Text beyond the limit is not kept: the message is refused for its length anyway.
  const keep = (more) => void (content.length <= LONGEST && (content += more));
  return {
    add(chunk) {
      if (typeof chunk === "string") keep(chunk);
      else if (ArrayBuffer.isView(chunk)) keep(decoder.decode(chunk, { stream: true }));
      else throw new TypeError("the stream has a chunk that is no text");
      return [chunk];
    },
    end: () => (keep(decoder.decode()), []),
    said: () => ({ content }),
  };
}

function uiMessage(continues) {
  const message = structuredClone(continues ?? { id: "", role: "assistant", parts: [] });
  const add = assembler(message);
  const collector = {
    message,
    ending: undefined,
    begin: (chunk) => void (message.id ||= (chunk.type === "start" && chunk.messageId) || ""),
    place: (row) => void (message.id ||= row.id),
    get id() {
      return message.id === "" ? undefined : toUuid(message.id);
    },
    add(chunk) {
      if (!isChunk(chunk)) throw new TypeError("the stream has a chunk that is no UI-message chunk");
      add(chunk);
      if (chunk.type === "error") collector.ending = new Error(String(chunk.errorText));
      if (chunk.type === "abort") collector.ending ??= "stopped";
      // The client's message gets the id under which it is stored, so that it is saved again under that id.
      return [chunk.type === "start" && chunk.messageId == null ? { ...chunk, messageId: message.id } : chunk];
    },
    end: () => [],
    said(row) {
      const { content, parts, metadata } = fromUIMessage(message);
      if (toUuid(message.id) !== row.id) metadata.uiMessage = { ...metadata.uiMessage, id: message.id };
      return { content, parts, metadata };
    },
  };
  return collector;
}

/** The same for the bytes of server-sent events. */
function events(inner) {
  const read = eventReader();
  const encoder = new TextEncoder();
  const written = (chunks) => chunks.flatMap(inner.add).map((chunk) => encoder.encode(`data: ${JSON.stringify(chunk)}\n\n`));
  return Object.create(inner, {
    begin: { value: (bytes) => eventReader()(bytes).slice(0, 1).forEach(inner.begin) },
    add: { value: (bytes) => written(read(bytes)) },
    end: { value: () => [...written(read()), encoder.encode("data: [DONE]\n\n")] },
  });
}
