// Registrations that conflict with documents out of sight, or whose user moves meanwhile: they end completely, in a
// bounded time, and block nobody.

import { equal } from "../journeys/assertions.ts";
import { sum } from "./calls.ts";
import {
  background,
  type Connection,
  type Outcome,
  outcome,
  type Person,
  refused,
  type Stage,
  test,
} from "./connections.ts";
import { allIn, distinctDocuments, everything } from "./whole.ts";

type Statement = [statement: string, ...values: unknown[]];

interface Item {
  source_uri: string;
  checksum: string;
  visibility?: string;
}

/** The three calls that register, each with one item. */
const WAYS: [name: string, sends: (item: Item) => Statement][] = [
  ["register_document", ({ source_uri, checksum, visibility }) => [
    "select * from chatkeep.register_document($1, $2, visibility => $3)",
    source_uri,
    checksum,
    visibility ?? "private",
  ]],
  ["register_documents", (item) => [
    "select * from chatkeep.register_documents($1::text::jsonb) offset 1",
    JSON.stringify([{ source_uri: "/first", checksum: sum(1001) }, item]),
  ]],
  ["register_content", ({ source_uri, checksum, visibility }) => [
    "select * from chatkeep.register_content($1, convert_to($2, 'UTF8'), visibility => $3)",
    source_uri,
    checksum,
    visibility ?? "private",
  ]],
];

/** The statement_timeout for a registration that would not end. */
const BOUND = "3s";

async function bounded(connection: Connection, person: Person, statement: Statement): Promise<Outcome> {
  await connection.begin(person);
  const [, answer] = await Promise.all([
    connection.rows(`set local statement_timeout = '${BOUND}'`),
    outcome(connection.rows(...statement)),
  ]);
  await connection.commit();
  return answer;
}

// Moves while the registration waits ----------------------------------------------------------------

const KNOWN: [what: string, item: Item][] = [
  ["new bytes of a new source", { source_uri: "/new", checksum: sum(2) }],
  ["new bytes of a known source", { source_uri: "/known", checksum: sum(2) }],
  ["new bytes of a source that is shared", { source_uri: "/shared", checksum: sum(2) }],
  ["known bytes from a new source", { source_uri: "/new", checksum: sum(1) }],
  ["known bytes that become shared", { source_uri: "/known", checksum: sum(1), visibility: "tenant" }],
  ["shared bytes from a new source", { source_uri: "/new", checksum: sum(3), visibility: "tenant" }],
  ["new shared bytes of a known source", { source_uri: "/known", checksum: sum(4), visibility: "tenant" }],
];

/** A user with a private and a shared document. */
async function reader(stage: Stage, connection: Connection, tenant: string): Promise<Person> {
  const person = await stage.person(tenant);
  await connection.request(
    person,
    "select from chatkeep.register_documents($1::text::jsonb)",
    JSON.stringify([
      { source_uri: "/known", checksum: sum(1) },
      { source_uri: "/shared", checksum: sum(3), visibility: "tenant" },
    ]),
  );
  return person;
}

const MOVE = "update chatkeep.memberships set tenant_id = $2 where user_id = $1";

for (const [name, sends] of WAYS) {
  test(`${name}: after a user moves while a registration waits for another one, the registration is complete in the new tenant`, async (stage) => {
    const [waiter] = await stage.connections(1);
    const [holder, mover] = [await stage.administrator(), await stage.administrator()];
    const wrong: string[] = [];
    for (const [what, item] of KNOWN) {
      const [tenant, target] = [crypto.randomUUID(), crypto.randomUUID()];
      const person = await reader(stage, waiter, tenant);
      await holder.rows("begin");
      await holder.rows(
        "select pg_advisory_xact_lock(hashtextextended('chatkeep.documents ' || $1::uuid, 0))",
        person.id,
      );
      const registering = background(bounded(waiter, person, sends(item)));
      await stage.waits(waiter, holder, registering);
      const moving = mover.rows(MOVE, person.id, target);
      const moved = refused(moving);
      await stage.settles(mover, moving);
      await holder.commit();
      const { code, message, rows } = await registering;
      equal(await moved, "accepted", `how the user moved beside ${what}`);
      if (code !== "accepted") {
        wrong.push(`${what}: ${code} ${message}`);
        // A loop would happen every time, so the first one ends the test.
        if (code === "57014") break;
        continue;
      }
      equal(rows.length, 1, `rows of ${what}`);
      await allIn(stage, person, target, what);
      await distinctDocuments(stage, person, what);
      const [again] = await waiter.request(person, ...sends(item));
      equal([again.outcome, again.id], ["duplicate", rows[0].id], `${what}, once more`);
    }
    equal(wrong, [], "calls that did not end or failed");
  });
}

