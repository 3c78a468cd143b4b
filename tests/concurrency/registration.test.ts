// Concurrent registrations: one row per bytes and owner, in any order, and nobody waits for another tenant.

import { assert, equal } from "../journeys/assertions.ts";
import { type Connection, numbers, type Person, refused, type Row, type Stage, test } from "./connections.ts";

const REGISTER = "select * from chatkeep.register_document($1, $2)";
const SHARE = "select * from chatkeep.register_document($1, $2, visibility => 'tenant')";
const BATCH = "select * from chatkeep.register_documents($1::text::jsonb)";

/** The checksum for the bytes with this number. */
const sum = (bytes: number) => bytes.toString(16).padStart(64, "0");

/** The items of a batch: the source and the bytes of each. */
function items(...documents: [source: string, bytes: number][]): string {
  return JSON.stringify(documents.map(([source_uri, bytes]) => ({ source_uri, checksum: sum(bytes) })));
}

/** The live documents of these people, and whether two of them wrongly share bytes or a source. */
async function shelf(stage: Stage, ...people: Person[]): Promise<Row[]> {
  const owner = await stage.owner();
  const rows = await owner.rows(
    `select id, user_id, source_uri || aliases as sources, checksum from chatkeep.documents
     where user_id = any ($1) and status <> 'archived' and deleted_at is null order by source_uri`,
    people.map((person) => person.id),
  );
  const claims = rows.flatMap((row) => [
    `${row.user_id} ${row.checksum}`,
    ...row.sources.map((source: string) => `${row.user_id} ${source}`),
  ]);
  equal(claims.length, new Set(claims).size, "claims, and different ones");
  return rows;
}

async function register(connection: Connection, person: Person, source: string, bytes: number): Promise<Row> {
  const [row] = await connection.request(person, REGISTER, source, sum(bytes));
  return row;
}

test("64 connections that register the same bytes store one row, five times", async (stage) => {
  const ada = await stage.person();
  const connections = await stage.connections(64);
  for (const round of numbers(5)) {
    const rows = await Promise.all(connections.map((one, place) => register(one, ada, `/${round}/${place}`, round)));
    equal(new Set(rows.map((row) => row.id)).size, 1, `documents of round ${round}`);
    const outcomes = rows.map((row) => row.outcome).sort();
    equal(outcomes, ["created", ...Array(63).fill("duplicate")], `outcomes of round ${round}`);
  }
  const stored = await shelf(stage, ada);
  equal(stored.map((row) => row.sources.length), Array(5).fill(64), "sources of each document");
});

test("64 connections that register new bytes of one source leave one current document", async (stage) => {
  const ada = await stage.person();
  const connections = await stage.connections(64);
  const rows = await Promise.all(connections.map((one, place) => register(one, ada, "/a", place)));
  equal(rows.filter((row) => row.outcome === "created").length, 1, "first versions");
  equal(rows.filter((row) => row.outcome === "new_version").length, 63, "later versions");
  equal(new Set(rows.map((row) => row.supersedes)).size, 64, "each supersedes another one");
  equal((await shelf(stage, ada)).length, 1, "current documents");
});

test("two batches in opposite order do not deadlock", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  const documents = numbers(200).map((bytes): [string, number] => [`/${bytes}`, bytes]);
  for (const round of numbers(5)) {
    const fresh = documents.map(([source, bytes]): [string, number] => [`${source}/${round}`, bytes + 1000 * round]);
    const [rows, others] = await Promise.all([
      one.request(ada, BATCH, items(...fresh)),
      other.request(ada, BATCH, items(...fresh.toReversed())),
    ]);
    equal(rows.map((row) => row.id), others.map((row) => row.id).reverse(), `documents of round ${round}`);
    const created = [...rows, ...others].filter((row) => row.outcome === "created");
    equal(created.length, 200, `creations of round ${round}`);
  }
  equal((await shelf(stage, ada)).length, 1000, "documents");
});

