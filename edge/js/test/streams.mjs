// Streams that are hashed as they pass, and answers that are stored as they stream.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { chatkeepPackage } from "./support/package.mjs";

const { chatkeep, checksum, hashing, toUuid } = chatkeepPackage;
const ID = "01890a5d-ac96-774b-bcce-b302099a8057";

/** A stream of these chunks. An Error among them breaks the stream at its place. */
function streamOf(...chunks) {
  const state = { cancelled: undefined };
  const stream = new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.close();
      else if (chunk instanceof Error) controller.error(chunk);
      else controller.enqueue(chunk);
    },
    cancel: (reason) => void (state.cancelled = reason),
  });
  return Object.assign(stream, { state });
}

async function all(stream) {
  const chunks = [];
  for (const reader = stream.getReader();;) {
    const { done, value } = await reader.read();
    if (done) return chunks;
    chunks.push(value);
  }
}

test("bytes pass through unchanged, and their digest is known at the end", async () => {
  const bytes = Array.from({ length: 5 }, (_, at) => new Uint8Array(100_000 * at).fill(at));
  const { stream, digest } = hashing(streamOf(...bytes));
  assert.deepEqual(await all(stream), bytes);
  const whole = createHash("sha256");
  for (const chunk of bytes) whole.update(chunk);
  assert.deepEqual(await digest, { data: { checksum: whole.digest("hex"), byteSize: 1_000_000 }, error: null });
  assert.deepEqual((await digest).data.checksum, (await checksum(streamOf(...bytes))).data);
});

test("a Blob passes through too, and hashing() throws a TypeError for anything but a stream or a Blob", async () => {
  const { stream, digest } = hashing(new Blob(["abc"]));
  await all(stream);
  assert.equal((await digest).data.checksum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for (const nothing of [undefined, null, "text", new Uint8Array(1), {}]) assert.throws(() => hashing(nothing), TypeError);
});

test("a stream that breaks or is cancelled has no digest, and its source is cancelled", async () => {
  const broken = hashing(streamOf(new Uint8Array(1), new Error("broken")));
  await assert.rejects(all(broken.stream), /broken/);
  assert.equal((await broken.digest).error.message, "broken");

  const source = streamOf(new Uint8Array(1), new Uint8Array(1));
  const left = hashing(source);
  const reader = left.stream.getReader();
  await reader.read();
  await reader.cancel("enough");
  assert.equal((await left.digest).error.message, "the stream was cancelled before its end");
  assert.equal(source.state.cancelled, "enough");

  const text = hashing(streamOf("text"));
  await assert.rejects(all(text.stream), TypeError);
  assert.match((await text.digest).error.message, /takes a Uint8Array/);
});

test("the source is read only as far as the stream is read", async () => {
  let pulled = 0;
  const source = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array((pulled += 1))) }, { highWaterMark: 0 });
  const { stream } = hashing(source);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(pulled, 0);
  const reader = stream.getReader();
  await reader.read();
  assert.equal(pulled, 1);
  await reader.cancel();
});

/** A store that records its calls and refuses those for which `refuse(name, sent)` returns an error. */
function store(refuse = () => null) {
  const requests = [];
  const rpc = (name, sent) => {
    requests.push({ name, ...sent });
    const error = refuse(name, sent);
    const row = { id: sent.message_id, chat_id: ID, status: sent.status ?? "complete", content: sent.content };
    return Promise.resolve(error ? { data: null, error, status: 400 } : { data: [row], error: null, status: 200 });
  };
  return { ck: chatkeep({ schema: () => ({ rpc }) }, { retry: false }), requests };
}

test("an answer is stored as a placeholder, streamed to the client and stored whole at the end", async () => {
  const { ck, requests } = store();
  const waited = [];
  const { data, error } = await ck.streamMessage(ID, streamOf("Hel", "lo ", "😀"), {
    model: "m",
    waitUntil: (promise) => waited.push(promise),
    finish: (text) => ({ tokenCount: text.length, parts: [{ type: "text", text }] }),
  });
  assert.equal(error, null);
  assert.deepEqual(await all(data.stream), ["Hel", "lo ", "😀"]);
  const done = await data.done;
  assert.deepEqual([done.error, done.data.status, done.data.content], [null, "complete", "Hello 😀"]);
  assert.deepEqual(waited, [data.done]);
  const [placed, finished] = requests;
  assert.deepEqual(
    [placed.name, placed.role, placed.content, placed.status, placed.model],
    ["append_message", "assistant", "", "streaming", "m"],
  );
  assert.deepEqual(finished, {
    name: "finish_message", chat_id: ID, message_id: placed.message_id, content: "Hello 😀", token_count: 8,
    parts: [{ type: "text", text: "Hello 😀" }],
  });
});

