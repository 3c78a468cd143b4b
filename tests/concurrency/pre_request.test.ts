// Requests that a session token signs in, over several connections: a revocation holds for the next request, and waits for none.

import { equal } from "../journeys/assertions.ts";
import { type Caller, type Connection, NOBODY, type Row, type Stage, test } from "./connections.ts";

const CREATE = "select * from chatkeep.create_session()";
const REVOKE = "select * from chatkeep.revoke_session($1)";
const WHO = "select current_user as role, auth.uid() as id";

/** Begins a request as PostgREST does, with these headers: settings first, then pre_request. */
async function begin(
  connection: Connection,
  headers: object,
  caller: Caller = NOBODY,
  mode: "" | "read only" = "",
): Promise<void> {
  await connection.begin(caller, mode);
  await connection.rows("select set_config('request.headers', $1, true)", JSON.stringify(headers));
  await connection.rows("select chatkeep.pre_request()");
}

/** The code with which a request is refused, or its role. */
async function answer(connection: Connection, headers: object, caller: Caller = NOBODY): Promise<string> {
  try {
    await begin(connection, headers, caller);
    return (await connection.rows(WHO))[0].role;
  } catch (error) {
    return (error as Row).code;
  } finally {
    await connection.rollback();
  }
}

const bearing = (token: string) => ({ "x-chatkeep-session": token });

/** A person, a session of theirs, and the JWT that an application mints for it. */
async function session(stage: Stage) {
  const ada = await stage.person();
  const [{ token, session_id }] = await (await stage.connection()).request(ada, CREATE);
  const jwt: Caller = { ...ada, claims: JSON.stringify({ ...JSON.parse(ada.claims), session_id }) };
  return { ada, token, session_id, jwt };
}

test("a revocation waits for no running request, and the next request is refused", async (stage) => {
  const { ada, token, session_id, jwt } = await session(stage);
  const [runs, other, revokes] = await stage.connections(3);
  await begin(runs, bearing(token));
  await runs.rows("select * from chatkeep.create_chat('while it lives')");
  await begin(other, {}, jwt);
  // Neither request has ended. A lock on the session would make this wait for them.
  const [{ status }] = await revokes.request(ada, REVOKE, session_id);
  equal(status, "revoked", "the revocation while requests run");
  equal((await runs.rows(WHO))[0], { role: "authenticated", id: ada.id }, "the running request");
  equal(await answer(revokes, bearing(token)), "PT401", "the next request with the token");
  equal(await answer(revokes, {}, jwt), "PT401", "the next request with the JWT");
  await runs.commit();
  await other.commit();
});

test("a revocation that is not committed yet refuses nothing", async (stage) => {
  const { ada, token, session_id, jwt } = await session(stage);
  const [revokes, asks] = await stage.connections(2);
  await revokes.begin(ada);
  await revokes.rows(REVOKE, session_id);
  equal(
    [await answer(asks, bearing(token)), await answer(asks, {}, jwt)],
    ["authenticated", "authenticated"],
    "before the commit",
  );
  await revokes.commit();
  equal([await answer(asks, bearing(token)), await answer(asks, {}, jwt)], ["PT401", "PT401"], "after the commit");
});

test("the requests of a disabled user are refused", async (stage) => {
  const { ada, token, jwt } = await session(stage);
  const [asks] = await stage.connections(1);
  const owner = await stage.owner();
  await owner.rows("update chatkeep.users set disabled_at = now() where id = $1", ada.id);
  equal([await answer(asks, bearing(token)), await answer(asks, {}, jwt)], ["PT401", "PT401"], "a disabled user");
});

test("nothing of a request stays on its connection", async (stage) => {
  const { token } = await session(stage);
  const [connection] = await stage.connections(1);
  for (const end of ["commit", "rollback"] as const) {
    await begin(connection, bearing(token));
    await connection[end]();
    const [left] = await connection.rows(
      `select current_user as role, concat(${
        [
          "request.headers",
          "request.cookies",
          "request.jwt.claims",
          "request.jwt.claim.sub",
          "chatkeep.presented",
          "chatkeep.writing",
        ]
          .map((name) => `current_setting('${name}', true)`).join(", ")
      }) as settings`,
    );
    equal(left, { role: "authenticator", settings: "" }, `after ${end}`);
    equal(await answer(connection, {}), "anon", "the next request on the connection");
  }
});

test("requests of many sessions on one connection are each their own user", async (stage) => {
  const sessions = await Promise.all(Array.from({ length: 8 }, () => session(stage)));
  const [connection] = await stage.connections(1);
  for (const { ada, token, jwt } of [...sessions, ...sessions.reverse()]) {
    for (const [headers, caller] of [[bearing(token), NOBODY], [{}, jwt], [bearing(token), jwt]] as const) {
      await begin(connection, headers, caller, "read only");
      equal((await connection.rows(WHO))[0], { role: "authenticated", id: ada.id }, "who calls");
      await connection.commit();
    }
  }
});
