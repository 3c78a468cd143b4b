// Users who are disabled, moved to another tenant or deleted while their calls run: a call has happened whole, or is refused
// and has stored nothing. Every call that writes, at every lock that it waits for.

import { assert, equal } from "../clients/assertions.ts";
import { type Call, callerOf, CALLS, HOLD, type Obstacle, type Scene, scene, sum } from "./calls.ts";
import {
  background,
  type Connection,
  NOBODY,
  numbers,
  type Outcome,
  outcome,
  type Person,
  refused,
  SERVICE,
  type Stage,
  test,
} from "./connections.ts";
import { allIn, everything, liveSessions, nothingLeft, wholeChat } from "./whole.ts";

type Change = "disabled" | "moved" | "deleted";

const CHANGES: Change[] = ["disabled", "moved", "deleted"];

/** Of a change: who makes it, and how. */
function changing(change: Change, { person }: Scene, target: string): [statement: string, ...values: unknown[]] {
  if (change === "disabled") return ["update chatkeep.users set disabled_at = now() where id = $1", person.id];
  if (change === "moved") return ["update chatkeep.users set tenant_id = $2 where id = $1", person.id, target];
  return ["delete from auth.users where id = $1", person.id];
}

/** Everything that a case needs; its connections are used by one case after the other. */
interface Place {
  stage: Stage;
  caller: Connection;
  /** Holds what the call waits for. */
  holder: Connection;
  /** Changes the membership: the owner of the tables, since service_role deletes nobody from auth.users. */
  administrator: Connection;
}

interface Case extends Place {
  call: Call;
  scene: Scene;
  target: string;
  /** What was stored before the call. */
  before: string;
}

/** A case for every one of these calls; what is wrong with one of them hides nothing of the others. */
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
      // What waits goes on, and ends.
      await Promise.all([holder, administrator, caller].map((connection) => connection.rollback()));
    }
  }
  assert(calls.length > 0, "no call was tried");
  assert(wrong.length === 0, `${wrong.length} of ${calls.length} calls:\n${wrong.join("\n")}`);
}

