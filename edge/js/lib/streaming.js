// Streams an answer to the client and stores it: first as a placeholder, then its progress, and whole at the end, even if the
// client has gone.

import { fromUIMessage } from "./ai.js";
import { collectorFor, LONGEST, openSource } from "./answer_source.js";
import { failure } from "./checksum.js";
import { Refused } from "./kinds.js";
import { sleep } from "./retry.js";

/** How long the placeholder waits for the first chunk, which may bring the id of the message, in milliseconds. */
const FIRST_CHUNK = 1_000;
/** The shortest time between two checkpoints, in milliseconds. */
const CHECKPOINT = 2_000;

/**
 * Stores an answer while it is streamed. `source` is what answer_source.js opens. `options` are the arguments of appendMessage,
 * and
 *   finish     gets the whole text at the end, and the UIMessage if there is one, and returns further arguments of finishMessage
 *   waitUntil  keeps the isolate alive until the message is finished; Supabase's own is found without this option
 *   signal     ends the answer: the message becomes `stopped`
 *   continues  the UIMessage that the answer continues, after a tool's answer or an approval
 *   checkpointEvery  milliseconds
 * Resolves to `{ data: { stream, message, done }, error }`: `stream` is for the client, `message` is the placeholder, and `done`
 * resolves to the answer of finishMessage and never rejects.
 */
export async function streamMessage(calls, chatId, source, options) {
  const { finish, waitUntil, signal, continues, checkpointEvery = CHECKPOINT, ...given } = options ?? {};
  const { reader, isEvents } = openSource(source);
  const first = reader.read();
  let collector;
  try {
    const begun = await withinTime(first);
    if (begun || isEvents) collector = collectorFor(isEvents, begun?.value, continues);
    if (begun?.value) collector.begin?.(begun.value);
  } catch (thrown) {
    await reader.cancel(thrown.refusal?.message ?? thrown).catch(() => {});
    throw thrown;
  }
  const placeholder = continues ? fromUIMessage(continues) : { role: "assistant", content: "", status: "streaming" };
  const id = collector?.id === undefined ? {} : { messageId: collector.id };
  const placed = await calls.appendMessage({ ...id, ...given, ...placeholder, role: given.role ?? placeholder.role, chatId }, { signal });
  const refused = placed.error ? placed : hasEnded(placed.data, continues);
  if (refused) {
    // Nothing will be read, so the source can stop.
    await reader.cancel(refused.error.message).catch(() => {});
    return refused;
  }
  const row = placed.data;
  const answer = new Answer(calls, { chatId, messageId: row.id }, row, { ...given, continues, finish, reader });
  const done = answer.run({ first, collector, isEvents, signal, checkpointEvery: continues ? Infinity : checkpointEvery });
  keepAlive(waitUntil, done);
  return { data: { stream: answer.client.stream, message: row, done }, error: null };
}

/** The first chunk, or undefined if it is late or does not come. */
async function withinTime(first) {
  const arrived = new AbortController();
  const begun = await Promise.race([first.catch(() => undefined), sleep(FIRST_CHUNK, arrived.signal)]);
  arrived.abort();
  return begun;
}

// A retry finds the message of the first request.
function hasEnded({ status }, continues) {
  if (continues || status === "streaming" || status === "failed") return undefined;
  const message = `message_id names an answer that is ${status}`;
  const hint = "Show the stored message, or pass a new messageId for another answer.";
  return { data: null, error: { code: "PT409", status: 409, argument: "message_id", message, details: null, hint, retryable: false } };
}

/** An answer between its placeholder and its end. */
class Answer {
  client = openStream();
  #calls;
  #which;
  #row;
  #given;
  // Why the source was cancelled: "stopped" by the signal, or "taken", because somebody else has ended the message.
  #cancelled;

  constructor(calls, which, row, given) {
    this.#calls = calls;
    this.#which = which;
    this.#row = row;
    this.#given = given;
  }

  async run({ first, collector, isEvents, signal, checkpointEvery }) {
    const stop = () => this.#cancel("stopped");
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    const ended = await this.#read({ first, collector, isEvents, checkpointEvery });
    signal?.removeEventListener("abort", stop);
    const answer = await this.#close(ended);
    this.client.end(ended.isCut ? ended.thrown : undefined);
    return answer;
  }

