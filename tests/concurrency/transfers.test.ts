// A chat that changes hands beside other transactions: whatever comes first, all of its rows have one owner and its
// order holds.

import { assert, equal } from "../journeys/assertions.ts";
import {
  APPEND,
  APPEND_AFTER,
  APPEND_BATCH,
  APPEND_STREAM,
  background,
  batch,
  type Connection,
  numbers,
  outcome,
  type Person,
  refused,
  type Row,
  SERVICE,
  type Stage,
  test,
} from "./connections.ts";
import { wholeChat } from "./whole.ts";

const TRANSFER = "select user_id from chatkeep.transfer_chat($1, $2)";
const TRANSFER_ALL = "select chats, documents from chatkeep.transfer_all($1, $2)";

/** Two members of one tenant, and a chat of the first one with two messages. */
async function scene(stage: Stage) {
  const tenant = crypto.randomUUID();
  const [ada, bob] = [await stage.person(tenant), await stage.person(tenant)];
  const chat = await stage.chat(ada);
  const connection = await stage.connection();
  const rows = await connection.request(ada, APPEND_BATCH, chat, batch("one", "two"));
  return { tenant, ada, bob, chat, first: rows[0].id as string };
}

/** Fails unless every row of the chat is this person's, and the chat is in order. */
async function ownedBy(stage: Stage, chat: string, person: Person, what: string): Promise<void> {
  const owner = await stage.owner();
  const owners = await owner.rows(
    `select distinct user_id from (
       select user_id from chatkeep.chats where id = $1 union all select user_id from chatkeep.messages where chat_id = $1
       union all select user_id from chatkeep.attachments where chat_id = $1
       union all select user_id from chatkeep.chat_summaries where chat_id = $1
       union all select user_id from chatkeep.message_search where chat_id = $1
     ) r`,
    chat,
  );
  equal(owners, [{ user_id: person.id }], `${what}: the owners of the chat's rows`);
  await wholeChat(stage, chat, what);
}

const writes = (chat: string, first: string): [string, ...unknown[]][] => [
  [APPEND, chat, "late", crypto.randomUUID()],
  [APPEND_AFTER, chat, "branch", crypto.randomUUID(), first],
  [APPEND_BATCH, chat, batch("late", "later")],
  ["select * from chatkeep.attach($1, $2, storage_path => 'x')", chat, first],
  ["select * from chatkeep.select_branch($1, $2)", chat, first],
  ["select * from chatkeep.summarise_chat($1, $2, 'so far')", chat, first],
];

test("a transfer waits for an open write and takes it along", async (stage) => {
  const { ada, bob, chat, first } = await scene(stage);
  const [writer, service] = await stage.connections(2);
  for (const [place, write] of writes(chat, first).entries()) {
    const [from, to] = place % 2 ? [bob, ada] : [ada, bob];
    await writer.begin(from);
    await writer.rows(...write);
    const transferring = service.request(SERVICE, TRANSFER, chat, to.id);
    await stage.waits(service, writer, transferring);
    await writer.commit();
    equal(await transferring, [{ user_id: to.id }], `the transfer beside ${write[0]}`);
    await ownedBy(stage, chat, to, write[0]);
  }
});

test("a write of the former owner that waits for a transfer stores nothing; that of a service goes on", async (stage) => {
  const { ada, bob, chat, first } = await scene(stage);
  const [service, writer, backend] = await stage.connections(3);
  for (const [place, write] of writes(chat, first).entries()) {
    const [from, to] = place % 2 ? [bob, ada] : [ada, bob];
    const before = (await stage.stored(chat)).length;
    await service.begin(SERVICE);
    await service.rows(TRANSFER, chat, to.id);
    const waiting = writer.request(from, ...write);
    const code = refused(waiting);
    await stage.waits(writer, service, waiting);
    await service.commit();
    equal(await code, "PT404", `how ${write[0]} ended`);
    equal((await stage.stored(chat)).length, before, `stored messages after ${write[0]}`);
    await ownedBy(stage, chat, to, write[0]);
  }
  for (const [place, write] of writes(chat, first).slice(0, 3).entries()) {
    const to = place % 2 ? ada : bob;
    const before = (await stage.stored(chat)).length;
    await service.begin(SERVICE);
    await service.rows(TRANSFER, chat, to.id);
    const waiting = backend.request(SERVICE, ...write);
    await stage.waits(backend, service, waiting);
    await service.commit();
    const { code, message, rows } = await outcome(waiting);
    equal([code, message], ["accepted", ""], `how ${write[0]} of a service ended`);
    assert(rows.length > 0, "a service gets its message back");
    equal((await stage.stored(chat)).length, before + rows.length, "stored messages");
    await ownedBy(stage, chat, to, `${write[0]} of a service`);
  }
});

