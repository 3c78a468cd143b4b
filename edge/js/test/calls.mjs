// The request of each call, its refusals before a request, and the results of answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chatkeepPackage, recorder } from "./support/package.mjs";

const { chatkeep, isSessionToken, toUuid, uuidv7 } = chatkeepPackage;

const ID = "01890a5d-ac96-774b-bcce-b302099a8057";
const V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const SUM = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
// The vector of core/src/sessions/session.rs.
const TOKEN = "cks_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB1FjHWytHoFlPu2NPq1RWpqtG2ewhWMLjPsst8g";

const message = (more) => ({ chatId: ID, role: "user", content: "hi", ...more });
const registration = (more) => ({ sourceUri: "notes/a.md", checksum: SUM, ...more });
const deep = (levels) => (levels ? [deep(levels - 1)] : []);
const cycle = {};
cycle.self = cycle;

test("each call sends its arguments by their SQL names", async () => {
  const scalars = { document_checksum: SUM, user_id: ID, index_messages: 0, measure_usage: 0, purge_chats: 0, purge_sessions: 0, done_storage_deletions: 0 };
  const { client, requests } = recorder((name) => ({ data: scalars[name] ?? [{}], error: null, status: 200 }));
  const ck = chatkeep(client);
  const cases = [
    [
      "createChat",
      { title: "t", metadata: { a: 1 }, chatId: ID, language: "english", userId: ID },
      "create_chat",
      { title: "t", metadata: { a: 1 }, chat_id: ID, language: "english", user_id: ID },
    ],
    [
      "appendMessage",
      message({ messageId: ID, parts: [{ type: "text" }], metadata: {}, parentId: ID, status: "streaming", model: "m", tokenCount: 3 }),
      "append_message",
      {
        chat_id: ID, role: "user", content: "hi", message_id: ID, parts: [{ type: "text" }], metadata: {},
        parent_id: ID, status: "streaming", model: "m", token_count: 3,
      },
    ],
    [
      "appendMessages",
      { chatId: ID, messages: [{ role: "user", content: "a", messageId: ID, tokenCount: 1 }, { role: "tool", content: "", messageId: ID, metadata: null }] },
      "append_messages",
      { chat_id: ID, messages: [{ role: "user", content: "a", message_id: ID, token_count: 1 }, { role: "tool", content: "", message_id: ID }] },
    ],
    [
      "finishMessage",
      { chatId: ID, messageId: ID, content: "done", parts: [1], status: "failed", metadata: { a: 1 }, tokenCount: 9 },
      "finish_message",
      { chat_id: ID, message_id: ID, content: "done", parts: [1], status: "failed", metadata: { a: 1 }, token_count: 9 },
    ],
    ["takeStorageDeletions", { batchSize: 5, retryAfter: 60 }, "take_storage_deletions", { batch_size: 5, retry_after: "60 seconds" }],
    ["doneStorageDeletions", { ids: [ID] }, "done_storage_deletions", { ids: [ID] }],
    ["selectBranch", { chatId: ID, leafId: ID }, "select_branch", { chat_id: ID, leaf_id: ID }],
    [
      "listMessages",
      { chatId: ID, before: "2026-01-02T03:04:05.678901+00:00", after: new Date(0), pageSize: 7, fromSummary: false },
      "list_messages",
      { chat_id: ID, before: "2026-01-02T03:04:05.678901+00:00", after: "1970-01-01T00:00:00.000Z", page_size: 7, from_summary: false },
    ],
    [
      "searchMessages",
      { query: "q", chatId: ID, pageSize: 5, before: new Date(0) },
      "search_messages",
      { query: "q", chat_id: ID, page_size: 5, before: "1970-01-01T00:00:00.000Z" },
    ],
    [
      "summariseChat",
      { chatId: ID, upToMessageId: ID, content: "so far", metadata: { a: 1 }, model: "m", tokenCount: 3 },
      "summarise_chat",
      { chat_id: ID, up_to_message_id: ID, content: "so far", metadata: { a: 1 }, model: "m", token_count: 3 },
    ],
    ["redactMessage", { chatId: ID, messageId: ID, reason: "r" }, "redact_message", { chat_id: ID, message_id: ID, reason: "r" }],
    [
      "rateMessage",
      { chatId: ID, messageId: ID, rating: -1, comment: "c", labels: ["a", "b"], userId: ID },
      "rate_message",
      { chat_id: ID, message_id: ID, rating: -1, comment: "c", labels: ["a", "b"], user_id: ID },
    ],
    ["rewindChat", { chatId: ID, beforeMessageId: ID }, "rewind_chat", { chat_id: ID, before_message_id: ID }],
    [
      "copyChat",
      { chatId: ID, upToMessageId: ID, title: "t", newChatId: ID, userId: ID },
      "copy_chat",
      { chat_id: ID, up_to_message_id: ID, title: "t", new_chat_id: ID, user_id: ID },
    ],
    [
      "updateChat",
      {
        chatId: ID, title: "t", ifTitleSource: "model", metadataMerge: { a: null }, pinned: true, folder: "Work", tags: ["a", "b"],
        readUpToSeq: 3,
      },
      "update_chat",
      {
        chat_id: ID, title: "t", if_title_source: "model", metadata_merge: { a: null }, pinned: true, folder: "Work", tags: ["a", "b"],
        read_up_to_seq: 3,
      },
    ],
    [
      "listChats",
      {
        folder: "Work", tag: "a", archived: null, deleted: true, pageSize: 7, userId: ID,
        before: { id: ID, title: "t", pinned_at: null, updated_at: "2026-01-02T03:04:05.678901+00:00", deleted_at: "2026-01-02T03:04:05.678901+00:00" },
      },
      "list_chats",
      {
        folder: "Work", tag: "a", archived: null, deleted: true, page_size: 7, user_id: ID,
        before: { id: ID, pinned_at: null, updated_at: "2026-01-02T03:04:05.678901+00:00", deleted_at: "2026-01-02T03:04:05.678901+00:00" },
      },
    ],
    ["getChat", { chatId: ID }, "get_chat", { chat_id: ID }],
    ["deleteChat", { chatId: ID }, "delete_chat", { chat_id: ID }],
    ["restoreChat", { chatId: ID }, "restore_chat", { chat_id: ID }],
    [
      "importChat",
      {
        chat: {
          id: ID, title: "t", language: "german", createdAt: new Date(0), activeLeafId: ID, metadata: null,
          messages: [{ id: ID, role: "user", content: "a", createdAt: "2026-01-02T03:04:05Z", parentId: ID }],
        },
        userId: ID,
      },
      "import_chat",
      {
        chat: {
          id: ID, title: "t", language: "german", created_at: "1970-01-01T00:00:00.000Z", active_leaf_id: ID,
          messages: [{ id: ID, role: "user", content: "a", created_at: "2026-01-02T03:04:05Z", parent_id: ID }],
        },
        user_id: ID,
      },
    ],
    ["failStaleMessages", { olderThan: 60, batchSize: 10 }, "fail_stale_messages", { older_than: "60 seconds", batch_size: 10 }],
    ["indexMessages", { batchSize: 10 }, "index_messages", { batch_size: 10 }],
    ["addMember", { tenantId: ID, userId: ID, role: "admin" }, "add_member", { tenant_id: ID, user_id: ID, role: "admin" }],
    ["setMemberRole", { tenantId: ID, userId: ID, role: "owner" }, "set_member_role", { tenant_id: ID, user_id: ID, role: "owner" }],
    ["removeMember", { tenantId: ID, userId: ID }, "remove_member", { tenant_id: ID, user_id: ID }],
    ["renameTenant", { tenantId: ID, name: "Acme" }, "rename_tenant", { tenant_id: ID, name: "Acme" }],
    ["userId", { issuer: "https://clerk.example.com", subject: "user_2" }, "user_id", { issuer: "https://clerk.example.com", subject: "user_2" }],
    ["purgeChats", { olderThan: "30 days" }, "purge_chats", { older_than: "30 days" }],
    [
      "createSession",
      { userAgent: "ua", ip: "::1", ttl: 60, idleTtl: "1 hour", maxSessions: 5, metadata: {}, userId: ID, replaces: TOKEN },
      "create_session",
      { user_agent: "ua", ip: "::1", ttl: "60 seconds", idle_ttl: "1 hour", max_sessions: 5, metadata: {}, user_id: ID, replaces: TOKEN },
    ],
    ["rotateSession", { token: TOKEN }, "rotate_session", { token: TOKEN }],
    ["validateSession", { token: TOKEN }, "validate_session", { token: TOKEN }],
    ["revokeSession", { sessionId: ID }, "revoke_session", { session_id: ID }],
    ["revokeOtherSessions", { token: TOKEN }, "revoke_other_sessions", { token: TOKEN }],
    ["revokeAllSessions", { userId: ID }, "revoke_all_sessions", { user_id: ID }],
    ["elevateSession", { token: TOKEN, aal: "aal2" }, "elevate_session", { token: TOKEN, aal: "aal2" }],
    ["purgeSessions", { batchSize: 7 }, "purge_sessions", { batch_size: 7 }],
    ["measureUsage", { batchSize: 7, olderThan: "1 day" }, "measure_usage", { batch_size: 7, older_than: "1 day" }],
    ["documentChecksum", { content: new Uint8Array([0, 10, 255]) }, "document_checksum", { content: "\\x000aff" }],
    [
      "registerDocument",
      registration({ title: "t", mimeType: "text/markdown", byteSize: 3, tags: { a: ["b"] }, visibility: "tenant", properties: { p: {} }, userId: ID }),
      "register_document",
      {
        source_uri: "notes/a.md", checksum: SUM, title: "t", mime_type: "text/markdown", byte_size: 3,
        tags: { a: ["b"] }, visibility: "tenant", properties: { p: {} }, user_id: ID,
      },
    ],
    [
      "registerDocuments",
      { documents: [registration({ byteSize: 1 }), registration({ title: null })], userId: ID },
      "register_documents",
      { documents: [{ source_uri: "notes/a.md", checksum: SUM, byte_size: 1 }, { source_uri: "notes/a.md", checksum: SUM }], user_id: ID },
    ],
    [
      "registerContent",
      { sourceUri: "notes/a.md", content: new Uint8Array([1]), title: "t", visibility: "tenant", userId: ID },
      "register_content",
      { source_uri: "notes/a.md", content: "\\x01", title: "t", visibility: "tenant", user_id: ID },
    ],
    ["setDocumentStatus", { documentId: ID, status: "failed", error: "e" }, "set_document_status", { document_id: ID, status: "failed", error: "e" }],
    ["tagDocument", { documentId: ID, tags: { a: null }, namespace: "n" }, "tag_document", { document_id: ID, tags: { a: null }, namespace: "n" }],
    [
      "attach",
      { chatId: ID, messageId: ID, documentId: ID, name: "a", mimeType: "text/plain", byteSize: 1, storagePath: "b/a", userId: ID },
      "attach",
      { chat_id: ID, message_id: ID, document_id: ID, name: "a", mime_type: "text/plain", byte_size: 1, storage_path: "b/a", user_id: ID },
    ],
    ["deleteDocument", { documentId: ID }, "delete_document", { document_id: ID }],
    ["transferChat", { chatId: ID, toUserId: ID }, "transfer_chat", { chat_id: ID, to_user_id: ID }],
    ["transferDocument", { documentId: ID, toUserId: ID }, "transfer_document", { document_id: ID, to_user_id: ID }],
    ["transferAll", { fromUserId: ID, toUserId: ID }, "transfer_all", { from_user_id: ID, to_user_id: ID }],
    [
      "shareChat",
      { chatId: ID, withUserId: ID, withTenant: false, byLink: false, permission: "write", expiresAt: new Date(0) },
      "share_chat",
      { chat_id: ID, with_user_id: ID, with_tenant: false, by_link: false, permission: "write", expires_at: "1970-01-01T00:00:00.000Z" },
    ],
    ["revokeShare", { shareId: ID }, "revoke_share", { share_id: ID }],
    [
      "openShare",
      { secret: "cksh_x", after: "2026-01-02T03:04:05.678901+00:00", pageSize: 7 },
      "open_share",
      { secret: "cksh_x", after: "2026-01-02T03:04:05.678901+00:00", page_size: 7 },
    ],
    ["engine", undefined, "engine", {}],
  ];
  assert.deepEqual(Object.keys(ck).sort(), [...cases.map(([method]) => method), "streamMessage"].sort());
  for (const [method, given, name, sent] of cases) {
    const { error } = await ck[method](given);
    assert.equal(error, null, method);
    assert.deepEqual(requests.pop(), { schema: "chatkeep", name, sent });
  }
});

