// Order under concurrent writers: positions without a gap, batches in one piece, and readers that miss nothing.

import { assert, equal } from "../journeys/assertions.ts";
import { APPEND, APPEND_BATCH, background, batch, numbers, refused, type Row, SERVICE, test } from "./connections.ts";

test("eight connections append 200 batches each: no gap, no duplicate, every batch in one piece", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const writers = await stage.connections(8);
  await Promise.all(writers.map(async (writer, number) => {
    for (let round = 0; round < 200; round++) {
      const rows = await writer.request(
        ada,
        APPEND_BATCH,
        chat,
        batch(`${number} ${round} question`, `${number} ${round} answer`),
      );
      equal(rows.map((row: Row) => row.outcome), ["appended", "appended"], "outcomes");
    }
  }));
  const stored = await stage.stored(chat);
  equal(stored.map((row) => row.seq), numbers(3200), "positions");
  const times = stored.map((row) => row.created_at);
  equal(times, [...new Set(times)].sort(), "times, in the order of positions");
  equal(stored.map((row) => row.parent_id), [null, ...stored.slice(0, -1).map((row) => row.id)], "parents");
  for (let index = 0; index < stored.length; index += 2) {
    const [question, answer] = [stored[index].content, stored[index + 1].content];
    equal(answer, question.replace("question", "answer"), "the message after a question");
  }
  for (let number = 0; number < 8; number++) {
    const rounds = stored.map((row) => row.content.split(" ")).filter(([writer, , kind]) =>
      writer === `${number}` && kind === "question"
    );
    equal(rounds.map(([, round]) => Number(round) + 1), numbers(200), `batches of connection ${number}, in its order`);
  }
  const owner = await stage.owner();
  const [counts] = await owner.rows(
    "select message_count, last_seq, active_leaf_id from chatkeep.chats where id = $1",
    chat,
  );
  equal(counts, { message_count: 3200, last_seq: 3200, active_leaf_id: stored[3199].id }, "the chat");
});

test("a reader that fetches new messages gets each message once during writes", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const writers = await stage.connections(4);
  const [caller, direct] = await stage.connections(2);
  let writing = true;
  const written = background(
    Promise.all(writers.map(async (writer, number) => {
      for (let round = 0; round < 100; round++) {
        if (round % 2) await writer.request(ada, APPEND, chat, `${number} ${round}`, crypto.randomUUID());
        else await writer.request(ada, APPEND_BATCH, chat, batch(`${number} ${round} a`, `${number} ${round} b`));
      }
    })).finally(() => writing = false),
  );
  const read = async (ask: (after: string) => Promise<Row[]>): Promise<Row[]> => {
    const seen: Row[] = [];
    for (;;) {
      const goesOn = writing;
      const page = await ask(seen.at(-1)?.created_at ?? "-infinity");
      seen.push(...page);
      if (page.length === 0 && !goesOn) return seen;
    }
  };
  const [, listed, selected] = await Promise.all([
    written,
    read((after) =>
      caller.request(
        ada,
        "select seq, content, created_at from chatkeep.list_messages($1, after => $2, page_size => 50)",
        chat,
        after,
      )
    ),
    read((after) =>
      direct.request(
        ada,
        "select seq, content, created_at from chatkeep.messages where chat_id = $1 and created_at > $2 order by created_at limit 50",
        chat,
        after,
      )
    ),
  ]);
  equal(listed.map((row) => row.seq), numbers(600), "positions that list_messages showed");
  equal(selected.map((row) => row.seq), numbers(600), "positions that a direct read showed");
  equal(new Set(listed.map((row) => row.content)).size, 600, "different messages");
});

test("two first writers of a new chat make one chat with both messages", async (stage) => {
  // There is no membership yet, and both calls make it.
  const ada = await stage.person();
  const chat = crypto.randomUUID();
  const [one, other] = await stage.connections(2);
  const create = "select id, title from chatkeep.create_chat($1, chat_id => $2)";
  await one.begin(ada);
  await one.rows(create, "one", chat);
  await other.begin(ada);
  const waiting = other.rows(create, "other", chat);
  await stage.waits(other, one, waiting);
  await one.rows(APPEND, chat, "from one", crypto.randomUUID());
  await one.commit();
  equal(await waiting, [{ id: chat, title: "one" }], "the chat that the second writer gets");
  await other.rows(APPEND, chat, "from the other", crypto.randomUUID());
  await other.commit();
  equal(
    (await stage.stored(chat)).map((row) => [row.seq, row.content]),
    [[1, "from one"], [2, "from the other"]],
    "messages",
  );
});

