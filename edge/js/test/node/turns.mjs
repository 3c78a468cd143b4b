// Rows of agents, which store a turn as several rows, shown as the AI SDK shows a turn.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { chatkeepPackage, tools } from "../support/package.mjs";

const { fromUIMessage, toUIMessage, toUIMessages, toUuid, turnOf } = chatkeepPackage;
const { convertToModelMessages, validateUIMessages } = await import(pathToFileURL(join(tools, "ai", "dist", "index.mjs")).href);

let count = 0;
const id = () => `00000000-0000-4000-8000-${String(++count).padStart(12, "0")}`;
const row = (role, parts, more) => ({ id: id(), role, content: "", parts, metadata: {}, ...more });
const text = (text) => ({ type: "text", text });
const call = (toolCallId, input = { city: "Rome" }) => ({ type: "tool-call", toolCallId, toolName: "weather", input });
const result = (toolCallId, output, more) => ({ type: "tool-result", toolCallId, toolName: "weather", output, ...more });

/** The rows that an agent stores for ModelMessages. */
const stored = (messages) => messages.map(({ role, content }) => row(role, typeof content === "string" ? null : content, typeof content === "string" ? { content } : {}));

const step = { type: "step-start" };
const tool = (toolCallId, state, more) => ({ type: "tool-weather", toolCallId, state, input: { city: "Rome" }, ...more });
const TURNS = {
  "one step": [text("Rome")],
  "a call and its answer": [step, text("Let me look."), tool("c1", "output-available", { output: { degrees: 25 } }), step, text("25")],
  "parallel calls": [step, tool("c1", "output-available", { output: "25" }), tool("c2", "output-available", { output: [1, null] }), step, text("done")],
  "several steps": [step, tool("c1", "output-available", { output: 1 }), step, tool("c2", "output-available", { output: 2 }), step, text("3")],
  "an error": [step, tool("c1", "output-error", { errorText: "no such city" }), step, text("sorry")],
  "a question": [step, tool("c1", "approval-requested", { approval: { id: "a1" } })],
  "an approval": [step, tool("c1", "output-available", { output: 1, approval: { id: "a1", approved: true, reason: "fine" } }), step, text("ok")],
  "a denial": [step, tool("c1", "output-denied", { approval: { id: "a1", approved: false, reason: "no" } }), step, text("ok")],
  "reasoning and files": [step, { type: "reasoning", text: "hm", providerMetadata: { p: { signature: "s" } } }, { type: "file", mediaType: "image/png", url: "data:image/png;base64,AA==" }],
  "a tool of the provider": [step, tool("c1", "output-available", { output: { hits: [1] }, providerExecuted: true }), text("found")],
};

test("what the SDK makes of a turn for a model becomes that turn again", async (context) => {
  for (const [name, parts] of Object.entries(TURNS)) {
    await context.test(name, async () => {
      const turn = { id: id(), role: "assistant", parts };
      const question = { id: id(), role: "user", parts: [text("How warm is it?")] };
      const models = await convertToModelMessages([question, turn]);
      const messages = toUIMessages(stored(JSON.parse(JSON.stringify(models))));
      assert.deepEqual(messages.map(({ role }) => role), ["user", "assistant"]);
      assert.deepEqual(await convertToModelMessages(messages), models);
      const whole = parts[0].type === "step-start" ? [step, ...messages[1].parts] : messages[1].parts;
      assert.deepEqual(JSON.parse(JSON.stringify(whole)), parts);
      await validateUIMessages({ messages });
    });
  }
});

test("messages of fromUIMessage come back as they are, two of an assistant too", () => {
  const odd = [
    ...Object.values(TURNS),
    [{ type: "tool-call", toolCallId: "c", toolName: "x" }, { type: "tool-result", toolCallId: "c", toolName: "x", output: 1 }],
    [{ ...text("a"), providerOptions: {} }, { type: "file", data: "AA==", mediaType: "a/b" }, { type: "image", image: "x" }],
    [{ type: "tool-call", toolCallId: "c", state: "input-available", input: 1 }],
    [null, 1, "a", [], {}, { type: null }, { type: "__proto__" }, { type: "constructor" }],
    [],
  ];
  const messages = odd.flatMap((parts) => ["assistant", "assistant", "user"].map((role) => ({ id: id(), role, parts, metadata: { a: 1 } })));
  const rows = messages.map(({ id, ...message }) => ({ id, ...fromUIMessage({ id, ...message }) }));
  const before = JSON.stringify(rows);
  assert.deepEqual(toUIMessages(rows), messages);
  assert.deepEqual(rows.map((row) => toUIMessage(row)), messages);
  assert.equal(JSON.stringify(rows), before, "the rows stay as they were");
});

