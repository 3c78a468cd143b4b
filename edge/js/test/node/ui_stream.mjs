// The message that a stream of UI-message chunks describes, judged by the AI SDK's own reader.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { folder, tools } from "../support/package.mjs";

const { readUIMessageStream } = await import(pathToFileURL(join(tools, "ai", "dist", "index.mjs")).href);
const { assembler, eventReader } = await import(pathToFileURL(join(folder, "lib", "ui_stream.js")).href);

const plain = (value) => JSON.parse(JSON.stringify(value));

async function bySDK(chunks, message) {
  const stream = new ReadableStream({
    start(controller) {
      for (const chunk of plain(chunks)) controller.enqueue(chunk);
      controller.close();
    },
  });
  let last;
  for await (const state of readUIMessageStream({ stream, message: plain(message), terminateOnError: true })) last = state;
  return plain(last ?? message);
}

function byUs(chunks, given) {
  const message = plain(given);
  const add = assembler(message);
  for (const chunk of plain(chunks)) add(chunk);
  return plain(message);
}

const text = (id, ...deltas) => [{ type: "text-start", id }, ...deltas.map((delta) => ({ type: "text-delta", id, delta })), { type: "text-end", id, providerMetadata: { p: { id } } }];
const call = (toolCallId, more) => ({ type: "tool-input-available", toolCallId, toolName: "weather", input: { city: "Rome" }, ...more });
const streamed = (toolCallId, more = {}) => [
  { type: "tool-input-start", toolCallId, toolName: "weather", providerMetadata: { p: 1 }, title: "Weather", ...more },
  { type: "tool-input-delta", toolCallId, inputTextDelta: '{"city":"Rome"}' },
];
const wrapped = (...chunks) => [{ type: "start", messageId: "m" }, { type: "start-step" }, ...chunks.flat(), { type: "finish-step" }, { type: "finish", messageMetadata: { usage: { total: 2 } } }];

const STREAMS = {
  "text": wrapped(text("t", "a", "b")),
  "nothing": [],
  "text that breaks off": wrapped({ type: "text-start", id: "t" }, { type: "text-delta", id: "t", delta: "a", providerMetadata: { p: { x: 1 } } }),
  "interleaved text and reasoning": wrapped({ type: "reasoning-start", id: "r" }, { type: "text-start", id: "t" }, { type: "reasoning-delta", id: "r", delta: "h" }, { type: "text-delta", id: "t", delta: "a" }, { type: "reasoning-end", id: "r", providerMetadata: { p: { s: 1 } } }, { type: "text-end", id: "t" }),
  "metadata": [{ type: "start", messageMetadata: { a: { b: 1, c: [1] } } }, { type: "message-metadata", messageMetadata: { a: { b: 2, d: null } } }, { type: "finish", messageMetadata: { e: 1 } }],
  "files and sources": wrapped([{ type: "file", url: "data:,a", mediaType: "text/plain" }, { type: "file", url: "u", mediaType: "a/b", providerMetadata: { p: {} } }, { type: "source-url", sourceId: "s", url: "u" }, { type: "source-document", sourceId: "d", mediaType: "a/b", title: "t", filename: "f" }]),
  "data": wrapped([{ type: "data-a", id: "1", data: 1 }, { type: "data-a", id: "1", data: 2 }, { type: "data-a", data: 3 }, { type: "data-a", data: 4 }, { type: "data-b", id: "1", data: 5 }, { type: "data-b", data: 6, transient: true }]),
  "a tool and its answer": wrapped(streamed("c"), call("c", { providerMetadata: { p: 2 } }), { type: "tool-output-available", toolCallId: "c", output: { degrees: 25 }, providerMetadata: { p: 3 } }, text("t", "25")),
  "a tool of the provider": wrapped(call("c", { providerExecuted: true }), { type: "tool-output-available", toolCallId: "c", output: 1, providerExecuted: true }),
  "preliminary answers": wrapped(call("c"), { type: "tool-output-available", toolCallId: "c", output: 1, preliminary: true }, { type: "tool-output-available", toolCallId: "c", output: 2 }),
  "a tool that fails": wrapped(streamed("c"), call("c"), { type: "tool-output-error", toolCallId: "c", errorText: "e" }),
  "input that is wrong": wrapped(streamed("c"), { type: "tool-input-error", toolCallId: "c", toolName: "weather", input: "odd", errorText: "e" }),
  "input that is wrong at once": wrapped({ type: "tool-input-error", toolCallId: "c", toolName: "weather", input: "odd", errorText: "e" }, { type: "tool-input-error", toolCallId: "d", toolName: "weather", input: "odd", errorText: "e", dynamic: true }),
  "a dynamic tool": wrapped(streamed("c", { dynamic: true }), call("c", { dynamic: true, toolMetadata: { m: 1 } }), { type: "tool-output-available", toolCallId: "c", output: 1 }),
  "a dynamic tool that fails": wrapped(streamed("c", { dynamic: true }), call("c", { dynamic: true }), { type: "tool-output-error", toolCallId: "c", errorText: "e" }),
  "input as text": wrapped({ type: "tool-input-start", toolCallId: "c", toolName: "patch", inputEncoding: "text" }, { type: "tool-input-delta", toolCallId: "c", inputTextDelta: "*** Be" }),
  "an approval": wrapped(call("c"), { type: "tool-approval-request", approvalId: "a", toolCallId: "c", signature: "s" }),
  "a denial": wrapped(call("c"), { type: "tool-approval-request", approvalId: "a", toolCallId: "c" }, { type: "tool-output-denied", toolCallId: "c" }),
  "parallel tools in several steps": wrapped(call("c"), call("d"), { type: "tool-output-available", toolCallId: "d", output: 2 }, { type: "tool-output-available", toolCallId: "c", output: 1 }, { type: "finish-step" }, { type: "start-step" }, call("c"), { type: "tool-output-available", toolCallId: "c", output: 3 }, text("t", "x")),
  "chunks of a later SDK": wrapped([{ type: "something" }, { type: "abort" }, { type: "error-of-some-kind" }]),
};