/** Fails unless the call has happened whole, or was refused and stored nothing; and unless all is in order afterwards. */
async function judge(of: Case, change: Change, answer: Outcome): Promise<void> {
  const { stage, caller, call, scene, target, before } = of;
  const { code, message, rows } = answer;
  if (code === "accepted") {
    assert(call.passesOver || rows.length > 0, "it succeeded and answered no row");
    assert(
      rows.every((row) => Object.values(row).some((value) => value !== null)),
      "it succeeded and answered a row of NULLs",
    );
    // That a token is dead is no error.
    const done = rows.length > 0 && (!call.done || call.done.includes(rows[0].status));
    if (done && change !== "deleted") {
      const owner = await stage.owner();
      const [row] = await owner.rows(...call.stored(scene));
      assert(row?.stored, "it succeeded, and stored nothing or half");
    }
  } else {
    assert(change !== "moved", `it was refused after its user's move: ${code} ${message}`);
    assert(["42501", "PT404"].includes(code), `it was refused with ${code} ${message}`);
    if (change !== "deleted") equal(await everything(stage, scene.person), before, `what a call refused with ${code} stored`);
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

/** Lets the change begin while the call waits for what somebody holds, and then lets go. */
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
  test(`a user is ${change} while a call is open: it has happened whole, and calls that make rows are waited for`, async (stage) => {
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

  test(`a call that comes while its user is being ${change} is refused, or works where the user is then`, async (stage) => {
    const words = { disabled: "this user is disabled", moved: "", deleted: "this user does not exist" };
    await forEach(stage, CALLS, async (of) => {
      const { caller, administrator, call, scene, target } = of;
      await administrator.rows("begin");
      await administrator.rows(...changing(change, scene, target));
      const working = caller.request(callerOf(call, scene), ...call.sends(scene));
      const answer = outcome(working);
      const waits = await stage.waitsOrEnds(caller, administrator, working);
      await administrator.commit();
      await judge(of, change, await answer);
      if (!call.makesRows) return;
      assert(waits, "it did not wait for the change of its user");
      const { code, message } = await answer;
      equal([code, message], change === "moved" ? ["accepted", ""] : ["42501", words[change]], "how it ended");
    });
  });

  test(`a call that waited while its user was to be ${change} goes on when that is rolled back`, async (stage) => {
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
  test(`${level}: a snapshot from before the disabling makes no row that outlives it`, async (stage) => {
    await forEach(stage, CALLS.filter((call) => call.makesRows), async (of) => {
      const { caller, administrator, call, scene } = of;
      await caller.begin(callerOf(call, scene), `isolation level ${level}`);
      await caller.rows("select count(*) from chatkeep.chats");
      await administrator.rows(...changing("disabled", scene, scene.tenant));
      const { code, message } = await outcome(caller.rows(...call.sends(scene)));
      await caller.rollback();
      assert(["40001", "42501"].includes(code), `it ended with ${code} ${message}`);
    });
  });
}

test("eight clients that open sessions while a ninth disables the user leave no live session, twenty users over", async (stage) => {
  const [administrator, ...clients] = await stage.connections(9);
  for (const round of numbers(20)) {
    const user = await stage.person(crypto.randomUUID());
    const codes = new Set<string>();
    const opening = background(Promise.all(clients.map(async (client, place) => {
      // Half of them under a limit, which takes another way.
      const open = place % 2 ? "select from chatkeep.create_session()" : "select from chatkeep.create_session(max_sessions => 50)";
      for (let code = "accepted"; code === "accepted";) codes.add(code = await refused(client.request(user, open)));
    })));
    await stage.until("a session is open", async () => await liveSessions(stage, user) > 8);
    await administrator.request(SERVICE, "update chatkeep.users set disabled_at = now() where id = $1", user.id);
    await opening;
    equal(await liveSessions(stage, user), 0, `live sessions of user ${round}`);
    equal([...codes], ["accepted", "42501"], `how calls ended, user ${round}`);
  }
});

test("whoever ends all sessions ends those that are being opened", async (stage) => {
  const [opener, ender] = await stage.connections(2);
  const user = await stage.person(crypto.randomUUID());
  const all = "select id from chatkeep.revoke_all_sessions()";
  const ending: [string, typeof SERVICE, string, (token: string) => unknown[]][] = [
    ["the user", user, all, () => []],
    ["service_role", SERVICE, "select id from chatkeep.revoke_all_sessions($1)", () => [user.id]],
    ["the user on another device", user, "select from chatkeep.revoke_other_sessions($1)", (token) => [token]],
  ];
  for (const [who, caller, statement, values] of ending) {
    for (const open of ["select * from chatkeep.create_session()", "select * from chatkeep.create_session(max_sessions => 5)"]) {
      const [{ token, session_id }] = await ender.request(user, open);
      await opener.begin(user);
      const [opened] = await opener.rows(open);
      const work = ender.request(caller, statement, ...values(token));
      const waits = await stage.waitsOrEnds(ender, opener, work);
      await opener.commit();
      await work;
      const owner = await stage.owner();
      const live = await owner.rows("select id from chatkeep.sessions where user_id = $1 and revoked_at is null", user.id);
      const kept = who === "the user on another device" ? [{ id: session_id }] : [];
      equal(live, kept, `sessions that live after ${who} ended them beside ${open}`);
      assert(waits, `${who} did not wait for the session that was being opened by ${open}`);
      equal((await opener.request(NOBODY, "select status from chatkeep.validate_session($1)", opened.token))[0].status, "revoked", "the token");
      await ender.request(user, all);
    }
  }
});

test("sessions that are opened, limited and ended at once never lock each other out", async (stage) => {
  const user = await stage.person(crypto.randomUUID());
  const clients = await stage.connections(6);
  const [{ token }] = await clients[0].request(user, "select token from chatkeep.create_session()");
  const plays: [string, ...unknown[]][] = [
    ["select from chatkeep.create_session()"],
    ["select from chatkeep.create_session(max_sessions => 3)"],
    ["select from chatkeep.revoke_all_sessions()"],
    ["select from chatkeep.revoke_other_sessions($1)", token],
  ];
  const codes = await Promise.all(clients.map(async (client, place) => {
    const seen = new Set<string>();
    for (const round of numbers(60)) seen.add(await refused(client.request(user, ...plays[(place + round) % plays.length])));
    return [...seen];
  }));
  equal([...new Set(codes.flat())], ["accepted"], "how calls ended");
});

/** What a colleague does to the shared document of somebody who goes. */
const COLLEAGUES: [name: string, statement: string, values: (of: Colleagues) => unknown[], makesRows: boolean][] = [
  ["attach", "select * from chatkeep.attach($1, $2, $3)", (of) => [of.chat, of.message, of.document], false],
  ["tag_document", "select * from chatkeep.tag_document($1, '{\"a\": 1}', 'mine')", (of) => [of.document], true],
  ["register_document", "select * from chatkeep.register_document('/mine', $1, visibility => 'tenant')", () => [sum(7)], true],
  ["register_documents", "select * from chatkeep.register_documents($1::text::jsonb)", () => [
    JSON.stringify([{ source_uri: "/mine", checksum: sum(7), visibility: "tenant" }, { source_uri: "/own", checksum: sum(8) }]),
  ], true],
];

interface Colleagues {
  ada: Person;
  ben: Person;
  document: string;
  chat: string;
  message: string;
}

/** Ada shares a document with Ben, who has a chat of his own. */
async function colleagues(stage: Stage, connection: Connection): Promise<Colleagues> {
  const tenant = crypto.randomUUID();
  const [ada, ben] = [await stage.person(tenant), await stage.person(tenant)];
  const share = "select id from chatkeep.register_document('/shared', $1, visibility => 'tenant')";
  const [{ id: document }] = await connection.request(ada, share, sum(7));
  const chat = await stage.chat(ben);
  const [{ id: message }] = await connection.request(ben, "select id from chatkeep.append_message($1, 'user', 'see')", chat);
  return { ada, ben, document, chat, message };
}

for (const change of ["moved", "deleted"] as const) {
  for (const who of ["owner", "colleague"] as const) {
    test(`the ${who} is ${change} while the colleague's call on a shared document is open, or before it`, async (stage) => {
      const [caller] = await stage.connections(1);
      const administrator = await stage.administrator();
      const wrong: string[] = [];
      const statement = change === "moved"
        ? "update chatkeep.users set tenant_id = gen_random_uuid() where id = $1"
        : "delete from auth.users where id = $1";
      for (const [name, call, values, makesRows] of COLLEAGUES) {
        for (const callFirst of [true, false]) {
          const of = await colleagues(stage, caller);
          const goes = who === "owner" ? of.ada.id : of.ben.id;
          let codes: [call: string, change: string];
          if (callFirst) {
            await caller.begin(of.ben);
            const called = await refused(caller.rows(call, ...values(of)));
            const work = administrator.rows(statement, goes);
            const changed = refused(work);
            await stage.settles(administrator, work);
            await caller.commit();
            codes = [called, await changed];
          } else {
            await administrator.rows("begin");
            await administrator.rows(statement, goes);
            const work = caller.request(of.ben, call, ...values(of));
            const called = refused(work);
            await stage.settles(caller, work);
            codes = [await administrator.commit().then(() => called), "accepted"];
          }
          // What is out of reach by then is told as such; who is deleted makes nothing.
          const gone = who === "colleague" && change === "deleted";
          const allowed = callFirst || (name.startsWith("register") && !gone)
            ? ["accepted"]
            : gone && makesRows
            ? ["42501"]
            : ["PT404"];
          if (!allowed.includes(codes[0]) || codes[1] !== "accepted") {
            wrong.push(`${name}, the ${callFirst ? "call" : "change"} first: the call ${codes[0]}, the change ${codes[1]}`);
          }
          if (gone) continue;
          const stray = await (await stage.owner()).rows(
            `select a.id from chatkeep.attachments a join chatkeep.chats c on c.id = a.chat_id
             where a.user_id = $1 and (a.tenant_id <> c.tenant_id or (a.document_id is not null and not exists (
               select from chatkeep.documents d where d.id = a.document_id and d.tenant_id = a.tenant_id)))`,
            of.ben.id,
          );
          if (stray.length) wrong.push(`${name}: an attachment is parted from its chat or document`);
          await wholeChat(stage, of.chat, `the chat of the colleague after ${name}`);
        }
      }
      equal(wrong, [], "what went wrong");
    });
  }
}

/** How many messages of a person are in the index of search. */
async function indexed(stage: Stage, person: Person): Promise<number> {
  const owner = await stage.owner();
  const [{ count }] = await owner.rows("select count(*)::int as count from chatkeep.message_search where user_id = $1", person.id);
  return count;
}

const INDEX = "select chatkeep.index_messages(1000) as indexed";

for (const change of ["moved", "deleted"] as const) {
  test(`indexing raises nothing and loses nothing beside a user who is ${change}, in either order`, async (stage) => {
    const [writer, indexer] = await stage.connections(2);
    const administrator = await stage.administrator();
    const index = async () => {
      for (let rows = 1; rows > 0;) [{ indexed: rows }] = await indexer.request(SERVICE, INDEX);
    };
    for (const indexFirst of [true, false]) {
      await index();
      const [goes, stays] = [await scene(stage, writer, crypto.randomUUID()), await scene(stage, writer, crypto.randomUUID())];
      for (const { person, chat, stream } of [goes, stays]) {
        await writer.request(person, "select from chatkeep.finish_message($1, $2, 'whole')", chat, stream);
      }
      const statement = changing(change, goes, crypto.randomUUID());
      if (indexFirst) {
        await indexer.begin(SERVICE);
        await indexer.rows(INDEX);
        const work = administrator.rows(...statement);
        const changed = refused(work);
        await stage.settles(administrator, work);
        await indexer.commit();
        equal(await changed, "accepted", `how the user was ${change} after the indexing`);
      } else {
        await administrator.rows("begin");
        await administrator.rows(...statement);
        const work = indexer.request(SERVICE, INDEX);
        const ended = outcome(work);
        await stage.settles(indexer, work);
        await administrator.commit();
        const { code, message } = await ended;
        equal([code, message], ["accepted", ""], `how an indexing ended that met a user who is ${change}`);
      }
      await index();
      equal(await indexed(stage, stays.person), 4, "messages of another user in the index");
      equal(await indexed(stage, goes.person), change === "deleted" ? 0 : 4, `messages in the index of the user who was ${change}`);
      if (change === "moved") {
        const found = await writer.request(goes.person, "select from chatkeep.search_messages('question', $1)", goes.chat);
        equal(found.length, 1, "messages found after the move");
      } else await nothingLeft(stage, goes.person, "indexing");
    }
  });
}

test("indexing beside writers who are moved and deleted raises nothing, and indexes all that is left", async (stage) => {
  const [indexer, ...writers] = await stage.connections(4);
  const administrator = await stage.administrator();
  const people: Scene[] = [];
  for (const writer of [...writers, ...writers]) people.push(await scene(stage, writer, crypto.randomUUID()));
  const [going, staying] = [people.slice(0, 3), people.slice(3)];
  const unexpected: string[] = [];
  const note = (what: string, expected: string[], { code, message }: Outcome) => {
    if (!expected.includes(code)) unexpected.push(`${what}: ${code} ${message}`);
  };
  let working = true;
  const written = background(Promise.all(writers.map(async (writer, place) => {
    for (const round of numbers(60)) {
      const { person, chat } = people[place + (round % 2 ? 0 : 3)];
      const append = writer.request(person, "select from chatkeep.append_message($1, 'user', 'pangolin')", chat);
      note("an append", ["accepted", ...going.some((of) => of.person === person) ? ["PT404"] : []], await outcome(append));
    }
  })).finally(() => working = false));
  const indexing = background((async () => {
    while (working) note("an indexing", ["accepted"], await outcome(indexer.request(SERVICE, INDEX)));
  })());
  for (const round of numbers(60)) {
    const { person } = staying[round % 3];
    const move = administrator.rows("update chatkeep.users set tenant_id = gen_random_uuid() where id = $1", person.id);
    note("a move", ["accepted"], await outcome(move));
    if (round % 20 === 0) {
      const gone = administrator.rows("delete from auth.users where id = $1", going[round / 20 - 1].person.id);
      note("a deletion", ["accepted"], await outcome(gone));
    }
  }
  await Promise.all([written, indexing]);
  equal([...new Set(unexpected)], [], "what went wrong");
  for (let rows = 1; rows > 0;) [{ indexed: rows }] = await indexer.request(SERVICE, INDEX);
  for (const { person, chat } of staying) {
    await wholeChat(stage, chat, "a chat of a user who was moved");
    // Question, answer and next stand before the streaming message, where the index waits.
    const found = await indexer.request(person, "select from chatkeep.search_messages('pangolin', $1, 200)", chat);
    equal(found.length, 30, "messages that search finds");
  }
  for (const { person } of going) await nothingLeft(stage, person, "indexing");
});
