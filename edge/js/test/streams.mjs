// Streams: hashed on their way, and stored while they are passed on.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { chatkeepPackage } from "./support/package.mjs";

const { chatkeep, checksum, hashing } = chatkeepPackage;
const ID = "01890a5d-ac96-774b-bcce-b302099a8057";

/** A stream of these chunks; an Error among them breaks it there. */
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

test("bytes pass through as they are, and their digest is known at the end", async () => {
  const bytes = Array.from({ length: 5 }, (_, at) => new Uint8Array(100_000 * at).fill(at));
  const { stream, digest } = hashing(streamOf(...bytes));
  assert.deepEqual(await all(stream), bytes);
  const whole = createHash("sha256");
  for (const chunk of bytes) whole.update(chunk);
  assert.deepEqual(await digest, { data: { checksum: whole.digest("hex"), byteSize: 1_000_000 }, error: null });
  assert.deepEqual((await digest).data.checksum, (await checksum(streamOf(...bytes))).data);
});

test("a Blob can be passed through as well; what is no stream is a mistake, said at once", async () => {
  const { stream, digest } = hashing(new Blob(["abc"]));
  await all(stream);
  assert.equal((await digest).data.checksum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for (const nothing of [undefined, null, "text", new Uint8Array(1), {}]) assert.throws(() => hashing(nothing), TypeError);
});

test("a stream that breaks, or is given up, has no digest, and its source hears of it", async () => {
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

test("nothing is read before somebody reads, and no more than was asked for", async () => {
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

/** A store that remembers what it was asked, and refuses by `refuse(name, sent)`. */
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

test("an answer is a placeholder first, passes to the client, and is stored whole", async () => {
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

test("bytes are read as UTF-8, also where a character lies in two chunks, and passed on as bytes", async () => {
  const bytes = new TextEncoder().encode("a😀b");
  const { ck } = store();
  const { data } = await ck.streamMessage(ID, streamOf(bytes.slice(0, 3), bytes.slice(3)));
  assert.deepEqual(await all(data.stream), [bytes.slice(0, 3), bytes.slice(3)]);
  assert.equal((await data.done).data.content, "a😀b");
});

test("a client that goes away does not lose the message", async () => {
  const { ck } = store();
  const { data } = await ck.streamMessage(ID, streamOf("a", "b", "c"));
  const reader = data.stream.getReader();
  await reader.read();
  await reader.cancel("left");
  assert.equal((await data.done).data.content, "abc");
});

test("an answer that breaks is a failed message with what there was, and the client sees the error", async () => {
  const { ck, requests } = store();
  const { data } = await ck.streamMessage(ID, streamOf("half", new Error("the model failed")));
  await assert.rejects(all(data.stream), /the model failed/);
  assert.equal((await data.done).error.message, "the model failed");
  assert.deepEqual([requests[1].status, requests[1].content], ["failed", "half"]);
});

test("finish that throws fails the message, with its text", async () => {
  const { ck, requests } = store();
  const { data } = await ck.streamMessage(ID, streamOf("a"), { finish: () => { throw new Error("no tokens"); } });
  await assert.rejects(all(data.stream), /no tokens/);
  assert.deepEqual([requests[1].status, requests[1].content], ["failed", "a"]);
  assert.equal((await data.done).error.message, "no tokens");
});

test("what the store cannot hold fails the message instead of leaving it open", async () => {
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

test("a chat that refuses the placeholder stops the source, and nothing is streamed", async () => {
  const source = streamOf("a");
  const { ck } = store(() => ({ code: "PT410", message: "chat_id names a deleted chat" }));
  const { data, error } = await ck.streamMessage(ID, source);
  assert.deepEqual([data, error.code, error.argument], [null, "PT410", "chat_id"]);
  assert.equal(source.state.cancelled, "chat_id names a deleted chat");
});

test("what is no stream is refused without a request", async () => {
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
