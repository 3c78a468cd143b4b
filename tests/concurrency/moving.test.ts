// The fence around a tenant that is being moved, beside calls: what begins after its commit is refused, what was running happens
// completely or is refused, and an operator can wait until nothing older runs.

import { assert, equal } from "../journeys/assertions.ts";
import { type Call, callerOf, CALLS, HOLD, type Obstacle, type Scene, scene } from "./calls.ts";
import { APPEND, type Connection, type Outcome, outcome, SERVICE, type Stage, test } from "./connections.ts";
import { everything, wholeChat } from "./whole.ts";

const FENCE = "update chatkeep.tenants set moving_to = $2 where id = $1";

/** Of docs/people.md: the transactions that an operator waits for. */
const OLDER = "select pid from pg_stat_activity where xact_start < $1::timestamptz and pid = $2";

interface Case {
  stage: Stage;
  caller: Connection;
  holder: Connection;
  /** Sets the fence. */
  operator: Connection;
  call: Call;
  scene: Scene;
  before: string;
}

/** Plays a case for each of these calls. A failure of one does not hide failures of the others. */
async function forEach(stage: Stage, calls: Call[], play: (of: Case) => Promise<void>): Promise<void> {
  const [caller, operator] = await stage.connections(2);
  const holder = await stage.administrator();
  const owner = await stage.owner();
  const wrong: string[] = [];
  for (const call of calls) {
    const set = await scene(stage, caller, crypto.randomUUID());
    const before = await everything(stage, set.person);
    try {
      await play({ stage, caller, holder, operator, call, scene: set, before });
    } catch (error) {
      wrong.push(`${call.name}: ${(error as Error).message}`);
    } finally {
      // The waiting call continues and ends.
      await Promise.all([holder, caller].map((connection) => connection.rollback()));
      await owner.rows("delete from auth.users where id = $1", set.person.id);
    }
  }
  assert(calls.length > 0, "no call was tried");
  assert(wrong.length === 0, `${wrong.length} of ${calls.length} calls:\n${wrong.join("\n")}`);
}

/** Fails unless the call happened completely, or was refused and stored nothing. Lifts the fence. */
async function judge({ stage, operator, caller, call, scene, before }: Case, answer: Outcome): Promise<void> {
  await operator.request(SERVICE, FENCE, scene.tenant, null);
  if (answer.code === "accepted") {
    const owner = await stage.owner();
    const [row] = await owner.rows(...call.stored(scene));
    const done = answer.rows.length > 0 && (!call.done || call.done.includes(answer.rows[0].status));
    assert(!done || row?.stored, "it succeeded, and stored nothing or half");
  } else {
    equal([answer.code, answer.message], ["PT503", "the tenant is being moved"], "how it was refused");
    equal(await everything(stage, scene.person), before, "rows of a call that was refused");
  }
  await wholeChat(stage, scene.chat, "after the fence");
  await caller.request(scene.person, "select from chatkeep.restore_chat($1)", scene.chat);
  await caller.request(scene.person, APPEND, scene.chat, "after", crypto.randomUUID());
}

test("a call that begins after the commit of the fence is refused, also in an older transaction", async (stage) => {
  await forEach(stage, CALLS, async (of) => {
    const { caller, operator, call, scene } = of;
    await caller.begin(callerOf(call, scene));
    await caller.rows("select pg_current_xact_id()");
    await operator.request(SERVICE, FENCE, scene.tenant, "elsewhere");
    const answer = await outcome(caller.rows(...call.sends(scene)));
    await caller.commit();
    const reads = call.name.startsWith("validate_session");
    equal(answer.code, reads ? "accepted" : "PT503", `how the call ended (${answer.message})`);
    await judge(of, answer);
  });
});

test("the fence waits for open calls that make rows, and every open call is stored as a whole", async (stage) => {
  await forEach(stage, CALLS, async (of) => {
    const { caller, operator, call, scene } = of;
    const superuser = await stage.superuser();
    await caller.begin(callerOf(call, scene));
    const answer = await outcome(caller.rows(...call.sends(scene)));
    equal(answer.code, "accepted", `how the call ended (${answer.message})`);
    const fencing = operator.request(SERVICE, FENCE, scene.tenant, "elsewhere");
    const waits = await stage.waitsOrEnds(operator, caller, fencing);
    if (!waits) {
      // An operator who has set the fence waits for this transaction.
      await fencing;
      const [{ moment }] = await superuser.rows("select clock_timestamp() as moment");
      equal((await superuser.rows(OLDER, moment, caller.pid)).length, 1, "older transactions while the call is open");
      await caller.commit();
      equal((await superuser.rows(OLDER, moment, caller.pid)).length, 0, "older transactions afterwards");
    }
    if (waits) await caller.commit();
    await fencing;
    assert(waits || !call.makesRows, "the fence stood before the transaction of the call had ended");
    await judge(of, answer);
  });
});

for (const obstacle of Object.keys(HOLD) as Obstacle[]) {
  test(`the fence is set while a call waits for the lock of: ${obstacle}`, async (stage) => {
    await forEach(stage, CALLS.filter((call) => call.waitsFor?.includes(obstacle)), async (of) => {
      const { stage, caller, holder, operator, call, scene } = of;
      await holder.rows("begin");
      for (const hold of HOLD[obstacle]) await holder.rows(hold, ...hold.includes("$1") ? [scene.person.id] : []);
      const working = caller.request(callerOf(call, scene), ...call.sends(scene));
      const answer = outcome(working);
      await stage.waits(caller, holder, working);
      const fencing = operator.request(SERVICE, FENCE, scene.tenant, "elsewhere");
      await stage.settles(operator, fencing);
      await holder.commit();
      const ended = await answer;
      await fencing;
      await judge(of, ended);
    });
  });
}
