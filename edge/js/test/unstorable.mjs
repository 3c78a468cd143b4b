// U+0000 and halves of surrogate pairs: refused by default, and stored escaped if the client asks for it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chatkeepPackage, recorder } from "./support/package.mjs";

const { chatkeep, fromUIMessage, toUIMessage, toUIMessages } = chatkeepPackage;
const ID = "01890a5d-ac96-774b-bcce-b302099a8057";
const MARK = "\u{10FFFD}";

/** A client that answers with the row that it was sent. The gateway returns JSON. */
function echo(options) {
  const { client, requests } = recorder();
  const answering = {
    schema: () => ({
      rpc: async (name, sent) => {
        await client.schema("chatkeep").rpc(name, sent);
        const item = sent.messages?.[0] ?? sent;
        const row = JSON.parse(JSON.stringify({ id: item.message_id, role: item.role, content: item.content, parts: item.parts, metadata: item.metadata }));
        return { data: [row], error: null, status: 200 };
      },
    }),
  };
  return { ck: chatkeep(answering, options), requests };
}

/** Whether Postgres can store it. */
const isStorable = (value) => !/\\u(0000|d[89a-f])/.test(JSON.stringify(value).replaceAll("\\\\", "")) && !/\0|\p{Surrogate}/u.test(JSON.stringify(value));

/** The same random texts in every run, of units that an escape could confuse. */
function texts(count) {
  const pieces = ["\0", "\ud83d", "\ude00", "😀", MARK, "\udbff", "\udffd", "0000", "d83d", "dffd", "\\", "\\u0000", '"', "u", "0", "\n", "a", "é"];
  let seed = 1;
  const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
  return Array.from({ length: count }, () => Array.from({ length: random(8) }, () => pieces[random(pieces.length)]).join(""));
}

test("everything comes back byte for byte, in every call that returns it and from stored rows", async () => {
  const { ck, requests } = echo({ unstorable: "escape" });
  for (const text of texts(2_000)) {
    const message = {
      id: ID,
      role: "assistant",
      parts: [{ type: "text", text }, { type: "tool-a", toolCallId: "c", state: "output-available", input: { [text]: [text] }, output: text }],
      metadata: { text, [`key ${text}`]: text },
    };
    const { data, error } = await ck.appendMessage({ chatId: ID, ...fromUIMessage(message) });
    assert.equal(error, null, error?.message);
    const sent = requests.at(-1).sent;
    assert.ok(isStorable([sent.content, sent.parts, sent.metadata]), JSON.stringify(text));
    assert.equal(data.content, text);
    assert.deepEqual(data.parts, message.parts);
    assert.deepEqual(toUIMessage(data), message, "of a call's row");
    assert.deepEqual(toUIMessages([data]), [message]);
    const raw = JSON.parse(JSON.stringify({ id: ID, ...sent }));
    assert.deepEqual(toUIMessage(raw), message, "of a row that the Data API returned");
  }
});

test("texts that differ are stored differently", async () => {
  const { ck, requests } = echo({ unstorable: "escape" });
  const seen = new Map();
  for (const text of texts(5_000)) {
    await ck.appendMessage({ chatId: ID, role: "user", content: text });
    const stored = requests.pop().sent.content;
    assert.ok(!seen.has(stored) || seen.get(stored) === text, JSON.stringify([text, seen.get(stored)]));
    seen.set(stored, text);
  }
});

test("the form of the escape", async () => {
  const { ck, requests } = echo({ unstorable: "escape" });
  await ck.appendMessages({ chatId: ID, messages: [{ role: "user", content: `a\0b\ud83dc${MARK}`, parts: [{ "\0": "\\u0000" }], metadata: {} }] });
  const [{ content, parts }] = requests[0].sent.messages;
  assert.equal(content, `a${MARK}0000b${MARK}d83dc${MARK}${MARK}`);
  assert.deepEqual(parts, [{ [`${MARK}0000`]: "\\u0000" }]);
  await ck.finishMessage({ chatId: ID, messageId: ID, content: "\0" });
  assert.equal(requests[1].sent.content, `${MARK}0000`);
  await ck.importChat({ chat: { title: "t", messages: [{ role: "user", content: "\0" }] } });
  assert.equal(requests[2].sent.chat.messages[0].content, `${MARK}0000`);
});

test("refusing is the default, and a text that looks like an escape comes back all the same", async () => {
  const { ck, requests } = echo();
  for (const content of ["\0", "\ud83d"]) assert.equal((await ck.appendMessage({ chatId: ID, role: "user", content })).error.code, "22023");
  assert.equal((await ck.appendMessage({ chatId: ID, role: "user", content: "", parts: ["\0"] })).error.code, "22023");
  assert.equal(requests.length, 0);
  for (const content of [`${MARK}0000`, `${MARK}${MARK}`, MARK, `${MARK}x`]) {
    const { data } = await ck.appendMessage({ chatId: ID, role: "user", content, metadata: { content } });
    assert.deepEqual([data.content, data.metadata], [content, { content }]);
  }
});

test("titles and other arguments are refused as ever", async () => {
  const { ck } = echo({ unstorable: "escape" });
  assert.equal((await ck.createChat({ title: "a\0" })).error.code, "22023");
  assert.equal((await ck.createChat({ metadata: { a: "\ud83d" } })).error.code, "22023");
});

test("lists, searches and shared chats show what was escaped", async () => {
  const answers = {
    list_chats: [{ id: ID, title: `${MARK}0000`, preview: `a${MARK}0000`, metadata: { a: `${MARK}0000` } }],
    search_messages: [{ id: ID, snippet: `<mark>a</mark>${MARK}d83d` }],
    open_share: [{ share_id: ID, messages: [{ id: ID, role: "user", content: `a${MARK}0000`, parts: [`${MARK}0000`] }] }],
  };
  const ck = chatkeep(recorder((name) => ({ data: answers[name], error: null, status: 200 })).client);
  assert.deepEqual((await ck.listChats()).data, [{ ...answers.list_chats[0], preview: "a\0" }], "titles and metadata of chats are never escaped");
  assert.equal((await ck.searchMessages({ query: "a" })).data[0].snippet, "<mark>a</mark>\ud83d");
  const [message] = (await ck.openShare({ shareId: ID })).data.messages;
  assert.deepEqual([message.content, message.parts], ["a\0", ["\0"]]);
});

test("another way is no option", () => {
  assert.throws(() => chatkeep(recorder().client, { unstorable: "drop" }), TypeError);
});
