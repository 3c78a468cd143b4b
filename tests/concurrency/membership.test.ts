// Users are disabled, moved to another tenant or deleted during their calls: the call happens completely, or it is
// refused and stores nothing. This covers every call that writes, at every lock that it waits for.

import { assert, equal } from "../journeys/assertions.ts";
import { type Call, callerOf, CALLS, HOLD, type Obstacle, type Scene, scene } from "./calls.ts";
import { type Connection, type Outcome, outcome, refused, SERVICE, type Stage, test } from "./connections.ts";
import { allIn, everything, liveSessions, nothingLeft, wholeChat } from "./whole.ts";

type Change = "disabled" | "moved" | "deleted";

const CHANGES: Change[] = ["disabled", "moved", "deleted"];

/** Gives the transaction a number, as a write does. */
const TRANSACTION = "select pg_current_xact_id()";

/** The statement that makes a change. */
function changing(change: Change, { person }: Scene, target: string): [statement: string, ...values: unknown[]] {
  if (change === "disabled") return ["update chatkeep.users set disabled_at = now() where id = $1", person.id];
  if (change === "moved") return ["update chatkeep.memberships set tenant_id = $2 where user_id = $1", person.id, target];
  return ["delete from auth.users where id = $1", person.id];
}

/** The connections and rows of a case. The cases use the connections one after the other. */
interface Place {
  stage: Stage;
  caller: Connection;
  /** Holds the lock that the call waits for. */
  holder: Connection;
  /** Changes the membership as the tables' owner, because service_role may not delete from auth.users. */
  administrator: Connection;
}

interface Case extends Place {
  call: Call;
  scene: Scene;
  target: string;
  /** The stored rows before the call. */
  before: string;
}

/** Plays a case for each of these calls. A failure of one does not hide failures of the others. */
async function forEach(stage: Stage, calls: Call[], play: (of: Case) => Promise<void>): Promise<void> {
  const [caller] = await stage.connections(1);
  const [holder, administrator] = [await stage.administrator(), await stage.administrator()];
  const wrong: string[] = [];
  for (const call of calls) {
    const set = await scene(stage, caller, crypto.randomUUID());
    const before = await everything(stage, set.person);
    try {
      await play({ stage, caller, holder, administrator, call, scene: set, target: crypto.randomUUID(), before });
    } catch (error) {
      wrong.push(`${call.name}: ${(error as Error).message}`);
    } finally {
      // The waiting call continues and ends.
      await Promise.all([holder, administrator, caller].map((connection) => connection.rollback()));
      await administrator.rows("delete from auth.users where id = $1", set.person.id);
    }
  }
  assert(calls.length > 0, "no call was tried");
  assert(wrong.length === 0, `${wrong.length} of ${calls.length} calls:\n${wrong.join("\n")}`);
}

/** Fails unless the call happened completely, or was refused and stored nothing, and the invariants hold. */
async function judge(of: Case, change: Change, answer: Outcome): Promise<void> {
  const { stage, caller, call, scene, target, before } = of;
  const { code, message, rows } = answer;
  if (code === "accepted") {
    assert(call.passesOver || rows.length > 0, "it succeeded and answered no row");
    assert(
      rows.every((row) => Object.values(row).some((value) => value !== null)),
      "it succeeded and answered a row of NULLs",
    );
    // An invalid token is not an error.
    const done = rows.length > 0 && (!call.done || call.done.includes(rows[0].status));
    if (done && change !== "deleted") {
      const owner = await stage.owner();
      const [row] = await owner.rows(...call.stored(scene));
      assert(row?.stored, "it succeeded, and stored nothing or half");
    }
  } else {
    assert(change !== "moved", `it was refused after its user's move: ${code} ${message}`);
    assert(["42501", "PT404"].includes(code), `it was refused with ${code} ${message}`);
    if (change !== "deleted") {
      equal(await everything(stage, scene.person), before, `rows of a call that was refused with ${code}`);
    }
  }
  if (change === "deleted") {
    await nothingLeft(stage, scene.person, call.name);
    return;
  }
  await allIn(stage, scene.person, change === "moved" ? target : scene.tenant, call.name);
  if (change === "disabled") {
    equal(await liveSessions(stage, scene.person), 0, "live sessions of the disabled user");
    const owner = await stage.owner();
    await owner.rows("update chatkeep.users set disabled_at = null where id = $1", scene.person.id);
  }
  await wholeChat(stage, scene.chat, "before the next message");
  await caller.request(scene.person, "select from chatkeep.restore_chat($1)", scene.chat);
  await caller.request(scene.person, "select from chatkeep.append_message($1, 'user', 'after')", scene.chat);
  await wholeChat(stage, scene.chat, "after the next message");
}

