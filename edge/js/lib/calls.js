// The calls: for each its name in SQL, its arguments in the order of the signature, the rule of core that judges them, the
// shape of the answer, and what a repetition does.

import { items, object } from "./arguments.js";
import { isSessionToken, uuidv7 } from "./identity.js";
import {
  checkAppendMessage,
  checkAttach,
  checkCreateChat,
  checkCreateSession,
  checkDocumentCount,
  checkElevateSession,
  checkFinishMessage,
  checkListMessages,
  checkMessageCount,
  checkRegisterDocument,
  checkSearchMessages,
  checkSetDocumentStatus,
  checkTagDocument,
  checkUpkeep,
} from "./rules.js";
import { address, bytes, interval, json, number, text, time, uuid } from "./values.js";

const REQUIRED = { required: true };
const MONTH = 30 * 24 * 60 * 60;

// An argument: its name in JavaScript, its name in SQL, its kind, and
//   required   null and nothing are refused (where core has no rule that does it),
//   present    nothing is refused, null is for the database to judge,
//   absent     what core judges when the argument is left out: the default of the SQL signature,
//   made       what is sent when the argument is left out or null: an idempotency key.

const CHAT_ID = ["chatId", "chat_id", uuid, REQUIRED];
const TOKEN = ["token", "token", text, { present: true }];
const DOCUMENT_ID = ["documentId", "document_id", uuid, REQUIRED];

const MESSAGE = {
  arguments: [
    ["role", "role", text],
    ["content", "content", text],
    ["messageId", "message_id", uuid, { made: uuidv7 }],
    ["parts", "parts", json],
    ["metadata", "metadata", json, { absent: "{}" }],
    ["parentId", "parent_id", uuid],
    ["status", "status", text, { absent: "complete" }],
    ["model", "model", text],
    ["tokenCount", "token_count", number],
  ],
  check: (judged) =>
    checkAppendMessage(
      judged.role,
      judged.content,
      judged.parts,
      judged.metadata,
      judged.status,
      judged.model,
      judged.tokenCount,
    ),
};

const DOCUMENT = {
  arguments: [
    ["sourceUri", "source_uri", text],
    ["checksum", "checksum", text],
    ["title", "title", text],
    ["mimeType", "mime_type", text],
    ["byteSize", "byte_size", number],
    ["tags", "tags", json, { absent: "{}" }],
    ["visibility", "visibility", text, { absent: "private" }],
    ["properties", "properties", json, { absent: "{}" }],
  ],
  check: (judged) =>
    checkRegisterDocument(
      judged.sourceUri,
      judged.checksum,
      judged.title,
      judged.mimeType,
      judged.byteSize,
      judged.tags,
      judged.visibility,
      judged.properties,
    ),
};

// A message of import_chat has an id instead of a message_id, and may say when it was written. The store makes an id from
// the chat's and the message's place, so none is made here.
const IMPORTED_MESSAGE = {
  arguments: [
    ["id", "id", uuid],
    ["createdAt", "created_at", time],
    ...MESSAGE.arguments.filter(([name]) => name !== "messageId"),
  ],
  check: MESSAGE.check,
};

const IMPORTED_CHAT = {
  arguments: [
    ["id", "id", uuid, { made: uuidv7 }],
    ["title", "title", text],
    ["metadata", "metadata", json, { absent: "{}" }],
    ["language", "language", text, { absent: "simple" }],
    ["createdAt", "created_at", time],
    ["archivedAt", "archived_at", time],
    ["activeLeafId", "active_leaf_id", uuid],
    ["messages", "messages", items(IMPORTED_MESSAGE, checkMessageCount)],
  ],
  check: ({ title, metadata, language }) => checkCreateChat(title, metadata, language),
};

// What a repetition of a call does whose answer was lost, in `repeats`:
//   "the same"    what the first one did, or nothing,
//   "for a while" the same for as long as a rotation may be repeated,
//   "more"        something that nobody asked for: a second session, a claim that is refused to the claimer.
const SAME = "the same";
const WHILE = "for a while";
const MORE = "more";