test("bytes are read as UTF-8, even if two chunks share a character, and passed on as bytes", async () => {
  const bytes = new TextEncoder().encode("a😀b");
  const { ck } = store();
  const { data } = await ck.streamMessage(ID, streamOf(bytes.slice(0, 3), bytes.slice(3)));
  assert.deepEqual(await all(data.stream), [bytes.slice(0, 3), bytes.slice(3)]);
  assert.equal((await data.done).data.content, "a😀b");
});

test("the message is stored even if the client goes away", async () => {
  const { ck } = store();
  const { data } = await ck.streamMessage(ID, streamOf("a", "b", "c"));
  const reader = data.stream.getReader();
  await reader.read();
  await reader.cancel("left");
  assert.equal((await data.done).data.content, "abc");
});

test("an answer that breaks is stored as failed with its text so far, and the client sees the error", async () => {
  const { ck, requests } = store();
  const { data } = await ck.streamMessage(ID, streamOf("half", new Error("the model failed")));
  await assert.rejects(all(data.stream), /the model failed/);
  assert.equal((await data.done).error.message, "the model failed");
  assert.deepEqual([requests[1].status, requests[1].content], ["failed", "half"]);
});

test("if finish throws, the message is stored as failed with its text", async () => {
  const { ck, requests } = store();
  const { data } = await ck.streamMessage(ID, streamOf("a"), { finish: () => { throw new Error("no tokens"); } });
  await assert.rejects(all(data.stream), /no tokens/);
  assert.deepEqual([requests[1].status, requests[1].content], ["failed", "a"]);
  assert.equal((await data.done).error.message, "no tokens");
});

test("an answer that the store cannot hold is stored as failed and does not stay open", async () => {
  for (const [chunks, kept] of [
    [["a\0b"], "a\ufffdb"],
    [["x".repeat(1_048_575), "😀", "more"], "x".repeat(1_048_575)],
    [["a\ud83d"], "a\ufffd"],
  ]) {
    const { ck, requests } = store();
    const { data } = await ck.streamMessage(ID, streamOf(...chunks));
    assert.deepEqual(await all(data.stream), chunks);
    assert.equal((await data.done).error.code, "22023");
    assert.deepEqual(requests.slice(1).map(({ name, status, content }) => [name, status, content === kept]), [["finish_message", "failed", true]]);
  }
});

test("if the placeholder is refused, the source is cancelled and nothing is streamed", async () => {
  const source = streamOf("a", "b");
  const { ck } = store(() => ({ code: "PT410", message: "chat_id names a deleted chat" }));
  const { data, error } = await ck.streamMessage(ID, source);
  assert.deepEqual([data, error.code, error.argument], [null, "PT410", "chat_id"]);
  assert.equal(source.state.cancelled, "chat_id names a deleted chat");
});

test("anything but a stream is refused without a request", async () => {
  const { ck, requests } = store();
  const locked = streamOf("a");
  locked.getReader();
  const refused = new Response("no", { status: 500 });
  const images = new Response("x", { headers: { "content-type": "image/png" } });
  const openAI = new Response("data: {}\n\n", { headers: { "content-type": "text/event-stream" } });
  for (const source of [undefined, "text", {}, locked, streamOf(1), streamOf({ choices: [] }), refused, images, openAI, new Response(null)]) {
    const { error } = await ck.streamMessage(ID, source);
    assert.deepEqual([error.code, error.argument], ["22023", "source"]);
  }
  assert.deepEqual(requests, []);
});

test("Supabase's EdgeRuntime keeps the isolate alive", async () => {
  const waited = [];
  globalThis.EdgeRuntime = { waitUntil: (promise) => waited.push(promise) };
  try {
    const { data } = await store().ck.streamMessage(ID, streamOf("a"));
    assert.deepEqual(waited, [data.done]);
    await data.done;
  } finally {
    delete globalThis.EdgeRuntime;
  }
});

