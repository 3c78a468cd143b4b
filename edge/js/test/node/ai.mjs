// Messages that the AI SDK makes and checks, converted to rows and back.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { chatkeepPackage, recorder, tools } from "../support/package.mjs";

const { chatkeep, fromUIMessage, toUIMessage, toUuid } = chatkeepPackage;
const { convertToModelMessages, generateId, readUIMessageStream, validateUIMessages } = await import(
  pathToFileURL(join(tools, "ai", "dist", "index.mjs")).href
);
const ID = "01890a5d-ac96-774b-bcce-b302099a8057";

/** The row that the store makes of the arguments, with JSON as the gateway returns it. */
async function stored(message) {
  const { client, requests } = recorder();
  const { error } = await chatkeep(client).appendMessage({ chatId: ID, ...fromUIMessage(message) });
  assert.equal(error, null, error?.message);
  const { message_id, ...row } = JSON.parse(JSON.stringify(requests[0].sent));
  return { id: message_id, parts: null, metadata: {}, ...row };
}

const user = (more) => ({ id: generateId(), role: "user", parts: [{ type: "text", text: "Where is it warm?" }], ...more });

/** An assistant's message with every kind of part, which the SDK builds from a stream. */
async function answer() {
  const chunks = [
    { type: "start", messageId: generateId(), messageMetadata: { model: "m", usage: { tokens: 1.5 } } },
    { type: "start-step" },
    { type: "reasoning-start", id: "r" },
    { type: "reasoning-delta", id: "r", delta: "hm" },
    { type: "reasoning-end", id: "r", providerMetadata: { p: { signature: "s" } } },
    { type: "text-start", id: "t" },
    { type: "text-delta", id: "t", delta: "In " },
    { type: "text-delta", id: "t", delta: "Lisbon 😀" },
    { type: "text-end", id: "t" },
    { type: "tool-input-available", toolCallId: "c", toolName: "weather", input: { city: "Lisbon", days: [1, 2] } },
    { type: "tool-output-available", toolCallId: "c", output: { degrees: 21, sunny: true, rain: null } },
    { type: "source-url", sourceId: "s", url: "https://example.org/a", title: "A" },
    { type: "source-document", sourceId: "d", mediaType: "application/pdf", title: "B", filename: "b.pdf" },
    { type: "file", url: "data:text/plain;base64,YQ==", mediaType: "text/plain" },
    { type: "data-chart", id: "x", data: { points: [[0, 1], [1, 2]] } },
    { type: "finish-step" },
    { type: "finish" },
  ];
  const stream = new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  let last;
  for await (const message of readUIMessageStream({ stream })) last = message;
  return last;
}

test("a message with every kind of part comes back unchanged, and the SDK accepts it", async () => {
  const message = JSON.parse(JSON.stringify(await answer()));
  assert.ok(message.parts.length >= 8, `the SDK made ${message.parts.map(({ type }) => type)}`);
  const back = toUIMessage(await stored(message));
  assert.deepEqual(back, message);
  await validateUIMessages({ messages: [back] });
  assert.deepEqual(await convertToModelMessages([back]), await convertToModelMessages([message]));
});

test("a row has the message's role, text and parts, and its metadata if they are an object", async () => {
  const message = await answer();
  const row = await stored(message);
  assert.equal(row.role, "assistant");
  assert.equal(row.content, "In Lisbon 😀");
  assert.equal(row.metadata.model, "m");
  assert.equal(row.id, toUuid(message.id));
});

test("text parts are joined by a line break, and empty ones add none", async () => {
  const text = (text) => ({ type: "text", text });
  const row = await stored(user({ parts: [text("Let me check."), { type: "step-start" }, text(""), text("It is warm"), text(" there")] }));
  assert.equal(row.content, "Let me check.\nIt is warm\n there");
});

test("ids and metadata of any form come back", async () => {
  const cases = [
    user(), user({ id: ID }), user({ id: ID.toUpperCase() }), user({ id: "" }), user({ id: "nano id/1" }),
    user({ metadata: {} }), user({ metadata: null }), user({ metadata: [1] }), user({ metadata: "text" }), user({ metadata: 0 }),
    user({ metadata: { a: { b: [null] } } }), user({ metadata: { uiMessage: { id: "mine" } } }), user({ id: ID, metadata: { uiMessage: 1 } }),
    user({ parts: [] }), user({ role: "system" }),
  ];
  for (const message of cases) assert.deepEqual(toUIMessage(await stored(message)), message);
});

test("the same message always has the same id, so a repetition stores nothing", async () => {
  const message = user();
  assert.equal((await stored(message)).id, (await stored(message)).id);
});

test("a row without parts becomes a UIMessage with one text part, and what is no row is refused", () => {
  const row = { id: ID, role: "user", content: "hi", parts: null, metadata: {} };
  assert.deepEqual(toUIMessage(row), { id: ID, role: "user", parts: [{ type: "text", text: "hi" }] });
  for (const odd of [null, {}, { ...row, role: "human" }]) assert.throws(() => toUIMessage(odd), TypeError);
  for (const odd of [null, {}, { id: "a" }, { parts: [] }]) assert.throws(() => fromUIMessage(odd), TypeError);
});