test("an answer that is being finished changes hands with its chat", async (stage) => {
  const { ada, bob, chat } = await scene(stage);
  const [writer, service] = await stage.connections(2);
  const [id, other] = [crypto.randomUUID(), crypto.randomUUID()];
  await writer.request(ada, APPEND_STREAM, chat, id);
  await writer.begin(ada);
  await writer.rows("select * from chatkeep.finish_message($1, $2, 'whole')", chat, id);
  const transferring = service.request(SERVICE, TRANSFER, chat, bob.id);
  await stage.waits(service, writer, transferring);
  await writer.commit();
  await transferring;
  await ownedBy(stage, chat, bob, "a finish before the transfer");
  await writer.request(bob, APPEND_STREAM, chat, other);
  await service.begin(SERVICE);
  await service.rows(TRANSFER, chat, ada.id);
  const waiting = writer.request(bob, "select * from chatkeep.finish_message($1, $2, 'late')", chat, other);
  const code = refused(waiting);
  await stage.settles(writer, waiting);
  await service.commit();
  assert(["PT404", "42501"].includes(await code), `the former owner does not finish an answer: ${await code}`);
  equal((await stage.stored(chat)).at(-1).status, "streaming", "the answer");
  await ownedBy(stage, chat, ada, "a finish after the transfer");
});

test("a deletion beside a transfer: the chat is deleted whole with its owner, or the former owner deletes nothing", async (stage) => {
  const { ada, bob, chat } = await scene(stage);
  const [deleter, service] = await stage.connections(2);
  const DELETE = "select from chatkeep.delete_chat($1)";
  await service.begin(SERVICE);
  await service.rows(TRANSFER, chat, bob.id);
  const deleting = deleter.request(ada, DELETE, chat);
  const code = refused(deleting);
  await stage.waits(deleter, service, deleting);
  await service.commit();
  equal(await code, "PT404", "the former owner's deletion");
  await deleter.begin(bob);
  await deleter.rows(DELETE, chat);
  const transferring = service.request(SERVICE, TRANSFER, chat, ada.id);
  const ending = refused(transferring);
  await stage.waits(service, deleter, transferring);
  await deleter.commit();
  equal(await ending, "PT410", "the transfer of a deleted chat");
  await ownedBy(stage, chat, bob, "after the deletion");
});

test("of two transfers at once one gives the chat away, and a retry finds it given", async (stage) => {
  const { tenant, ada, bob, chat } = await scene(stage);
  const cyd = await stage.person(tenant);
  const [one, two] = await stage.connections(2);
  for (const [to, expected] of [[cyd, "PT409"], [bob, "accepted"]] as const) {
    await one.request(SERVICE, TRANSFER, chat, ada.id);
    await one.begin(SERVICE);
    await one.rows(TRANSFER, chat, bob.id);
    const waiting = two.request(SERVICE, TRANSFER, chat, to.id);
    const ended = refused(waiting);
    await stage.waits(two, one, waiting);
    await one.commit();
    equal(await ended, expected, "the second transfer");
    await ownedBy(stage, chat, bob, "after both");
  }
});