test("two members who share the same documents in opposite order make one document each", async (stage) => {
  const tenant = crypto.randomUUID();
  const [ada, ben] = [await stage.person(tenant), await stage.person(tenant)];
  const [one, other] = await stage.connections(2);
  const shared = (names: number[]) =>
    JSON.stringify(names.map((n) => ({ source_uri: `/${n}`, checksum: sum(n), visibility: "tenant" })));
  const [rows, others] = await Promise.all([
    one.request(ada, BATCH, shared(numbers(100))),
    other.request(ben, BATCH, shared(numbers(100).reverse())),
  ]);
  equal(rows.map((row) => row.id), others.map((row) => row.id).reverse(), "documents");
  equal((await shelf(stage, ada, ben)).length, 100, "rows");
});

test("a registration that waits for the same bytes makes them after a rollback and finds them after a commit", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  await register(one, ada, "/first", 1);
  for (const end of ["rollback", "commit"] as const) {
    await one.begin(ada);
    const [mine] = await one.rows(REGISTER, `/${end}/one`, sum(end === "commit" ? 2 : 3));
    const waiting = register(other, ada, `/${end}/other`, end === "commit" ? 2 : 3);
    await stage.waits(other, one, waiting);
    await one[end]();
    const theirs = await waiting;
    equal(theirs.outcome, end === "commit" ? "duplicate" : "created", `after ${end}`);
    equal(theirs.id === mine.id, end === "commit", `the same document after ${end}`);
  }
  await shelf(stage, ada);
});

test("a source that two registrations move belongs to one document", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  await register(one, ada, "/known", 1);
  await one.begin(ada);
  // The source becomes an alias of known bytes in one transaction, and gets new bytes in the other.
  await one.rows(REGISTER, "/moving", sum(1));
  const waiting = register(other, ada, "/moving", 2);
  await stage.waits(other, one, waiting);
  await one.commit();
  const moved = await waiting;
  equal([moved.outcome, moved.supersedes !== null], ["new_version", true], "the later registration");
  equal((await shelf(stage, ada)).map((row) => row.sources), [["/known"], ["/moving"]], "the sources of each document");
});

test("a known document is returned without waiting for other registrations", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  const known: [string, number][] = [["/1", 1], ["/2", 2]];
  await other.request(ada, BATCH, items(...known));
  await one.begin(ada);
  await one.rows(REGISTER, "/3", sum(3));
  equal((await register(other, ada, "/1", 1)).outcome, "duplicate", "one document");
  const rows = await other.request(ada, BATCH, items(...known));
  equal(rows.map((row) => row.outcome), ["duplicate", "duplicate"], "a batch");
  await one.commit();
});

test("nobody waits for another tenant, or for private documents of a colleague", async (stage) => {
  const tenant = crypto.randomUUID();
  const [ada, ben, eve] = [await stage.person(tenant), await stage.person(tenant), await stage.person()];
  const [one, other] = await stage.connections(2);
  await one.begin(ada);
  const [mine] = await one.rows(REGISTER, "/same", sum(1));
  await one.rows(SHARE, "/shared", sum(2));
  for (const person of [ben, eve]) {
    const row = await register(other, person, "/same", 1);
    equal([row.outcome, row.supersedes, row.aliases], ["created", null, []], "their own document");
    assert(row.id !== mine.id, "two owners share an id");
  }
  const [shared] = await other.request(eve, SHARE, "/shared", sum(2));
  equal(shared.outcome, "created", "a document that another tenant shares");
  await one.commit();
});

test("a registration with an old snapshot must be repeated, and stores nothing", async (stage) => {
  const ada = await stage.person();
  const [one, other] = await stage.connections(2);
  await register(one, ada, "/first", 1);
  for (const level of ["repeatable read", "serializable"]) {
    const bytes = level.length;
    await one.begin(ada, `isolation level ${level}`);
    await one.rows("select count(*) from chatkeep.documents");
    await register(other, ada, `/${level}/other`, bytes);
    equal(await refused(one.rows(REGISTER, `/${level}/one`, sum(bytes))), "40001", `new bytes, ${level}`);
    await one.rollback();
  }
  await one.begin(ada, "read only");
  equal((await one.rows(REGISTER, "/first", sum(1)))[0].outcome, "duplicate", "known bytes in a READ ONLY transaction");
  equal(await refused(one.rows(REGISTER, "/new", sum(99))), "25006", "new ones");
  await one.rollback();
  await shelf(stage, ada);
});
