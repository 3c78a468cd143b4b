// A purge marks a chat before it removes the first message. From then on nobody can restore the chat, because a part of
// it may be missing.

import { equal } from "../journeys/assertions.ts";
import {
  APPEND,
  APPEND_BATCH,
  batch,
  type Connection,
  outcome,
  type Person,
  refused,
  SERVICE,
  type Stage,
  test,
} from "./connections.ts";
import { wholeChat } from "./whole.ts";

const PURGE = "select chatkeep.purge_chats(batch_size => $1) as removed";
const DELETE = "select deleted_at is not null as deleted from chatkeep.delete_chat($1)";
const RESTORE = "select deleted_at is null as restored, message_count from chatkeep.restore_chat($1)";
const BEING_PURGED = "chat_id names a chat that is being purged";
const MESSAGES = 30;

/** The rows to purge of one chat: its messages and the chat. */
const CHAT = MESSAGES + 1;

/** Purges all chats that other tests left. */
async function purgeAll(connection: Connection): Promise<void> {
  for (let left = 1; left > 0;) [{ removed: left }] = await connection.request(SERVICE, PURGE, 1000);
}

/** A chat with such an old deletion that the next purge begins with it. */
async function forgotten(stage: Stage, connection: Connection, person: Person): Promise<string> {
  const [{ id: chat }] = await connection.request(person, "select id from chatkeep.create_chat()");
  const contents = Array.from({ length: MESSAGES }, (_, place) => `message ${place}`);
  await connection.request(person, APPEND_BATCH, chat, batch(...contents));
  await connection.request(person, DELETE, chat);
  const owner = await stage.owner();
  await owner.rows("update chatkeep.chats set deleted_at = now() - interval '40 days' where id = $1", chat);
  return chat;
}

/** A new user with one such chat. */
async function alone(stage: Stage, purger: Connection, user: Connection): Promise<[ada: Person, chat: string]> {
  const ada = await stage.person();
  await purgeAll(purger);
  return [ada, await forgotten(stage, user, ada)];
}

/** The numbers of stored chats and messages with this chat id. */
async function left(stage: Stage, chat: string): Promise<[chats: number, messages: number]> {
  const owner = await stage.owner();
  const [{ chats, messages }] = await owner.rows(
    `select (select count(*)::int from chatkeep.chats where id = $1) as chats,
       (select count(*)::int from chatkeep.messages where chat_id = $1) as messages`,
    chat,
  );
  return [chats, messages];
}

/** Calls that would restore a deleted chat or write to it. */
const CALLS: [name: string, sends: (chat: string) => [string, ...unknown[]]][] = [
  ["restore_chat", (chat) => [RESTORE, chat]],
  ["delete_chat", (chat) => [DELETE, chat]],
  ["append_message", (chat) => [APPEND, chat, "late", crypto.randomUUID()]],
  ["append_messages", (chat) => [APPEND_BATCH, chat, batch("late", "later")]],
  ["import_chat", (chat) => [
    "select * from chatkeep.import_chat($1::text::jsonb)",
    JSON.stringify({ id: chat, messages: [{ role: "user", content: "late" }] }),
  ]],
  ["create_chat", (chat) => ["select * from chatkeep.create_chat(chat_id => $1)", chat]],
];

test("once a purge has begun with a chat, every call is refused, and the next purge continues", async (stage) => {
  const [purger, user] = await stage.connections(2);
  const [ada, chat] = await alone(stage, purger, user);
  equal((await purger.request(SERVICE, PURGE, 10))[0].removed, 10, "the rows that the first purge removed");
  for (const [name, sends] of CALLS) {
    for (const caller of name.startsWith("append") ? [ada, SERVICE] : [ada]) {
      const { code, message } = await outcome(user.request(caller, ...sends(chat)));
      equal(code, "PT410", `how ${name} ended (${message})`);
    }
  }
  for (const [statement, caller] of [[RESTORE, ada], [RESTORE, SERVICE], [DELETE, ada], [DELETE, SERVICE]] as const) {
    const { code, message } = await outcome(user.request(caller, statement, chat));
    equal([code, message], ["PT410", BEING_PURGED], `how ${statement} of ${caller.role} ended`);
  }
  equal(await left(stage, chat), [1, MESSAGES - 10], "its remaining rows");
  equal((await purger.request(SERVICE, PURGE, 1000))[0].removed, CHAT - 10, "the rows that the next purge removed");
  equal(await left(stage, chat), [0, 0], "the remaining rows at the end");
  equal(await refused(user.request(ada, RESTORE, chat)), "PT404", "a restore of what is not there any more");
});