const chunks = [
  { type: "start", messageId: "nano" }, { type: "start-step" }, { type: "text-start", id: "t" }, { type: "text-delta", id: "t", delta: "Let me look." }, { type: "text-end", id: "t" },
  { type: "tool-input-available", toolCallId: "c", toolName: "weather", input: {} }, { type: "tool-output-available", toolCallId: "c", output: 25 }, { type: "finish-step" },
  { type: "start-step" }, { type: "text-start", id: "u" }, { type: "text-delta", id: "u", delta: "25" }, { type: "text-end", id: "u" }, { type: "finish-step" },
  { type: "finish", messageMetadata: { tokens: 3 } },
];
const PARTS = [
  { type: "step-start" }, { type: "text", text: "Let me look.", state: "done" }, { type: "tool-weather", toolCallId: "c", state: "output-available", input: {}, output: 25 },
  { type: "step-start" }, { type: "text", text: "25", state: "done" },
];

/** A Response as the AI SDK's toUIMessageStreamResponse() makes it. */
function responseOf(chunks) {
  const text = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("") + "data: [DONE]\n\n";
  return new Response(text, { headers: { "content-type": "text/event-stream", "x-vercel-ai-ui-message-stream": "v1" } });
}

test("a stream of UI-message chunks is stored as the message that it describes, under its id", async () => {
  for (const source of [streamOf(...chunks), responseOf(chunks)]) {
    const { ck, requests } = store();
    const seen = [];
    const { data } = await ck.streamMessage(ID, source, { metadata: { a: 1 }, finish: (text, message) => void seen.push(text, message.parts.length) });
    const passed = await all(data.stream);
    assert.equal((await data.done).error, null);
    const [placed, finished] = requests;
    assert.deepEqual([placed.role, placed.content, placed.status, placed.message_id], ["assistant", "", "streaming", toUuid("nano")]);
    assert.deepEqual([finished.content, finished.parts, finished.metadata], ["Let me look.\n25", PARTS, { a: 1, tokens: 3, uiMessage: { id: "nano" } }]);
    assert.deepEqual(seen, ["Let me look.\n25", 5]);
    if (source instanceof Response) assert.equal(new TextDecoder().decode(await new Blob(passed).arrayBuffer()), await responseOf(chunks).text());
    else assert.deepEqual(passed, chunks);
  }
});

test("a message without an id gets that of its row, also for the client", async () => {
  for (const make of [(chunks) => streamOf(...chunks), responseOf]) {
    const { ck, requests } = store();
    const { data } = await ck.streamMessage(ID, make([{ type: "start" }, ...chunks.slice(1)]));
    const [first] = await all(data.stream);
    const start = first instanceof Uint8Array ? JSON.parse(new TextDecoder().decode(first).slice(6)) : first;
    assert.deepEqual(start, { type: "start", messageId: requests[0].message_id });
    await data.done;
    assert.equal(requests[1].metadata.uiMessage, undefined);
  }
});

test("an answer under an id of the caller keeps the id that the client shows", async () => {
  const { ck, requests } = store();
  const { data } = await ck.streamMessage(ID, streamOf(...chunks), { messageId: ID });
  await data.done;
  assert.deepEqual([requests[0].message_id, requests[1].metadata.uiMessage], [ID, { id: "nano" }]);
});

test("an error in a UI-message stream makes the message failed, and the client reads it", async () => {
  const { ck, requests } = store();
  const broken = [...chunks.slice(0, 4), { type: "error", errorText: "overloaded" }];
  const { data } = await ck.streamMessage(ID, streamOf(...broken));
  assert.deepEqual(await all(data.stream), broken);
  assert.equal((await data.done).error.message, "overloaded");
  assert.deepEqual([requests[1].status, requests[1].content, requests[1].parts.length], ["failed", "Let me look.", 2]);
});

/** A stream that is fed by hand. */
function fed() {
  const source = { cancelled: undefined };
  source.stream = new ReadableStream({ start: (controller) => void (source.controller = controller), cancel: (reason) => void (source.cancelled = reason) });
  source.give = (chunk) => source.controller.enqueue(chunk);
  return source;
}

/** A store whose requests are awaited: `next()` resolves to the next one. `answer` may refuse it. */
function watched(answer = () => null) {
  const waiting = [];
  const arrived = [];
  const { ck, requests } = store((name, sent) => {
    (waiting.shift() ?? ((request) => arrived.push(request)))({ name, ...sent });
    return answer(name, sent);
  });
  return { ck, requests, next: () => arrived.length > 0 ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve)) };
}

