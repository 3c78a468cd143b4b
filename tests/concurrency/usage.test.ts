// measure_usage beside calls of the members, their moves and their deletion.

import { equal } from "../journeys/assertions.ts";
import { background, type Connection, numbers, outcome, type Person, SERVICE, type Stage, test } from "./connections.ts";

const CHANGES = {
  moved: "update chatkeep.memberships set tenant_id = gen_random_uuid() where user_id = $1",
  deleted: "delete from chatkeep.users where id = $1",
};
const MEASURE = "select chatkeep.measure_usage($1) as measured";

/** Members of one tenant with a chat each, who are the next to be measured: all others are measured already. */
async function members(stage: Stage, service: Connection, count: number): Promise<Person[]> {
  const tenant = crypto.randomUUID();
  const people = await Promise.all(numbers(count).map(() => stage.person(tenant)));
  for (const person of people) await service.request(person, "select from chatkeep.create_chat()");
  for (let left = true; left;) left = (await service.request(SERVICE, MEASURE, 1000))[0].measured > 0;
  await service.request(
    SERVICE,
    "update chatkeep.member_usage set measured_at = '2020-01-01' where tenant_id = $1",
    tenant,
  );
  return people;
}

/** The rows of usage of these people: whether each has its membership, and whether it was measured anew. */
async function usage(stage: Stage, people: Person[]): Promise<{ whole: boolean; anew: boolean }[]> {
  const owner = await stage.owner();
  return await owner.rows(
    `select m.user_id is not null as whole, u.measured_at > '2020-01-01' as anew
     from chatkeep.member_usage u left join chatkeep.memberships m on m.user_id = u.user_id and m.tenant_id = u.tenant_id
     where u.user_id = any ($1)`,
    people.map(({ id }) => id),
  );
}

test("members write while they are measured, and their moves and deletions wait", async (stage) => {
  const [measurer, member, service] = await stage.connections(3);
  for (const [end, change] of Object.entries(CHANGES)) {
    const [ada] = await members(stage, service, 1);
    await measurer.begin(SERVICE);
    equal(await measurer.rows(MEASURE, 1), [{ measured: 1 }], "memberships measured");
    const [{ id: chat }] = await member.request(ada, "select id from chatkeep.create_chat()");
    await member.request(ada, "select from chatkeep.append_message($1, 'user', 'x')", chat);
    const work = service.request(SERVICE, change, ada.id);
    await stage.waits(service, measurer, work);
    await measurer.commit();
    await work;
    equal(await usage(stage, [ada]), end === "moved" ? [{ whole: true, anew: true }] : [], `usage of a user who was ${end}`);
  }
});

test("a member who is being moved or deleted is skipped, and nobody waits", async (stage) => {
  const [measurer, administrator, service] = await stage.connections(3);
  for (const [end, change] of Object.entries(CHANGES)) {
    const [ada, ben] = await members(stage, service, 2);
    await administrator.begin(SERVICE);
    await administrator.rows(change, ada.id);
    equal(await measurer.request(SERVICE, MEASURE, 2), [{ measured: 1 }], `memberships measured while one is ${end}`);
    await administrator.commit();
    equal(await usage(stage, [ben]), [{ whole: true, anew: true }], "usage of the other member");
    const kept = end === "moved" ? [{ whole: true, anew: false }] : [];
    equal(await usage(stage, [ada]), kept, `usage of a user who was ${end}`);
    equal(await measurer.request(SERVICE, MEASURE, 2), [{ measured: kept.length }], "memberships measured afterwards");
  }
});

test("a second measurement at the same time returns 0 at once", async (stage) => {
  const [one, other] = await stage.connections(2);
  await members(stage, other, 2);
  await one.begin(SERVICE);
  equal(await one.rows(MEASURE, 1), [{ measured: 1 }], "the first");
  equal(await other.request(SERVICE, MEASURE, 1), [{ measured: 0 }], "the second");
  await one.commit();
  equal(await other.request(SERVICE, MEASURE, 1), [{ measured: 1 }], "the second, after the first");
});

test("measurements beside moves and deletions of the same members end all, and no row is left behind", async (stage) => {
  const [measurer, other, mover, remover, service] = await stage.connections(5);
  for (const round of numbers(15)) {
    const people = await members(stage, service, 8);
    const [moved, deleted] = [people.slice(0, 6), people.slice(3)];
    let changing = true;
    const measuring = [measurer, other].map((connection) =>
      background((async () => {
        const ended = [];
        while (changing) ended.push(await outcome(connection.request(SERVICE, MEASURE, 5)));
        return ended;
      })())
    );
    const change = async (connection: Connection, statement: string, of: Person[]) => {
      const ended = [];
      for (const { id } of of) ended.push(await outcome(connection.request(SERVICE, statement, id)));
      return ended;
    };
    const changes = await Promise.all([
      change(mover, CHANGES.moved, moved),
      change(remover, CHANGES.deleted, deleted.toReversed()),
    ]);
    changing = false;
    const ended = [...changes.flat(), ...(await Promise.all(measuring)).flat()];
    equal([...new Set(ended.map(({ code, message }) => `${code} ${message}`))], ["accepted "], `ends in round ${round}`);
    equal(await usage(stage, deleted), [], "usage of deleted users");
    equal((await usage(stage, people)).map(({ whole }) => whole), [true, true, true], "usage of the others");
  }
});