test("a registration whose owner moves while it waits for the tenant's lock ends, and blocks no colleague", async (stage) => {
  const tenant = crypto.randomUUID();
  const [one, other] = await stage.connections(2);
  const mover = await stage.administrator();
  const share = "select * from chatkeep.register_document($1, $2, visibility => 'tenant')";
  for (
    const [round, [source, bytes]] of ([["/shared", 2], ["/shared", 3], ["/new", 2], ["/new", 3]] as [string, number][])
      .entries()
  ) {
    const [ada, ben] = [await reader(stage, one, tenant), await stage.person(tenant)];
    await one.begin(ben);
    await one.rows(share, `/ben/${round}`, sum(100 + round));
    const registering = background(bounded(other, ada, [share, source, sum(bytes)]));
    // The tenant already shares these bytes from this source, so no lock is needed.
    await stage.settles(other, registering);
    const moving = mover.rows(MOVE, ada.id, crypto.randomUUID());
    const moved = refused(moving);
    await stage.settles(mover, moving);
    await one.commit();
    const { code, message } = await registering;
    equal([code, message], ["accepted", ""], `how ${source} with bytes ${bytes} ended`);
    equal(await moved, "accepted", "the move");
    const next = await bounded(one, ben, [share, `/ben/next/${round}`, sum(200 + round)]);
    equal([next.code, next.message], ["accepted", ""], "the next registration of a colleague");
    await distinctDocuments(stage, ada, "after the move");
  }
});

// Documents that a policy hides ---------------------------------------------------------------------

const TAKEN = "source_uri or checksum is taken by a document that you cannot see";
const REPEAT = "Repeat the call; if it is refused again, a policy of this database hides the document.";

test("if a policy hides the conflicting document, a registration is refused and stores nothing", async (stage) => {
  const tenant = crypto.randomUUID();
  const [one, other] = await stage.connections(2);
  const owner = await stage.owner();
  const hidden = "hidden from everybody";
  const content = "bytes that are hidden";
  const [{ bytes }] = await owner.rows("select chatkeep.document_checksum(convert_to($1, 'UTF8')) as bytes", content);
  const cases: [what: string, statement: Statement, place: string][] = [];
  for (const visibility of ["private", "tenant"]) {
    const register = `select * from chatkeep.register_document($1, $2, visibility => '${visibility}')`;
    const registerContent =
      `select * from chatkeep.register_content($1, convert_to($2, 'UTF8'), visibility => '${visibility}')`;
    const item = (source_uri: string, checksum: string) => ({ source_uri, checksum, visibility });
    const batches = (...items: Item[]): Statement => [
      "select * from chatkeep.register_documents($1::text::jsonb)",
      JSON.stringify(items),
    ];
    cases.push(
      [`the same source and bytes, ${visibility}`, [register, `/${visibility}`, bytes], ""],
      [`the same source, ${visibility}`, [register, `/${visibility}`, sum(9)], ""],
      [`the same bytes, ${visibility}`, [register, "/other", bytes], ""],
      [`the same source as content, ${visibility}`, [registerContent, `/${visibility}`, "other bytes"], ""],
      [`the same content, ${visibility}`, [registerContent, "/other", content], ""],
      [`the same source in a batch of one, ${visibility}`, batches(item(`/${visibility}`, sum(9))), "documents[0]."],
      [
        `the same bytes in a batch, ${visibility}`,
        batches(item("/a", sum(7)), item("/b", sum(8)), item("/other", bytes)),
        "documents[2].",
      ],
    );
  }
  try {
    for (const [what, statement, place] of cases) {
      const ada = await stage.person(tenant);
      const visibility = what.includes("tenant") ? "tenant" : "private";
      await one.request(
        ada,
        "select from chatkeep.register_document($1, $2, title => $3, visibility => $4)",
        `/${visibility}`,
        bytes,
        hidden,
        visibility,
      );
      const before = await everything(stage, ada);
      await owner.rows(
        `create policy hides on chatkeep.documents as restrictive for select to authenticated
         using (title is distinct from '${hidden}')`,
      );
      const { code, message, hint } = await bounded(one, ada, statement);
      equal([code, message, hint], ["PT409", `${place}${TAKEN}`, REPEAT], `how it ended: ${what}`);
      equal(await everything(stage, ada), before, `the stored rows: ${what}`);
      // It blocks nobody.
      await other.begin(ada);
      await other.rows("set local lock_timeout = '1s'");
      const next = await outcome(other.rows("select from chatkeep.register_document('/next', $1)", sum(10)));
      equal([next.code, next.message], ["accepted", ""], "the next registration");
      await other.commit();
      await owner.rows("drop policy hides on chatkeep.documents");
      await owner.rows("delete from auth.users where id = $1", ada.id);
    }
  } finally {
    await owner.rows("drop policy if exists hides on chatkeep.documents");
  }
});

test("if a policy hides a colleague's shared document with the same bytes, the registration is refused and does not loop", async (stage) => {
  const tenant = crypto.randomUUID();
  const [ada, ben] = [await stage.person(tenant), await stage.person(tenant)];
  const [one] = await stage.connections(1);
  const owner = await stage.owner();
  const share = "select id, outcome from chatkeep.register_document($1, $2, title => $3, visibility => 'tenant')";
  await one.request(ada, share, "/held", sum(1), "legal hold");
  try {
    await owner.rows(
      `create policy hides on chatkeep.documents as restrictive for select to authenticated
       using (title is distinct from 'legal hold' or user_id = (select chatkeep.uid()))`,
    );
    const { code, message, hint } = await bounded(one, ben, [share, "/mine", sum(1), "mine"]);
    equal([code, message, hint], ["PT409", TAKEN, REPEAT], "the same bytes, shared");
    const [kept] = await one.request(ben, "select outcome from chatkeep.register_document('/mine', $1)", sum(1));
    equal(kept.outcome, "created", "the same bytes, private");
  } finally {
    await owner.rows("drop policy if exists hides on chatkeep.documents");
  }
});
