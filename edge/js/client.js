// The typed calls. Each is a row of CALLS: the arguments in the order of the SQL signature, the rule of core that judges
// them, and the shape of the answer.

import { messageOf } from "./checksum.js";
import { isSessionToken, uuidv7 } from "./identity.js";
import {
  checkAppendMessage,
  checkCreateChat,
  checkCreateSession,
  checkListMessages,
  checkRegisterDocument,
  missing,
} from "./rules.js";
import { address, bytes, interval, json, number, Refused, refuse, text, time, uuid } from "./values.js";

const REQUIRED = { required: true };
const MONTH = 30 * 24 * 60 * 60;

// An argument: its name in JavaScript, its name in SQL, its kind, and
//   required   null and nothing are refused (where core has no rule that does it),
//   present    nothing is refused, null is for the database to judge,
//   absent     what core judges when the argument is left out: the default of the SQL signature,
//   made       what is sent when the argument is left out or null: an idempotency key.
const CALLS = {
  createChat: {
    name: "create_chat",
    arguments: [
      ["title", "title", text],
      ["metadata", "metadata", json, { absent: "{}" }],
      ["chatId", "chat_id", uuid, { made: uuidv7 }],
    ],
    check: ({ title, metadata }) => checkCreateChat(title, metadata),
    answer: row,
  },
  appendMessage: {
    name: "append_message",
    arguments: [
      ["chatId", "chat_id", uuid, REQUIRED],
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
    answer: row,
  },
  listMessages: {
    name: "list_messages",
    arguments: [
      ["chatId", "chat_id", uuid, REQUIRED],
      ["before", "before", time],
      ["after", "after", time],
      ["pageSize", "page_size", number, { absent: 50 }],
    ],
    check: ({ pageSize }) => checkListMessages(pageSize),
    answer: rows,
  },
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
  },
  rotateSession: {
    name: "rotate_session",
    arguments: [["token", "token", text, { present: true }]],
    settle: ({ token }) => neverIssued(token, { token: null }),
    answer: row,
  },
  validateSession: {
    name: "validate_session",
    arguments: [["token", "token", text, { present: true }]],
    settle: ({ token }) => neverIssued(token, {}),
    answer: row,
  },
  documentChecksum: {
    name: "document_checksum",
    arguments: [["content", "content", bytes, REQUIRED]],
    answer: value,
  },
  registerDocument: {
    name: "register_document",
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
    answer: row,
  },
  engine: { name: "engine", arguments: [], answer: row },
};

/** The calls of Chatkeep on a supabase-js client. */
export function chatkeep(supabase) {
  if (typeof supabase?.schema !== "function") {
    throw new TypeError("chatkeep needs a supabase-js client: chatkeep(createClient(url, key))");
  }
  const calls = {};
  for (const [method, call] of Object.entries(CALLS)) calls[method] = (given) => perform(supabase, call, given);
  return Object.freeze(calls);
}

async function perform(supabase, call, given) {
  try {
    const { sent, judged } = read(call, given);
    const settled = call.settle?.(judged);
    if (settled) return { data: settled, error: null };
    return received(call, await supabase.schema("chatkeep").rpc(call.name, sent));
  } catch (thrown) {
    if (thrown instanceof Refused) {
      const { code, status, argument, message, hint } = thrown.refusal;
      return { data: null, error: { code, status, argument, message, details: null, hint } };
    }
    return { data: null, error: failure(call, thrown, 0) };
  }
}

function read(call, given = {}) {
  if (typeof given !== "object" || given === null) refuse("arguments", "must be one object", "Pass { name: value }.");
  for (const name of Object.keys(given)) {
    if (!call.arguments.some(([known]) => known === name)) {
      const names = call.arguments.map(([known]) => known).join(", ");
      refuse(name.slice(0, 64), `is no argument of ${call.name}`, names ? `Pass any of ${names}.` : "Pass none.");
    }
  }
  const sent = {};
  const judged = {};
  const written = [];
  for (const [name, column, kind, { required, present, absent, made } = {}] of call.arguments) {
    const value = given[name];
    if (value === undefined || value === null) {
      if (required || (present && value === undefined)) throw new Refused(missing(column));
      if (made) sent[column] = made();
      else if (value === null) sent[column] = null;
      else judged[name] = absent;
      continue;
    }
    const argument = kind(value, column, absent);
    sent[column] = argument.sent;
    judged[name] = argument.judged;
    if (argument.written !== undefined) written.push([column, argument.written]);
  }
  const refusal = call.check?.(judged);
  if (refusal) throw new Refused(refusal);
  for (const [column, text] of written) sent[column] = JSON.parse(text);
  return { sent, judged };
}

function received(call, response) {
  const { data, error, status } = response;
  // A session that is over answers 401 with its row as the body, which supabase-js takes for an error.
  if (error && !Array.isArray(error)) return { data: null, error: failure(call, error, status) };
  const answer = call.answer(error ?? data);
  if (answer !== undefined) return { data: answer, error: null };
  return {
    data: null,
    error: {
      code: "",
      status: status ?? 0,
      message: `${call.name} answered in a shape that this version does not know`,
      details: null,
      hint: "Compare the version of the package with schema_version of engine().",
    },
  };
}

function row(data) {
  const first = Array.isArray(data) && data.length === 1 ? data[0] : undefined;
  return typeof first === "object" && first !== null ? first : undefined;
}

function rows(data) {
  return Array.isArray(data) ? data : undefined;
}

function value(data) {
  return typeof data === "string" ? data : undefined;
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

function failure(call, thrown, status) {
  const code = textOf(thrown?.code) ?? "";
  const message = messageOf(thrown);
  const error = {
    code,
    status: typeof status === "number" ? status : 0,
    message,
    details: textOf(thrown?.details),
    hint: textOf(thrown?.hint),
  };
  // Chatkeep's own refusals begin with the argument at fault.
  const argument = message.split(" ", 1)[0];
  if (/^(22023|22004|PT\d{3}|42501)$/.test(code) && call.arguments.some(([, column]) => column === argument)) {
    error.argument = argument;
  }
  return error;
}

const textOf = (field) => (typeof field === "string" && field !== "" ? field : null);
