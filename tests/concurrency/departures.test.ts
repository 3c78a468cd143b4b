// Work in progress while a user is disabled, moved to another tenant or deleted: new sessions, colleagues with a shared
// document, the search table.

import { assert, equal } from "../journeys/assertions.ts";
import { type Scene, scene, sum } from "./calls.ts";
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
import { liveSessions, nothingLeft, wholeChat } from "./whole.ts";

const CHANGES = {
  moved: "update chatkeep.memberships set tenant_id = gen_random_uuid() where user_id = $1",
  deleted: "delete from auth.users where id = $1",
};

// Sessions -----------------------------------------------------------------------------------------

test("eight clients open sessions while a ninth disables the user: no live session is left, for twenty users", async (stage) => {
  const [administrator, ...clients] = await stage.connections(9);
  for (const round of numbers(20)) {
    const user = await stage.person(crypto.randomUUID());
    const codes = new Set<string>();
    const opening = background(Promise.all(clients.map(async (client, place) => {
      // Half of them use max_sessions, which takes other locks.
      const open = place % 2
        ? "select from chatkeep.create_session()"
        : "select from chatkeep.create_session(max_sessions => 50)";
      for (let code = "accepted"; code === "accepted";) codes.add(code = await refused(client.request(user, open)));
    })));
    await stage.until("a session is open", async () => await liveSessions(stage, user) > 8);
    await administrator.request(SERVICE, "update chatkeep.users set disabled_at = now() where id = $1", user.id);
    await opening;
    equal(await liveSessions(stage, user), 0, `live sessions of user ${round}`);
    equal([...codes], ["accepted", "42501"], `how calls ended, user ${round}`);
  }
});

test("revoke_all_sessions ends sessions that are being created", async (stage) => {
  const [opener, ender] = await stage.connections(2);
  const user = await stage.person(crypto.randomUUID());
  const all = "select id from chatkeep.revoke_all_sessions()";
  const ending: [string, typeof SERVICE, string, (token: string) => unknown[]][] = [
    ["the user", user, all, () => []],
    ["service_role", SERVICE, "select id from chatkeep.revoke_all_sessions($1)", () => [user.id]],
    ["the user on another device", user, "select from chatkeep.revoke_other_sessions($1)", (token) => [token]],
  ];
  for (const [who, caller, statement, values] of ending) {
    for (
      const open of [
        "select * from chatkeep.create_session()",
        "select * from chatkeep.create_session(max_sessions => 5)",
      ]
    ) {
      const [{ token, session_id }] = await ender.request(user, open);
      await opener.begin(user);
      const [opened] = await opener.rows(open);
      const work = ender.request(caller, statement, ...values(token));
      const waits = await stage.waitsOrEnds(ender, opener, work);
      await opener.commit();
      await work;
      const owner = await stage.owner();
      const live = await owner.rows(
        "select id from chatkeep.sessions where user_id = $1 and revoked_at is null",
        user.id,
      );
      const kept = who === "the user on another device" ? [{ id: session_id }] : [];
      equal(live, kept, `sessions that live after ${who} ended them beside ${open}`);
      assert(waits, `${who} did not wait for the session that was being opened by ${open}`);
      equal(
        (await opener.request(NOBODY, "select status from chatkeep.validate_session($1)", opened.token))[0].status,
        "revoked",
        "the token",
      );
      await ender.request(user, all);
    }
  }
});

test("sessions that are created, limited and ended concurrently never deadlock", async (stage) => {
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
    for (const round of numbers(60)) {
      seen.add(await refused(client.request(user, ...plays[(place + round) % plays.length])));
    }
    return [...seen];
  }));
  equal([...new Set(codes.flat())], ["accepted"], "how calls ended");
});

test("a first call during the deletion of its user makes nothing, and makes the membership if the deletion is rolled back", async (stage) => {
  const [caller] = await stage.connections(1);
  const administrator = await stage.administrator();
  const first: [statement: string, ...values: unknown[]][] = [
    ["select * from chatkeep.create_chat()"],
    ["select * from chatkeep.import_chat('{}')"],
    ["select * from chatkeep.create_session()"],
    ["select * from chatkeep.register_document('/first', $1)", sum(1)],
    [
      "select * from chatkeep.register_documents($1::text::jsonb)",
      JSON.stringify([{ source_uri: "/a", checksum: sum(1) }]),
    ],
    ["select * from chatkeep.register_content('/first', 'bytes')"],
  ];
  for (const [statement, ...values] of first) {
    for (const end of ["commit", "rollback"] as const) {
      // A user who signed in but has not called Chatkeep before.
      const user = await stage.person();
      await administrator.rows("begin");
      await administrator.rows(CHANGES.deleted, user.id);
      const work = caller.request(user, statement, ...values);
      const ended = outcome(work);
      await stage.waits(caller, administrator, work);
      await administrator[end]();
      const { code, message } = await ended;
      const expected = end === "commit" ? ["42501", "this user does not exist"] : ["accepted", ""];
      equal([code, message], expected, `how it ended after a ${end}: ${statement}`);
      if (end === "commit") await nothingLeft(stage, user, statement);
    }
  }
});

