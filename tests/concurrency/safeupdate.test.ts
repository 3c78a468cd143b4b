// Supabase's Data API refuses UPDATE and DELETE without WHERE. The gateways of the tests and all connections of these
// tests have that rule too, so they prove that no call breaks it.

import { equal } from "../journeys/assertions.ts";
import { refused, test } from "./connections.ts";

test("a statement without WHERE is refused in every session of authenticator, also inside WITH", async (stage) => {
  const ada = await stage.person();
  const connection = await stage.connection();
  await connection.request(ada, "select from chatkeep.create_chat(title => 'before')");
  const renamed = await connection.request(
    ada,
    "update chatkeep.chats set title = 'after' where title = 'before' returning title",
  );
  equal(renamed, [{ title: "after" }], "an update with WHERE");
  for (
    const statement of [
      "update chatkeep.chats set title = 'all'",
      "with swept as (update chatkeep.chats set title = 'all' returning id) select count(*) from swept",
      "do $$ begin update chatkeep.chats set title = 'all'; end $$",
      "delete from chatkeep.chats",
    ]
  ) {
    equal(await refused(connection.request(ada, statement)), "21000", statement);
  }
  equal(await connection.request(ada, "select title from chatkeep.chats"), [{ title: "after" }], "the stored rows");
});
