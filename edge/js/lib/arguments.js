// Reads the arguments that a caller passed in one object, in camelCase: `sent` is the body of the request, `judged` is what
// core's rule checks.

import { missing } from "./rules.js";
import { refuse, Refused } from "./kinds.js";

/**
 * Reads the arguments of a call, or the keys of an item at `place` in an argument. `spec` (calls.js) lists them and has the
 * rule of core; `unknown` refuses any other key. In an item, null counts as left out, as in the database. `options` are those of
 * the client.
 */
function read(spec, given, unknown, options, place) {
  for (const key of Object.keys(given)) {
    if (!spec.arguments.some(([known]) => known === key)) unknown(spec.arguments.map(([known]) => known).join(", "), key);
  }
  try {
    return readKnown(spec, given, place !== undefined, options);
  } catch (thrown) {
    if (place === undefined || !(thrown instanceof Refused)) throw thrown;
    const { argument, message, ...refusal } = thrown.refusal;
    throw new Refused({ ...refusal, argument: `${place}.${argument}`, message: `${place}.${message}` });
  }
}

function readKnown(spec, given, isItem, options) {
  const sent = {};
  const judged = {};
  const written = [];
  for (const [name, column, kind, { required, present, absent, made } = {}] of spec.arguments) {
    const value = given[name];
    if (value === undefined || value === null) {
      if (required || (present && value === undefined)) throw new Refused(missing(column));
      if (made) sent[column] = made();
      else if (value === null && !isItem) sent[column] = null;
      else judged[name] = absent;
      continue;
    }
    const argument = kind(value, column, absent, options);
    sent[column] = argument.sent;
    judged[name] = argument.judged;
    if (argument.written !== undefined) written.push([column, argument.written]);
  }
  const refusal = spec.check?.(judged);
  if (refusal) throw new Refused(refusal);
  // The request carries a copy of the text that core judged, so no getter or toJSON can change it in between.
  for (const [column, text] of written) sent[column] = JSON.parse(text);
  return { sent, judged };
}

/** Reads the arguments of a call. Throws Refused for the first fault. */
export function readCall(call, given = {}, options = {}) {
  if (typeof given !== "object" || given === null) refuse("arguments", "must be one object", "Pass { name: value }.");
  return read(call, given, (names, key) => {
    refuse(key.slice(0, 64), `is no argument of ${call.name}`, names ? `Pass any of ${names}.` : "Pass none.");
  }, options);
}

/** A kind of argument: an array of objects, each read by `spec`. `checkCount` judges their number. */
export function items(spec, checkCount) {
  return (value, column, _, options) => {
    if (!Array.isArray(value)) refuse(column, "must be a JSON array", "Wrap the value in one.");
    const refusal = checkCount(value.length);
    if (refusal) throw new Refused(refusal);
    return { sent: value.map((item, position) => readItem(spec, item, `${column}[${position}]`, options)) };
  };
}

/** A kind of argument: one object, read by `spec`. */
export function object(spec) {
  return (value, column, _, options) => ({ sent: readItem(spec, value, column, options) });
}

function readItem(spec, item, place, options) {
  if (typeof item !== "object" || item === null || Array.isArray(item)) {
    refuse(place, "must be a JSON object", "Wrap the value in one.");
  }
  const unknown = (names) => refuse(place, "has an unknown key", `The keys are ${names}.`);
  return read(spec, item, unknown, options, place).sent;
}
