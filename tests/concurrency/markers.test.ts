// Calls that wait for a row which another transaction changes. PostgreSQL then reads the row again and evaluates all
// subqueries of the policies once more. None of them may lose the call's marker, or leave it set.

import { assert, equal } from "../journeys/assertions.ts";
import { APPEND, type Connection, outcome, type Person, type Row, SERVICE, type Stage, test } from "./connections.ts";
import { wholeChat } from "./whole.ts";

type Statement = [statement: string, ...values: unknown[]];

/** A chat with a question, an answer, the next question and a streaming message, which is its leaf. */
interface Dialogue {
  chat: string;
  question: string;
  answer: string;
  stream: string;
  fresh: string;
}

async function dialogue(connection: Connection, person: Person): Promise<Dialogue> {
  const [chat, question, answer, stream, fresh] = Array.from({ length: 5 }, () => crypto.randomUUID());
  const messages = JSON.stringify([
    { role: "user", content: "question", message_id: question },
    { role: "assistant", content: "answer", message_id: answer },
    { role: "user", content: "next" },
    { role: "assistant", content: "", message_id: stream, status: "streaming" },
  ]);
  await connection.request(person, "select from chatkeep.create_chat(chat_id => $1)", chat);
  await connection.request(person, "select from chatkeep.append_messages($1, $2::text::jsonb)", chat, messages);
  return { chat, question, answer, stream, fresh };
}

const branched = (
  { fresh, question }: Dialogue,
) => [{ id: fresh, role: "user", content: "again", parent_id: question }];

/** Calls that take the streaming message off the active path, and the path afterwards. */
const BRANCHES: [name: string, sends: (of: Dialogue) => Statement, path: string][] = [
  ["append_message", ({ chat, fresh, question }) => [
    "select * from chatkeep.append_message($1, 'user', 'again', message_id => $2, parent_id => $3)",
    chat,
    fresh,
    question,
  ], "question, again"],
  ["append_message under nothing", ({ chat, fresh }) => [
    `select * from chatkeep.append_message($1, 'user', 'again', message_id => $2,
       parent_id => '00000000-0000-0000-0000-000000000000')`,
    chat,
    fresh,
  ], "again"],
  ["append_messages", (of) => [
    "select * from chatkeep.append_messages($1, $2::text::jsonb)",
    of.chat,
    JSON.stringify(branched(of).map(({ id, ...item }) => ({ ...item, message_id: id }))),
  ], "question, again"],
  ["append_messages in two pieces", (of) => [
    "select * from chatkeep.append_messages($1, $2::text::jsonb)",
    of.chat,
    JSON.stringify([
      { role: "user", content: "more", message_id: crypto.randomUUID() },
      ...branched(of).map(({ id, ...item }) => ({ ...item, message_id: id })),
      { role: "user", content: "last", parent_id: of.answer },
    ]),
  ], "question, answer, last"],
  [
    "select_branch",
    ({ chat, answer }) => ["select * from chatkeep.select_branch($1, $2)", chat, answer],
    "question, answer",
  ],
  ["import_chat", (of) => [
    "select * from chatkeep.import_chat($1::text::jsonb)",
    JSON.stringify({ id: of.chat, messages: branched(of) }),
  ], "question, again"],
];

/** Calls that end or use the streaming message. */
const MEANWHILE: [name: string, sends: (of: Dialogue) => Statement, stored: (row: Row) => boolean][] = [
  ["finish_message", ({ chat, stream }) => [
    "select * from chatkeep.finish_message($1, $2, 'whole')",
    chat,
    stream,
  ], (row) => row.status === "complete" && row.content === "whole"],
  ["finish_message that fails", ({ chat, stream }) => [
    "select * from chatkeep.finish_message($1, $2, status => 'failed')",
    chat,
    stream,
  ], (row) => row.status === "failed"],
  ["fail_stale_messages", () => ["select * from chatkeep.fail_stale_messages('0')"], (row) => row.status === "failed"],
  ["attach", ({ chat, stream }) => [
    "select * from chatkeep.attach($1, $2, storage_path => 'a/b')",
    chat,
    stream,
  ], (row) => row.attachments === 1],
];

async function path(connection: Connection, person: Person, chat: string): Promise<string> {
  const rows = await connection.request(person, "select content from chatkeep.list_messages($1)", chat);
  return rows.map((row) => row.content).join(", ");
}

/** The streaming message as it is stored now. */
async function stream(stage: Stage, of: Dialogue): Promise<Row> {
  const owner = await stage.owner();
  const [row] = await owner.rows(
    `select m.status, m.content, (select count(*)::int from chatkeep.attachments a where a.message_id = m.id) as attachments
     from chatkeep.messages m where m.chat_id = $1 and m.id = $2`,
    of.chat,
    of.stream,
  );
  return row;
}

