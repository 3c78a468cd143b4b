// One connection, many callers, prepared statements: no plan and no setting of the backend keeps a caller.

import { equal } from "../journeys/assertions.ts";
import { APPEND, APPEND_BATCH, batch, NOBODY, type Person, refused, SERVICE, test } from "./connections.ts";

test("on one connection with four hundred changes of caller, each caller reads and writes only their own rows", async (stage) => {
  const ada = await stage.person();
  const tenant = ada.id;
  const ben = await stage.person(tenant);
  const eve = await stage.person();
  // Ada and Eve use the same chat id in two tenants. Ben has another chat.
  const [shared, bens] = [crypto.randomUUID(), crypto.randomUUID()];
  const connection = await stage.connection();
  const create = "select * from chatkeep.create_chat(chat_id => $1)";
  const chats: [Person, string, string][] = [[ada, shared, "Ada"], [eve, shared, "Eve"], [ben, bens, "Ben"]];
  for (const [person, chat] of chats) await connection.request(person, create, chat);
  const expected = new Map(chats.map(([person]) => [person, 0]));
  for (let round = 0; round < 400; round++) {
    const [person, chat, name] = chats[round % 3];
    switch (round % 8) {
      case 3:
        equal(
          await refused(connection.request(NOBODY, APPEND, chat, "x", crypto.randomUUID())),
          "42501",
          "nobody's append",
        );
        continue;
      case 5:
        equal(
          await refused(connection.request(SERVICE, "select * from chatkeep.search_messages('word')")) === "accepted",
          false,
          "a service's search of nothing",
        );
        continue;
      case 7:
        equal(
          await refused(connection.request(ben, APPEND_BATCH, shared, batch("x"))),
          "PT404",
          "Ben's append to Ada's chat",
        );
        continue;
    }
    const streaming = crypto.randomUUID();
    const rows = await connection.request(
      person,
      APPEND_BATCH,
      chat,
      batch(`word ${name}`, [`word ${name}`, streaming]),
    );
    const count = expected.get(person)! + 2;
    expected.set(person, count);
    equal(rows.map((row) => [row.user_id, row.author_id, row.seq]), [[person.id, person.id, count - 1], [
      person.id,
      person.id,
      count,
    ]], "the batch");
    const listed = await connection.request(person, "select distinct content from chatkeep.list_messages($1)", chat);
    equal(listed, [{ content: `word ${name}` }], "the messages listed");
    const found = await connection.request(
      person,
      "select distinct chat_id, snippet from chatkeep.search_messages('word')",
    );
    equal(found, [{ chat_id: chat, snippet: `<mark>word</mark> ${name}` }], "the messages found");
    const [selected] = await connection.request(
      person,
      "select user_id, message_count from chatkeep.select_branch($1, $2)",
      chat,
      streaming,
    );
    equal(selected, { user_id: person.id, message_count: count }, "the chat");
    equal(
      await connection.request(person, "select distinct user_id from chatkeep.messages"),
      [{ user_id: person.id }],
      "whose messages a direct read shows",
    );
    const finish = "select * from chatkeep.finish_message($1, $2, 'word " + name + "')";
    equal((await connection.request(person, finish, chat, streaming)).length, 1, "the message, finished as it is");
  }
});

test("a disabled user reads nothing more on an open connection", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const connection = await stage.connection();
  const owner = await stage.owner();
  for (let round = 0; round < 10; round++) await connection.request(ada, APPEND, chat, `${round}`, crypto.randomUUID());
  const read = () => connection.request(ada, "select count(*)::int as count from chatkeep.messages");
  equal(await read(), [{ count: 10 }], "messages before");
  await owner.rows("update chatkeep.users set disabled_at = now() where id = $1", ada.id);
  equal(await read(), [{ count: 0 }], "messages after");
  const calls: [string, ...unknown[]][] = [
    ["select * from chatkeep.list_messages($1)", chat],
    [APPEND, chat, "x", crypto.randomUUID()],
    [APPEND_BATCH, chat, batch("x")],
    ["select * from chatkeep.delete_chat($1)", chat],
    ["select * from chatkeep.search_messages('x', $1)", chat],
  ];
  for (const call of calls) {
    const code = await refused(connection.request(ada, ...call));
    equal(["42501", "PT404"].includes(code), true, `${call[0]} ended with ${code}`);
  }
  await owner.rows("update chatkeep.users set disabled_at = null where id = $1", ada.id);
  equal(await read(), [{ count: 10 }], "messages once enabled again");
});