test("a list of texts and a place in a list are checked and copied before they are sent", async () => {
  const { client, requests } = recorder();
  const ck = chatkeep(client);
  for (const [method, given, message] of [
    ["updateChat", { chatId: ID, tags: "a" }, "tags must be a JSON array"],
    ["updateChat", { chatId: ID, tags: ["a", null] }, "tags[1] must be text"],
    ["updateChat", { chatId: ID, tags: Array(3) }, "tags[0] must be text"],
    ["updateChat", { chatId: ID, tags: ["\ud800"] }, "tags[0] contains half of a surrogate pair"],
    ["updateChat", { chatId: ID, tags: ["a\0"] }, "tags contains a NUL character"],
    ["updateChat", { chatId: ID, tags: ["x".repeat(5_000_000)] }, "tags must be names of 1 to 100 characters"],
    ["updateChat", { chatId: ID, tags: Array(51).fill("a") }, "tags has more than 50 items"],
    ["updateChat", { chatId: ID, readUpToSeq: -1 }, "read_up_to_seq must not be negative"],
    ["listChats", { folder: "x".repeat(201) }, "folder is longer than 200 characters"],
    ["listChats", { tag: "a\0" }, "tag contains a NUL character"],
    ["listChats", { deleted: null }, "deleted is missing"],
    ["listChats", { before: ID }, "before must be a JSON object"],
    ["listChats", { pageSize: 0 }, "page_size must be between 1 and 200"],
  ]) {
    const { error } = await ck[method](given);
    assert.equal(error?.message, message, JSON.stringify(given).slice(0, 60));
  }
  assert.equal(requests.length, 0);
  const tags = ["a"];
  const sent = ck.updateChat({ chatId: ID, tags });
  tags.push(null);
  await sent;
  assert.deepEqual(requests.pop().sent, { chat_id: ID, tags: ["a"] });
});

