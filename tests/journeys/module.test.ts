// The npm package through the gateway: the same rules before the request, and typed rows.

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

Deno.test("the package's calls do what the functions do", async () => {
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
  equal(ok(await db.from("messages").select("content")), [{ content: "hello" }], "the stored rows");
  assert(["native", "portable"].includes((await data(ck.engine())).engine), "engine() does not name an engine");
});

Deno.test("the package returns an ended session as a row with a status, not as an error", async () => {
  const { ck } = await signUp();
  const { token } = await data(ck.createSession({ ttl: 3600 }));
  assert(isSessionToken(token), "the new token does not look like one");
  const second = await data(ck.rotateSession({ token }));
  await data(ck.rotateSession({ token: second.token }));
  equal((await data(ck.rotateSession({ token }))).status, "reuse_detected", "the spent token");
  equal((await data(ck.validateSession({ token: second.token }))).status, "revoked", "the session");
  equal((await data(ck.validateSession({ token: "nonsense" }))).status, "invalid", "nonsense");
});

Deno.test("the package and the database compute the same checksum", async () => {
  const { ck } = await signUp();
  const content = crypto.getRandomValues(new Uint8Array(5_000));
  const here = await data(checksum(new Blob([content]).stream()));
  equal(await data(ck.documentChecksum({ content })), here, "the checksum of the database");
  const row = await data(
    ck.registerDocument({ sourceUri: "https://example.org/a", checksum: here, byteSize: 5_000, tags: { a: "b" } }),
  );
  equal([row.outcome, row.checksum], ["created", here], "the document");
});

Deno.test("the package refuses bad input by name, before the request and after it", async () => {
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
  equal(ok(await db.from("messages").select("id")), [], "the stored rows");
});

Deno.test("the package and the database refuse with the same sentences", async () => {
  const { ck, db } = await signUp();
  const { id: chatId } = await data(ck.createChat());
  const id = uuidv7();
  // deno-lint-ignore no-explicit-any
  const bad = ck as Record<string, any>;
  const same: [method: string, given: object, call: string, sent: object][] = [
    ["appendMessage", { chatId, role: "bot", content: "x" }, "append_message", {
      chat_id: chatId,
      role: "bot",
      content: "x",
    }],
    ["listMessages", { chatId, pageSize: 201 }, "list_messages", { chat_id: chatId, page_size: 201 }],
    ["createChat", { title: "t".repeat(501) }, "create_chat", { title: "t".repeat(501) }],
    ["createChat", { language: "klingon" }, "create_chat", { language: "klingon" }],
    ["registerDocument", { sourceUri: "a", checksum: "abc" }, "register_document", {
      source_uri: "a",
      checksum: "abc",
    }],
    ["appendMessages", { chatId, messages: {} }, "append_messages", { chat_id: chatId, messages: {} }],
    ["appendMessages", { chatId, messages: ["x"] }, "append_messages", { chat_id: chatId, messages: ["x"] }],
    [
      "appendMessages",
      { chatId, messages: [{ role: "user", content: "" }, { role: "user", content: "", tokenCount: -1 }] },
      "append_messages",
      { chat_id: chatId, messages: [{ role: "user", content: "" }, { role: "user", content: "", token_count: -1 }] },
    ],
    ["finishMessage", { chatId, messageId: id, status: "done" }, "finish_message", {
      chat_id: chatId,
      message_id: id,
      status: "done",
    }],
    ["selectBranch", { chatId, leafId: null }, "select_branch", { chat_id: chatId, leaf_id: null }],
    ["searchMessages", { query: "q".repeat(1001) }, "search_messages", { query: "q".repeat(1001) }],
    ["searchMessages", { query: null }, "search_messages", { query: null }],
    ["importChat", { chat: { title: "t".repeat(501) } }, "import_chat", { chat: { title: "t".repeat(501) } }],
    [
      "importChat",
      { chat: { messages: [{ role: "user" }] } },
      "import_chat",
      { chat: { messages: [{ role: "user" }] } },
    ],
    ["failStaleMessages", { batchSize: 1001 }, "fail_stale_messages", { batch_size: 1001 }],
    ["failStaleMessages", { olderThan: -1 }, "fail_stale_messages", { older_than: "-1 seconds" }],
    ["revokeSession", { sessionId: null }, "revoke_session", { session_id: null }],
    ["elevateSession", { token: "x", aal: "aal9" }, "elevate_session", { token: "x", aal: "aal9" }],
    [
      "registerDocuments",
      { documents: [{ sourceUri: "a", checksum: "abc" }] },
      "register_documents",
      { documents: [{ source_uri: "a", checksum: "abc" }] },
    ],
    ["registerContent", { sourceUri: null, content: new Uint8Array(1) }, "register_content", {
      source_uri: null,
      content: "\\x01",
    }],
    ["setDocumentStatus", { documentId: id, status: "done" }, "set_document_status", {
      document_id: id,
      status: "done",
    }],
    [
      "setDocumentStatus",
      { documentId: id, status: "ready", error: "e" },
      "set_document_status",
      { document_id: id, status: "ready", error: "e" },
    ],
    ["tagDocument", { documentId: id, tags: { a: {} } }, "tag_document", { document_id: id, tags: { a: {} } }],
    ["tagDocument", { documentId: id, tags: {}, namespace: "" }, "tag_document", {
      document_id: id,
      tags: {},
      namespace: "",
    }],
    ["attach", { chatId, messageId: id }, "attach", { chat_id: chatId, message_id: id }],
    ["attach", { chatId, messageId: id, name: "", storagePath: "a" }, "attach", {
      chat_id: chatId,
      message_id: id,
      name: "",
      storage_path: "a",
    }],
    ["attach", { chatId, messageId: id, byteSize: -1, storagePath: "a" }, "attach", {
      chat_id: chatId,
      message_id: id,
      byte_size: -1,
      storage_path: "a",
    }],
    ["attach", { chatId, messageId: id, storagePath: "" }, "attach", {
      chat_id: chatId,
      message_id: id,
      storage_path: "",
    }],
    ["attach", { chatId, messageId: id, storagePath: "a\nb" }, "attach", {
      chat_id: chatId,
      message_id: id,
      storage_path: "a\nb",
    }],
    [
      "attach",
      { chatId, messageId: id, storagePath: "https://x/a#access_token=b" },
      "attach",
      { chat_id: chatId, message_id: id, storage_path: "https://x/a#access_token=b" },
    ],
    ["deleteDocument", { documentId: null }, "delete_document", { document_id: null }],
  ];
  for (const [method, given, call, sent] of same) {
    const ours = (await bad[method](given)).error;
    const { error, status } = await db.rpc(call, sent);
    equal([ours?.code, ours?.message, ours?.status], [error?.code, error?.message, status], `the refusal of ${method}`);
    if (ours.message.includes("unknown key")) continue;
    equal(ours.hint, error?.hint, `the hint of ${method}`);
  }
});

