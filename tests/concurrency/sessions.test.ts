// Sessions over several connections: a token has one successor, limits hold, and revocations stay.

import { assert, equal } from "../journeys/assertions.ts";
import { type Connection, NOBODY, numbers, type Row, SERVICE, test } from "./connections.ts";

const CREATE = "select * from chatkeep.create_session()";
const ROTATE = "select * from chatkeep.rotate_session($1)";
const VALIDATE = "select * from chatkeep.validate_session($1)";

/** Calls with a token, as an anonymous client. */
async function present(connection: Connection, call: string, token: string): Promise<Row> {
  const [row] = await connection.request(NOBODY, call, token);
  return row;
}

test("32 connections that rotate one token get one successor, five times", async (stage) => {
  const ada = await stage.person();
  const connections = await stage.connections(32);
  let [{ token }] = await connections[0].request(ada, CREATE);
  for (const generation of numbers(5)) {
    const rows = await Promise.all(connections.map((connection) => present(connection, ROTATE, token)));
    const statuses = rows.map((row) => row.status).sort();
    equal(statuses, [...Array(31).fill("replayed"), "rotated"], `statuses of round ${generation}`);
    equal([...new Set(rows.map((row) => `${row.generation} ${row.token}`))].length, 1, "different successors");
    equal(rows[0].generation, generation, "the generation");
    token = rows[0].token;
  }
  equal((await present(connections[0], VALIDATE, token)).status, "valid", "the last successor");
});

test("a rotation that waits for another one rotates the token if that one is rolled back", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  const [{ token }] = await one.request(ada, CREATE);
  await one.begin(NOBODY);
  const [lost] = await one.rows(ROTATE, token);
  const waiting = other.request(NOBODY, ROTATE, token);
  await stage.waits(other, one, waiting);
  await one.rollback();
  const [kept] = await waiting;
  equal([kept.status, kept.generation], ["rotated", 1], "the rotation of the one who waited");
  assert(kept.token !== lost.token, "the successor that was rolled back came back");
  equal((await present(one, VALIDATE, lost.token)).status, "reuse_detected", "a successor that was never stored");
});

test("two sign-ins that replace one session end it once, and both succeed", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  const replace = "select * from chatkeep.create_session(replaces => $1)";
  const [old] = await one.request(ada, CREATE);
  await one.begin(ada);
  const [first] = await one.rows(replace, old.token);
  const waiting = other.request(ada, replace, old.token);
  await stage.waits(other, one, waiting);
  await one.commit();
  const [second] = await waiting;
  equal((await present(one, ROTATE, old.token)).status, "revoked", "the replaced session");
  for (const { token } of [first, second]) {
    equal((await present(one, VALIDATE, token)).status, "valid", "a new session");
  }
  const [{ reasons }] = await one.request(
    ada,
    "select array_agg(revoked_reason) as reasons from chatkeep.my_sessions where status = 'revoked'",
  );
  equal(reasons, ["replaced"], "why sessions ended");
});

test("after a concurrent rotation and revocation the token is invalid, in either order", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  const revoke = "select * from chatkeep.revoke_session($1)";
  const [first] = await one.request(ada, CREATE);
  await one.begin(NOBODY);
  const [rotated] = await one.rows(ROTATE, first.token);
  await other.request(ada, revoke, first.session_id);
  await one.commit();
  equal((await present(one, VALIDATE, rotated.token)).status, "revoked", "the successor of a rotation before");

  const [second] = await one.request(ada, CREATE);
  await one.begin(ada);
  await one.rows(revoke, second.session_id);
  const [meanwhile] = await other.request(NOBODY, ROTATE, second.token);
  await one.commit();
  equal(meanwhile.status, "rotated", "a rotation before the revocation is committed");
  for (const token of [second.token, meanwhile.token]) {
    equal((await present(other, ROTATE, token)).status, "revoked", "a token after it");
  }
});

test("others see the revocation by a spent token, unless the caller rolls it back", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  const [{ token }] = await one.request(ada, CREATE);
  const second = await present(one, ROTATE, token);
  const third = await present(one, ROTATE, second.token);
  // A caller that fails after the call rolls its own work back. No call can commit separately.
  await one.begin(NOBODY);
  equal((await one.rows(ROTATE, token))[0].status, "reuse_detected", "the verdict inside");
  await one.rollback();
  equal((await present(other, VALIDATE, third.token)).status, "valid", "the newest token after a rollback");
  const [verdict] = await one.request(
    NOBODY,
    "select r.status, current_setting('response.status', true) as http from chatkeep.rotate_session($1) r",
    token,
  );
  equal([verdict.status, verdict.http], ["reuse_detected", "401"], "the verdict of a call of its own");
  equal((await present(other, VALIDATE, third.token)).status, "revoked", "the newest token, as another connection sees it");
});

