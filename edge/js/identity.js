// Identifiers and session tokens: made and read without a request.

import { isToken, uuidV7 } from "./rules.js";

/** A new UUID version 7: ordered by time, and 74 random bits. */
export function uuidv7() {
  return uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
}

/** Whether a value can be a session token at all: prefix, length, alphabet and check sum. */
export function isSessionToken(value) {
  return typeof value === "string" && value.length < 100 && isToken(value);
}
