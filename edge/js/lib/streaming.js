// Streams an answer to the client and stores it: first as a placeholder, and whole at the end, even if the client has gone.

import { failure } from "./checksum.js";
import { refuse } from "./kinds.js";

/** The longest content of a message (core/src/limits.rs), in bytes of UTF-8. */
const LONGEST = 1024 * 1024;

/**
 * Stores an answer while it is streamed. `source` is a ReadableStream of text or of its UTF-8. `options` are the arguments of
 * appendMessage, and
 *   finish     gets the whole text at the end and returns further arguments of finishMessage: parts, metadata, tokenCount
 *   waitUntil  keeps the isolate alive until the message is finished; Supabase's own is found without this option
 * Resolves to `{ data: { stream, message, done }, error }`: `stream` is for the client, `message` is the placeholder, and `done`
 * resolves to the answer of finishMessage and never rejects.
 */
export async function streamMessage(calls, chatId, source, options) {
  const { finish, waitUntil, signal, ...given } = options ?? {};
  const reader = readerOf(source);
  const placed = await calls.appendMessage({ role: "assistant", content: "", ...given, chatId, status: "streaming" }, { signal });
  if (placed.error) {
    // Nothing will be read, so the source can stop.
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

/** The client's stream. It has no backpressure, so a slow client does not delay the store. */
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

/** Reads the source to its end, even if the client has gone. Resolves to the text, and to the error that stopped it. */
async function pump(reader, client, finish) {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      // Text beyond the limit is not kept: the message is refused for its length anyway.
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

/** Finishes the message, or makes it `failed` with the text so far. */
async function close(calls, which, { text, more, thrown }) {
  if (thrown === undefined) {
    const answer = await calls.finishMessage({ ...more, ...which, content: text });
    if (!answer.error || answer.error.retryable) return { answer };
    // The content was refused, so the message cannot become complete. It must not stay open either.
    await calls.finishMessage({ ...which, content: storable(text), status: "failed" });
    return { answer };
  }
  const failed = await calls.finishMessage({ ...which, content: storable(text), status: "failed" });
  if (failed.error) return { answer: failed, thrown };
  return { answer: { data: null, error: failure(thrown, null) }, thrown };
}

/** The part of a text that a message can hold. */
function storable(text) {
  // The encoder turns half of a surrogate pair into U+FFFD and stops before a character that does not fit.
  const bytes = new Uint8Array(LONGEST);
  const { written } = new TextEncoder().encodeInto(text.replaceAll("\0", "\ufffd"), bytes);
  return new TextDecoder().decode(bytes.subarray(0, written));
}

function keepAlive(waitUntil, done) {
  if (typeof waitUntil === "function") waitUntil(done);
  else globalThis.EdgeRuntime?.waitUntil?.(done);
}