test("a restore that waits for a purge is refused as being purged, or restores the whole chat after a rollback", async (stage) => {
  const [purger, user] = await stage.connections(2);
  for (const end of ["commit", "rollback"] as const) {
    for (
      const [statement, done] of [[RESTORE, { restored: true, message_count: MESSAGES }], [DELETE, {
        deleted: true,
      }]] as const
    ) {
      const [ada, chat] = await alone(stage, purger, user);
      await purger.begin(SERVICE);
      equal((await purger.rows(PURGE, 10))[0].removed, 10, "the rows that the purge removes");
      const work = user.request(ada, statement, chat);
      const ended = outcome(work);
      await stage.waits(user, purger, work);
      await purger[end]();
      const { code, message, rows } = await ended;
      if (end === "commit") {
        equal([code, message], ["PT410", BEING_PURGED], `how it ended: ${statement}`);
        equal(await left(stage, chat), [1, MESSAGES - 10], "its remaining rows");
      } else {
        equal([code, rows], ["accepted", [done]], `how it ended: ${statement}`);
        await user.request(ada, RESTORE, chat);
        await wholeChat(stage, chat, "the restored chat");
        equal(await left(stage, chat), [1, MESSAGES], "its remaining rows");
      }
    }
  }
});

test("a restore that waits for a complete purge finds nothing", async (stage) => {
  const [purger, user] = await stage.connections(2);
  const [ada, chat] = await alone(stage, purger, user);
  await purger.begin(SERVICE);
  equal((await purger.rows(PURGE, 1000))[0].removed, CHAT, "the rows that the purge removes");
  const work = user.request(ada, RESTORE, chat);
  const ended = refused(work);
  await stage.waits(user, purger, work);
  await purger.commit();
  equal(await ended, "PT404", "the restore");
});

test("a purge spares a chat that is being restored and does not count it", async (stage) => {
  const [purger, user] = await stage.connections(2);
  for (const size of [10, 1000]) {
    for (const end of ["commit", "rollback"] as const) {
      const [ada, chat] = await alone(stage, purger, user);
      await user.begin(ada);
      equal((await user.rows(RESTORE, chat))[0].restored, true, "the restore");
      const id = crypto.randomUUID();
      await user.rows(APPEND, chat, "back again", id);
      const work = purger.request(SERVICE, PURGE, size);
      const ended = outcome(work);
      await stage.settles(purger, work);
      await user[end]();
      const { code, message, rows } = await ended;
      equal([code, message], ["accepted", ""], "how the purge ended");
      if (end === "commit") {
        equal(rows, [{ removed: 0 }], "the rows that it removed");
        await wholeChat(stage, chat, "the restored chat");
        equal(await left(stage, chat), [1, MESSAGES + 1], "its remaining rows");
        await user.request(ada, APPEND, chat, "back again", id);
        equal(
          (await user.request(ada, APPEND, chat, "more", crypto.randomUUID()))[0].seq,
          MESSAGES + 2,
          "the next position",
        );
      } else {
        await purgeAll(purger);
        equal(await left(stage, chat), [0, 0], "the remaining rows after the purge");
      }
    }
  }
});

