// The calls: for each the rule of core that judges its arguments, and the effect of a repetition. Names, arguments, defaults and
// the shape of the answer come from the declarations in SQL (signatures.js).

import { items, object } from "./arguments.js";
import { isSessionToken, uuidv7 } from "./identity.js";
import { bytes, choice, interval, json, messageJson, messageText, number, place, text, texts, time, uuid, uuids } from "./kinds.js";
import * as rules from "./rules.js";
import { ANSWERS, JUDGED, SIGNATURES } from "./signatures.js";

// The kinds of arguments (kinds.js) by SQL type.
const KINDS = {
  text,
  "text[]": texts,
  uuid,
  "uuid[]": uuids,
  bytea: bytes,
  boolean: choice,
  integer: number,
  bigint: number,
  interval,
  jsonb: json,
  "timestamp with time zone": time,
};

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

// An argument for arguments.js: its name in JavaScript, its name in SQL, its kind, and options:
//   required   the argument may be neither left out nor null
//   present    the argument may not be left out; the database judges null
//   absent     the value that core judges if the argument is left out
//   made       makes the value if the argument is left out or null: an idempotency key
// An argument without a default is required, except text and JSON: there core's rule refuses a missing value.
function argument([column, type, absent]) {
  const required = absent === undefined && type !== "text" && type !== "jsonb";
  return [camel(column), column, KINDS[type], { required, absent: absent ?? undefined }];
}

// The declared arguments of a call. `given` completes them by their names in SQL, where the declaration is not enough.
function declared(name, given = {}) {
  return SIGNATURES[name].map((signature) => {
    const [key, column, kind, options] = argument(signature);
    const { kind: other = kind, ...more } = given[column] ?? {};
    return [key, column, other, { ...options, ...more }];
  });
}

// What a message says, which may be stored escaped.
const said = { content: { kind: messageText }, parts: { kind: messageJson }, metadata: { kind: messageJson } };

// The same and the idempotency key, for a single message and in a batch.
const newMessage = { message_id: { made: uuidv7 }, ...said };

const without = (list, ...columns) => list.filter(([, column]) => !columns.includes(column));

// The rule of core for a call, which judges its arguments in the order of its binding (edge/src/arguments.rs).
function ruleOf(name) {
  const rule = rules[camel(`check_${name}`)];
  const names = JUDGED[name].map(camel);
  return (judged) => rule(...names.map((argument) => judged[argument]));
}

const MESSAGE = {
  arguments: without(declared("append_message", newMessage), "chat_id", "expected_leaf"),
  check: ruleOf("append_message"),
};

// The user is that of the whole batch.
const DOCUMENT = { arguments: without(declared("register_document"), "user_id"), check: ruleOf("register_document") };

// A message of import_chat has an id instead of a message_id, and may have a time. If it has no id, the store derives one
// from the chat's id and the place of the message, so that a repetition gets the same id. So the package makes none.
const IMPORTED_MESSAGE = {
  arguments: [
    ["id", "id", uuid],
    ["createdAt", "created_at", time],
    ...without(MESSAGE.arguments, "message_id"),
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
    ["messages", "messages", items(IMPORTED_MESSAGE, rules.checkMessageCount)],
  ],
  check: ruleOf("create_chat"),
};

// `repeats` is the effect of sending a call again after its answer was lost:
//   "the same"    the same result as the first request, and no further effect
//   "for a while" the same result, as long as a rotation may be repeated
//   "more"        an unwanted effect: a second session or link, or a refusal for the worker that holds the claim
const SAME = "the same";
const WHILE = "for a while";
const MORE = "more";

const required = { required: true };
const present = { present: true };

// The calls that need more than their declaration and their rule, by their names in SQL. `given` completes the declared arguments.
const ADDITIONS = {
  create_chat: { given: { chat_id: { made: uuidv7 } } },
  list_chats: { given: { before: { kind: place } } },
  append_message: { given: newMessage },
  finish_message: { given: said },
  append_messages: { given: { messages: { kind: items(MESSAGE, rules.checkMessageCount), ...required } } },
  import_chat: { given: { chat: { kind: object(IMPORTED_CHAT), ...required } } },
  fail_stale_messages: upkeep(1_000),
  index_messages: { check: ({ batchSize }) => rules.checkUpkeep(0, batchSize, 100_000) },
  purge_chats: upkeep(100_000),
  share_chat: { repeats: ({ byLink }) => byLink ? MORE : SAME },
  create_session: { repeats: () => MORE },
  rotate_session: {
    given: { token: present },
    settle: ({ token }) => neverIssued(token, { token: null }),
    // Simultaneous rotations of one token get the same answer, so they share one request.
    joined: ({ token }) => token,
    repeats: () => WHILE,
  },
  validate_session: { given: { token: present }, settle: ({ token }) => neverIssued(token, {}) },
  revoke_other_sessions: {
    given: { token: present },
    settle: ({ token }) => isSessionToken(token) ? undefined : { status: "invalid", session_id: null, revoked: 0 },
  },
  elevate_session: { given: { token: present }, settle: ({ token }) => neverIssued(token, {}) },
  measure_usage: upkeep(100_000),
  purge_sessions: upkeep(100_000),
  take_storage_deletions: { check: ({ batchSize }) => rules.checkUpkeep(0, batchSize, 1_000) },
  register_documents: { given: { documents: { kind: items(DOCUMENT, rules.checkDocumentCount), ...required } } },
  register_content: {
    // The database computes the checksum from the bytes. The rule needs one, so it gets a valid one.
    check: (judged) => DOCUMENT.check({ ...judged, checksum: "0".repeat(64) }),
  },
  set_document_status: { repeats: ({ status }) => status === "processing" ? MORE : SAME },
};

// Readers of answers, by what signatures.js says of a call.
const SHAPES = { row, "row or none": rowOrNone, rows, string: value, Uuid: value, number: count };

/** The calls by their names in JavaScript. */
export const CALLS = Object.fromEntries(
  Object.keys(SIGNATURES).map((name) => {
    const { given, ...more } = ADDITIONS[name] ?? {};
    const check = JUDGED[name] && ruleOf(name);
    return [camel(name), { name, arguments: declared(name, given), check, answer: SHAPES[ANSWERS[name]], ...more }];
  }),
);

/** Whether a call whose answer was lost may be sent again, `elapsed` milliseconds after the first request. */
export function mayRepeat(call, judged, elapsed) {
  const repeats = call.repeats?.(judged) ?? SAME;
  // For 10 seconds a rotation returns the same token (core/src/sessions/session.rs). The rest is time for the request to arrive.
  return repeats === SAME || (repeats === WHILE && elapsed < 7_000);
}

// An upkeep call whose largest batch is `most`.
function upkeep(most) {
  return { check: ({ olderThan, batchSize }) => rules.checkUpkeep(olderThan, batchSize, most) };
}

// The shapes of answers: each function turns the gateway's answer into the caller's `data`, or returns undefined for an unknown
// shape.

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

// The answer that the database would give for a token that was never issued. The check sum shows that, so no request is needed.
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