test("a tool's row alone is an assistant's message with a dynamic tool", async () => {
  const alone = toUIMessage(row("tool", [result("c1", { type: "json", value: { degrees: 25 } })]));
  assert.deepEqual(alone, { id: alone.id, role: "assistant", parts: [{ type: "dynamic-tool", toolName: "weather", toolCallId: "c1", input: {}, state: "output-available", output: { degrees: 25 } }] });
  await validateUIMessages({ messages: [alone] });
  const plain = row("tool", null, { content: "25" });
  assert.deepEqual(toUIMessage(plain).parts, [{ type: "dynamic-tool", toolName: "tool", toolCallId: plain.id, input: {}, state: "output-available", output: "25" }]);
  for (const odd of [null, {}, { role: "human" }, { role: "constructor" }]) assert.throws(() => toUIMessage(odd), TypeError);
});

test("a plain text that names its call answers it, and one that names none is added to the turn", () => {
  const [named, , unnamed] = toUIMessages([
    row("assistant", [call("c1")]),
    row("tool", null, { content: "25", metadata: { tool_call_id: "c1", name: "weather" } }),
    row("user", null, { content: "and?" }),
    row("assistant", null, { content: "one moment" }),
    row("tool", null, { content: "26" }),
  ]);
  assert.deepEqual(named.parts, [tool("c1", "output-available", { output: "25" })]);
  assert.deepEqual(unnamed.parts.map(({ type, output }) => [type, output]), [["text", undefined], ["dynamic-tool", "26"]]);
});

test("a result of an unknown call stands alone, and a second one does not replace the first", () => {
  const page = toUIMessages([
    row("tool", [result("c0", { type: "text", value: "old" })]),
    row("assistant", [text("so")]),
    row("user", [text("and?")]),
    row("assistant", [call("c1")]),
    row("tool", [result("c1", { type: "text", value: "first" })]),
    row("tool", [result("c1", { type: "text", value: "second" })]),
  ]);
  assert.deepEqual(page.map(({ role, parts }) => [role, ...parts.map(({ type, output }) => output ?? type)]), [
    ["assistant", "old", "step-start", "text"],
    ["user", "text"],
    ["assistant", "first", "second"],
  ]);
});

test("a result that comes late goes to its call, and nothing is joined to the message in between", () => {
  const shown = toUIMessages([
    row("assistant", [call("c1")]),
    row("user", [text("quick!")]),
    row("tool", [result("c1", { type: "error-json", value: { code: 1 } })]),
    row("assistant", [text("sorry")]),
  ]);
  assert.deepEqual(shown.map(({ role, parts }) => [role, parts.length]), [["assistant", 1], ["user", 1], ["assistant", 1]]);
  assert.equal(shown[0].parts[0].errorText, '{"code":1}');
});

test("a UIMessage's own call is answered by a row of role tool too", () => {
  const asked = { id: id(), role: "assistant", parts: [tool("c1", "input-available")], metadata: { model: "m" } };
  const [shown] = toUIMessages([
    { id: asked.id, ...fromUIMessage(asked) },
    row("tool", [result("c1", { type: "content", value: [{ type: "text", text: "25" }] }, { providerOptions: { p: 1 } })]),
    row("assistant", [text("25")], { metadata: { tokens: 3 } }),
  ]);
  assert.deepEqual(shown, {
    ...asked,
    parts: [tool("c1", "output-available", { output: [{ type: "text", text: "25" }], resultProviderMetadata: { p: 1 } }), step, text("25")],
    metadata: { model: "m", tokens: 3 },
  });
});

