// The calls: for each the rule of core that judges its arguments, and what a repetition does. Names, arguments, defaults and the
// shape of the answer come from the declarations in SQL (signatures.js).

import { items, object } from "./arguments.js";
import { isSessionToken, uuidv7 } from "./identity.js";
import * as rules from "./rules.js";
import { ANSWERS, JUDGED, SIGNATURES } from "./signatures.js";
import { address, bytes, interval, json, number, text, time, uuid } from "./values.js";

// Readers of values (values.js), by SQL type.
const KINDS = {
  text,
  uuid,
  bytea: bytes,
  inet: address,
  integer: number,
  bigint: number,
  interval,
  jsonb: json,
  "timestamp with time zone": time,
};

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

// An argument for arguments.js: its name in JavaScript, its name in SQL, its kind, and
//   required   null and nothing are refused,
//   present    nothing is refused, null is for the database to judge,
//   absent     what core judges when the argument is left out,
//   made       what is sent when the argument is left out or null: an idempotency key.
// An argument without a default is required. Text and JSON are not: core's rule refuses what is missing there.
function argument([column, type, absent]) {
  const required = absent === undefined && type !== "text" && type !== "jsonb";
  return [camel(column), column, KINDS[type], { required, absent: absent ?? undefined }];
}

// The declared arguments of a call. `given` holds, by their names in SQL, what a declaration does not say of them.
function declared(name, given = {}) {
  return SIGNATURES[name].map((signature) => {
    const [key, column, kind, options] = argument(signature);
    const { kind: other = kind, ...more } = given[column] ?? {};
    return [key, column, other, { ...options, ...more }];
  });
}

// The idempotency key of a message, in a call of its own and in a batch.
const messageKey = { message_id: { made: uuidv7 } };

const without = (list, ...columns) => list.filter(([, column]) => !columns.includes(column));

// The rule of core for a call, which judges its arguments in the order of its binding (edge/src/arguments.rs).
function ruleOf(name) {
  const rule = rules[camel(`check_${name}`)];
  return (judged) => rule(...JUDGED[name].map((column) => judged[camel(column)]));
}

const MESSAGE = {
  arguments: without(declared("append_message", messageKey), "chat_id"),
  check: ruleOf("append_message"),
};

const DOCUMENT = { arguments: declared("register_document"), check: ruleOf("register_document") };

// A message of import_chat has an id instead of a message_id, and may say when it was written. The store makes an id from
// the chat's and the message's place, so none is made here.
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

// What a repetition of a call does whose answer was lost, in `repeats`:
//   "the same"    what the first one did, or nothing,
//   "for a while" the same for as long as a rotation may be repeated,
//   "more"        something that nobody asked for: a second session, a claim that is refused to the claimer.
const SAME = "the same";
const WHILE = "for a while";
const MORE = "more";

const required = { required: true };
const present = { present: true };

// What a call has beside its declaration and its rule, by its name in SQL. `given` completes the declared arguments.
const MORE_OF = {
  create_chat: { given: { chat_id: { made: uuidv7 } } },
  append_message: { given: messageKey },
  append_messages: { given: { messages: { kind: items(MESSAGE, rules.checkMessageCount), ...required } } },
  import_chat: { given: { chat: { kind: object(IMPORTED_CHAT), ...required } } },
  fail_stale_messages: upkeep(1_000),
  index_messages: { check: ({ batchSize }) => rules.checkUpkeep(0, batchSize, 100_000) },
  purge_chats: upkeep(100_000),
  create_session: { repeats: () => MORE },
  rotate_session: {
    given: { token: present },
    settle: ({ token }) => neverIssued(token, { token: null }),
    // Two rotations of one token at once would give the same answer; one request is enough.
    joined: ({ token }) => token,
    repeats: () => WHILE,
  },
  validate_session: { given: { token: present }, settle: ({ token }) => neverIssued(token, {}) },
  revoke_other_sessions: {
    given: { token: present },
    settle: ({ token }) => isSessionToken(token) ? undefined : { status: "invalid", session_id: null, revoked: 0 },
  },
  elevate_session: { given: { token: present }, settle: ({ token }) => neverIssued(token, {}) },
  purge_sessions: upkeep(100_000),
  register_documents: { given: { documents: { kind: items(DOCUMENT, rules.checkDocumentCount), ...required } } },
  register_content: {
    // The database takes checksum and size from the bytes; any will do for the rule.
    check: (judged) => DOCUMENT.check({ ...judged, checksum: "0".repeat(64) }),
  },
  set_document_status: { repeats: ({ status }) => status === "processing" ? MORE : SAME },
};

// Readers of answers, by what signatures.js says of a call.
const SHAPES = { row, "row or none": rowOrNone, rows, string: value, number: count };

/** The calls by their names in JavaScript. */
export const CALLS = Object.fromEntries(
  Object.keys(SIGNATURES).map((name) => {
    const { given, ...more } = MORE_OF[name] ?? {};
    const check = JUDGED[name] && ruleOf(name);
    return [camel(name), { name, arguments: declared(name, given), check, answer: SHAPES[ANSWERS[name]], ...more }];
  }),
);

/** Whether a call whose answer was lost may be sent again, `elapsed` milliseconds after it was sent first. */
export function mayRepeat(call, judged, elapsed) {
  const repeats = call.repeats?.(judged) ?? SAME;
  // A rotation gives the same token for 10 seconds (core/src/sessions/session.rs); what is on its way has to arrive in time.
  return repeats === SAME || (repeats === WHILE && elapsed < 7_000);
}

// `most` is the largest batch.
function upkeep(most) {
  return { check: ({ olderThan, batchSize }) => rules.checkUpkeep(olderThan, batchSize, most) };
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