test("two concurrent imports of one chat make one copy", async (stage) => {
  const ada = await stage.person();
  const id = crypto.randomUUID();
  const chat = JSON.stringify({ id, messages: numbers(20).map((n) => ({ role: "user", content: `${n}` })) });
  const [one, other] = await stage.connections(2);
  const imported = "select id, message_count from chatkeep.import_chat($1::text::jsonb)";
  await one.begin(ada);
  await one.rows(imported, chat);
  const waiting = other.request(ada, imported, chat);
  await stage.waits(other, one, waiting);
  await one.commit();
  equal(await waiting, [{ id, message_count: 20 }], "the chat that the second import gets");
  equal((await stage.stored(id)).map((row) => row.content), numbers(20).map(String), "messages");
});

test("an append that is rolled back leaves no gap", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const [one, other] = await stage.connections(2);
  await one.begin(ada);
  equal(
    (await one.rows(APPEND_BATCH, chat, batch("lost", "lost too"))).map((row) => row.seq),
    [1, 2],
    "positions in the transaction",
  );
  const waiting = other.request(ada, APPEND, chat, "kept", crypto.randomUUID());
  await stage.waits(other, one, waiting);
  await one.rollback();
  equal((await waiting).map((row) => [row.seq, row.parent_id]), [[1, null]], "the message of the one who waited");
  await one.begin(ada);
  await one.rows(APPEND, chat, "lost again", crypto.randomUUID());
  await one.rollback();
  const [next] = await one.request(ada, APPEND, chat, "next", crypto.randomUUID());
  equal(next.seq, 2, "the position after another rollback");
});

test("writers of two chats never wait for each other", async (stage) => {
  const ada = await stage.person();
  const [a, b] = [await stage.chat(ada), await stage.chat(ada)];
  const [one, other] = await stage.connections(2);
  await one.begin(ada);
  await one.rows(APPEND, a, "open", crypto.randomUUID());
  // While the first transaction is open, all other calls succeed.
  const question = crypto.randomUUID();
  await other.request(ada, "set local lock_timeout = '1ms'");
  await other.begin(ada);
  await other.rows("set local lock_timeout = '100ms'");
  await other.rows(APPEND_BATCH, b, batch(["question", question], "answer"));
  await other.rows("select * from chatkeep.append_message($1, 'assistant', 'again', parent_id => $2)", b, question);
  await other.rows("select * from chatkeep.select_branch($1, $2)", b, question);
  await other.rows("select * from chatkeep.delete_chat($1)", b);
  await other.rows("select * from chatkeep.restore_chat($1)", b);
  await other.rows(
    "select * from chatkeep.import_chat($1::text::jsonb)",
    JSON.stringify({ messages: [{ role: "user", content: "x" }] }),
  );
  // Readers never wait, not even for writers of the same chat.
  equal(await other.rows("select content from chatkeep.list_messages($1)", a), [], "uncommitted messages");
  equal(await other.rows("select id from chatkeep.search_messages('open', $1)", a), [], "its messages in a search");
  await other.commit();
  await one.commit();
  equal((await stage.stored(a)).length, 1, "messages of the first chat");
});

test("a writer of the same chat waits for the commit, at most as long as its timeouts", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const [one, other] = await stage.connections(2);
  await one.begin(ada);
  await one.rows(APPEND, chat, "first", crypto.randomUUID());
  const within = async (setting: string, statement: string, ...values: unknown[]) => {
    await other.begin(ada);
    await other.rows(`set local ${setting} = '50ms'`);
    const code = await refused(other.rows(statement, ...values));
    await other.rollback();
    return code;
  };
  const writes: [string, ...unknown[]][] = [
    [APPEND, chat, "late", crypto.randomUUID()],
    [APPEND_BATCH, chat, batch("late")],
    ["select * from chatkeep.delete_chat($1)", chat],
  ];
  for (const write of writes) {
    equal(await within("lock_timeout", ...write), "55P03", `${write[0]} within lock_timeout`);
    equal(await within("statement_timeout", ...write), "57014", `${write[0]} within statement_timeout`);
  }
  const waiting = other.request(ada, APPEND, chat, "second", crypto.randomUUID());
  await stage.waits(other, one, waiting);
  await one.commit();
  equal((await waiting).map((row) => row.seq), [2], "the position of the one who waited");
  equal(
    (await stage.stored(chat)).map((row) => row.content),
    ["first", "second"],
    "messages: none of those that timed out",
  );
});

test("a new title waits for an append and keeps its counts; a forged position is refused without waiting", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const [one, other] = await stage.connections(2);
  await one.begin(ada);
  await one.rows(APPEND, chat, "meanwhile", crypto.randomUUID());
  const waiting = other.request(ada, "update chatkeep.chats set title = 'new' where id = $1 returning last_seq", chat);
  await stage.waits(other, one, waiting);
  await one.commit();
  equal(await waiting, [{ last_seq: 1 }], "the chat with its new title");
  await one.begin(ada);
  await one.rows(APPEND, chat, "again", crypto.randomUUID());
  const forged = other.request(ada, "update chatkeep.chats set last_seq = last_seq + 1 where id = $1", chat);
  equal(await refused(forged), "42501", "a forged position");
  await one.commit();
  const owner = await stage.owner();
  const columns = "select title, last_seq, message_count from chatkeep.chats where id = $1";
  equal(await owner.rows(columns, chat), [{ title: "new", last_seq: 2, message_count: 2 }], "the chat");
});

