// Streams that are hashed as they pass, and answers that are stored as they stream.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { chatkeepPackage } from "./support/package.mjs";

const { chatkeep, checksum, hashing } = chatkeepPackage;
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
  const source = streamOf("a");
  const { ck } = store(() => ({ code: "PT410", message: "chat_id names a deleted chat" }));
  const { data, error } = await ck.streamMessage(ID, source);
  assert.deepEqual([data, error.code, error.argument], [null, "PT410", "chat_id"]);
  assert.equal(source.state.cancelled, "chat_id names a deleted chat");
});

test("anything but a stream is refused without a request", async () => {
  const { ck, requests } = store();
  const locked = streamOf("a");
  locked.getReader();
  for (const source of [undefined, "text", {}, locked]) {
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
