// Concurrent edits, regenerations and finishes: every branch stays readable, and a stream ends once.

import { equal } from "../journeys/assertions.ts";
import {
  APPEND_AFTER,
  APPEND_BATCH,
  APPEND_STREAM,
  batch,
  type Connection,
  type Person,
  refused,
  SERVICE,
  type Stage,
  test,
} from "./connections.ts";

const FINISH = "select content, status from chatkeep.finish_message($1, $2, $3, status => $4)";

/** A chat with a question, its answer and the next question, and their ids. */
async function dialogue(
  stage: Stage,
  person: Person,
): Promise<[chat: string, question: string, answer: string, next: string]> {
  const chat = await stage.chat(person);
  const ids = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
  const connection = await stage.connection();
  await connection.request(
    person,
    APPEND_BATCH,
    chat,
    batch(["question", ids[0]], ["answer", ids[1]], ["next", ids[2]]),
  );
  return [chat, ids[0], ids[1], ids[2]];
}

async function listed(connection: Connection, person: Person, chat: string): Promise<string> {
  const rows = await connection.request(person, "select content from chatkeep.list_messages($1)", chat);
  return rows.map((row) => row.content).join(", ");
}

async function selected(connection: Connection, person: Person, chat: string, leaf: string): Promise<string> {
  await connection.request(person, "select * from chatkeep.select_branch($1, $2)", chat, leaf);
  return await listed(connection, person, chat);
}

test("an edit during an append below the old leaf leaves both branches readable", async (stage) => {
  const ada = await stage.person();
  for (const editFirst of [true, false]) {
    const [chat, , answer, next] = await dialogue(stage, ada);
    const [edit, reply] = [crypto.randomUUID(), crypto.randomUUID()];
    const [one, other] = await stage.connections(2);
    const editing: [string, ...unknown[]] = [APPEND_AFTER, chat, "edited", edit, answer];
    const replying: [string, ...unknown[]] = [APPEND_AFTER, chat, "reply", reply, next];
    await one.begin(ada);
    await one.rows(...editFirst ? editing : replying);
    const waiting = other.request(ada, ...editFirst ? replying : editing);
    await stage.waits(other, one, waiting);
    await one.commit();
    await waiting;
    const old = "question, answer, next, reply";
    equal(await listed(one, ada, chat), editFirst ? old : "question, answer, edited", "the branch of the later writer");
    equal(await selected(one, ada, chat, edit), "question, answer, edited", "the edited branch");
    equal(await selected(one, ada, chat, reply), old, "the old branch");
    const stored = await stage.stored(chat);
    equal(stored.map((row) => row.seq), [1, 2, 3, 4, 5], "positions");
    equal(stored.filter((row) => row.active).map((row) => row.content).join(", "), old, "active messages");
  }
});

test("an append without a parent follows the branch that the append before it started", async (stage) => {
  const ada = await stage.person();
  const [chat, question] = await dialogue(stage, ada);
  const [one, other] = await stage.connections(2);
  await one.begin(ada);
  await one.rows(APPEND_AFTER, chat, "another answer", crypto.randomUUID(), question);
  const waiting = other.request(ada, APPEND_BATCH, chat, batch("thanks", "bye"));
  await stage.waits(other, one, waiting);
  await one.commit();
  await waiting;
  equal(await listed(one, ada, chat), "question, another answer, thanks, bye", "the active path");
});

test("six connections that edit, answer and select branches leave one active path and every branch", async (stage) => {
  const ada = await stage.person();
  const [chat, question, answer, next] = await dialogue(stage, ada);
  const connections = await stage.connections(6);
  await Promise.all(connections.map(async (connection, number) => {
    for (let round = 0; round < 15; round++) {
      const parent = [question, answer, next, undefined][(number + round) % 4];
      if (round % 5 === 4) {
        await connection.request(ada, "select * from chatkeep.select_branch($1, $2)", chat, parent ?? next);
      } else {await connection.request(
          ada,
          APPEND_AFTER,
          chat,
          `${number} ${round}`,
          crypto.randomUUID(),
          parent ?? null,
        );}
    }
  }));
  const stored = await stage.stored(chat);
  equal(stored.map((row) => row.seq), stored.map((_, index) => index + 1), "positions");
  equal(stored.length, 3 + 6 * 12, "messages");
  const owner = await stage.owner();
  const [{ active_leaf_id }] = await owner.rows("select active_leaf_id from chatkeep.chats where id = $1", chat);
  const parents = new Map(stored.map((row) => [row.id, row.parent_id]));
  const path = [];
  for (let id = active_leaf_id; id; id = parents.get(id)) path.unshift(id);
  equal(stored.filter((row) => row.active).map((row) => row.id), path, "active messages: the path to the leaf");
  equal(path[0], question, "where it begins");
});

test("two concurrent finishes end a stream once: the same content is a retry, other content a conflict", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const [one, other] = await stage.connections(2);
  for (
    const [content, status, expected] of [["all", "complete", "accepted"], ["less", "complete", "PT409"], [
      "all",
      "failed",
      "PT409",
    ]]
  ) {
    const id = crypto.randomUUID();
    await one.request(ada, APPEND_STREAM, chat, id);
    await one.begin(ada);
    await one.rows(FINISH, chat, id, "all", "complete");
    const waiting = other.request(ada, FINISH, chat, id, content, status);
    const code = refused(waiting);
    await stage.waits(other, one, waiting);
    await one.commit();
    equal(await code, expected, `finishing with ${content}, ${status}`);
    const owner = await stage.owner();
    const rows = await owner.rows("select content, status from chatkeep.messages where id = $1", id);
    equal(rows, [{ content: "all", status: "complete" }], "the message");
  }
});