test("an argument that is left out is not sent, and null is sent", async () => {
  const { client, requests } = recorder();
  const ck = chatkeep(client);
  await ck.listMessages({ chatId: ID, before: undefined });
  assert.deepEqual(requests.pop().sent, { chat_id: ID });
  await ck.createSession({ idleTtl: null });
  assert.deepEqual(requests.pop().sent, { idle_ttl: null });
});

test("a message and a chat without an id get a new UUID version 7", async () => {
  const { client, requests } = recorder();
  const ck = chatkeep(client);
  await ck.appendMessage(message());
  await ck.appendMessage(message({ messageId: null }));
  await ck.createChat();
  const ids = requests.map(({ sent }) => sent.message_id ?? sent.chat_id);
  for (const id of [...ids, uuidv7()]) assert.match(id, V7);
  assert.equal(new Set(ids).size, 3);
  const now = Number.parseInt(uuidv7().replace("-", "").slice(0, 12), 16);
  assert.ok(Math.abs(now - Date.now()) < 60_000);
});

const REFUSED = [
  ["appendMessage", undefined, "22004", "chat_id is missing"],
  ["appendMessage", message({ chatId: null }), "22004", "chat_id is missing"],
  ["appendMessage", message({ chatId: "chat-1" }), "22023", "chat_id must be a UUID"],
  ["appendMessage", message({ chatId: 1 }), "22023", "chat_id must be text"],
  ["appendMessage", message({ role: undefined }), "22004", "role is missing"],
  ["appendMessage", message({ role: null }), "22004", "role is missing"],
  ["appendMessage", message({ role: "User" }), "22023", "role must be system, developer, user, assistant or tool"],
  ["appendMessage", message({ content: undefined }), "22004", "content is missing"],
  ["appendMessage", message({ content: 1 }), "22023", "content must be text"],
  ["appendMessage", message({ content: "a\0b" }), "22023", "content contains a NUL character"],
  ["appendMessage", message({ content: "a\ud83d" }), "22023", "content contains half of a surrogate pair"],
  ["appendMessage", message({ content: "\ude00\ud83d" }), "22023", "content contains half of a surrogate pair"],
  ["appendMessage", message({ content: "x".repeat(1_048_577) }), "22023", "content is longer than 1048576 bytes"],
  ["appendMessage", message({ content: "é".repeat(524_289) }), "22023", "content is longer than 1048576 bytes"],
  ["appendMessage", message({ content: "x".repeat(20_000_000) }), "22023", "content is longer than 1048576 bytes"],
  ["appendMessage", message({ messageId: "nanoid" }), "22023", "message_id must be a UUID"],
  ["appendMessage", message({ parts: {} }), "22023", "parts must be a JSON array"],
  ["appendMessage", message({ parts: [{ text: "\0" }] }), "22023", "parts contains a NUL character"],
  ["appendMessage", message({ parts: [{ text: "\ud83d" }] }), "22023", "parts contains half of a surrogate pair"],
  ["appendMessage", message({ parts: [{ "\ude00": 1 }] }), "22023", "parts contains half of a surrogate pair"],
  ["appendMessage", message({ parts: deep(64) }), "22023", "parts is nested deeper than 64 levels"],
  ["appendMessage", message({ parts: ["x".repeat(2_000_000)] }), "22023", "parts is larger than 262144 bytes"],
  ["appendMessage", message({ metadata: cycle }), "22023", "metadata cannot be written as JSON"],
  ["appendMessage", message({ metadata: { big: 1n } }), "22023", "metadata cannot be written as JSON"],
  ["appendMessage", message({ metadata: () => {} }), "22023", "metadata cannot be written as JSON"],
  ["appendMessage", message({ metadata: [] }), "22023", "metadata must be a JSON object"],
  ["appendMessage", message({ metadata: null }), "22004", "metadata is missing"],
  ["appendMessage", message({ parentId: "" }), "22023", "parent_id must be a UUID"],
  ["appendMessage", message({ status: "done" }), "22023", "status must be complete, streaming, failed or stopped"],
  ["appendMessage", message({ status: null }), "22004", "status is missing"],
  ["appendMessage", message({ model: "m".repeat(201) }), "22023", "model is longer than 200 characters"],
  ["appendMessage", message({ tokenCount: -1 }), "22023", "token_count must not be negative"],
  ["appendMessage", message({ tokenCount: 1.5 }), "22023", "token_count must be a whole number"],
  ["appendMessage", message({ tokenCount: 2 ** 31 }), "22023", "token_count is out of range for an integer"],
  ["appendMessage", message({ usage: { cost: 1 } }), "22023", "usage has only one of cost and currency"],
  ["appendMessage", message({ expectedLeaf: "last" }), "22023", "expected_leaf must be a UUID"],
  ["appendMessage", message({ replyTo: "first" }), "22023", "reply_to must be a UUID"],
  ["appendMessage", message({ tokenCount: "3" }), "22023", "token_count must be a number"],
  ["appendMessage", { chat_id: ID }, "22023", "chat_id is no argument of append_message"],
  ["createChat", "title", "22023", "arguments must be one object"],
  ["createChat", null, "22023", "arguments must be one object"],
  ["createChat", { title: "é".repeat(501) }, "22023", "title is longer than 500 characters"],
  ["createChat", { title: "\0" }, "22023", "title contains a NUL character"],
  ["createChat", { metadata: "{}" }, "22023", "metadata must be a JSON object"],
  ["createChat", { chatId: `${ID}0` }, "22023", "chat_id must be a UUID"],
  ["listMessages", {}, "22004", "chat_id is missing"],
  ["listMessages", { chatId: ID, pageSize: 0 }, "22023", "page_size must be between 1 and 200"],
  ["listMessages", { chatId: ID, pageSize: 201 }, "22023", "page_size must be between 1 and 200"],
  ["listMessages", { chatId: ID, pageSize: NaN }, "22023", "page_size must be a whole number"],
  ["listMessages", { chatId: ID, pageSize: null }, "22004", "page_size is missing"],
  ["listMessages", { chatId: ID, before: new Date(NaN) }, "22023", "before must be a valid date"],
  ["listMessages", { chatId: ID, after: "\0" }, "22023", "after contains a NUL character"],
  ["listMessages", { chatId: ID, fromSummary: null }, "22004", "from_summary is missing"],
  ["listMessages", { chatId: ID, fromSummary: true, before: new Date(0) }, "22023", "from_summary cannot be true with before"],
  ["summariseChat", { chatId: ID, upToMessageId: ID }, "22004", "content is missing"],
  ["summariseChat", { chatId: ID, upToMessageId: ID, content: "" }, "22023", "content must not be empty"],
  ["summariseChat", { chatId: ID, content: "x" }, "22004", "up_to_message_id is missing"],
  ["createSession", { userAgent: "\0" }, "22023", "user_agent contains a NUL character"],
  ["createSession", { ip: "\0" }, "22023", "ip contains a NUL character"],
  ["createSession", { ip: "\ud800" }, "22023", "ip contains half of a surrogate pair"],
  ["createSession", { ttl: 0.5 }, "22023", "ttl must be between 1 second and 400 days"],
  ["createSession", { ttl: NaN }, "22023", "ttl must be between 1 second and 400 days"],
  ["createSession", { ttl: Infinity }, "22023", "ttl must be between 1 second and 400 days"],
  ["createSession", { ttl: null }, "22004", "ttl is missing"],
  ["createSession", { idleTtl: -1 }, "22023", "idle_ttl must be between 1 second and 400 days"],
  ["createSession", { maxSessions: 0 }, "22023", "max_sessions must be between 1 and 1000"],
  ["createSession", { userId: "me" }, "22023", "user_id must be a UUID"],
  ["createChat", { userId: "me" }, "22023", "user_id must be a UUID"],
  ["importChat", { chat: {}, userId: "me" }, "22023", "user_id must be a UUID"],
  ["rotateSession", {}, "22004", "token is missing"],
  ["validateSession", { token: 7 }, "22023", "token must be text"],
  ["documentChecksum", {}, "22004", "content is missing"],
  ["documentChecksum", { content: "text" }, "22023", "content must be bytes"],
  ["registerDocument", registration({ sourceUri: undefined }), "22004", "source_uri is missing"],
  ["registerDocument", registration({ sourceUri: "" }), "22023", "source_uri must not be empty"],
  ["registerDocument", registration({ sourceUri: "https://u:p@x" }), "22023", "source_uri carries credentials"],
  ["registerDocument", registration({ checksum: undefined }), "22004", "checksum is missing"],
  ["registerDocument", registration({ checksum: "abc" }), "22023", "checksum must be 64 hexadecimal characters"],
  ["registerDocument", registration({ byteSize: -1 }), "22023", "byte_size must not be negative"],
  ["registerDocument", registration({ byteSize: 2 ** 53 }), "22023", "byte_size must be a whole number"],
  ["registerDocument", registration({ tags: { a: { b: 1 } } }), "22023", "tags must be flat: scalars, or arrays of scalars"],
  ["registerDocument", registration({ visibility: "public" }), "22023", "visibility must be private or tenant"],
  ["registerDocument", registration({ properties: [] }), "22023", "properties must be a JSON object"],
  ["createChat", { language: "klingon" }, "22023", "language names no text search configuration"],
  ["appendMessages", { chatId: ID }, "22004", "messages is missing"],
  ["appendMessages", { chatId: ID, messages: {} }, "22023", "messages must be a JSON array"],
  ["appendMessages", { chatId: ID, messages: Array(1001).fill({}) }, "22023", "messages has more than 1000 items"],
  ["appendMessages", { chatId: ID, messages: [1] }, "22023", "messages[0] must be a JSON object"],
  ["appendMessages", { chatId: ID, messages: [{ role: "user", content: "" }, { role: "bot", content: "" }] }, "22023", "messages[1].role must be system, developer, user, assistant or tool"],
  ["appendMessages", { chatId: ID, messages: [{ message_id: ID }] }, "22023", "messages[0] has an unknown key"],
  ["appendMessages", { chatId: ID, messages: [{ role: "user" }] }, "22004", "messages[0].content is missing"],
  ["finishMessage", { chatId: ID }, "22004", "message_id is missing"],
  ["finishMessage", { chatId: ID, messageId: ID, status: "done" }, "22023", "status must be complete, streaming, failed or stopped"],
  ["finishMessage", { chatId: ID, messageId: ID, usage: { tokens: 1 } }, "22023", "usage has an unknown key"],
  ["finishMessage", { chatId: ID, messageId: ID, tokenCount: -1 }, "22023", "token_count must not be negative"],
  ["selectBranch", { chatId: ID }, "22004", "leaf_id is missing"],
  ["searchMessages", {}, "22004", "query is missing"],
  ["searchMessages", { query: "q".repeat(1001) }, "22023", "query is longer than 1000 characters"],
  ["searchMessages", { query: "q", pageSize: 201 }, "22023", "page_size must be between 1 and 200"],
  ["deleteChat", {}, "22004", "chat_id is missing"],
  ["restoreChat", { chatId: 1 }, "22023", "chat_id must be text"],
  ["importChat", {}, "22004", "chat is missing"],
  ["importChat", { chat: [] }, "22023", "chat must be a JSON object"],
  ["importChat", { chat: { titel: "t" } }, "22023", "chat has an unknown key"],
  ["importChat", { chat: { title: "t".repeat(501) } }, "22023", "chat.title is longer than 500 characters"],
  ["importChat", { chat: { messages: [{ role: "user", content: "", id: "x" }] } }, "22023", "chat.messages[0].id must be a UUID"],
  ["takeStorageDeletions", { batchSize: 1001 }, "22023", "batch_size must be between 1 and 1000"],
  ["doneStorageDeletions", {}, "22004", "ids is missing"],
  ["doneStorageDeletions", { ids: ID }, "22023", "ids must be a JSON array"],
  ["doneStorageDeletions", { ids: [ID, "x"] }, "22023", "ids[1] must be a UUID"],
  ["appendMessages", { chatId: ID, messages: [{ role: "user", content: "", expectedLeaf: ID }] }, "22023", "messages[0] has an unknown key"],
  ["failStaleMessages", { batchSize: 1001 }, "22023", "batch_size must be between 1 and 1000"],
  ["failStaleMessages", { olderThan: -1 }, "22023", "older_than must not be negative"],
  ["indexMessages", { batchSize: 0 }, "22023", "batch_size must be between 1 and 100000"],
  ["purgeChats", { batchSize: null }, "22004", "batch_size is missing"],
  ["revokeSession", {}, "22004", "session_id is missing"],
  ["revokeOtherSessions", {}, "22004", "token is missing"],
  ["addMember", { tenantId: ID, userId: ID, role: "root" }, "22023", "role must be owner, admin or member"],
  ["setMemberRole", { tenantId: ID, userId: ID }, "22004", "role is missing"],
  ["renameTenant", { tenantId: ID, name: "" }, "22023", "name must not be empty"],
  ["userId", { subject: "a" }, "22004", "issuer is missing"],
  ["userId", { issuer: "https://clerk.example.com", subject: "" }, "22023", "subject must not be empty"],
  ["userId", { issuer: "a\nb", subject: "c" }, "22023", "issuer must not be empty, and must not have control characters"],
  ["elevateSession", { token: TOKEN, aal: "aal4" }, "22023", "aal must be aal1, aal2 or aal3"],
  ["registerDocuments", { documents: [registration({}), registration({ checksum: "abc" })] }, "22023", "documents[1].checksum must be 64 hexadecimal characters"],
  ["registerDocuments", { documents: Array(10_001).fill({}) }, "22023", "documents has more than 10000 items"],
  ["registerDocuments", { documents: [registration({ userId: ID })] }, "22023", "documents[0] has an unknown key"],
  ["registerDocuments", { documents: [], userId: "me" }, "22023", "user_id must be a UUID"],
  ["registerDocument", registration({ userId: "me" }), "22023", "user_id must be a UUID"],
  ["registerContent", { sourceUri: "a" }, "22004", "content is missing"],
  ["registerContent", { content: new Uint8Array(1) }, "22004", "source_uri is missing"],
  ["setDocumentStatus", { documentId: ID, status: "done" }, "22023", "status must be pending, processing, ready, failed or archived"],
  ["setDocumentStatus", { documentId: ID, status: "ready", error: "e" }, "22023", "error can be given with failed only"],
  ["tagDocument", { documentId: ID }, "22004", "tags is missing"],
  ["tagDocument", { documentId: ID, tags: {}, namespace: "" }, "22023", "namespace must not be empty"],
  ["attach", { chatId: ID, messageId: ID, storagePath: "a", userId: "me" }, "22023", "user_id must be a UUID"],
  ["attach", { chatId: ID, messageId: ID }, "22023", "document_id or storage_path is missing"],
  ["attach", { chatId: ID, messageId: ID, storagePath: "a?token=b" }, "22023", "storage_path carries credentials"],
  ["deleteDocument", { documentId: null }, "22004", "document_id is missing"],
  ["engine", { verbose: true }, "22023", "verbose is no argument of engine"],
];

