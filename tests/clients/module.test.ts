// The WASM module through the gateway: the same rules before the request, typed rows after it.

import { checksum, isSessionToken, uuidv7 } from "chatkeep";
import { assert, equal, ok } from "./assertions.ts";
import { bearing, signUp } from "./people.ts";
import { chatkeep } from "chatkeep";

// deno-lint-ignore no-explicit-any
async function data(asked: Promise<{ data: any; error: any }>): Promise<any> {
  const { data, error } = await asked;
  assert(!error, `refused: ${error?.code} ${error?.message}`);
  return data;
}

Deno.test("the module's calls do what the functions do", async () => {
  const { ck, db, id } = await signUp();
  const chat = await data(ck.createChat({ title: "Module", metadata: { a: [1] } }));
  equal([chat.user_id, chat.title, chat.metadata], [id, "Module", { a: [1] }], "the chat");
  const messageId = uuidv7();
  const append = () =>
    ck.appendMessage({
      chatId: chat.id,
      messageId,
      role: "user",
      content: "hello",
      parts: [{ type: "text" }],
      tokenCount: 3,
    });
  const message = await data(append());
  equal(
    [message.id, message.seq, message.parts, message.token_count],
    [messageId, 1, [{ type: "text" }], 3],
    "the message",
  );
  equal((await data(append())).seq, 1, "seq of the retry");
  equal((await data(ck.listMessages({ chatId: chat.id, pageSize: 10 }))).length, 1, "messages in the page");
  equal(ok(await db.from("messages").select("content")), [{ content: "hello" }], "what is stored");
  assert(["native", "portable"].includes((await data(ck.engine())).engine), "engine() does not name an engine");
});

Deno.test("the module's sessions: a refusal is a row with a status, not an error", async () => {
  const { ck } = await signUp();
  const { token } = await data(ck.createSession({ ttl: 3600 }));
  assert(isSessionToken(token), "the new token does not look like one");
  const second = await data(ck.rotateSession({ token }));
  await data(ck.rotateSession({ token: second.token }));
  equal((await data(ck.rotateSession({ token }))).status, "reuse_detected", "the spent token");
  equal((await data(ck.validateSession({ token: second.token }))).status, "revoked", "the session");
  equal((await data(ck.validateSession({ token: "nonsense" }))).status, "invalid", "nonsense");
});

Deno.test("the module's checksum is the database's", async () => {
  const { ck } = await signUp();
  const content = crypto.getRandomValues(new Uint8Array(5_000));
  const here = await data(checksum(new Blob([content]).stream()));
  equal(await data(ck.documentChecksum({ content })), here, "the checksum of the database");
  const row = await data(
    ck.registerDocument({ sourceUri: "https://example.org/a", checksum: here, byteSize: 5_000, tags: { a: "b" } }),
  );
  equal([row.outcome, row.checksum], ["created", here], "the document");
});

Deno.test("the module refuses bad input by name, before and after the request alike", async () => {
  const { ck, db } = await signUp();
  const chat = await data(ck.createChat());
  const given = { chatId: chat.id, role: "user" as const, content: "x" };
  const refusals: [what: object, code: string, argument: string][] = [
    [{ content: "a\u0000b" }, "22023", "content"],
    [{ content: "a\ud800b" }, "22023", "content"],
    [{ content: "x".repeat(1024 * 1024 + 1) }, "22023", "content"],
    [{ metadata: { a: "\u0000" } }, "22023", "metadata"],
    [{ role: "bot" }, "22023", "role"],
    [{ role: null }, "22004", "role"],
    [{ chatId: uuidv7() }, "PT404", "chat_id"],
  ];
  for (const [change, code, argument] of refusals) {
    const { error } = await ck.appendMessage({ ...given, ...change });
    equal([error?.code, error?.argument], [code, argument], `code and argument of "${error?.message}"`);
  }
  equal(ok(await db.from("messages").select("id")), [], "what is stored");
});

Deno.test("the module and the database refuse in the same words", async () => {
  const { ck, db } = await signUp();
  const chat = await data(ck.createChat());
  const same: [ours: Promise<{ error: { message: string } | null }>, call: string, given: object][] = [
    // deno-lint-ignore no-explicit-any
    [ck.appendMessage({ chatId: chat.id, role: "bot" as any, content: "x" }), "append_message", {
      chat_id: chat.id,
      role: "bot",
      content: "x",
    }],
    [ck.listMessages({ chatId: chat.id, pageSize: 201 }), "list_messages", { chat_id: chat.id, page_size: 201 }],
    [ck.createChat({ title: "t".repeat(501) }), "create_chat", { title: "t".repeat(501) }],
    [ck.registerDocument({ sourceUri: "https://example.org/a", checksum: "abc" }), "register_document", {
      source_uri: "https://example.org/a",
      checksum: "abc",
    }],
  ];
  for (const [ours, call, given] of same) {
    const { error } = await db.rpc(call, given);
    equal((await ours).error?.message, error?.message, `the message of ${call}`);
  }
});

Deno.test("the module hands over the gateway's refusals", async () => {
  const ck = chatkeep({ schema: () => bearing("not.a.token") });
  const { data, error } = await ck.createChat();
  equal([data, error?.status], [null, 401], "the answer to a malformed token");
});