// Colleagues ---------------------------------------------------------------------------------------

/** Calls of a colleague on the shared document of a user who leaves. */
const COLLEAGUES: [name: string, statement: string, values: (of: Colleagues) => unknown[], makesRows: boolean][] = [
  ["attach", "select * from chatkeep.attach($1, $2, $3)", (of) => [of.chat, of.message, of.document], false],
  ["tag_document", "select * from chatkeep.tag_document($1, '{\"a\": 1}', 'mine')", (of) => [of.document], true],
  [
    "register_document",
    "select * from chatkeep.register_document('/mine', $1, visibility => 'tenant')",
    () => [sum(7)],
    true,
  ],
  ["register_documents", "select * from chatkeep.register_documents($1::text::jsonb)", () => [
    JSON.stringify([{ source_uri: "/mine", checksum: sum(7), visibility: "tenant" }, {
      source_uri: "/own",
      checksum: sum(8),
    }]),
  ], true],
];

interface Colleagues {
  ada: Person;
  ben: Person;
  document: string;
  chat: string;
  message: string;
}

/** Ada shares a document with Ben, who has a chat. */
async function colleagues(stage: Stage, connection: Connection): Promise<Colleagues> {
  const tenant = crypto.randomUUID();
  const [ada, ben] = [await stage.person(tenant), await stage.person(tenant)];
  const share = "select id from chatkeep.register_document('/shared', $1, visibility => 'tenant')";
  const [{ id: document }] = await connection.request(ada, share, sum(7));
  const [{ id: chat }] = await connection.request(ben, "select id from chatkeep.create_chat()");
  const [{ id: message }] = await connection.request(
    ben,
    "select id from chatkeep.append_message($1, 'user', 'see')",
    chat,
  );
  return { ada, ben, document, chat, message };
}

