// Changes of one chat by several connections at once: metadata, and titles by a model and by a person.

import { assert, equal } from "../journeys/assertions.ts";
import { APPEND, test } from "./connections.ts";

test("eight connections merge 25 keys each into the metadata of a chat, beside appends: no key is lost", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const writers = await stage.connections(8);
  await Promise.all(writers.map(async (writer, number) => {
    for (let round = 0; round < 25; round++) {
      const patch = JSON.stringify({ [`${number}`]: { [`${round}`]: true } });
      await writer.request(
        ada,
        "select id from chatkeep.update_chat($1, metadata_merge => $2::text::jsonb)",
        chat,
        patch,
      );
      if (number === 0) await writer.request(ada, APPEND, chat, `${round}`, crypto.randomUUID());
    }
  }));
  const owner = await stage.owner();
  const [{ keys, last_seq }] = await owner.rows(
    `select last_seq, (select count(*)::integer from jsonb_each(metadata) e, jsonb_object_keys(e.value)) as keys
     from chatkeep.chats where id = $1`,
    chat,
  );
  equal([keys, last_seq], [200, 25], "keys and messages");
});

test("a model that names a chat while a person does never wins", async (stage) => {
  const ada = await stage.person();
  const [model, person] = await stage.connections(2);
  for (let round = 0; round < 40; round++) {
    const chat = await stage.chat(ada);
    const byModel = "select id from chatkeep.update_chat($1, 'model', if_title_source => 'model')";
    const byPerson = round % 2 === 0
      ? "select id from chatkeep.update_chat($1, 'person')"
      : "update chatkeep.chats set title = 'person' where id = $1 returning id";
    await Promise.all([model.request(ada, byModel, chat), person.request(ada, byPerson, chat)]);
    const owner = await stage.owner();
    const [{ title, title_source }] = await owner.rows(
      "select title, title_source from chatkeep.chats where id = $1",
      chat,
    );
    assert(title === "person" && title_source === "user", `round ${round}: ${title}, by ${title_source}`);
  }
});