/** The settings that a call leaves on its connection. */
const MARKERS = `select coalesce(current_setting('chatkeep.writing', true), '') as writing,
  coalesce(current_setting('chatkeep.presented', true), '') as presented`;
const NO_MARKERS = [{ writing: "", presented: "" }];

for (const caller of ["the user", "service_role"]) {
  test(`${caller} branches while the streaming message is being finished, or finishes it while a branch is being made`, async (stage) => {
    const ada = await stage.person();
    const who = caller === "the user" ? ada : SERVICE;
    const [one, other] = await stage.connections(2);
    const wrong: string[] = [];
    // Ends the messages that other tests left streaming, so that the service's batch has room for ours.
    while ((await one.request(SERVICE, "select id from chatkeep.fail_stale_messages('0')")).length > 0);
    for (const [branch, branching, left] of BRANCHES) {
      // A service cannot import as itself.
      if (who === SERVICE && branch === "import_chat") continue;
      for (const [finish, finishing, stored] of MEANWHILE) {
        for (const finishFirst of [true, false]) {
          const of = await dialogue(one, ada);
          const [first, second] = finishFirst ? [finishing(of), branching(of)] : [branching(of), finishing(of)];
          const what = finishFirst ? `${branch} beside an open ${finish}` : `${finish} beside an open ${branch}`;
          await one.begin(who);
          await one.rows(...first);
          await other.begin(who);
          const work = other.rows(...second);
          const ended = outcome(work);
          await stage.settles(other, work);
          await one.commit();
          const { code, message, rows } = await ended;
          // An upkeep call skips rows that another transaction is changing.
          const passedOver = !finishFirst && finish === "fail_stale_messages" && rows.length === 0;
          if (code !== "accepted") wrong.push(`${what}: ${code} ${message}`);
          else {
            if (JSON.stringify(await other.rows(MARKERS)) !== JSON.stringify(NO_MARKERS)) {
              wrong.push(`${what}: it left a marker`);
            }
            if (rows.length === 0 && !passedOver) wrong.push(`${what}: it answered no row`);
          }
          await other.commit();
          if (code !== "accepted") continue;
          if (!passedOver && !stored(await stream(stage, of))) {
            wrong.push(`${what}: the streaming message is as it was`);
          }
          await wholeChat(stage, of.chat, what);
          const shown = await path(one, ada, of.chat);
          if (shown !== left) wrong.push(`${what}: the active path is ${shown}`);
        }
      }
    }
    assert(wrong.length === 0, `${wrong.length} wrong:\n${wrong.join("\n")}`);
  });
}

test("a branch succeeds when the finish that it waited for is rolled back", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  for (const [branch, branching, left] of BRANCHES) {
    const of = await dialogue(one, ada);
    await one.begin(ada);
    await one.rows("select from chatkeep.finish_message($1, $2, 'lost')", of.chat, of.stream);
    const work = other.request(ada, ...branching(of));
    const ended = outcome(work);
    await stage.settles(other, work);
    await one.rollback();
    const { code, message } = await ended;
    equal([code, message], ["accepted", ""], `how ${branch} ended`);
    equal((await stream(stage, of)).status, "streaming", `the message after ${branch}`);
    await wholeChat(stage, of.chat, branch);
    equal(await path(one, ada, of.chat), left, `the path after ${branch}`);
  }
});

test("a direct update of a chat finds no row after a deletion, and is kept if it comes first", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  const changes: [column: string, value: string][] = [
    ["title", "'new'"],
    ["metadata", "'{\"new\": true}'"],
    ["archived_at", "now()"],
  ];
  for (const [column, value] of changes) {
    const change = `update chatkeep.chats set ${column} = ${value} where id = $1 returning id`;
    const of = await dialogue(one, ada);
    await one.begin(ada);
    await one.rows("select from chatkeep.delete_chat($1)", of.chat);
    const work = other.request(ada, change, of.chat);
    const ended = outcome(work);
    await stage.waits(other, one, work);
    await one.commit();
    const { code, message, rows } = await ended;
    equal([code, message, rows], ["accepted", "", []], `${column} of a chat that was deleted meanwhile`);
    const owner = await stage.owner();
    const set =
      "select title is null and metadata = '{}' and archived_at is null as untouched from chatkeep.chats where id = $1";
    equal(await owner.rows(set, of.chat), [{ untouched: true }], "the deleted chat");

    await one.request(ada, "select from chatkeep.restore_chat($1)", of.chat);
    await one.begin(ada);
    await one.rows(change, of.chat);
    const deleting = other.request(
      ada,
      "select deleted_at is not null as deleted from chatkeep.delete_chat($1)",
      of.chat,
    );
    await stage.waits(other, one, deleting);
    await one.commit();
    equal(await deleting, [{ deleted: true }], `a deletion after ${column} was changed`);
    equal(await owner.rows(set, of.chat), [{ untouched: false }], "the chat that was changed first");
  }
});