test("bad arguments are refused before any request, with the sentences of the database", async (context) => {
  for (const [method, given, code, expected] of REFUSED) {
    await context.test(expected, async () => {
      const { client, requests } = recorder();
      const { data, error } = await chatkeep(client)[method](given);
      assert.equal(data, null);
      assert.deepEqual(
        { code: error.code, status: error.status, argument: error.argument, message: error.message },
        { code, status: 400, argument: expected.split(" ")[0], message: expected },
      );
      assert.deepEqual(Object.keys(error), ["code", "status", "argument", "message", "details", "hint", "retryable"]);
      assert.ok(error.hint.length > 0);
      assert.equal(error.retryable, false);
      assert.deepEqual(requests, []);
    });
  }
});

test("a value at its limit passes", async () => {
  for (const [method, given] of [
    ["appendMessage", message({ content: "" })],
    ["appendMessage", message({ content: "x".repeat(1_048_576) })],
    ["appendMessage", message({ content: "😀".repeat(262_144) })],
    ["appendMessage", message({ parts: deep(63), tokenCount: 2 ** 31 - 1 })],
    ["createChat", { title: "😀".repeat(500) }],
    ["createSession", { ttl: 400 * 86_400, idleTtl: 1, maxSessions: 1000 }],
    ["attach", { chatId: ID, messageId: ID, documentId: ID }],
    ["registerDocument", registration({ byteSize: 2 ** 53 - 1, checksum: SUM.toUpperCase() })],
  ]) {
    const { client, requests } = recorder();
    assert.equal((await chatkeep(client)[method](given)).error, null);
    assert.equal(requests.length, 1);
  }
});

