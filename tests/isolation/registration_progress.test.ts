// Registrations that meet what they cannot see or what moves away under them: they end, whole, in a bounded time, and lock
// nobody out for good.

import { assert, equal } from "../clients/assertions.ts";
import { sum } from "./calls.ts";
import {
  background,
  type Connection,
  numbers,
  type Outcome,
  outcome,
  type Person,
  refused,
  type Row,
  SERVICE,
  type Stage,
  test,
} from "./connections.ts";
import { allIn, everything, nothingLeft, wholeChat } from "./whole.ts";

type Statement = [statement: string, ...values: unknown[]];

interface Item {
  source_uri: string;
  checksum: string;
  visibility?: string;
}

/** The three calls that register, with one item in each. */
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

/** A registration that does not end by itself ends after this. */
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

/** Fails where two current documents share bytes or a source that they must not share. */
async function distinct(stage: Stage, person: Person, what: string): Promise<void> {
  const owner = await stage.owner();
  const doubled = await owner.rows(
    `with current as (
       select id, checksum, visibility, array_prepend(source_uri, aliases) as sources from chatkeep.documents
       where user_id = $1 and status <> 'archived' and deleted_at is null
     )
     select checksum as doubled from current group by checksum, visibility having count(*) > 1
     union all
     select s.source from current c, unnest(c.sources) s (source) group by s.source having count(*) > 1`,
    person.id,
  );
  equal(doubled, [], `${what}: bytes or sources of two current documents`);
}

// Moves while it waits -----------------------------------------------------------------------------

const KNOWN: [what: string, item: Item][] = [
  ["new bytes of a new source", { source_uri: "/new", checksum: sum(2) }],
  ["new bytes of a known source", { source_uri: "/known", checksum: sum(2) }],
  ["new bytes of a source that is shared", { source_uri: "/shared", checksum: sum(2) }],
  ["known bytes from a new source", { source_uri: "/new", checksum: sum(1) }],
  ["known bytes that become shared", { source_uri: "/known", checksum: sum(1), visibility: "tenant" }],
  ["shared bytes from a new source", { source_uri: "/new", checksum: sum(3), visibility: "tenant" }],
  ["new shared bytes of a known source", { source_uri: "/known", checksum: sum(4), visibility: "tenant" }],
];

/** A user with a private document and a shared one. */
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

const MOVE = "update chatkeep.users set tenant_id = $2 where id = $1";

for (const [name, sends] of WAYS) {
  test(`${name}: whoever moves while a registration waits for another one finds it whole in the new tenant`, async (stage) => {
    const [waiter] = await stage.connections(1);
    const [holder, mover] = [await stage.administrator(), await stage.administrator()];
    const wrong: string[] = [];
    for (const [what, item] of KNOWN) {
      const [tenant, target] = [crypto.randomUUID(), crypto.randomUUID()];
      const person = await reader(stage, waiter, tenant);
      await holder.rows("begin");
      await holder.rows("select pg_advisory_xact_lock(hashtextextended('chatkeep.documents ' || $1::uuid, 0))", person.id);
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
        // What goes round and round does so each time.
        if (code === "57014") break;
        continue;
      }
      equal(rows.length, 1, `rows of ${what}`);
      await allIn(stage, person, target, what);
      await distinct(stage, person, what);
      const [again] = await waiter.request(person, ...sends(item));
      equal([again.outcome, again.id], ["duplicate", rows[0].id], `${what}, once more`);
    }
    equal(wrong, [], "what did not end, or did not end well");
  });
}

test("a registration whose owner moves while it waits for the tenant's lock ends, and holds up no colleague", async (stage) => {
  const tenant = crypto.randomUUID();
  const [one, other] = await stage.connections(2);
  const mover = await stage.administrator();
  const share = "select * from chatkeep.register_document($1, $2, visibility => 'tenant')";
  for (const [round, [source, bytes]] of ([["/shared", 2], ["/shared", 3], ["/new", 2], ["/new", 3]] as [string, number][]).entries()) {
    const [ada, ben] = [await reader(stage, one, tenant), await stage.person(tenant)];
    await one.begin(ben);
    await one.rows(share, `/ben/${round}`, sum(100 + round));
    const registering = background(bounded(other, ada, [share, source, sum(bytes)]));
    // Bytes that the tenant shares from this source already need no lock.
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
    await distinct(stage, ada, "after the move");
  }
});