test("when the first finish is rolled back, the second one counts", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const id = crypto.randomUUID();
  const [one, other] = await stage.connections(2);
  await one.request(ada, APPEND_STREAM, chat, id);
  await one.begin(ada);
  await one.rows(FINISH, chat, id, "this", "complete");
  const waiting = other.request(ada, FINISH, chat, id, "that", "failed");
  await stage.waits(other, one, waiting);
  await one.rollback();
  equal(await waiting, [{ content: "that", status: "failed" }], "the second finish");
});

test("progress that waits for the user's stop is refused, and late progress never shortens a message", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const [one, other] = await stage.connections(2);
  for (
    const [first, status, second, expected, stored] of [
      ["so far", "stopped", "so far and", "PT409", "so far"],
      ["so far and", "streaming", "so far", "accepted", "so far and"],
      ["so far", "streaming", "so far and", "accepted", "so far and"],
      ["so far", "failed", "so far and", "accepted", "so far and"],
      ["so far and", "complete", "so far", "accepted", "so far and"],
    ]
  ) {
    const id = crypto.randomUUID();
    await one.request(ada, APPEND_STREAM, chat, id);
    await one.begin(ada);
    await one.rows(FINISH, chat, id, first, status);
    const waiting = other.request(ada, FINISH, chat, id, second, "streaming");
    const code = refused(waiting);
    await stage.waits(other, one, waiting);
    await one.commit();
    equal(await code, expected, `progress after ${status}`);
    const owner = await stage.owner();
    const rows = await owner.rows("select content from chatkeep.messages where id = $1", id);
    equal(rows, [{ content: stored }], `the message after ${status}`);
  }
});

test("of two tabs that expect the same last message one appends, and the other is told", async (stage) => {
  const ada = await stage.person();
  const [chat, , , next] = await dialogue(stage, ada);
  const [one, other] = await stage.connections(2);
  const append = "select seq from chatkeep.append_message($1, 'user', $2, expected_leaf => $3)";
  await one.begin(ada);
  await one.rows(append, chat, "faster", next);
  const waiting = other.request(ada, append, chat, "slower", next);
  const code = refused(waiting);
  await stage.waits(other, one, waiting);
  await one.commit();
  equal(await code, "PT409", "the slower tab");
  equal(await listed(one, ada, chat), "question, answer, next, faster", "the chat");
});

test("results of tools that end at the same time follow one another", async (stage) => {
  const ada = await stage.person();
  const [chat, , , next] = await dialogue(stage, ada);
  const connections = await stage.connections(4);
  const append = "select seq from chatkeep.append_message($1, 'tool', $2, parent_id => $3)";
  await Promise.all(connections.map((connection, n) => connection.request(ada, append, chat, `result ${n}`, next)));
  const path = (await listed(connections[0], ada, chat)).split(", ");
  equal(path.slice(0, 3), ["question", "answer", "next"], "the call");
  equal(path.slice(3).sort(), ["result 0", "result 1", "result 2", "result 3"], "its results");
});

test("fail_stale_messages skips a message whose finish is still open", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const id = crypto.randomUUID();
  const [one, other] = await stage.connections(2);
  await one.request(ada, APPEND_STREAM, chat, id);
  await one.begin(ada);
  await one.rows(FINISH, chat, id, "in time", "complete");
  const failing = other.request(ada, "select id from chatkeep.fail_stale_messages('0')");
  await stage.waitsOrEnds(other, one, failing);
  await one.commit();
  equal(await failing, [], "the messages that were failed");
  equal((await stage.stored(chat)).map((row) => [row.content, row.status]), [["in time", "complete"]], "the message");
});

test("a stream that is finished during indexing is found by its final text", async (stage) => {
  const ada = await stage.person();
  const [indexer, writer] = await stage.connections(2);
  for (const indexFirst of [true, false]) {
    const chat = await stage.chat(ada);
    const id = crypto.randomUUID();
    await writer.request(
      ada,
      "select * from chatkeep.append_message($1, 'assistant', 'quokka', message_id => $2, status => 'streaming')",
      chat,
      id,
    );
    const index = "select chatkeep.index_messages(1000)";
    if (indexFirst) {
      await indexer.begin(SERVICE);
      await indexer.rows(index);
      const finishing = writer.request(ada, FINISH, chat, id, "wombat", "complete");
      await stage.waitsOrEnds(writer, indexer, finishing);
      await indexer.commit();
      await finishing;
    } else {
      await writer.begin(ada);
      await writer.rows(FINISH, chat, id, "wombat", "complete");
      const indexing = indexer.request(SERVICE, index);
      await stage.waitsOrEnds(indexer, writer, indexing);
      await writer.commit();
      await indexing;
    }
    for (const round of ["at once", "once indexed"]) {
      const search = "select id from chatkeep.search_messages($1, $2)";
      equal(await writer.request(ada, search, "wombat", chat), [{ id }], `hits for the new content ${round}`);
      equal(await writer.request(ada, search, "quokka", chat), [], `hits for the old content ${round}`);
      await indexer.request(SERVICE, index);
    }
  }
});