test("toUuid gives one UUID for an id in another form, and returns a UUID unchanged", () => {
  assert.equal(toUuid("V1StGXR8_Z5jdHi6B-myT"), toUuid("V1StGXR8_Z5jdHi6B-myT"));
  assert.match(toUuid("V1StGXR8_Z5jdHi6B-myT"), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(toUuid("a"), toUuid("b"));
  assert.equal(toUuid(ID.toUpperCase()), ID);
  for (const odd of [undefined, null, "", 7]) assert.throws(() => toUuid(odd), TypeError);
});

test("the request carries a copy of the judged arguments", async () => {
  const { client, requests } = recorder();
  let reads = 0;
  const metadata = {
    get shifty() {
      reads += 1;
      return reads === 1 ? "good" : "\0";
    },
  };
  await chatkeep(client).createChat({ metadata });
  assert.deepEqual(requests[0].sent.metadata, { shifty: "good" });
});

test("a token that was never issued is invalid without a request", async () => {
  const { client, requests } = recorder();
  const ck = chatkeep(client);
  for (const token of ["", null, TOKEN.slice(1), TOKEN.replace("AQ", "AR"), `${TOKEN}A`, "x".repeat(10_000_000)]) {
    assert.equal(isSessionToken(token), false);
    const facts = {
      status: "invalid", session_id: null, user_id: null, tenant_id: null,
      generation: null, expires_at: null, idle_expires_at: null,
    };
    assert.deepEqual(await ck.validateSession({ token }), { data: facts, error: null });
    assert.deepEqual(await ck.rotateSession({ token }), { data: { ...facts, token: null }, error: null });
  }
  assert.deepEqual(requests, []);
  assert.equal(isSessionToken(TOKEN), true);
  for (const value of [undefined, 7, {}, "\ud800"]) assert.equal(isSessionToken(value), false);
});

test("a row is returned as an object, a list as an array, a value unchanged", async () => {
  const answering = (data) => chatkeep(recorder({ data, error: null, status: 200 }).client);
  assert.deepEqual(await answering([{ id: 1 }]).createChat(), { data: { id: 1 }, error: null });
  assert.deepEqual(await answering([]).listMessages({ chatId: ID }), { data: [], error: null });
  assert.deepEqual(await answering(SUM).documentChecksum({ content: new ArrayBuffer(3) }), { data: SUM, error: null });
});

test("an ended session is returned as a row, although the HTTP status is 401", async () => {
  const row = { status: "reuse_detected", token: null };
  const { client } = recorder({ data: null, error: [row], status: 401 });
  assert.deepEqual(await chatkeep(client).rotateSession({ token: TOKEN }), { data: row, error: null });
});

test("an error of the database keeps its code, names the argument and gains the status", async () => {
  const error = { code: "PT409", message: "message_id is taken by a message with other content", details: null, hint: "h" };
  const { client } = recorder({ data: null, error, status: 409 });
  assert.deepEqual(await chatkeep(client).appendMessage(message()), {
    data: null,
    error: { ...error, status: 409, argument: "message_id", retryable: false },
  });
  const foreign = { code: "PGRST116", message: "not one row", details: "", hint: undefined };
  assert.deepEqual(await chatkeep(recorder({ data: null, error: foreign, status: 406 }).client).engine(), {
    data: null,
    error: { code: "PGRST116", status: 406, message: "not one row", details: null, hint: null, retryable: false },
  });
});

test("an answer in another shape is an error, not a wrong row", async () => {
  for (const data of [null, undefined, [], [null], [{}, {}], "text", 7]) {
    const { error } = await chatkeep(recorder({ data, error: null, status: 200 }).client).createChat();
    assert.match(error.message, /^create_chat answered in a shape/);
  }
});

test("a client that throws does not make a call throw", async () => {
  for (const thrown of [new Error("lost"), "lost", null, Object.create(null), { code: "08006", message: "lost" }]) {
    const client = { schema: () => ({ rpc: () => Promise.reject(thrown) }) };
    const { data, error } = await chatkeep(client, { retry: false }).engine();
    assert.equal(data, null);
    assert.equal(error.status, 0);
    assert.equal(typeof error.message, "string");
  }
});

test("chatkeep() throws a TypeError without a client", () => {
  for (const nothing of [undefined, null, {}, "url"]) assert.throws(() => chatkeep(nothing), TypeError);
});

test("no value of an argument makes a call throw or the module trap", async () => {
  // A linear congruential generator, so that a failure can be reproduced.
  let seed = 20_261_123;
  const random = (below) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const hostile = { get title() { throw new Error("no"); }, toJSON() { throw new Error("no"); } };
  const values = [
    undefined, null, true, 0, -0, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53, 1e300, 1n, Symbol("s"), "", ID,
    TOKEN, SUM, "\0", "\ud800", "😀", "user", "x".repeat(70_000), [], {}, [[[]]], { a: 1 },
    [{}], [{ role: "user", content: "a" }], [null], { messages: [{ role: 1 }] }, "aal1", "ready", cycle, hostile, () => {},
    new Date(), new Date(NaN), new Uint8Array(3), new ArrayBuffer(70_000), new Map(), /x/, Object.create(null),
    new Proxy({}, { get() { throw new Error("no"); } }), new Proxy({}, { ownKeys() { throw new Error("no"); } }),
  ];
  const names = [
    "title", "metadata", "chatId", "role", "content", "messageId", "parts", "parentId", "status", "model",
    "tokenCount", "before", "after", "pageSize", "userAgent", "ip", "ttl", "idleTtl", "maxSessions", "userId", "token", "replaces",
    "sourceUri", "checksum", "mimeType", "byteSize", "tags", "visibility", "properties", "language", "messages", "documents",
    "chat", "leafId", "query", "olderThan", "batchSize", "sessionId", "aal", "documentId", "error", "namespace", "name",
    "storagePath", "__proto__", "constructor",
  ];
  const ck = chatkeep(recorder().client);
  const methods = Object.keys(ck);
  for (let round = 0; round < 5_000; round += 1) {
    const method = methods[random(methods.length)];
    let given = values[random(values.length)];
    if (random(8) > 0) {
      given = {};
      for (let count = random(5); count > 0; count -= 1) {
        Object.defineProperty(given, names[random(names.length)], {
          value: values[random(values.length)], enumerable: true, configurable: true,
        });
      }
    }
    const { data, error } = await ck[method](given);
    assert.ok((data === null) !== (error === null), `round ${round}: ${method}`);
  }
  assert.equal((await ck.createChat({ title: "still alive" })).error, null);
});
