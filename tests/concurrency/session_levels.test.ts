// Sessions under REPEATABLE READ and SERIALIZABLE, in read-only transactions, and the settings that a call leaves on
// its connection. A snapshot from before another client's rotation must not revoke the session.

import { equal } from "../journeys/assertions.ts";
import { type Connection, NOBODY, type Person, refused, type Row, type Stage, test } from "./connections.ts";

const CREATE = "select * from chatkeep.create_session()";
const ROTATE = "select * from chatkeep.rotate_session($1)";
const VALIDATE = "select * from chatkeep.validate_session($1)";
const REVOKE = "select status from chatkeep.revoke_session($1)";
const LIMITED = "select * from chatkeep.create_session(max_sessions => 1)";
const CONFLICT = "40001";

interface Scene {
  stage: Stage;
  ada: Person;
  one: Connection;
  other: Connection;
  /** Begins a transaction at the level and takes its snapshot. */
  look: (connection: Connection, caller?: Person) => Promise<void>;
}

/** Declares a test for each level. */
function atEachLevel(name: string, play: (scene: Scene) => Promise<void>): void {
  for (const level of ["repeatable read", "serializable"]) {
    test(`${level}: ${name}`, async (stage) => {
      const ada = await stage.person();
      const [one, other] = await stage.connections(2);
      const look = async (connection: Connection, caller?: Person) => {
        await connection.begin(caller ?? NOBODY, `isolation level ${level}`);
        await connection.rows("select count(*) from chatkeep.sessions");
      };
      await play({ stage, ada, one, other, look });
    });
  }
}

/** Calls with a token, as an anonymous client, in its own transaction. */
async function present(connection: Connection, call: string, token: string): Promise<Row> {
  const [row] = await connection.request(NOBODY, call, token);
  return row;
}

/** The stored columns of a session. */
async function stored(stage: Stage, session: string): Promise<Row> {
  const owner = await stage.owner();
  const [row] = await owner.rows(
    `select x.generation, x.previous_digest is not null as grace, s.revoked_reason
     from chatkeep_private.session_secrets x join chatkeep.sessions s on s.id = x.session_id where s.id = $1`,
    session,
  );
  return row;
}

atEachLevel("a rotation that waited for another conflicts, and a retry returns that token", async (scene) => {
  const { stage, ada, one, other, look } = scene;
  const [{ token, session_id }] = await one.request(ada, CREATE);
  await look(one);
  await look(other);
  const [rotated] = await one.rows(ROTATE, token);
  const waiting = other.rows(ROTATE, token);
  await stage.waits(other, one, waiting);
  await one.commit();
  equal(await refused(waiting), CONFLICT, "the one who waited");
  await other.rollback();
  equal(await stored(stage, session_id), { generation: 1, grace: true, revoked_reason: null }, "the stored rows");
  const replayed = await present(other, ROTATE, token);
  equal([replayed.status, replayed.token === rotated.token], ["replayed", true], "the retry");
});

atEachLevel(
  "a token is not spent because of a snapshot from before a rotation",
  async ({ stage, ada, one, other, look }) => {
    const plays = [
      { call: ROTATE, newest: false, first: CONFLICT, again: "replayed" },
      { call: ROTATE, newest: true, first: CONFLICT, again: "rotated" },
      { call: VALIDATE, newest: true, first: CONFLICT, again: "valid" },
      // The token was valid in the snapshot and still is: its grace has not passed.
      { call: VALIDATE, newest: false, first: "valid", again: "valid" },
    ];
    for (const { call, newest, first, again } of plays) {
      const [{ token, session_id }] = await one.request(ada, CREATE);
      await look(one);
      const successor = await present(other, ROTATE, token);
      const presented = newest ? successor.token : token;
      const work = one.rows(call, presented);
      const said = await work.then(([row]) => row.status, (error) => error.code);
      equal(said, first, `${newest ? "the newest" : "the older"} token in ${call}`);
      await one.rollback();
      equal((await stored(stage, session_id)).revoked_reason, null, "the reason of the revocation");
      equal((await present(one, call, presented)).status, again, "the retry");
      equal((await present(other, VALIDATE, successor.token)).status !== "revoked", true, "the session lives");
    }
  },
);