export const CALLS = {
  createChat: {
    name: "create_chat",
    arguments: [
      ["title", "title", text],
      ["metadata", "metadata", json, { absent: "{}" }],
      ["chatId", "chat_id", uuid, { made: uuidv7 }],
      ["language", "language", text, { absent: "simple" }],
    ],
    check: ({ title, metadata, language }) => checkCreateChat(title, metadata, language),
    answer: row,
  },
  appendMessage: { name: "append_message", arguments: [CHAT_ID, ...MESSAGE.arguments], check: MESSAGE.check, answer: row },
  appendMessages: {
    name: "append_messages",
    arguments: [CHAT_ID, ["messages", "messages", items(MESSAGE, checkMessageCount), REQUIRED]],
    answer: rows,
  },
  finishMessage: {
    name: "finish_message",
    arguments: [
      CHAT_ID,
      ["messageId", "message_id", uuid, REQUIRED],
      ["content", "content", text],
      ["parts", "parts", json],
      ["status", "status", text, { absent: "complete" }],
      ["metadata", "metadata", json],
      ["tokenCount", "token_count", number],
    ],
    check: (judged) =>
      checkFinishMessage(judged.content, judged.parts, judged.status, judged.metadata, judged.tokenCount),
    answer: row,
  },
  selectBranch: {
    name: "select_branch",
    arguments: [CHAT_ID, ["leafId", "leaf_id", uuid, REQUIRED]],
    answer: row,
  },
  listMessages: {
    name: "list_messages",
    arguments: [
      CHAT_ID,
      ["before", "before", time],
      ["after", "after", time],
      ["pageSize", "page_size", number, { absent: 50 }],
    ],
    check: ({ pageSize }) => checkListMessages(pageSize),
    answer: rows,
  },
  searchMessages: {
    name: "search_messages",
    arguments: [
      ["query", "query", text],
      ["chatId", "chat_id", uuid],
      ["pageSize", "page_size", number, { absent: 20 }],
      ["before", "before", time],
    ],
    check: ({ query, pageSize }) => checkSearchMessages(query, pageSize),
    answer: rows,
  },
  deleteChat: { name: "delete_chat", arguments: [CHAT_ID], answer: row },
  restoreChat: { name: "restore_chat", arguments: [CHAT_ID], answer: row },
  importChat: {
    name: "import_chat",
    arguments: [["chat", "chat", object(IMPORTED_CHAT), REQUIRED]],
    answer: row,
  },
  failStaleMessages: upkeep("fail_stale_messages", { olderThan: 15 * 60, batchSize: 1_000, most: 1_000 }, rows),
  indexMessages: upkeep("index_messages", { batchSize: 1_000, most: 100_000 }, count),
  purgeChats: upkeep("purge_chats", { olderThan: MONTH, batchSize: 10_000, most: 100_000 }, count),
  createSession: {
    name: "create_session",
    arguments: [
      ["userAgent", "user_agent", text],
      ["ip", "ip", address],
      ["ttl", "ttl", interval, { absent: MONTH }],
      ["idleTtl", "idle_ttl", interval],
      ["maxSessions", "max_sessions", number],
      ["metadata", "metadata", json, { absent: "{}" }],
      ["userId", "user_id", uuid],
    ],
    check: (judged) =>
      checkCreateSession(judged.userAgent, judged.ttl, judged.idleTtl, judged.maxSessions, judged.metadata),
    answer: row,
    repeats: () => MORE,
  },
  rotateSession: {
    name: "rotate_session",
    arguments: [TOKEN],
    settle: ({ token }) => neverIssued(token, { token: null }),
    // Two rotations of one token at once would give the same answer; one request is enough.
    joined: ({ token }) => token,
    answer: row,
    repeats: () => WHILE,
  },
  validateSession: {
    name: "validate_session",
    arguments: [TOKEN],
    settle: ({ token }) => neverIssued(token, {}),
    answer: row,
  },
  revokeSession: {
    name: "revoke_session",
    arguments: [["sessionId", "session_id", uuid, REQUIRED]],
    answer: row,
  },
  revokeOtherSessions: {
    name: "revoke_other_sessions",
    arguments: [TOKEN],
    settle: ({ token }) => isSessionToken(token) ? undefined : { status: "invalid", session_id: null, revoked: 0 },
    answer: row,
  },
  revokeAllSessions: { name: "revoke_all_sessions", arguments: [["userId", "user_id", uuid]], answer: rows },
  elevateSession: {
    name: "elevate_session",
    arguments: [TOKEN, ["aal", "aal", text]],
    check: ({ aal }) => checkElevateSession(aal),
    settle: ({ token }) => neverIssued(token, {}),
    answer: row,
  },
  purgeSessions: upkeep("purge_sessions", { olderThan: MONTH, batchSize: 1_000, most: 100_000 }, count),
  documentChecksum: {
    name: "document_checksum",
    arguments: [["content", "content", bytes, REQUIRED]],
    answer: value,
  },
  registerDocument: { name: "register_document", ...DOCUMENT, answer: row },
  registerDocuments: {
    name: "register_documents",
    arguments: [["documents", "documents", items(DOCUMENT, checkDocumentCount), REQUIRED]],
    answer: rows,
  },
  registerContent: {
    name: "register_content",
    arguments: [
      ["sourceUri", "source_uri", text],
      ["content", "content", bytes, REQUIRED],
      ...DOCUMENT.arguments.filter(([name]) => !["sourceUri", "checksum", "byteSize"].includes(name)),
    ],
    // The database takes checksum and size from the bytes; any will do for the rule.
    check: (judged) => DOCUMENT.check({ ...judged, checksum: "0".repeat(64) }),
    answer: row,
  },
  setDocumentStatus: {
    name: "set_document_status",
    arguments: [DOCUMENT_ID, ["status", "status", text], ["error", "error", text]],
    check: ({ status, error }) => checkSetDocumentStatus(status, error),
    answer: row,
    repeats: ({ status }) => status === "processing" ? MORE : SAME,
  },
  tagDocument: {
    name: "tag_document",
    arguments: [
      DOCUMENT_ID,
      ["tags", "tags", json],
      ["namespace", "namespace", text, { absent: "default" }],
    ],
    check: ({ tags, namespace }) => checkTagDocument(tags, namespace),
    answer: rowOrNone,
  },
  attach: {
    name: "attach",
    arguments: [
      CHAT_ID,
      ["messageId", "message_id", uuid, REQUIRED],
      ["documentId", "document_id", uuid],
      ["name", "name", text],
      ["mimeType", "mime_type", text],
      ["byteSize", "byte_size", number],
      ["storagePath", "storage_path", text],
    ],
    check: (judged) =>
      checkAttach(judged.documentId !== undefined, judged.name, judged.mimeType, judged.byteSize, judged.storagePath),
    answer: row,
  },
  deleteDocument: { name: "delete_document", arguments: [DOCUMENT_ID], answer: row },
  engine: { name: "engine", arguments: [], answer: row },
};