test("an append that waits for a purge stores nothing, whether the purge commits or not", async (stage) => {
  const [purger, user] = await stage.connections(2);
  for (const size of [10, 1000]) {
    for (const end of ["commit", "rollback"] as const) {
      for (const [name, sends] of CALLS.filter(([name]) => name.startsWith("append") || name === "import_chat")) {
        const [ada, chat] = await alone(stage, purger, user);
        await purger.begin(SERVICE);
        await purger.rows(PURGE, size);
        const work = user.request(ada, ...sends(chat));
        const ended = outcome(work);
        await stage.settles(user, work);
        await purger[end]();
        const { code, message, rows } = await ended;
        if (end === "commit" && size === 1000) {
          // The chat is gone, so an import makes it again from its own messages.
          equal(code, name === "import_chat" ? "accepted" : "PT404", `how ${name} ended (${message})`);
          equal(await left(stage, chat), name === "import_chat" ? [1, 1] : [0, 0], `the stored rows after ${name}`);
          if (name === "import_chat") equal(rows[0].message_count, 1, "the new chat");
          continue;
        }
        equal(code, "PT410", `how ${name} ended (${message})`);
        equal(
          await left(stage, chat),
          [1, end === "commit" ? MESSAGES - 10 : MESSAGES],
          `the stored rows after ${name}`,
        );
      }
    }
  }
});

test("two concurrent purges share the work and count nothing twice", async (stage) => {
  const [one, other] = await stage.connections(2);
  const [ada, first] = await alone(stage, one, other);
  const second = await forgotten(stage, other, ada);
  await one.begin(SERVICE);
  equal((await one.rows(PURGE, 10))[0].removed, 10, "the first purge");
  const work = other.request(SERVICE, PURGE, 1000);
  await stage.settles(other, work);
  await one.commit();
  const [{ removed }] = await work;
  // The second purge takes chats that the first does not hold, and counts only those.
  const remains = async () => (await Promise.all([first, second].map((chat) => left(stage, chat)))).flat();
  equal(
    (await remains()).reduce((sum, rows) => sum + rows) + 10 + removed,
    2 * CHAT,
    "the remaining rows, and the number that both removed",
  );
  await purgeAll(one);
  for (const chat of [first, second]) equal(await left(stage, chat), [0, 0], "the remaining rows");
});

test("concurrent purges, restores, deletions and appends leave each chat whole or gone", async (stage) => {
  const ada = await stage.person();
  const [purger, deleter, ...users] = await stage.connections(5);
  const owner = await stage.owner();
  await purgeAll(purger);
  const chats: string[] = [];
  for (let count = 0; count < 12; count++) chats.push(await forgotten(stage, users[0], ada));
  const codes = new Map<string, number>();
  const count = (code: string) => codes.set(code, (codes.get(code) ?? 0) + 1);
  let purging = true;
  const purge = async () => {
    for (let round = 0; round < 60; round++) {
      count(await refused(purger.request(SERVICE, PURGE, 7)));
    }
    purging = false;
  };
  const play = async (user: Connection, place: number) => {
    for (let round = place; purging; round++) {
      const chat = chats[round % chats.length];
      count(await refused(user.request(ada, RESTORE, chat)));
      count(await refused(user.request(ada, APPEND, chat, "more", crypto.randomUUID())));
    }
  };
  const forget = async () => {
    for (let round = 0; purging; round++) {
      const chat = chats[round % chats.length];
      count(await refused(deleter.request(ada, DELETE, chat)));
      await owner.rows(
        "update chatkeep.chats set deleted_at = now() - interval '40 days' where id = $1 and deleted_at is not null",
        chat,
      );
    }
  };
  await Promise.all([purge(), forget(), ...users.map(play)]);
  const unexpected = [...codes].filter(([code]) => !["accepted", "PT404", "PT410"].includes(code));
  equal(unexpected, [], "unexpected codes, and how often");
  for (const chat of chats) {
    const restored = await refused(users[0].request(ada, RESTORE, chat));
    if (restored === "accepted") await wholeChat(stage, chat, "a chat that was restored");
    else equal(["PT404", "PT410"].includes(restored), true, `a chat that is refused with ${restored}`);
  }
  await purgeAll(purger);
  for (const chat of chats) {
    const [exists] = await left(stage, chat);
    if (exists) await wholeChat(stage, chat, "a chat that is left");
    else equal(await left(stage, chat), [0, 0], "a chat that is gone");
  }
});