  #cancel(why) {
    this.#cancelled ??= why;
    this.#given.reader.cancel(why).catch(() => {});
  }

  /** Reads the source to its end, even if the client has gone. Resolves to what was said, and how it ended. */
  async #read({ first, collector, isEvents, checkpointEvery }) {
    const { reader, continues, finish } = this.#given;
    const said = () => this.#said(collector);
    const checkpoints = checkpointsOf(checkpointEvery, async (signal) => {
      const { error } = await this.#calls.finishMessage({ ...this.#which, ...said(), status: "streaming" }, { signal });
      if (error?.code === "PT409") this.#cancel("taken");
    });
    try {
      for (let next = first;; next = reader.read()) {
        const { done, value } = await next;
        collector ??= collectorFor(isEvents, value, continues);
        collector.place?.(this.#row);
        for (const chunk of done ? collector.end() : collector.add(value)) this.client.write(chunk);
        if (done) break;
        checkpoints.note(() => JSON.stringify(said()));
      }
      await checkpoints.close();
      const status = this.#cancelled ? "stopped" : endingOf(collector.ending);
      const more = status === "complete" ? await finish?.(said().content, collector.message) : {};
      return { said: said(), more: more ?? {}, status, thrown: status === "failed" ? collector.ending : undefined };
    } catch (thrown) {
      await checkpoints.close();
      await reader.cancel(thrown).catch(() => {});
      // What the source throws when it is aborted, and a chunk that was cut off.
      if (this.#cancelled || isAbort(thrown)) return { said: said(), more: {}, status: "stopped" };
      const refusal = thrown instanceof Refused ? new TypeError(thrown.refusal.message) : thrown;
      return { said: said(), more: {}, status: "failed", isCut: true, thrown: refusal ?? new Error("the stream failed") };
    }
  }

  #said(collector) {
    if (!collector) return { content: "" };
    const { metadata, ...said } = collector.said(this.#row);
    if (!metadata || Object.keys(metadata).length === 0) return said;
    return { ...said, metadata: { ...this.#given.metadata, ...metadata } };
  }

  /** Ends the message in the store. A message that is continued was complete before, and stays so. */
  async #close({ said, more, status, thrown }) {
    if (status === "complete") {
      const answer = await this.#finish({ ...said, ...more });
      if (!answer.error || answer.error.retryable) return answer;
      // The user has stopped it just now: what was said until then is kept.
      if (answer.error.code === "PT409") return await this.#end("stopped", said);
      // The content was refused, so the message cannot become complete. It must not stay open either.
      await this.#end("failed", said);
      return answer;
    }
    const ended = await this.#end(this.#given.continues ? "complete" : status, said);
    return ended.error || status === "stopped" ? ended : { data: null, error: failure(thrown, null) };
  }

  /** Ends it with what was said, or, if that is refused, with the part of the text that a message can hold. */
  async #end(status, said) {
    const answer = await this.#finish({ ...said, status });
    if (!/^22/.test(answer.error?.code ?? "")) return answer;
    return await this.#finish({ content: storable(said.content), status });
  }

  #finish(what) {
    return this.#calls.finishMessage({ ...what, ...this.#which });
  }
}

const endingOf = (ending) => (ending === undefined ? "complete" : ending === "stopped" ? "stopped" : "failed");

const isAbort = (thrown) => thrown?.name === "AbortError" || thrown?.name === "ResponseAborted";

/** Calls `keep` at most every so many milliseconds, if something is new, and never twice at a time. */
function checkpointsOf(every, keep) {
  const ended = new AbortController();
  let [last, kept, news, timer, underWay] = [Date.now(), undefined, undefined, undefined, undefined];
  const schedule = () => {
    if (!news || timer || underWay || ended.signal.aborted) return;
    timer = setTimeout(() => {
      timer = undefined;
      underWay = save().catch(() => {}).then(() => {
        underWay = undefined;
        schedule();
      });
    }, Math.max(0, last + every - Date.now()));
  };
  const save = async () => {
    const said = news();
    news = undefined;
    last = Date.now();
    if (said !== kept) await keep(ended.signal);
    kept = said;
  };
  return {
    note(said) {
      if (every === Infinity) return;
      news = said;
      schedule();
    },
    async close() {
      clearTimeout(timer);
      ended.abort();
      await underWay;
    },
  };
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
    end: (thrown) => {
      if (!isOpen) return;
      isOpen = false;
      if (thrown === undefined) controller.close();
      else controller.error(thrown);
    },
  };
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
