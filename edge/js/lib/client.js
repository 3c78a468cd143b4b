// The client: an object with a method for each call, over supabase-js or plain fetch.

import { readCall } from "./arguments.js";
import { CALLS, mayRepeat } from "./calls.js";
import { messageOf } from "./checksum.js";
import { remedyFor } from "./remedies.js";
import { dataApi } from "./rest.js";
import { DEFAULT_RETRY, sleep, withRetry } from "./retry.js";
import { streamMessage } from "./streaming.js";
import { readable } from "./unstorable.js";
import { Refused } from "./kinds.js";

/**
 * The calls of Chatkeep on a supabase-js client, or on `{ url, key, fetch?, accessToken?, headers? }`. Throws a TypeError for
 * any other connection.
 */
export function chatkeep(connection, options = {}) {
  const send = sender(connection);
  const retry = retryOf(options.retry);
  const unstorable = unstorableOf(options.unstorable);
  const calls = {};
  for (const [method, call] of Object.entries(CALLS)) {
    calls[method] = (given, more) => perform(send, call, given, { retry, unstorable, signal: more?.signal });
  }
  calls.streamMessage = async (chatId, source, more) => {
    try {
      return await streamMessage(calls, chatId, source, more);
    } catch (thrown) {
      return { data: null, error: refusalOf(CALLS.appendMessage, thrown) };
    }
  };
  return Object.freeze(calls);
}

function sender(connection) {
  if (typeof connection?.schema === "function") {
    return (name, sent, signal) => {
      const request = connection.schema("chatkeep").rpc(name, sent);
      return typeof request.abortSignal === "function" ? request.abortSignal(signal) : request;
    };
  }
  if (connection?.url && typeof connection.key === "string") return dataApi(connection);
  throw new TypeError(
    "chatkeep needs a supabase-js client, chatkeep(createClient(url, key)), or chatkeep({ url, key })",
  );
}

function retryOf(retry) {
  if (retry === false) return { ...DEFAULT_RETRY, attempts: 1 };
  return { ...DEFAULT_RETRY, ...retry };
}

function unstorableOf(unstorable = "refuse") {
  if (unstorable === "refuse" || unstorable === "escape") return unstorable;
  throw new TypeError('unstorable is "refuse" or "escape"');
}

// The current rotations, by token. If two requests in one isolate carry the same cookie, the second waits for the rotation of
// the first. Both get the same token, as they would from the database.
const underWay = new Map();

async function perform(send, call, given, options) {
  try {
    const { sent, judged } = readCall(call, given, options);
    const settled = call.settle?.(judged);
    if (settled) return { data: settled, error: null };
    const ask = () => withRetry((signal) => send(call.name, sent, signal), (elapsed) => mayRepeat(call, judged, elapsed), options);
    const key = call.joined?.(judged);
    return received(call, await (key === undefined ? ask() : together(key, ask)));
  } catch (thrown) {
    return { data: null, error: refusalOf(call, thrown) };
  }
}

function refusalOf(call, thrown) {
  if (!(thrown instanceof Refused)) return failure(call, thrown, 0, false);
  const { code, status, argument, message, hint } = thrown.refusal;
  return { code, status, argument, message, details: null, hint, retryable: false };
}

// The longest wait for the rotation of another request, in milliseconds. If the runtime ends that request, its rotation never
// resolves.
const LONGEST_WAIT = 2_000;

async function together(key, ask) {
  const known = underWay.get(key);
  const answer = known && (await Promise.race([known, sleep(LONGEST_WAIT)]));
  if (answer) return answer;
  const asked = ask();
  underWay.set(key, asked);
  try {
    return await asked;
  } finally {
    if (underWay.get(key) === asked) underWay.delete(key);
  }
}

function received(call, { data, error, status, retryable }) {
  // For an ended session the answer is 401 with the session's row as its body, and supabase-js returns that as an error.
  if (error && !Array.isArray(error)) return { data: null, error: failure(call, error, status, retryable) };
  const answer = call.answer(error ?? data);
  if (answer !== undefined) return { data: Array.isArray(answer) ? answer.map(readable) : readable(answer), error: null };
  return {
    data: null,
    error: {
      code: "",
      status: status ?? 0,
      message: `${call.name} answered in a shape that this version does not know`,
      details: null,
      hint: "Compare the version of the package with schema_version of engine().",
      retryable: false,
    },
  };
}

function failure(call, thrown, status, retryable) {
  const code = textOf(thrown?.code) ?? "";
  const message = messageOf(thrown);
  const error = {
    code,
    status: typeof status === "number" ? status : 0,
    message,
    details: textOf(thrown?.details),
    hint: remedyFor(code, message, status) ?? textOf(thrown?.hint),
    retryable,
  };
  // Chatkeep's own refusals begin with the argument at fault: `chat_id`, `messages[3].role`.
  const [argument] = message.split(" ", 1);
  const [column] = argument.split(/[.[]/, 1);
  if (/^(22023|22004|PT\d{3}|42501)$/.test(code) && call.arguments.some(([, known]) => known === column)) {
    error.argument = argument;
  }
  return error;
}

const textOf = (field) => (typeof field === "string" && field !== "" ? field : null);
