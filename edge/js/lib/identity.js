// Ids and session tokens, without a request.

import { isToken, isUuid, userIdOf, uuidOfName, uuidV7 } from "./rules.js";

/** A new UUID version 7: ordered by time, with 74 random bits. */
export function uuidv7() {
  return uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
}

/** Whether a value has the form of a session token: prefix, length, alphabet and check sum. */
export function isSessionToken(value) {
  return typeof value === "string" && value.length < 100 && isToken(value);
}

/** The UUID for an id in another form, such as a nanoid: always the same one. A UUID is returned in lower case. */
export function toUuid(id) {
  if (typeof id !== "string" || id === "") throw new TypeError("toUuid takes an id: a string that is not empty");
  return isUuid(id) ? id.toLowerCase() : uuidOfName(id);
}

/** The id of the user whom a registered issuer calls `subject`: the claims iss and sub of the user's tokens. */
export function userId(issuer, subject) {
  const id = typeof issuer === "string" && typeof subject === "string" ? userIdOf(issuer, subject) : undefined;
  if (id === undefined) {
    throw new TypeError("userId takes the claims iss and sub: two strings of 1 to 500 characters; iss has no control characters");
  }
  return id;
}