test("a developer's message is the system's, and results of other forms are shown", () => {
  assert.equal(toUIMessage(row("developer", null, { content: "be brief" })).role, "system");
  const parts = toUIMessage(row("tool", [
    { type: "tool-result", toolCallId: "c", toolName: "old", result: { a: 1 } },
    result("d", { type: "execution-denied", reason: "no" }),
    result("e", { type: "of a later SDK", more: 1 }),
    { type: "tool-approval-response", approvalId: "a", approved: true },
    "odd",
  ])).parts;
  assert.deepEqual(parts.map(({ state, output, approval, data }) => output ?? approval ?? data ?? state), [
    { a: 1 }, { id: "d", approved: false, reason: "no" }, { type: "of a later SDK", more: 1 }, { type: "tool-approval-response", approvalId: "a", approved: true }, "odd",
  ]);
});

test("a user's ModelMessage has its files as a UIMessage has them", () => {
  const [shown] = toUIMessages([row("user", [
    { type: "image", image: "AA==" }, { type: "image", image: "https://x.example/a.png", mediaType: "image/png" }, { type: "file", data: "data:a/b;base64,AA==", mediaType: "a/b", filename: "f" },
  ])]);
  assert.deepEqual(shown.parts, [
    { type: "file", mediaType: "image/*", url: "data:image/*;base64,AA==" },
    { type: "file", mediaType: "image/png", url: "https://x.example/a.png" },
    { type: "file", mediaType: "a/b", filename: "f", url: "data:a/b;base64,AA==" },
  ]);
});

const NOBODY = "00000000-0000-0000-0000-000000000000";
const message = (id, role, ...texts) => ({ id, role, parts: texts.map(text) });
const rowsOf = (...messages) => messages.map((message) => ({ id: toUuid(message.id), ...fromUIMessage(message) }));

test("a turn has what is not stored, and follows what is", () => {
  const [q1, a1, q2, a2] = [message("q1", "user", "1"), message("a1", "assistant", "one"), message("q2", "user", "2"), message("a2", "assistant", "two")];
  const ids = ({ messages }) => messages.map(({ messageId, parentId }) => [messageId, parentId]);
  assert.deepEqual(ids(turnOf([], [q1, a1])), [[toUuid("q1"), undefined], [toUuid("a1"), toUuid("q1")]]);
  assert.deepEqual(ids(turnOf(rowsOf(q1, a1), [q1, a1, q2, a2])), [[toUuid("q2"), toUuid("a1")], [toUuid("a2"), toUuid("q2")]]);
  assert.deepEqual(ids(turnOf(rowsOf(q1, a1), [q1])), [], "a regeneration begins at a stored question");
  assert.deepEqual(ids(turnOf(rowsOf(q1, a1), [q1, a2])), [[toUuid("a2"), toUuid("q1")]]);
  const grown = { ...a1, parts: [...a1.parts, text("more")] };
  assert.equal(turnOf(rowsOf(q1, a1), [q1]).parentId, toUuid("q1"));
  assert.deepEqual(turnOf(rowsOf(q1, a1), [q1, grown]).messages, [{ ...fromUIMessage(grown), parentId: toUuid("q1") }]);
  assert.deepEqual(turnOf([], []), { messages: [], parentId: undefined });
});

test("an edited message is a branch under an id of its own, which a retry has too", () => {
  const [q1, a1, q2] = [message("q1", "user", "1"), message("a1", "assistant", "one"), message("q2", "user", "2")];
  const rows = rowsOf(q1, a1, q2);
  const edited = message("q2", "user", "two");
  const { messages: [item], parentId } = turnOf(rows, [q1, a1, edited]);
  assert.equal(parentId, item.messageId);
  assert.equal(item.parentId, toUuid("a1"));
  assert.notEqual(item.messageId, toUuid("q2"));
  assert.deepEqual(turnOf(rows, [q1, a1, edited]).messages, [item]);
  assert.deepEqual(toUIMessage({ id: item.messageId, ...item }), edited, "the SDK's id is shown");
  const after = [...rows.slice(0, 2), { id: item.messageId, ...item }];
  assert.deepEqual(turnOf(after, [q1, a1, edited]), { messages: [], parentId: item.messageId });
  assert.notEqual(turnOf(after, [q1, a1, message("q2", "user", "2!")]).messages[0].messageId, item.messageId);
  const { messages: [first] } = turnOf(rows, [message("q1", "user", "one")]);
  assert.equal(first.parentId, NOBODY);
});