// What a policy hides ------------------------------------------------------------------------------

const TAKEN = "source_uri or checksum is taken by a document that you cannot see";
const REPEAT = "Repeat the call; if it is refused again, a policy of this database hides the document.";

test("where a policy hides the document that is in the way, a registration ends, says so and stores nothing", async (stage) => {
  const tenant = crypto.randomUUID();
  const [one, other] = await stage.connections(2);
  const owner = await stage.owner();
  const hidden = "hidden from everybody";
  const content = "bytes that are hidden";
  const [{ bytes }] = await owner.rows("select chatkeep.document_checksum(convert_to($1, 'UTF8')) as bytes", content);
  const cases: [what: string, statement: Statement, place: string][] = [];
  for (const visibility of ["private", "tenant"]) {
    const register = `select * from chatkeep.register_document($1, $2, visibility => '${visibility}')`;
    const registerContent = `select * from chatkeep.register_content($1, convert_to($2, 'UTF8'), visibility => '${visibility}')`;
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
      [`the same bytes in a batch, ${visibility}`, batches(item("/a", sum(7)), item("/b", sum(8)), item("/other", bytes)), "documents[2]."],
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
      equal(await everything(stage, ada), before, `what is stored: ${what}`);
      // It holds nobody up.
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

test("a colleague's shared document that a policy hides is in the way of the same bytes, and no registration spins", async (stage) => {
  const tenant = crypto.randomUUID();
  const [ada, ben] = [await stage.person(tenant), await stage.person(tenant)];
  const [one] = await stage.connections(1);
  const owner = await stage.owner();
  const share = "select id, outcome from chatkeep.register_document($1, $2, title => $3, visibility => 'tenant')";
  await one.request(ada, share, "/held", sum(1), "legal hold");
  try {
    await owner.rows(
      `create policy hides on chatkeep.documents as restrictive for select to authenticated
       using (title is distinct from 'legal hold' or user_id = (select auth.uid()))`,
    );
    const { code, message, hint } = await bounded(one, ben, [share, "/mine", sum(1), "mine"]);
    equal([code, message, hint], ["PT409", TAKEN, REPEAT], "the same bytes, shared");
    const [kept] = await one.request(ben, "select outcome from chatkeep.register_document('/mine', $1)", sum(1));
    equal(kept.outcome, "created", "the same bytes, private");
  } finally {
    await owner.rows("drop policy if exists hides on chatkeep.documents");
  }
});

// Nobody locks out the other -----------------------------------------------------------------------

/** Sources and bytes that a person shares, and others that follow. */
const shared = (first: number, count: number) =>
  numbers(count).map((n) => ({ source_uri: `/${first + n}`, checksum: sum(first + n), visibility: "tenant" }));

const BATCH = "select outcome from chatkeep.register_documents($1::text::jsonb)";

test("a private batch that takes sources off shared documents and a colleague's shared batch wait for each other one way", async (stage) => {
  const tenant = crypto.randomUUID();
  const [ada, ben] = [await stage.person(tenant), await stage.person(tenant)];
  const [one, other] = await stage.connections(2);
  const holder = await stage.administrator();
  const known = shared(0, 4);
  await one.request(ada, BATCH, JSON.stringify(known));
  // Each batch comes to a row of its own that is held, with a row of the other behind it: 1, 3, 2 and 2, 4, 1.
  const moves = (...places: number[]) =>
    JSON.stringify(places.map((n) => ({ source_uri: `/${n}`, checksum: sum(100 + n), visibility: "private" })));
  const joins = (...places: number[]) =>
    JSON.stringify(places.map((n) => ({ source_uri: `/ben/${n}`, checksum: sum(n), visibility: "tenant" })));
  await holder.rows("begin");
  await holder.rows(
    "select from chatkeep.documents where user_id = $1 and source_uri in ('/3', '/4') for update",
    ada.id,
  );
  const [moving, joining] = [one.request(ada, BATCH, moves(1, 3, 2)), other.request(ben, BATCH, joins(2, 4, 1))];
  const ended = [outcome(moving), outcome(joining)];
  await Promise.all([stage.settles(one, moving), stage.settles(other, joining)]);
  await holder.commit();
  const answers = await Promise.all(ended);
  equal(answers.map(({ code, message }) => [code, message]), [["accepted", ""], ["accepted", ""]], "how the two ended");
  equal(answers[0].rows.map((row) => row.outcome), Array(3).fill("new_version"), "the private batch");
  await distinct(stage, ada, "the owner");
  await distinct(stage, ben, "the colleague");
});

test("private registrations off shared documents beside a colleague's shared batches never deadlock, 150 rounds over", async (stage) => {
  const tenant = crypto.randomUUID();
  const [ada, ben] = [await stage.person(tenant), await stage.person(tenant)];
  const [one, other, third] = await stage.connections(3);
  const codes = new Map<string, number>();
  const count = (code: string) => codes.set(code, (codes.get(code) ?? 0) + 1);
  for (const round of numbers(150)) {
    const items = shared(1000 * round, 8);
    const own = items.map(({ source_uri, checksum }) => ({ source_uri, checksum: checksum.replace(/^0/, "a") }));
    const theirs = items.map(({ source_uri, checksum }) => ({ source_uri: `/ben${source_uri}`, checksum, visibility: "tenant" }));
    await one.request(ada, BATCH, JSON.stringify(items));
    const ended = await Promise.all([
      refused(one.request(ada, BATCH, JSON.stringify(own))),
      refused(other.request(ben, BATCH, JSON.stringify(theirs.toReversed()))),
      refused(third.request(ada, "select from chatkeep.register_document($1, $2)", items[4].source_uri, sum(1000 * round + 500))),
    ]);
    ended.forEach(count);
    // A deadlock takes a second, so one is enough.
    if (codes.size > 1) break;
    await distinct(stage, ada, `round ${round}`);
    await distinct(stage, ben, `round ${round}, the colleague`);
  }
  equal([...codes], [["accepted", 450]], "how registrations ended");
});

// Moves and deletions beside it --------------------------------------------------------------------

interface Player {
  person: Person;
  chat: string;
  message: string;
}

async function player(stage: Stage, connection: Connection, tenant: string): Promise<Player> {
  const person = await stage.person(tenant);
  const chat = await stage.chat(person);
  const [{ id: message }] = await connection.request(person, "select id from chatkeep.append_message($1, 'user', 'see')", chat);
  return { person, chat, message };
}

/** What a person does with the own documents and those of the other: everything that takes locks of both. */
function plays(of: Player, documents: Row[], round: number): Statement[] {
  const items = numbers(4).map((n) => ({ source_uri: `/${n}`, checksum: sum(n), visibility: round % 3 ? "tenant" : "private" }));
  const document = documents[round % documents.length].id;
  return [
    ["select from chatkeep.register_documents($1::text::jsonb)", JSON.stringify(round % 2 ? items : items.toReversed())],
    ["select from chatkeep.tag_document($1, $2::text::jsonb, $3)", document, JSON.stringify({ round }), of.person.id],
    ["select from chatkeep.attach($1, $2, $3, $4)", of.chat, of.message, document, `${round}`],
    ["select from chatkeep.register_document($1, $2)", `/${1 + round % 4}`, sum(50 + round % 7)],
  ];
}

/** The refusals that the calls document: the document is out of reach, a namespace of another member, or hidden by a race. */
const REFUSALS = ["accepted", "PT404", "PT409"];

test("moves beside registrations, tags and attachments of the same user and of a colleague never deadlock, nor break a key", async (stage) => {
  const [tenant, elsewhere] = [crypto.randomUUID(), crypto.randomUUID()];
  const clients = await stage.connections(4);
  const [mover] = await stage.connections(1);
  const owner = await stage.owner();
  const [ada, ben] = [await player(stage, mover, tenant), await player(stage, mover, tenant)];
  for (const { person } of [ada, ben]) {
    await mover.request(person, BATCH, JSON.stringify(shared(person === ada.person ? 0 : 10, 4)));
  }
  const documents = await owner.rows(
    "select id from chatkeep.documents where user_id = any ($1) order by id",
    [ada.person.id, ben.person.id],
  );
  const unexpected = new Map<string, number>();
  const note = (what: string, expected: string[], { code, message }: Outcome) => {
    if (!expected.includes(code)) unexpected.set(`${what}: ${code} ${message}`, (unexpected.get(`${what}: ${code} ${message}`) ?? 0) + 1);
  };
  let working = true;
  const work = background(Promise.all(clients.map(async (client, place) => {
    const of = place % 2 ? ada : ben;
    for (const round of numbers(75)) {
      if (unexpected.size > 0) return;
      const play = plays(of, documents, round + place)[(round + place) % 4];
      note(play[0].split(/[.(]/)[1], REFUSALS, await outcome(client.request(of.person, ...play)));
    }
  })).finally(() => working = false));
  for (let round = 0; working && unexpected.size === 0; round++) {
    const move = mover.request(SERVICE, MOVE, ada.person.id, round % 2 ? tenant : elsewhere);
    note("a move", ["accepted"], await outcome(move));
  }
  await work;
  equal([...unexpected], [], "what went wrong, and how often");
  for (const { person, chat } of [ada, ben]) {
    await distinct(stage, person, "after all moves");
    await wholeChat(stage, chat, "after all moves");
  }
  const [{ tenant_id }] = await owner.rows("select tenant_id from chatkeep.users where id = $1", ada.person.id);
  await allIn(stage, ada.person, tenant_id, "after all moves");
});

test("deletions beside registrations, tags and attachments of the same user and of a colleague never deadlock, nor break a key", async (stage) => {
  const tenant = crypto.randomUUID();
  const [own, theirs, also] = await stage.connections(3);
  const administrator = await stage.administrator();
  const owner = await stage.owner();
  const ben = await player(stage, own, tenant);
  const unexpected = new Map<string, number>();
  const note = (what: string, expected: string[], { code, message }: Outcome) => {
    if (!expected.includes(code)) unexpected.set(`${what}: ${code} ${message}`, (unexpected.get(`${what}: ${code} ${message}`) ?? 0) + 1);
  };
  for (const round of numbers(100)) {
    const ada = await player(stage, own, tenant);
    await own.request(ada.person, BATCH, JSON.stringify(shared(0, 4)));
    const documents = await owner.rows("select id from chatkeep.documents where user_id = $1 order by id", ada.person.id);
    const play = async (client: Connection, of: Player, from: number, expected: string[]) => {
      for (const place of numbers(4)) {
        const statement = plays(of, documents, round + place)[(from + place) % 4];
        note(statement[0].split(/[.(]/)[1], expected, await outcome(client.request(of.person, ...statement)));
      }
    };
    if (documents.length === 0) {
      // The colleague has these bytes shared already, and the sources are aliases there.
      documents.push(...await owner.rows("select id from chatkeep.documents where user_id = $1", ben.person.id));
    }
    await Promise.all([
      play(own, ada, round, [...REFUSALS, "42501"]),
      play(theirs, ben, round + 1, REFUSALS),
      play(also, ben, round + 3, REFUSALS),
      outcome(administrator.rows("delete from auth.users where id = $1", ada.person.id))
        .then((ended) => note("a deletion", ["accepted"], ended)),
    ]);
    if (unexpected.size > 0) break;
    await nothingLeft(stage, ada.person, `round ${round}`);
    // The colleague's begin anew in the next round.
    await owner.rows("delete from chatkeep.documents where user_id = $1", ben.person.id);
  }
  equal([...unexpected], [], "what went wrong, and how often");
  await wholeChat(stage, ben.chat, "the colleague's chat");
  assert((await owner.rows("select from chatkeep.users where id = $1", ben.person.id)).length === 1, "the colleague is gone");
});