for (const change of ["moved", "deleted"] as const) {
  for (const who of ["owner", "colleague"] as const) {
    test(`the ${who} is ${change} while the colleague's call on a shared document is open, or before it`, async (stage) => {
      const [caller] = await stage.connections(1);
      const administrator = await stage.administrator();
      const wrong: string[] = [];
      const statement = CHANGES[change];
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
          // A document that is out of sight by then is refused as not found. A deleted colleague makes nothing. A deleted
          // owner's document is the colleague's by then.
          const gone = who === "colleague" && change === "deleted";
          const inherited = who === "owner" && change === "deleted";
          const allowed = callFirst || inherited || (name.startsWith("register") && !gone)
            ? ["accepted"]
            : gone && makesRows
            ? ["42501"]
            : ["PT404"];
          if (!allowed.includes(codes[0]) || codes[1] !== "accepted") {
            wrong.push(
              `${name}, the ${callFirst ? "call" : "change"} first: the call ${codes[0]}, the change ${codes[1]}`,
            );
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
      equal(wrong, [], "unexpected results");
    });
  }
}

// The search table ----------------------------------------------------------------------------------

/** The number of a person's messages in the search table. */
async function indexed(stage: Stage, person: Person): Promise<number> {
  const owner = await stage.owner();
  const [{ count }] = await owner.rows(
    "select count(*)::int as count from chatkeep.message_search where user_id = $1",
    person.id,
  );
  return count;
}

const INDEX = "select chatkeep.index_messages(1000) as indexed";

for (const change of ["moved", "deleted"] as const) {
  test(`indexing while a user is ${change} raises no error and loses no message, in either order`, async (stage) => {
    const [writer, indexer] = await stage.connections(2);
    const administrator = await stage.administrator();
    const index = async () => {
      for (let rows = 1; rows > 0;) [{ indexed: rows }] = await indexer.request(SERVICE, INDEX);
    };
    for (const indexFirst of [true, false]) {
      await index();
      const [goes, stays] = [
        await scene(stage, writer, crypto.randomUUID()),
        await scene(stage, writer, crypto.randomUUID()),
      ];
      for (const { person, chat, stream } of [goes, stays]) {
        await writer.request(person, "select from chatkeep.finish_message($1, $2, 'whole')", chat, stream);
      }
      if (indexFirst) {
        await indexer.begin(SERVICE);
        await indexer.rows(INDEX);
        const work = administrator.rows(CHANGES[change], goes.person.id);
        const changed = refused(work);
        await stage.settles(administrator, work);
        await indexer.commit();
        equal(await changed, "accepted", `how the user was ${change} after the indexing`);
      } else {
        await administrator.rows("begin");
        await administrator.rows(CHANGES[change], goes.person.id);
        const work = indexer.request(SERVICE, INDEX);
        const ended = outcome(work);
        await stage.settles(indexer, work);
        await administrator.commit();
        const { code, message } = await ended;
        equal([code, message], ["accepted", ""], `how an indexing ended that met a user who is ${change}`);
      }
      await index();
      equal(await indexed(stage, stays.person), 4, "messages of another user in the index");
      equal(
        await indexed(stage, goes.person),
        change === "deleted" ? 0 : 4,
        `messages in the index of the user who was ${change}`,
      );
      if (change === "moved") {
        const found = await writer.request(
          goes.person,
          "select from chatkeep.search_messages('question', $1)",
          goes.chat,
        );
        equal(found.length, 1, "messages found after the move");
      } else await nothingLeft(stage, goes.person, "indexing");
    }
  });
}

test("indexing while writers are moved and deleted raises no error, and indexes all remaining messages", async (stage) => {
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
  // For each user who stays: the number of finished appends, and that number at the user's last move.
  const [appends, at] = [[0, 0, 0], [-1, -1, -1]];
  const written = background(
    Promise.all(writers.map(async (writer, place) => {
      for (const round of numbers(60)) {
        const stays = round % 2 === 0;
        const { person, chat } = people[place + (stays ? 3 : 0)];
        const append = writer.request(person, "select from chatkeep.append_message($1, 'user', 'pangolin')", chat);
        note("an append", stays ? ["accepted"] : ["accepted", "PT404"], await outcome(append));
        if (stays) appends[place]++;
      }
    })).finally(() => working = false),
  );
  const indexing = background((async () => {
    while (working) note("an indexing", ["accepted"], await outcome(indexer.request(SERVICE, INDEX)));
  })());
  for (const round of numbers(60)) {
    const place = round % 3;
    const { person } = staying[place];
    // At most one move per append: an append that waited for a move looks again, and must not wait for a second one.
    await stage.until("an append since the last move", async (owner) => {
      await owner.rows("select");
      return !working || appends[place] > at[place];
    });
    at[place] = appends[place];
    const move = administrator.rows("update chatkeep.memberships set tenant_id = gen_random_uuid() where user_id = $1", person.id);
    note("a move", ["accepted"], await outcome(move));
    if (round % 20 === 0) {
      const gone = administrator.rows("delete from auth.users where id = $1", going[round / 20 - 1].person.id);
      note("a deletion", ["accepted"], await outcome(gone));
    }
  }
  await Promise.all([written, indexing]);
  equal([...new Set(unexpected)], [], "unexpected results");
  for (let rows = 1; rows > 0;) [{ indexed: rows }] = await indexer.request(SERVICE, INDEX);
  for (const { person, chat } of staying) {
    await wholeChat(stage, chat, "a chat of a user who was moved");
    // Three messages come before the streaming message, at which the index stops.
    const found = await indexer.request(person, "select from chatkeep.search_messages('pangolin', $1, 200)", chat);
    equal(found.length, 30, "messages that search finds");
  }
  for (const { person } of going) await nothingLeft(stage, person, "indexing");
});

// Upkeep -------------------------------------------------------------------------------------------

/** The scheduled calls, which work for all users. Each has work for the user who leaves. */
const UPKEEP = [
  "select count(*)::int as done from chatkeep.fail_stale_messages('0')",
  "select chatkeep.purge_chats('0') as done",
  "select chatkeep.purge_sessions(1000, '0') as done",
];

for (const change of ["moved", "deleted"] as const) {
  test(`upkeep while a user is ${change} raises no error, in either order, and the next run completes the rest`, async (stage) => {
    const [user, worker] = await stage.connections(2);
    const administrator = await stage.administrator();
    for (const upkeep of UPKEEP) {
      for (const upkeepFirst of [true, false]) {
        const goes = await scene(stage, user, crypto.randomUUID());
        await user.request(goes.person, "select from chatkeep.revoke_session($1)", goes.other);
        let codes: [upkeep: string, change: string];
        if (upkeepFirst) {
          await worker.begin(SERVICE);
          const ran = await refused(worker.rows(upkeep));
          const work = administrator.rows(CHANGES[change], goes.person.id);
          const changed = refused(work);
          await stage.settles(administrator, work);
          await worker.commit();
          codes = [ran, await changed];
        } else {
          await administrator.rows("begin");
          await administrator.rows(CHANGES[change], goes.person.id);
          const work = worker.request(SERVICE, upkeep);
          const ran = refused(work);
          await stage.settles(worker, work);
          await administrator.commit();
          codes = [await ran, "accepted"];
        }
        equal(codes, ["accepted", "accepted"], `${upkeep} ${upkeepFirst ? "before" : "after"} the user was ${change}`);
        for (const again of UPKEEP) {
          for (let done = 1; done > 0;) [{ done }] = await worker.request(SERVICE, again);
        }
        if (change === "deleted") {
          await nothingLeft(stage, goes.person, upkeep);
          continue;
        }
        await wholeChat(stage, goes.chat, upkeep);
        const left = await (await stage.owner()).rows(
          `select (select count(*)::int from chatkeep.chats where id = $1) as chats,
             (select count(*)::int from chatkeep.sessions where id = $2) as sessions,
             (select status from chatkeep.messages where id = $3) as status`,
          goes.trash,
          goes.other,
          goes.stream,
        );
        equal(left, [{ chats: 0, sessions: 0, status: "failed" }], `the remaining rows after another ${upkeep}`);
      }
    }
  });
}