test("progress is stored while the answer streams, and only what is new", async () => {
  const { ck, requests, next } = watched();
  const source = fed();
  source.give("a");
  const { data } = await ck.streamMessage(ID, source.stream, { checkpointEvery: 1 });
  assert.equal((await next()).status, "streaming");
  assert.deepEqual((({ name, content, status }) => [name, content, status])(await next()), ["finish_message", "a", "streaming"]);
  source.give("b");
  assert.equal((await next()).content, "ab");
  source.give("");
  source.give("c");
  source.controller.close();
  await all(data.stream);
  assert.equal((await data.done).data.content, "abc");
  assert.equal(requests.filter(({ content, status }) => content === "ab" && status === "streaming").length, 1);
});

test("a checkpoint that fails ends nothing", async () => {
  const { ck, requests, next } = watched((name, { status }) => name === "finish_message" && status === "streaming" ? { code: "PT410", message: "chat_id" } : null);
  const source = fed();
  source.give("a");
  const { data } = await ck.streamMessage(ID, source.stream, { checkpointEvery: 1 });
  await next();
  await next();
  source.give("b");
  source.controller.close();
  assert.deepEqual(await all(data.stream), ["a", "b"]);
  assert.equal((await data.done).data.content, "ab");
  assert.equal(requests.at(-1).status, undefined);
});

test("a message that was stopped elsewhere ends the source and, cleanly, the client's stream", async () => {
  const { ck, requests, next } = watched((name, { status }) => name === "finish_message" && status === "streaming" ? { code: "PT409", message: "message_id" } : null);
  const source = fed();
  source.give("a");
  const { data } = await ck.streamMessage(ID, source.stream, { checkpointEvery: 1 });
  await next();
  await next();
  assert.deepEqual(await all(data.stream), ["a"]);
  assert.equal(source.cancelled, "taken");
  assert.equal((await data.done).data.status, "stopped");
  assert.deepEqual([requests.at(-1).status, requests.at(-1).content], ["stopped", "a"]);
});

test("a signal stops the answer", async () => {
  const { ck, requests } = store();
  const user = new AbortController();
  const source = fed();
  source.give("a");
  const { data } = await ck.streamMessage(ID, source.stream, { signal: user.signal });
  const reader = data.stream.getReader();
  await reader.read();
  user.abort();
  assert.deepEqual(await reader.read(), { done: true, value: undefined });
  assert.equal((await data.done).data.status, "stopped");
  assert.deepEqual([requests[1].status, requests[1].content, source.cancelled], ["stopped", "a", "stopped"]);
});

test("a source that says that it was aborted is stopped, not failed", async () => {
  const aborted = Object.assign(new Error("aborted"), { name: "AbortError" });
  for (const source of [streamOf("a", aborted), streamOf(...chunks.slice(0, 4), { type: "abort" })]) {
    const { ck, requests } = store();
    const { data } = await ck.streamMessage(ID, source);
    await all(data.stream);
    assert.equal((await data.done).data.status, "stopped");
    assert.equal(requests[1].status, "stopped");
  }
});

test("a message that waited for a tool is continued", async () => {
  const asked = { id: "nano", role: "assistant", parts: [{ type: "tool-ask", toolCallId: "c", state: "output-available", input: {}, output: "yes" }], metadata: { a: 1 } };
  const { ck, requests } = store();
  const more = [{ type: "start", messageId: "nano" }, { type: "start-step" }, { type: "text-start", id: "t" }, { type: "text-delta", id: "t", delta: "Good" }, { type: "text-end", id: "t" }, { type: "finish-step" }, { type: "finish" }];
  const { data } = await ck.streamMessage(ID, streamOf(...more), { continues: asked, checkpointEvery: 0 });
  await all(data.stream);
  assert.equal((await data.done).data.status, "complete");
  assert.deepEqual(requests.map(({ name, message_id, content, parts }) => [name, message_id, content, parts.length]), [
    ["append_message", toUuid("nano"), "", 1],
    ["finish_message", toUuid("nano"), "Good", 3],
  ]);
  assert.equal((await ck.streamMessage(ID, streamOf("text"), { continues: asked })).error.argument, "source");
});

test("an answer that has ended is not streamed again", async () => {
  const rpc = (name, sent) => Promise.resolve({ data: [{ id: sent.message_id, status: "complete" }], error: null, status: 200 });
  const source = streamOf("a", "b");
  const { data, error } = await chatkeep({ schema: () => ({ rpc }) }).streamMessage(ID, source, { messageId: ID });
  assert.deepEqual([data, error.code, error.argument], [null, "PT409", "message_id"]);
  assert.equal(source.state.cancelled, "message_id names an answer that is complete");
});