test("a transfer waits for a member who is being moved or deleted, and is refused", async (stage) => {
  const CHANGES: [string, string][] = [
    ["update chatkeep.memberships set tenant_id = gen_random_uuid() where user_id = $1", "PT404"],
    ["delete from auth.users where id = $1", "PT404"],
    ["update chatkeep.users set disabled_at = now() where id = $1", "PT409"],
  ];
  const [service] = await stage.connections(1);
  for (const [change, expected] of CHANGES) {
    const { ada, bob, chat } = await scene(stage);
    const administrator = await stage.administrator();
    await administrator.rows("begin");
    await administrator.rows(change, bob.id);
    const transferring = service.request(SERVICE, TRANSFER, chat, bob.id);
    const ended = refused(transferring);
    await stage.waits(service, administrator, transferring);
    await administrator.rows("commit");
    equal(await ended, expected, change);
    await ownedBy(stage, chat, ada, change);
  }
});

test("two deletions in one tenant do not wait for each other, and a colleague inherits", async (stage) => {
  const { tenant, ada, bob } = await scene(stage);
  const cyd = await stage.person(tenant);
  const [writer] = await stage.connections(1);
  const SHARE = "select id from chatkeep.register_document($1, $2, visibility => 'tenant')";
  const sum = (digit: string) => digit.repeat(64);
  const [{ id }] = await writer.request(ada, SHARE, "/a", sum("a"));
  const [{ id: other }] = await writer.request(bob, SHARE, "/b", sum("b"));
  const [one, two] = [await stage.administrator(), await stage.administrator()];
  await one.rows("begin");
  await one.rows("delete from auth.users where id = $1", ada.id);
  // Bob, who has been a member for as long as Cyd, may be the heir. Then his deletion waits and passes both documents on.
  await two.rows("begin");
  const deleting = two.rows("delete from auth.users where id = $1", bob.id);
  await stage.settles(two, deleting);
  await one.rows("commit");
  await deleting;
  await two.rows("commit");
  const owner = await stage.owner();
  equal(
    (await owner.rows("select user_id from chatkeep.documents where id in ($1, $2)", id, other)).map((row) => row.user_id),
    [cyd.id, cyd.id],
    "the heir of both",
  );
});

test("chats and documents go to and fro under load: no deadlock, nobody loses a message", async (stage) => {
  const { ada, bob, chat } = await scene(stage);
  const writers = await stage.connections(4);
  const services = await stage.connections(2);
  const acknowledged = new Set<string>();
  const codes = new Map<string, number>();
  const count = (code: string) => codes.set(code, (codes.get(code) ?? 0) + 1);
  const running = { yes: true };
  const writing = background(Promise.all(writers.map(async (writer: Connection, place) => {
    while (running.yes) {
      const person = place % 2 ? ada : bob;
      const id = crypto.randomUUID();
      const code = await refused(writer.request(person, APPEND, chat, "x", id));
      count(code);
      if (code === "accepted") acknowledged.add(id);
      count(await refused(writer.request(person, "select from chatkeep.register_document($1, $2)", `/${place}/${id}`, id.replaceAll("-", "").repeat(2))));
    }
  })));
  const transferring = Promise.all(services.map(async (service, place) => {
    for (const round of numbers(25)) {
      const [from, to] = (round + place) % 2 ? [ada, bob] : [bob, ada];
      count(await refused(service.request(SERVICE, TRANSFER, chat, to.id)));
      count(await refused(service.request(SERVICE, TRANSFER_ALL, from.id, to.id)));
    }
  }));
  await transferring;
  running.yes = false;
  await writing;
  const expected = new Set(["accepted", "PT404", "PT409"]);
  equal([...codes.keys()].filter((code) => !expected.has(code)), [], "other ends of calls");
  const stored = new Set((await stage.stored(chat)).map((row: Row) => row.id));
  equal([...acknowledged].filter((id) => !stored.has(id)), [], "acknowledged messages that are lost");
  const owner = await stage.owner();
  const [{ user_id }] = await owner.rows("select user_id from chatkeep.chats where id = $1", chat);
  await ownedBy(stage, chat, user_id === ada.id ? ada : bob, "after all");
});
