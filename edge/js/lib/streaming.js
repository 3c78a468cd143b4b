// An answer that is still being written: stored as a placeholder first, passed on to the client chunk by chunk, and finished
// in the store whether the client stays or not.

import { failure } from "./checksum.js";
import { refuse } from "./values.js";

/** What a message can hold (core/src/limits.rs), in bytes of UTF-8. */
const LONGEST = 1024 * 1024;

/**
 * Stores an answer while it is streamed. `source` is a ReadableStream of text, or of its UTF-8; `options` are those of
 * appendMessage, and
 *   finish     called with the whole text at the end, gives what else finishMessage sets: parts, metadata, tokenCount,
 *   waitUntil  keeps the isolate alive until the message is finished; Supabase's own is found without it.
 * Gives `{ data: { stream, message, done }, error }`: `stream` is for the client, `message` the placeholder, and `done`
 * resolves to what finishMessage answered. It never rejects.
 */
export async function streamMessage(calls, chatId, source, options) {
  const { finish, waitUntil, signal, ...given } = options ?? {};
  const reader = readerOf(source);
  const placed = await calls.appendMessage({ role: "assistant", content: "", ...given, chatId, status: "streaming" }, { signal });
  if (placed.error) {
    // Nobody will read it: whoever writes it may stop.
    await reader.cancel(placed.error.message).catch(() => {});
    return placed;
  }
  const message = placed.data;
  const client = openStream();
  const done = pump(reader, client, finish)
    .then((ended) => close(calls, { chatId, messageId: message.id }, ended))
    .then((finished) => {
      client.end(finished);
      return finished.answer;
    });
  keepAlive(waitUntil, done);
  return { data: { stream: client.stream, message, done }, error: null };
}

function readerOf(source) {
  if (typeof source?.getReader !== "function" || source.locked) {
    refuse("source", "must be a stream that nobody reads", "Pass a ReadableStream of text, or of its bytes.");
  }
  return source.getReader();
}

/** The client's end. What is written is at most what a message can hold, so a slow client need not slow the store down. */
function openStream() {
  let controller;
  let isOpen = true;
  const stream = new ReadableStream({
    start: (given) => void (controller = given),
    cancel: () => void (isOpen = false),
  });
  return {
    stream,
    write: (chunk) => isOpen && controller.enqueue(chunk),
    end: ({ thrown }) => {
      if (!isOpen) return;
      isOpen = false;
      if (thrown === undefined) controller.close();
      else controller.error(thrown);
    },
  };
}

/** Reads to the end whatever becomes of the client; gives the text, and what stopped it. */
async function pump(reader, client, finish) {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      // Longer than a message can be: no more is kept, and it will be refused for it.
      if (text.length <= LONGEST) text += typeof value === "string" ? value : decoder.decode(value, { stream: true });
      client.write(value);
    }
    text += decoder.decode();
    return { text, more: (await finish?.(text)) ?? {} };
  } catch (thrown) {
    await reader.cancel(thrown).catch(() => {});
    return { text, more: {}, thrown: thrown ?? new Error("the stream failed") };
  }
}

/** Finishes the message, or fails it with what there is. */
async function close(calls, which, { text, more, thrown }) {
  if (thrown === undefined) {
    const answer = await calls.finishMessage({ ...more, ...which, content: text });
    if (!answer.error || answer.error.retryable) return { answer };
    // Refused for what it is: the message must not stay open for that.
    await calls.finishMessage({ ...which, content: storable(text), status: "failed" });
    return { answer };
  }
  const failed = await calls.finishMessage({ ...which, content: storable(text), status: "failed" });
  if (failed.error) return { answer: failed, thrown };
  return { answer: { data: null, error: failure(thrown, null) }, thrown };
}

/** As much of a text as a message can hold. */
function storable(text) {
  // Encoding makes half of a surrogate pair U+FFFD, and ends before a character that has no room.
  const bytes = new Uint8Array(LONGEST);
  const { written } = new TextEncoder().encodeInto(text.replaceAll("\0", "\ufffd"), bytes);
  return new TextDecoder().decode(bytes.subarray(0, written));
}

function keepAlive(waitUntil, done) {
  if (typeof waitUntil === "function") waitUntil(done);
  else globalThis.EdgeRuntime?.waitUntil?.(done);
}