test("a direct read that waits for a chat returns the new row and leaves no marker", async (stage) => {
  const ada = await stage.person();
  const [writer, reader] = await stage.connections(2);
  // With a row lock, PostgreSQL reads a changed row again, with all policies of the statement.
  const joined = `select c.message_count, m.seq
    from chatkeep.chats c join chatkeep.messages m on m.chat_id = c.id where c.id = $1 for no key update of c`;
  const locked = `select c.message_count from chatkeep.chats c
    where c.id = $1 and exists (select from chatkeep.messages m where m.chat_id = c.id) for no key update of c`;
  const writes: [name: string, sends: (of: Dialogue) => Statement, count: number | null][] = [
    ["an append", ({ chat, fresh }) => [APPEND, chat, "more", fresh], 5],
    ["a branch", ({ chat, answer }) => ["select from chatkeep.select_branch($1, $2)", chat, answer], 4],
    ["a deletion", ({ chat }) => ["select from chatkeep.delete_chat($1)", chat], null],
  ];
  for (const [name, write, count] of writes) {
    for (const statement of [locked, joined]) {
      const of = await dialogue(writer, ada);
      // A deleted chat of the same user, which must stay out of sight.
      const hidden = await dialogue(writer, ada);
      await writer.request(ada, "select from chatkeep.delete_chat($1)", hidden.chat);
      await writer.begin(ada);
      await writer.rows("select from chatkeep.finish_message($1, $2, 'whole')", of.chat, of.stream);
      await writer.rows(...write(of));
      await reader.begin(ada);
      const work = reader.rows(statement, of.chat);
      const ended = outcome(work);
      await stage.waits(reader, writer, work);
      await writer.commit();
      const { code, message, rows } = await ended;
      equal([code, message], ["accepted", ""], `how the read ended that waited for ${name}`);
      equal(
        [...new Set(rows.map((row) => row.message_count))],
        count === null ? [] : [count],
        `the rows that it shows after ${name}`,
      );
      equal(await reader.rows(MARKERS), NO_MARKERS, `markers after a read that waited for ${name}`);
      equal(
        await reader.rows("select id from chatkeep.messages where chat_id = $1", hidden.chat),
        [],
        "messages of a deleted chat after the read",
      );
      // The next statement of the transaction is refused or accepted as usual.
      const direct = await outcome(
        reader.rows("savepoint before").then(() =>
          reader.rows("update chatkeep.messages set content = 'forged' where chat_id = $1 returning id", of.chat)
        ),
      );
      equal(direct.rows, [], "messages that a client changed by hand");
      await reader.rows("rollback to savepoint before");
      if (count !== null) {
        equal((await reader.rows(APPEND, of.chat, "next", crypto.randomUUID())).length, 1, "the next call");
      }
      await reader.commit();
      if (count !== null) await wholeChat(stage, of.chat, `after ${name}`);
    }
  }
});

test("a direct read of messages during finishes returns each message before or after its finish, never an error", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  const reads = [
    "select content from chatkeep.messages where chat_id = $1 order by seq",
    "select content from chatkeep.messages where chat_id = $1 order by seq for share",
    "select content from chatkeep.messages where chat_id = $1 order by seq for key share skip locked",
  ];
  for (const read of reads) {
    const of = await dialogue(one, ada);
    await one.begin(ada);
    await one.rows("select from chatkeep.finish_message($1, $2, 'whole')", of.chat, of.stream);
    await other.begin(ada);
    const work = other.rows(read, of.chat);
    const ended = outcome(work);
    await stage.settles(other, work);
    await one.commit();
    const { code, message, rows } = await ended;
    equal([code, message], ["accepted", ""], `how it ended: ${read}`);
    // Users may not update messages, so they cannot lock them either, and such a read returns none.
    const shown = rows.map((row) => row.content).join(", ");
    const allowed = ["question, answer, next, ", "question, answer, next, whole", ""];
    assert(allowed.includes(shown), `${read} shows ${shown}`);
    equal(await other.rows(MARKERS), NO_MARKERS, `markers after ${read}`);
    await other.commit();
  }
});
