// The cookie that carries a session's token. Scripts and other hosts cannot read or set it, and browsers do not send it over
// plain HTTP. Source: RFC 6265bis, sections 4.1.2 (attributes), 4.1.3.2 (the prefix __Host-) and 5.5 (400 days at most).

import { isSessionToken } from "./identity.js";

/** Browsers accept a cookie with this prefix only with Secure and Path=/ and without Domain, so no other host can set it. */
const NAME = "__Host-chatkeep";
const LONGEST = 400 * 24 * 60 * 60;
const SAME_SITE = ["Strict", "Lax", "None"];

/**
 * The value of a Set-Cookie header for a session that createSession or rotateSession returned. The cookie lasts as long as the
 * session, or until the browser closes if `expires_at` is unknown. Throws a TypeError if the session has no token.
 */
export function sessionCookie({ token, expires_at }, { sameSite = "Lax" } = {}) {
  if (!isSessionToken(token)) throw new TypeError("sessionCookie takes a session with its token, as createSession returns it");
  if (!SAME_SITE.includes(sameSite)) throw new TypeError("sameSite must be Strict, Lax or None");
  const seconds = Math.floor((timeOf(expires_at) - Date.now()) / 1000);
  const age = Number.isNaN(seconds) ? "" : `; Max-Age=${Math.min(Math.max(seconds, 0), LONGEST)}`;
  return `${NAME}=${token}${age}; ${attributes(sameSite)}`;
}

/** The value of a Set-Cookie header that removes the cookie, for a session that has ended. */
export function endedSessionCookie({ sameSite = "Lax" } = {}) {
  if (!SAME_SITE.includes(sameSite)) throw new TypeError("sameSite must be Strict, Lax or None");
  return `${NAME}=; Max-Age=0; ${attributes(sameSite)}`;
}

/** The token in the cookie of a request, of its headers or of its Cookie header's text; null if there is none. */
export function sessionTokenOf(source) {
  const headers = source?.headers ?? source;
  const text = typeof headers?.get === "function" ? headers.get("cookie") : headers;
  if (typeof text !== "string") return null;
  for (const pair of text.split(";")) {
    const [name, ...value] = pair.split("=");
    if (name.trim() !== NAME) continue;
    const token = value.join("=").trim();
    return isSessionToken(token) ? token : null;
  }
  return null;
}

const attributes = (sameSite) => `Path=/; Secure; HttpOnly; SameSite=${sameSite}`;

/** Reads a timestamptz of a row. Gateways write it as ISO 8601 or as PostgreSQL does. */
function timeOf(timestamp) {
  if (typeof timestamp !== "string") return NaN;
  return Date.parse(timestamp.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"));
}