atEachLevel("the validation of an uncommitted successor waits and conflicts", async (scene) => {
  const { stage, ada, one, other, look } = scene;
  const [{ token }] = await one.request(ada, CREATE);
  await one.begin(NOBODY);
  const [successor] = await one.rows(ROTATE, token);
  await look(other);
  const waiting = other.rows(VALIDATE, successor.token);
  await stage.waits(other, one, waiting);
  await one.commit();
  equal(await refused(waiting), CONFLICT, "the validation");
  await other.rollback();
  equal((await present(other, VALIDATE, successor.token)).status, "valid", "the retry");
});

atEachLevel("a rotation from before a revocation returns an invalid token", async (scene) => {
  const { stage, ada, one, other, look } = scene;
  const [{ token, session_id }] = await one.request(ada, CREATE);
  await look(one);
  await other.request(ada, REVOKE, session_id);
  const [late] = await one.rows(ROTATE, token);
  await one.commit();
  for (const call of [ROTATE, VALIDATE]) {
    for (const dead of [token, late.token]) {
      equal((await present(other, call, dead)).status, "revoked", "a token after the revocation");
    }
  }
  equal((await stored(stage, session_id)).revoked_reason, "logout", "the revocation");

  // A spent token revokes its session. If its snapshot is from before another revocation, it conflicts and changes
  // nothing.
  const [second] = await one.request(ada, CREATE);
  const next = await present(one, ROTATE, second.token);
  await present(one, VALIDATE, next.token);
  await look(one);
  await other.request(ada, REVOKE, second.session_id);
  equal(await refused(one.rows(ROTATE, second.token)), CONFLICT, "the spent token");
  await one.rollback();
  equal((await present(one, ROTATE, second.token)).status, "revoked", "the retry");
  equal((await stored(stage, second.session_id)).revoked_reason, "logout", "the reason of the revocation");
});

atEachLevel("two revocations of one session conflict, and a retry has the same result", async (scene) => {
  const { stage, ada, one, other, look } = scene;
  const [{ session_id }] = await one.request(ada, CREATE);
  await look(one, ada);
  await look(other, ada);
  await one.rows(REVOKE, session_id);
  const waiting = other.rows(REVOKE, session_id);
  await stage.waits(other, one, waiting);
  await one.commit();
  equal(await refused(waiting), CONFLICT, "the second");
  await other.rollback();
  equal(await other.request(ada, REVOKE, session_id), [{ status: "revoked" }], "the retry");
});

atEachLevel("two new sessions with a limit conflict over the session that both end", async (scene) => {
  const { stage, ada, one, other, look } = scene;
  await one.request(ada, CREATE);
  await look(one, ada);
  await look(other, ada);
  await one.rows(LIMITED);
  const waiting = other.rows(LIMITED);
  await stage.waits(other, one, waiting);
  await one.commit();
  equal(await refused(waiting), CONFLICT, "the second");
  await other.rollback();
  equal((await other.request(ada, LIMITED))[0].status, "created", "the retry");
  const counted = await other.request(
    ada,
    "select status, count(*)::int from chatkeep.my_sessions group by status order by status",
  );
  equal(counted, [{ status: "active", count: 1 }, { status: "revoked", count: 2 }], "sessions");
});

test("serializable: two new sessions with max_sessions conflict even if there is no session to end", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  await one.begin(ada, "isolation level serializable");
  await other.begin(ada, "isolation level serializable");
  await one.rows("select count(*) from chatkeep.my_sessions");
  await other.rows("select count(*) from chatkeep.my_sessions");
  await one.rows(LIMITED);
  const waiting = other.rows(LIMITED);
  await stage.waits(other, one, waiting);
  await one.commit();
  equal(await refused(waiting.then(() => other.commit())), CONFLICT, "the second");
  await other.rollback();
  await other.request(ada, LIMITED);
  equal(
    await other.request(ada, "select status from chatkeep.my_sessions where status = 'active'"),
    [{ status: "active" }],
    "live sessions",
  );
});

