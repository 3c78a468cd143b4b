// Retries: the same message sent twice at the same time, and again after a lost answer.

import { equal } from "../journeys/assertions.ts";
import {
  APPEND,
  APPEND_BATCH,
  batch,
  type Caller,
  type Connection,
  numbers,
  refused,
  type Row,
  type Stage,
  test,
} from "./connections.ts";
import { Line } from "./proxy.ts";

const outcomes = (rows: Row[]) => rows.map((row) => `${row.seq} ${row.outcome}`);

/** Two requests. The second begins while the first is open, and ends after it. */
async function overlapped(
  stage: Stage,
  caller: Caller,
  first: [string, ...unknown[]],
  second: [string, ...unknown[]],
  end: (first: Connection) => Promise<void> = (first) => first.commit(),
): Promise<[Row[], Row[]]> {
  const [one, other] = await stage.connections(2);
  await one.begin(caller);
  const answer = await one.rows(...first);
  const waiting = other.request(caller, ...second);
  await stage.waits(other, one, waiting);
  await end(one);
  return [answer, await waiting];
}

test("two concurrent first sends of one message store one, and both return it", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const send: [string, ...unknown[]] = [APPEND, chat, "once", crypto.randomUUID()];
  const [first, second] = await overlapped(stage, ada, send, send);
  equal(second, first, "the second answer");
  equal((await stage.stored(chat)).length, 1, "messages");
});

test("when the first of two sends is rolled back, the second stores the message", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const send: [string, ...unknown[]] = [APPEND, chat, "once", crypto.randomUUID()];
  const [, second] = await overlapped(stage, ada, send, send, (first) => first.rollback());
  equal(second.map((row) => row.seq), [1], "its position");
  equal((await stage.stored(chat)).length, 1, "messages");
});

test("of two concurrent first sends of one id with different content, the second is a conflict", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const id = crypto.randomUUID();
  const [one, other] = await stage.connections(2);
  await one.begin(ada);
  await one.rows(APPEND, chat, "this", id);
  const waiting = other.request(ada, APPEND, chat, "that", id);
  const code = refused(waiting);
  await stage.waits(other, one, waiting);
  await one.commit();
  equal(await code, "PT409", "how the second ended");
  equal((await stage.stored(chat)).map((row) => row.content), ["this"], "messages");
});

test("two concurrent batches, equal or overlapping, store each message once", async (stage) => {
  const ada = await stage.person();
  const ids = numbers(4).map(() => crypto.randomUUID());
  const item = (n: number): [string, string] => [`message ${n}`, ids[n - 1]];
  const cases: [string, number[], number[], string[]][] = [
    ["the same", [1, 2], [1, 2], ["1 stored", "2 stored"]],
    ["the second goes on from the first", [1, 2], [2, 3], ["2 stored", "3 appended"]],
    ["the second begins before the first", [2, 3], [1, 2], ["3 appended", "1 stored"]],
    ["the second holds the first", [2, 3], [1, 2, 3, 4], ["3 appended", "1 stored", "2 stored", "4 appended"]],
    ["in another order", [1, 2], [2, 1], ["2 stored", "1 stored"]],
  ];
  for (const [what, first, second, expected] of cases) {
    const chat = await stage.chat(ada);
    const [one, other] = await overlapped(
      stage,
      ada,
      [APPEND_BATCH, chat, batch(...first.map(item))],
      [APPEND_BATCH, chat, batch(...second.map(item))],
    );
    equal(outcomes(one), first.map((_, index) => `${index + 1} appended`), `${what}: the first answer`);
    equal(outcomes(other), expected, `${what}: the second answer`);
    const stored = await stage.stored(chat);
    const all = [...new Set([...first, ...second])].map((n) => `message ${n}`).sort();
    equal(stored.map((row) => row.content).sort(), all, `${what}: messages`);
    equal(stored.map((row) => row.seq), numbers(all.length), `${what}: positions`);
  }
});

test("a single send and a batch with the same message store it once", async (stage) => {
  const ada = await stage.person();
  const id = crypto.randomUUID();
  const single = (chat: string): [string, ...unknown[]] => [APPEND, chat, "once", id];
  const many = (chat: string): [string, ...unknown[]] => [APPEND_BATCH, chat, batch(["once", id], "more")];
  const first = await stage.chat(ada);
  const [, later] = await overlapped(stage, ada, single(first), many(first));
  equal(outcomes(later), ["1 stored", "2 appended"], "the batch after the single send");
  const second = await stage.chat(ada);
  const [, retry] = await overlapped(stage, ada, many(second), single(second));
  equal(retry.map((row) => row.seq), [1], "the single send after the batch");
  equal((await stage.stored(second)).length, 2, "messages");
});