test("sixteen concurrent sessions never exceed max_sessions, and the newest stay", async (stage) => {
  const ada = await stage.person();
  const connections = await stage.connections(16);
  await connections[0].request(ada, CREATE);
  const opened = await Promise.all(
    connections.map((connection) => connection.request(ada, "select * from chatkeep.create_session(max_sessions => 3)")),
  );
  const statuses = await Promise.all(
    opened.map(async ([{ token }], index) => (await present(connections[index], VALIDATE, token)).status),
  );
  equal(statuses.filter((status) => status === "valid").length, 3, "valid tokens");
  const [one] = connections;
  const live = await one.request(ada, "select status, revoked_reason from chatkeep.my_sessions order by created_at");
  equal(live.length, 17, "sessions");
  equal(live.filter((row) => row.status === "active").length, 3, "active sessions");
  equal([...new Set(live.map((row) => row.revoked_reason))].sort(), ["limit", null].sort(), "reasons");
});

test("revoke_other_sessions and a concurrent create_session do not miss each other", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  const [{ token }] = await one.request(ada, CREATE);
  await one.begin(ada);
  await one.rows("select * from chatkeep.create_session(max_sessions => 5)");
  const waiting = other.request(ada, "select status, revoked from chatkeep.revoke_other_sessions($1)", token);
  await stage.waits(other, one, waiting);
  await one.commit();
  equal(await waiting, [{ status: "valid", revoked: 1 }], "the session that was opened meanwhile is ended");
});

test("a purge skips sessions that others hold, and two purges share the work", async (stage) => {
  const ada = await stage.person();
  const [one, other, holder] = await stage.connections(3);
  for (const _ of numbers(4)) await one.request(ada, "select from chatkeep.create_session(ttl => '1 second')");
  const owner = await stage.owner();
  await owner.rows("update chatkeep.sessions set expires_at = now() - interval '40 days' where user_id = $1", ada.id);
  const [{ id }] = await owner.rows("select id from chatkeep.sessions where user_id = $1 limit 1", ada.id);
  await holder.begin(SERVICE);
  await holder.rows("select from chatkeep.sessions where id = $1 for update", id);
  await one.begin(SERVICE);
  equal(await one.rows("select chatkeep.purge_sessions(2) as removed"), [{ removed: 2 }], "the first purge");
  equal(await other.request(SERVICE, "select chatkeep.purge_sessions() as removed"), [{ removed: 1 }], "the second");
  await one.commit();
  await holder.commit();
  equal(await other.request(SERVICE, "select chatkeep.purge_sessions() as removed"), [{ removed: 1 }], "the rows that were held");
});

test("when two devices end each other's session, one of them stays", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  const others = "select status, revoked from chatkeep.revoke_other_sessions($1)";
  const [[first], [second]] = [await one.request(ada, CREATE), await other.request(ada, CREATE)];
  await one.begin(ada);
  equal(await one.rows(others, first.token), [{ status: "valid", revoked: 1 }], "the first call");
  const waiting = other.request(ada, others, second.token);
  await stage.waits(other, one, waiting);
  await one.commit();
  equal(await waiting, [{ status: "revoked", revoked: 0 }], "the second call");
  equal((await present(one, VALIDATE, first.token)).status, "valid", "the one that is left");
});

test("a call that waits for a revocation returns revoked, and no error", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  const meanwhile = async (session: string, caller: typeof ada | typeof NOBODY, call: string, ...values: string[]) => {
    await one.begin(ada);
    await one.rows("select * from chatkeep.revoke_session($1)", session);
    const waiting = other.request(caller, call, ...values);
    await stage.waits(other, one, waiting);
    await one.commit();
    const [row] = await waiting;
    return row.status;
  };
  for (const call of [ROTATE, VALIDATE]) {
    const [{ token, session_id }] = await one.request(ada, CREATE);
    const successor = await present(one, ROTATE, token);
    await present(one, VALIDATE, successor.token);
    equal(await meanwhile(session_id, NOBODY, call, token), "revoked", `a spent token by ${call}`);
  }
  const [{ session_id }] = await one.request(ada, CREATE);
  equal(
    await meanwhile(session_id, ada, "select * from chatkeep.create_session(max_sessions => 1)"),
    "created",
    "a session that would push out the revoked one",
  );
  const reasons = await one.request(ada, "select revoked_reason from chatkeep.my_sessions order by created_at");
  equal(reasons.map((row) => row.revoked_reason), ["logout", "logout", "logout", null], "reasons");
});