test("an append continues from the title, branch and messages that others committed while it waited", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const [one, other] = await stage.connections(2);
  const [first] = await one.request(ada, APPEND, chat, "first", crypto.randomUUID());
  const [second] = await one.request(ada, APPEND, chat, "second", crypto.randomUUID());
  const changes: [string, string, string | null][] = [
    ["update chatkeep.chats set title = 'new' where id = $1", "after a title", second.id],
    [`select * from chatkeep.select_branch($1, '${first.id}')`, "after a branch", first.id],
  ];
  for (const [change, content, parent] of changes) {
    await one.begin(ada);
    await one.rows(change, chat);
    const waiting = other.request(ada, APPEND, chat, content, crypto.randomUUID());
    await stage.waits(other, one, waiting);
    await one.commit();
    equal((await waiting).map((row) => row.parent_id), [parent], content);
  }
  equal((await stage.stored(chat)).map((row) => row.seq), numbers(4), "positions");
});

test("a deadlock over two chats ends one transaction, and its retry succeeds without duplicates", async (stage) => {
  const ada = await stage.person();
  const [a, b] = [await stage.chat(ada), await stage.chat(ada)];
  const [one, other] = await stage.connections(2);
  const ids = numbers(4).map(() => crypto.randomUUID());
  await one.begin(ada);
  await other.begin(ada);
  await one.rows(APPEND, a, "one in a", ids[0]);
  await other.rows(APPEND, b, "other in b", ids[1]);
  const second = one.rows(APPEND, b, "one in b", ids[2]);
  const oneEnds = refused(second);
  await stage.waits(one, other, second);
  const otherEnds = refused(other.rows(APPEND, a, "other in a", ids[3]));
  // The refused transaction must roll back before the other one can continue.
  const [codeOfOne, codeOfOther] = await Promise.all([
    oneEnds.then(async (code) => (await (code === "accepted" ? one.commit() : one.rollback()), code)),
    otherEnds.then(async (code) => (await (code === "accepted" ? other.commit() : other.rollback()), code)),
  ]);
  const codes = [codeOfOne, codeOfOther];
  equal([...codes].sort(), ["40P01", "accepted"], "how the two ended");
  const retry = codeOfOne === "40P01"
    ? [[a, "one in a", ids[0]], [b, "one in b", ids[2]]]
    : [[b, "other in b", ids[1]], [a, "other in a", ids[3]]];
  await one.begin(ada);
  for (const [chat, content, id] of retry) await one.rows(APPEND, chat, content, id);
  await one.commit();
  for (const [chat, contents] of [[a, ["one in a", "other in a"]], [b, ["one in b", "other in b"]]] as const) {
    const stored = await stage.stored(chat);
    equal(stored.map((row) => row.content).sort(), contents, "messages");
    equal(stored.map((row) => row.seq), [1, 2], "positions");
  }
});

test("indexing during writes loses nothing and finds nothing twice", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const [indexer, ...writers] = await stage.connections(4);
  let writing = true;
  const written = background(
    Promise.all(writers.map(async (writer, number) => {
      for (let round = 0; round < 40; round++) {
        await writer.request(ada, APPEND, chat, `aardvark ${number} ${round}`, crypto.randomUUID());
      }
    })).finally(() => writing = false),
  );
  do await indexer.request(SERVICE, "select chatkeep.index_messages(7)"); while (writing);
  await written;
  const found = await indexer.request(ada, "select seq from chatkeep.search_messages('aardvark', $1, 200)", chat);
  equal(found.map((row) => row.seq).reverse(), numbers(120), "positions found");
  while ((await indexer.request(SERVICE, "select chatkeep.index_messages(1000) as done"))[0].done > 0);
  const again = await indexer.request(ada, "select seq from chatkeep.search_messages('aardvark', $1, 200)", chat);
  equal(again.map((row) => row.seq).reverse(), numbers(120), "positions found once all is indexed");
});

test("an open append does not stop indexing and is indexed later", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const [writer, indexer] = await stage.connections(2);
  await writer.request(ada, APPEND, chat, "capybara before", crypto.randomUUID());
  await writer.begin(ada);
  await writer.rows(APPEND, chat, "capybara open", crypto.randomUUID());
  await indexer.begin(SERVICE);
  await indexer.rows("set local lock_timeout = '2s'");
  await indexer.rows("select chatkeep.index_messages(1000)");
  await indexer.commit();
  await writer.commit();
  const search = "select snippet from chatkeep.search_messages('capybara', $1)";
  equal((await writer.request(ada, search, chat)).length, 2, "messages found after the commit");
  await indexer.request(SERVICE, "select chatkeep.index_messages(1000)");
  equal((await writer.request(ada, search, chat)).length, 2, "messages found once indexed");
  assert((await stage.stored(chat)).length === 2, "a message is missing");
});