test("sixteen connections that retry the same ten batches store each once", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const ids = numbers(20).map(() => crypto.randomUUID());
  const connections = await stage.connections(16);
  await Promise.all(connections.map(async (connection, number) => {
    for (let round = 0; round < 10; round++) {
      const at = 2 * ((round + number) % 10);
      await connection.request(ada, APPEND_BATCH, chat, batch([`${at}`, ids[at]], [`${at + 1}`, ids[at + 1]]));
    }
  }));
  const stored = await stage.stored(chat);
  equal(stored.map((row) => row.seq), numbers(20), "positions");
  equal(stored.map((row) => row.id).sort(), [...ids].sort(), "ids");
});

test("after COMMIT and a lost answer, the retry returns the message", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const [single, first, second] = numbers(3).map(() => crypto.randomUUID());
  const line = new Line(Number(new URL(Deno.env.get("CHATKEEP_API_DB") ?? "").port));
  try {
    const lost = await stage.connection(line.port);
    line.swallowAnswers();
    const sent = refused(lost.send(`
      begin;
      select set_config('role', 'authenticated', true), set_config('request.jwt.claims', '${ada.claims}', true);
      select * from chatkeep.append_message('${chat}', 'user', 'once', message_id => '${single}');
      select * from chatkeep.append_messages('${chat}', '${batch(["two", first], ["three", second])}');
      commit`));
    await stage.until("the transaction is committed", async () => (await stage.stored(chat)).length === 3);
    line.cut();
    equal(await sent === "accepted", false, "whether the client was told");
  } finally {
    line.cut();
  }
  const again = await stage.connection();
  const [row] = await again.request(ada, APPEND, chat, "once", single);
  equal(row.seq, 1, "the position that the retry is told");
  const rows = await again.request(ada, APPEND_BATCH, chat, batch(["two", first], ["three", second], "four"));
  equal(outcomes(rows), ["2 stored", "3 stored", "4 appended"], "the outcomes of the retried batch");
  equal((await stage.stored(chat)).map((row) => row.content), ["once", "two", "three", "four"], "messages");
});

test("a backend that is killed before COMMIT stores nothing, and the retry stores the message", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const owner = await stage.owner();
  const id = crypto.randomUUID();
  const [killed, waiting, again] = await stage.connections(3);
  await killed.begin(ada);
  await killed.rows(APPEND, chat, "once", id);
  // Another backend is killed while it waits for the first one.
  await waiting.begin(ada);
  const waits = waiting.rows(APPEND, chat, "once", id);
  const end = refused(waits);
  await stage.waits(waiting, killed, waits);
  await owner.rows("select pg_terminate_backend($1)", waiting.pid);
  equal(await end === "accepted", false, "whether the one who waited was told that it succeeded");
  await owner.rows("select pg_terminate_backend($1)", killed.pid);
  equal((await again.request(ada, APPEND, chat, "once", id)).map((row) => row.seq), [1], "the retry");
  equal((await stage.stored(chat)).length, 1, "messages");
});

test("two tenants that use the same chat and message ids neither wait for each other nor see each other's rows", async (stage) => {
  const [ada, eve] = [await stage.person(), await stage.person()];
  const chat = crypto.randomUUID();
  const id = crypto.randomUUID();
  const [one, other] = await stage.connections(2);
  await one.begin(ada);
  await one.rows("select * from chatkeep.create_chat(chat_id => $1)", chat);
  await one.rows(APPEND_BATCH, chat, batch(["of Ada's", id]));
  // Eve makes all her calls while Ada's transaction is open.
  await other.begin(eve);
  await other.rows("set local lock_timeout = '100ms'");
  await other.rows("select * from chatkeep.create_chat(chat_id => $1)", chat);
  equal(
    outcomes(await other.rows(APPEND_BATCH, chat, batch(["of Eve's", id]))),
    ["1 appended"],
    "Eve's message of the same id",
  );
  await other.commit();
  await one.commit();
  for (const [person, content] of [[ada, "of Ada's"], [eve, "of Eve's"]] as const) {
    equal(
      await one.request(person, "select content from chatkeep.list_messages($1)", chat),
      [{ content }],
      "the rows that each reads",
    );
  }
});