/** Whether a call whose answer was lost may be sent again, `elapsed` milliseconds after it was sent first. */
export function mayRepeat(call, judged, elapsed) {
  const repeats = call.repeats?.(judged) ?? SAME;
  // A rotation gives the same token for 10 seconds (core/src/session.rs); what is on its way has to arrive in time.
  return repeats === SAME || (repeats === WHILE && elapsed < 7_000);
}

function upkeep(name, { olderThan, batchSize, most }, answer) {
  const size = ["batchSize", "batch_size", number, { absent: batchSize }];
  const age = ["olderThan", "older_than", interval, { absent: olderThan }];
  return {
    name,
    arguments: olderThan === undefined ? [size] : [age, size],
    check: (judged) => checkUpkeep(olderThan === undefined ? 0 : judged.olderThan, judged.batchSize, most),
    answer,
  };
}

// Answers: each takes what the gateway sent and gives what the caller gets, or undefined for a shape that is not known.

function row(data) {
  const first = Array.isArray(data) && data.length === 1 ? data[0] : undefined;
  return typeof first === "object" && first !== null ? first : undefined;
}

function rowOrNone(data) {
  return Array.isArray(data) && data.length === 0 ? null : row(data);
}

function rows(data) {
  return Array.isArray(data) ? data : undefined;
}

function value(data) {
  return typeof data === "string" ? data : undefined;
}

function count(data) {
  return typeof data === "number" ? data : undefined;
}

// The database's own answer, without asking it: the check sum says that nobody was ever given this token.
function neverIssued(token, more) {
  if (isSessionToken(token)) return undefined;
  return {
    status: "invalid",
    ...more,
    session_id: null,
    user_id: null,
    tenant_id: null,
    generation: null,
    expires_at: null,
    idle_expires_at: null,
  };
}