test("in a read-only transaction, a token that needs a write is an error and does not end its session", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  const [{ token, session_id }] = await one.request(ada, CREATE);
  const reading = async (call: string, presented: string) => {
    await one.begin(NOBODY, "read only");
    const said = await one.rows(call, presented).then(([row]) => row.status, (error) => error.code);
    await one.rollback();
    return said;
  };
  equal(await reading(VALIDATE, token), "valid", "a validation that notes nothing");
  equal(await reading(ROTATE, token), "25006", "a rotation");
  const second = await present(other, ROTATE, token);
  equal(await reading(VALIDATE, token), "valid", "the token before, in its grace");
  equal(await reading(VALIDATE, second.token), "25006", "the first use of a successor, which ends the grace");
  const third = await present(other, ROTATE, second.token);
  for (const call of [VALIDATE, ROTATE]) {
    equal(await reading(call, token), "25006", "a spent token");
    equal(await reading(call, "nonsense"), "invalid", "text that is not a token");
  }
  equal((await stored(stage, session_id)).revoked_reason, null, "the reason of the revocation");
  equal((await present(other, VALIDATE, third.token)).status, "valid", "the newest token");
  equal((await present(other, ROTATE, token)).status, "reuse_detected", "the spent token where it can be written");
});

test("no call leaves a presented secret on its connection, whether its transaction commits or not", async (stage) => {
  const [ada, ben] = [await stage.person(), await stage.person()];
  const [pooled, other] = await stage.connections(2);
  const settings = `select coalesce(current_setting('chatkeep.presented', true), '') <> '' as presents,
    coalesce(current_setting('chatkeep.writing', true), '') <> '' as writes, count(s.id)::int as sessions
    from chatkeep.sessions s`;
  const nothing = [{ presents: false, writes: false, sessions: 0 }];
  let [{ token }] = await other.request(ada, CREATE);
  const calls: [what: string, call: string, end: "commit" | "rollback"][] = [
    ["a rotation", ROTATE, "rollback"],
    ["a rotation", ROTATE, "commit"],
    ["a replay", ROTATE, "commit"],
    ["a validation", VALIDATE, "rollback"],
  ];
  for (const [what, call, end] of calls) {
    await pooled.begin(NOBODY);
    await pooled.rows(call, token);
    equal(await pooled.rows(settings), nothing, `after ${what}`);
    await pooled.rows(end);
    equal(await pooled.request(NOBODY, settings), nothing, `after ${what} and ${end}`);
  }
  ({ token } = await present(other, ROTATE, token));
  // Calls that fail while the secret is presented.
  const failing: [code: string, caller: typeof NOBODY, call: string, ...values: string[]][] = [
    ["42501", ben, "select * from chatkeep.elevate_session($1, 'aal2')", token],
    ["42501", ada, "select * from chatkeep.elevate_session($1, 'aal2')", token],
    ["55P03", NOBODY, ROTATE, token],
  ];
  for (const [code, caller, call, ...values] of failing) {
    if (code === "55P03") {
      await other.begin(NOBODY);
      await other.rows(ROTATE, token);
    }
    await pooled.begin(caller);
    await pooled.rows("set local lock_timeout = '1ms'");
    await pooled.rows("savepoint before");
    equal(await refused(pooled.rows(call, ...values)), code, "the error");
    await pooled.rows("rollback to savepoint before");
    await pooled.rows("select set_config('role', 'anon', true)");
    equal(await pooled.rows(settings), nothing, `after an error ${code}`);
    await pooled.rollback();
    equal(await pooled.request(NOBODY, settings), nothing, `in the next transaction after an error ${code}`);
  }
  await other.rollback();
});
