// Policies that change while connections are open: the next call of each connection obeys them.

import { equal } from "../journeys/assertions.ts";
import { NOBODY, numbers, test } from "./connections.ts";

test("a policy that is added or dropped applies to the next validation on every connection", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  const owner = await stage.owner();
  const [{ token }] = await one.request(ada, "select * from chatkeep.create_session()");
  const statuses = async () => {
    const answers = await Promise.all(
      [one, other].map((connection) => connection.request(NOBODY, "select * from chatkeep.validate_session($1)", token)),
    );
    return answers.map(([row]) => row.status);
  };
  try {
    for (const round of numbers(5)) {
      equal(await statuses(), ["valid", "valid"], `without the policy, round ${round}`);
      await owner.rows("create policy closed on chatkeep.sessions as restrictive for select to anon using (false)");
      equal(await statuses(), ["invalid", "invalid"], `with the policy, round ${round}`);
      await owner.rows("drop policy closed on chatkeep.sessions");
    }
  } finally {
    await owner.rows("drop policy if exists closed on chatkeep.sessions");
  }
  equal(await statuses(), ["valid", "valid"], "at the end");
});