/** Begins the change while the call waits for a held lock, and then releases the lock. */
async function waitAndChange(of: Case, obstacle: Obstacle, change: Change): Promise<void> {
  const { stage, caller, holder, administrator, call, scene, target } = of;
  await holder.rows("begin");
  for (const hold of HOLD[obstacle]) await holder.rows(hold, ...hold.includes("$1") ? [scene.person.id] : []);
  const working = caller.request(callerOf(call, scene), ...call.sends(scene));
  const [answer, changed] = [outcome(working), { code: "" }];
  try {
    await stage.waits(caller, holder, working);
    const work = administrator.rows(...changing(change, scene, target));
    const ended = refused(work).then((code) => changed.code = code);
    await stage.settles(administrator, work);
    await holder.commit();
    await ended;
  } finally {
    await holder.rollback();
    await answer;
  }
  equal(changed.code, "accepted", `how the user was ${change}`);
  await judge(of, change, await answer);
}

for (const obstacle of Object.keys(HOLD) as Obstacle[]) {
  for (const change of CHANGES) {
    test(`a user is ${change} while a call waits for the lock of: ${obstacle}`, async (stage) => {
      const calls = CALLS.filter((call) => call.waitsFor?.includes(obstacle));
      await forEach(stage, calls, (of) => waitAndChange(of, obstacle, change));
    });
  }
}

for (const change of CHANGES) {
  test(`a user is ${change} during an open call: the call happens completely, and the change waits for calls that make rows`, async (stage) => {
    await forEach(stage, CALLS, async (of) => {
      const { caller, administrator, call, scene, target } = of;
      await caller.begin(callerOf(call, scene));
      const answer = await outcome(caller.rows(...call.sends(scene)));
      const work = administrator.rows(...changing(change, scene, target));
      const ended = refused(work);
      const waits = !call.makesRows || await stage.waitsOrEnds(administrator, caller, work);
      await stage.settles(administrator, work);
      await caller.commit();
      equal(await ended, "accepted", `how the user was ${change}`);
      equal(answer.code, "accepted", `how the call ended (${answer.message})`);
      await judge(of, change, answer);
      assert(waits, `the user was ${change} before the call's transaction had ended`);
    });
  });

  test(`a call that begins while its user is being ${change} is refused, or works in the new tenant`, async (stage) => {
    const words = { disabled: "this user is disabled", moved: "", deleted: "this user does not exist" };
    const unknown = ["PT404", "user_id names no user"];
    await forEach(stage, CALLS, async (of) => {
      const { caller, holder, administrator, call, scene, target } = of;
      // A transaction before the change goes on, and one after it has ended. So the snapshots of the call, before and after the
      // change, begin and end with the same transactions and differ in the change alone.
      await holder.rows("begin");
      await holder.rows(TRANSACTION);
      await administrator.rows("begin");
      await administrator.rows(...changing(change, scene, target));
      await (await stage.owner()).rows(TRANSACTION);
      const working = caller.request(callerOf(call, scene), ...call.sends(scene));
      const answer = outcome(working);
      const waits = await stage.waitsOrEnds(caller, administrator, working);
      await administrator.commit();
      await judge(of, change, await answer);
      if (!call.makesRows) return;
      assert(waits, "it did not wait for the change of its user");
      const { code, message } = await answer;
      const refusal = change === "deleted" && call.sentBy === SERVICE ? unknown : ["42501", words[change]];
      equal([code, message], change === "moved" ? ["accepted", ""] : refusal, "how it ended");
    });
  });

  test(`a call that waited while its user was to be ${change} succeeds if that is rolled back`, async (stage) => {
    await forEach(stage, CALLS, async (of) => {
      const { caller, administrator, call, scene, target } = of;
      await administrator.rows("begin");
      await administrator.rows(...changing(change, scene, target));
      const working = caller.request(callerOf(call, scene), ...call.sends(scene));
      const answer = outcome(working);
      await stage.waitsOrEnds(caller, administrator, working);
      await administrator.rollback();
      const { code, message } = await answer;
      equal([code, message], ["accepted", ""], "how it ended");
      await judge({ ...of, target: scene.tenant }, "moved", await answer);
    });
  });
}

for (const level of ["repeatable read", "serializable"] as const) {
  for (const change of CHANGES) {
    test(`${level}: with a snapshot from before its user was ${change}, a call happens completely or must be repeated`, async (stage) => {
      await forEach(stage, CALLS, async (of) => {
        const { caller, administrator, call, scene, target, before } = of;
        await caller.begin(callerOf(call, scene), `isolation level ${level}`);
        await caller.rows("select count(*) from pg_catalog.pg_class");
        await administrator.rows(...changing(change, scene, target));
        const answer = await outcome(caller.rows(...call.sends(scene)));
        const ended = await refused(caller.commit());
        if (answer.code === "40001" || ended === "40001") {
          if (change !== "deleted") equal(await everything(stage, scene.person), before, "the stored rows");
          return;
        }
        equal(ended, "accepted", "the commit");
        await judge(of, change, answer);
        // Otherwise the new rows would outlive the change.
        if (call.makesRows) assert(answer.code !== "accepted", "it made rows for a user who has gone");
      });
    });
  }
}