Deno.test("the package has a call for every function", async () => {
  const { ck } = await signUp();
  const chat = await data(
    ck.importChat({ chat: { title: "Old", messages: [{ role: "user", content: "from before" }] } }),
  );
  const [, answer] = await data(
    ck.appendMessages({
      chatId: chat.id,
      messages: [{ role: "user", content: "a" }, { role: "assistant", content: "", status: "streaming" }],
    }),
  );
  equal(
    (await data(ck.finishMessage({ chatId: chat.id, messageId: answer.id, content: "lisbon" }))).status,
    "complete",
    "the answer",
  );
  equal((await data(ck.searchMessages({ query: "lisbon" })))[0].id, answer.id, "the messages found");
  const branch = await data(
    ck.appendMessage({ chatId: chat.id, role: "user", content: "b", parentId: answer.parent_id }),
  );
  equal(
    (await data(ck.selectBranch({ chatId: chat.id, leafId: answer.id }))).active_leaf_id,
    answer.id,
    "the chosen branch",
  );
  assert(branch.id !== answer.id, "the branch is the answer");

  const [document] = await data(
    ck.registerDocuments({ documents: [{ sourceUri: "a.txt", checksum: "0".repeat(64) }] }),
  );
  equal(
    (await data(ck.setDocumentStatus({ documentId: document.id, status: "processing" }))).status,
    "processing",
    "the claim",
  );
  equal(
    (await ck.setDocumentStatus({ documentId: document.id, status: "processing" })).error?.code,
    "PT409",
    "the second claim",
  );
  equal((await data(ck.tagDocument({ documentId: document.id, tags: { a: 1 } }))).tags, { a: 1 }, "the tags");
  equal(await data(ck.tagDocument({ documentId: document.id, tags: { b: null }, namespace: "none" })), null, "no tags");
  const attachment = await data(ck.attach({ chatId: chat.id, messageId: answer.id, documentId: document.id }));
  equal(attachment.document_deleted, false, "the attachment");
  equal((await data(ck.deleteDocument({ documentId: document.id }))).access, "deleted", "the document");
  const content = new TextEncoder().encode("abc");
  equal((await data(ck.registerContent({ sourceUri: "b.txt", content }))).byte_size, 3, "the registered bytes");

  const { token, session_id } = await data(ck.createSession());
  await data(ck.createSession());
  equal(await data(ck.revokeOtherSessions({ token })), { status: "valid", session_id, revoked: 1 }, "the others");
  equal((await ck.elevateSession({ token, aal: "aal3" })).error?.code, "42501", "a level that the JWT does not prove");
  equal((await data(ck.revokeSession({ sessionId: session_id }))).revoked_reason, "logout", "the session");
  equal(await data(ck.revokeAllSessions()), [], "sessions that were left");

  equal((await data(ck.deleteChat({ chatId: chat.id }))).id, chat.id, "the deleted chat");
  equal((await data(ck.restoreChat({ chatId: chat.id }))).deleted_at, null, "the restored chat");
  equal(await data(ck.failStaleMessages({ olderThan: "15 minutes" })), [], "stale messages");
  for (const upkeep of [ck.indexMessages(), ck.purgeChats(), ck.purgeSessions()]) {
    equal((await upkeep).error?.code, "42501", "upkeep by a user");
  }
});

Deno.test("the package passes on the refusals of the gateway", async () => {
  const ck = chatkeep({ schema: () => bearing("not.a.token") });
  const { data, error } = await ck.createChat();
  equal([data, error?.status], [null, 401], "the answer to a malformed token");
});