test("every stream is assembled as the SDK assembles it, and at every place", async (context) => {
  for (const [name, chunks] of Object.entries(STREAMS)) {
    await context.test(name, async () => {
      for (let end = 0; end <= chunks.length; end++) {
        const empty = { id: "", role: "assistant", parts: [] };
        // The SDK tells the message only after some chunks, as this one.
        const begun = [...chunks.slice(0, end), { type: "message-metadata", messageMetadata: { end } }];
        assert.deepEqual(byUs(begun, empty), await bySDK(begun, empty), `after ${end} chunks`);
      }
    });
  }
});

test("a message is continued after an approval and after a client's answer", async () => {
  const asked = { id: "m", role: "assistant", metadata: { a: 1 }, parts: [{ type: "step-start" }, { type: "tool-weather", toolCallId: "c", state: "approval-responded", input: { city: "Rome" }, approval: { id: "a", approved: true } }] };
  const chunks = [{ type: "start" }, { type: "tool-output-available", toolCallId: "c", output: 25 }, { type: "start-step" }, ...text("t", "25"), { type: "finish-step" }, { type: "finish", messageMetadata: { b: 2 } }];
  assert.deepEqual(byUs(chunks, asked), await bySDK(chunks, asked));
});

test("chunks of no part are an error, as in the SDK", async () => {
  for (const chunk of [{ type: "text-delta", id: "x", delta: "a" }, { type: "reasoning-end", id: "x" }, { type: "tool-input-delta", toolCallId: "x", inputTextDelta: "" }, { type: "tool-output-available", toolCallId: "x", output: 1 }]) {
    assert.throws(() => byUs([chunk], { id: "", role: "assistant", parts: [] }));
    await assert.rejects(bySDK([chunk], { id: "", role: "assistant", parts: [] }));
  }
});

test("input that is not JSON yet is left out; the SDK guesses it", () => {
  const [part] = byUs([{ type: "tool-input-start", toolCallId: "c", toolName: "t" }, { type: "tool-input-delta", toolCallId: "c", inputTextDelta: '{"a":[1,' }], { id: "", role: "assistant", parts: [] }).parts;
  assert.deepEqual(part, { type: "tool-t", toolCallId: "c", state: "input-streaming", rawInput: '{"a":[1,' });
});

test("server-sent events are read whatever their pieces", () => {
  const chunks = STREAMS["a tool and its answer"].concat({ type: "text-delta", id: "t", delta: "é😀\n\ndata: x" });
  const bytes = new TextEncoder().encode(`: hello\n\n${chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("")}data: [DONE]\n\n`);
  for (const size of [1, 2, 7, 10_000]) {
    const read = eventReader();
    const found = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...read(bytes.slice(at, at + size)));
    assert.deepEqual([...found, ...read()], chunks);
  }
});
