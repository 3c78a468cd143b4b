// The cookie of a session.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chatkeepPackage } from "./support/package.mjs";

const { endedSessionCookie, sessionCookie, sessionTokenOf } = chatkeepPackage;
// The vector of core/src/sessions/session.rs.
const token = "cks_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB1FjHWytHoFlPu2NPq1RWpqtG2ewhWMLjPsst8g";

test("a session's cookie is for this host alone, needs TLS and is hidden from scripts", () => {
  assert.equal(sessionCookie({ token }), `__Host-chatkeep=${token}; Path=/; Secure; HttpOnly; SameSite=Lax`);
  assert.match(sessionCookie({ token }, { sameSite: "Strict" }), /; SameSite=Strict$/);
  for (const cookie of [sessionCookie({ token }), endedSessionCookie()]) assert.doesNotMatch(cookie, /domain/i);
});

test("the cookie lasts as long as the session, at most 400 days, for both forms of a time", () => {
  const age = (expires_at) => Number(/Max-Age=(\d+)/.exec(sessionCookie({ token, expires_at }))?.[1]);
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  for (const printed of [soon, soon.replace("Z", "+00:00"), soon.replace("T", " ").replace("Z", "+00")]) {
    assert.ok(Math.abs(age(printed) - 3_600) <= 1, printed);
  }
  assert.equal(age("2999-01-01T00:00:00+00:00"), 400 * 86_400);
  assert.equal(age("2020-01-01T00:00:00+00:00"), 0);
  assert.equal(age(null), NaN);
});

test("endedSessionCookie removes the cookie", () => {
  assert.equal(endedSessionCookie(), "__Host-chatkeep=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax");
});

test("only a token becomes a cookie", () => {
  for (const odd of [undefined, null, "", "x; Domain=evil.example", `${token}\r\nX: y`, token.slice(1)]) {
    assert.throws(() => sessionCookie({ token: odd }), TypeError);
  }
  assert.throws(() => sessionCookie({ token }, { sameSite: "lax" }), TypeError);
  assert.throws(() => endedSessionCookie({ sameSite: "None; Domain=evil.example" }), TypeError);
});

test("the token is found in a request, in its headers and in the header's text", () => {
  const cookie = `a=b; __Host-chatkeep=${token}; c="d=e"`;
  const headers = new Headers({ cookie });
  for (const source of [cookie, headers, new Request("https://x.example", { headers }), { headers }]) {
    assert.equal(sessionTokenOf(source), token);
  }
  assert.equal(sessionTokenOf(sessionCookie({ token }).split(";")[0]), token);
});

test("without a cookie, or with another one or a token that was never issued, there is no token", () => {
  for (const source of [
    undefined, null, "", "a=b", `chatkeep=${token}`, `x__Host-chatkeep=${token}`, "__Host-chatkeep", "__Host-chatkeep=",
    `__Host-chatkeep=${token.replace("AQ", "AR")}`, `__Host-chatkeep=${token}x`, new Headers(), new Request("https://x.example"),
  ]) assert.equal(sessionTokenOf(source), null, String(source));
});
