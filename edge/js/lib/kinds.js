// The kinds of arguments. Each kind reads one JavaScript value, neither undefined nor null, and returns `sent` for the request
// and `judged` for core's rule. It refuses a value of the wrong type, or one that would not reach WASM unchanged, with the
// sentence that the database would use.

import { checkText, hex, invalid, isUuid, longestText } from "./rules.js";
import { escapeJson, escapeText } from "./unstorable.js";

/** Carries a refusal from the readers of arguments to the client, which returns it as an error. */
export class Refused {
  constructor(refusal) {
    this.refusal = refusal;
  }
}

export function refuse(argument, rule, hint) {
  throw new Refused(invalid(argument, rule, hint));
}

const isWellFormed = String.prototype.isWellFormed
  ? (text) => text.isWellFormed()
  : (text) => !/\p{Surrogate}/u.test(text);

const LONGEST = longestText();

// Text of this length breaks every limit, so the rest is not copied into the module.
const cut = (text) => (text.length > LONGEST ? text.slice(0, LONGEST) : text);

/** Text that core judges. */
export function text(value, argument) {
  if (typeof value !== "string") refuse(argument, "must be text", "Pass a string.");
  if (!isWellFormed(value)) {
    refuse(argument, "contains half of a surrogate pair", "Cut text between characters, not inside one.");
  }
  return { sent: value, judged: cut(value) };
}

/** Lists, of texts and of UUIDs. */
export const texts = listOf(text);
export const uuids = listOf(uuid);

/** An array whose items are of a kind. A refusal names the item. */
function listOf(kind) {
  return (value, argument) => {
    if (!Array.isArray(value)) refuse(argument, "must be a JSON array", "Wrap the value in one.");
    const read = Array.from(value, (item, place) => kind(item, `${argument}[${place}]`));
    return { sent: read.map(({ sent }) => sent), judged: read.map(({ judged }) => judged) };
  };
}

/** Text that only the database judges. */
function plain(value, argument) {
  const { sent, judged } = text(value, argument);
  if (sent.length > 1_000) refuse(argument, "is longer than 1000 characters", "Shorten it.");
  const refusal = checkText(argument, judged);
  if (refusal) throw new Refused(refusal);
  return { sent };
}

export function uuid(value, argument) {
  const { sent, judged } = text(value, argument);
  if (!isUuid(judged)) refuse(argument, "must be a UUID", "Pass the id as the store returned it, or toUuid(id) for an id of another form.");
  return { sent, judged };
}

/** Text of a message, which may be stored escaped. */
export function messageText(value, argument, _, { unstorable }) {
  return text(typeof value === "string" ? escapeText(value, unstorable === "escape") : value, argument);
}

/** JSON of a message, which may be stored escaped. */
export function messageJson(value, argument, _, { unstorable }) {
  const { sent, written: plain } = json(value, argument);
  const written = escapeJson(plain, unstorable === "escape");
  return { sent, judged: cut(written), written };
}

/** JSON. The request carries a copy of the judged text (`written`), so the value cannot change in between. */
export function json(value, argument) {
  let written;
  try {
    written = JSON.stringify(value);
  } catch {
    // Cycles, BigInt, endless nesting, a toJSON that throws.
  }
  if (written === undefined) {
    refuse(argument, "cannot be written as JSON", "Pass plain objects, arrays, strings, numbers, booleans and null.");
  }
  return { sent: value, judged: cut(written), written };
}

/** A chat of a list. The request carries what orders the list: ids and times. */
export function place(value, argument) {
  if (typeof value !== "object" || value === null) refuse(argument, "must be a JSON object", "Pass the last chat of the page before.");
  const { id, pinned_at, updated_at, deleted_at } = value;
  return json({ id, pinned_at, updated_at, deleted_at }, argument);
}

/** A number; core judges whether it is whole and in range. */
export function number(value, argument) {
  if (typeof value !== "number") refuse(argument, "must be a number", "Pass a number.");
  return { sent: value, judged: value };
}

/** A choice. */
export function choice(value, argument) {
  if (typeof value !== "boolean") refuse(argument, "must be true or false", "Pass a boolean.");
  return { sent: value, judged: value };
}

/** A point in time: a string as a row holds it, to the microsecond, or a Date. */
export function time(value, argument) {
  if (!(value instanceof Date)) {
    const { sent } = plain(value, argument);
    return { sent, judged: sent };
  }
  if (Number.isNaN(value.getTime())) refuse(argument, "must be a valid date", "Check the date, or pass created_at of a row.");
  const sent = value.toISOString();
  return { sent, judged: sent };
}

/** An interval: a number of seconds, which core judges, or text, which the database reads and judges. */
export function interval(value, argument, fallback) {
  if (typeof value !== "number") return { ...plain(value, argument), judged: fallback };
  return { sent: `${value} seconds`, judged: value };
}

/** Bytes, in PostgreSQL's text form of bytea. */
export function bytes(value, argument) {
  const content = viewOf(value);
  if (!content) refuse(argument, "must be bytes", "Pass a Uint8Array or an ArrayBuffer; encode text with TextEncoder.");
  let sent = "\\x";
  inPieces(content, (piece) => (sent += hex(piece)));
  return { sent };
}

/** The bytes of a buffer or of any view, without a copy; undefined for other values. */
export function viewOf(value) {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const kind = Object.prototype.toString.call(value);
  if (kind === "[object ArrayBuffer]" || kind === "[object SharedArrayBuffer]") return new Uint8Array(value);
  return undefined;
}

// The module's memory never shrinks, so bytes are passed in pieces. Pieces of this size hash 1 % faster than pieces of 64 KiB,
// and faster than pieces of 2 KiB, which need more calls.
const PIECE = 4 * 1024;

export function inPieces(content, take) {
  for (let start = 0; start < content.length; start += PIECE) take(content.subarray(start, start + PIECE));
}
