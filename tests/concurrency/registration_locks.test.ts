// Concurrent registrations, tags and attachments of several people, and users who move or are deleted: no deadlock, and
// no broken foreign key.

import { assert, equal } from "../journeys/assertions.ts";
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
import { allIn, distinctDocuments, nothingLeft, wholeChat } from "./whole.ts";

type Statement = [statement: string, ...values: unknown[]];

/** Items that share consecutive sources and bytes. */
const shared = (first: number, count: number) =>
  numbers(count).map((n) => ({ source_uri: `/${first + n}`, checksum: sum(first + n), visibility: "tenant" }));

const BATCH = "select outcome from chatkeep.register_documents($1::text::jsonb)";

test("a private batch that takes sources off shared documents and a colleague's shared batch wait in one direction only", async (stage) => {
  const tenant = crypto.randomUUID();
  const [ada, ben] = [await stage.person(tenant), await stage.person(tenant)];
  const [one, other] = await stage.connections(2);
  const holder = await stage.administrator();
  const known = shared(0, 4);
  await one.request(ada, BATCH, JSON.stringify(known));
  // Each batch first meets a held row and then a row of the other batch: 1, 3, 2 and 2, 4, 1.
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
  await distinctDocuments(stage, ada, "the owner");
  await distinctDocuments(stage, ben, "the colleague");
});

test("private registrations that take sources off shared documents never deadlock with a colleague's shared batches, 150 times", async (stage) => {
  const tenant = crypto.randomUUID();
  const [ada, ben] = [await stage.person(tenant), await stage.person(tenant)];
  const [one, other, third] = await stage.connections(3);
  const codes = new Map<string, number>();
  const count = (code: string) => codes.set(code, (codes.get(code) ?? 0) + 1);
  for (const round of numbers(150)) {
    const items = shared(1000 * round, 8);
    const own = items.map(({ source_uri, checksum }) => ({ source_uri, checksum: checksum.replace(/^0/, "a") }));
    const theirs = items.map(({ source_uri, checksum }) => ({
      source_uri: `/ben${source_uri}`,
      checksum,
      visibility: "tenant",
    }));
    await one.request(ada, BATCH, JSON.stringify(items));
    const ended = await Promise.all([
      refused(one.request(ada, BATCH, JSON.stringify(own))),
      refused(other.request(ben, BATCH, JSON.stringify(theirs.toReversed()))),
      refused(
        third.request(
          ada,
          "select from chatkeep.register_document($1, $2)",
          items[4].source_uri,
          sum(1000 * round + 500),
        ),
      ),
    ]);
    ended.forEach(count);
    // A deadlock takes a second to detect, so the first one ends the test.
    if (codes.size > 1) break;
  }
  for (const person of [ada, ben]) await distinctDocuments(stage, person, "after all rounds");
  equal([...codes], [["accepted", 450]], "how registrations ended");
});

test("a shared batch writes a colleague's document once, and so never waits for the colleague's row", async (stage) => {
  const [one] = await stage.connections(1);
  const holder = await stage.administrator();
  const item = (source_uri: string, bytes: number) => ({ source_uri, checksum: sum(bytes), visibility: "tenant" });
  // Bytes 1 are Ada's. Every batch adds more than one source to them. Ben has /7.
  const batches = [
    [item("/6", 1), item("/7", 1)],
    [item("/7", 1), item("/6", 1)],
    [item("/6", 1), item("/8", 2), item("/8", 1)],
    [item("/6", 1), item("/8", 1), item("/6", 3), item("/7", 1), item("/9", 1)],
  ];
  for (const batch of batches) {
    const tenant = crypto.randomUUID();
    const [ada, ben] = [await stage.person(tenant), await stage.person(tenant)];
    await one.request(ada, BATCH, JSON.stringify(shared(0, 1)));
    await one.request(ben, "select from chatkeep.register_document('/7', $1)", sum(7));
    // A deletion of Ada holds her row while it waits for the documents' locks.
    await holder.rows("begin");
    await holder.rows("select from chatkeep.memberships where user_id = $1 for update", ada.id);
    const registering = one.request(ben, BATCH, JSON.stringify(batch));
    const waits = await stage.waitsOrEnds(one, holder, registering);
    await holder.commit();
    await registering;
    assert(!waits, `${JSON.stringify(batch)} waits for the colleague's row`);
    await distinctDocuments(stage, ada, "the colleague");
    await distinctDocuments(stage, ben, "the caller");
  }
});

// Concurrent moves and deletions -------------------------------------------------------------------

interface Player {
  person: Person;
  chat: string;
  message: string;
}

async function player(stage: Stage, connection: Connection, tenant: string): Promise<Player> {
  const person = await stage.person(tenant);
  const [{ id: chat }] = await connection.request(person, "select id from chatkeep.create_chat()");
  const [{ id: message }] = await connection.request(
    person,
    "select id from chatkeep.append_message($1, 'user', 'see')",
    chat,
  );
  return { person, chat, message };
}

/** The calls of a person on their documents and those of the colleague: all calls that lock rows of both. */
function plays(of: Player, documents: Row[], round: number): Statement[] {
  const items = numbers(4).map((n) => ({
    source_uri: `/${n}`,
    checksum: sum(n),
    visibility: round % 3 ? "tenant" : "private",
  }));
  const document = documents[round % documents.length].id;
  return [
    [
      "select from chatkeep.register_documents($1::text::jsonb)",
      JSON.stringify(round % 2 ? items : items.toReversed()),
    ],
    ["select from chatkeep.tag_document($1, $2::text::jsonb, $3)", document, JSON.stringify({ round }), of.person.id],
    ["select from chatkeep.attach($1, $2, $3, $4)", of.chat, of.message, document, `${round}`],
    ["select from chatkeep.register_document($1, $2)", `/${1 + round % 4}`, sum(50 + round % 7)],
  ];
}

const MOVE = "update chatkeep.memberships set tenant_id = $2 where user_id = $1";

/**
 * The documented refusals: the document is out of sight, the namespace belongs to another member, or a race hides the
 * document.
 */
const REFUSALS = ["accepted", "PT404", "PT409"];

test("moves never deadlock with registrations, tags and attachments of the user and a colleague, and break no key", async (stage) => {
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
    if (!expected.includes(code)) {
      unexpected.set(`${what}: ${code} ${message}`, (unexpected.get(`${what}: ${code} ${message}`) ?? 0) + 1);
    }
  };
  let working = true;
  const work = background(
    Promise.all(clients.map(async (client, place) => {
      const of = place % 2 ? ada : ben;
      for (const round of numbers(75)) {
        if (unexpected.size > 0) return;
        const play = plays(of, documents, round + place)[(round + place) % 4];
        note(play[0].split(/[.(]/)[1], REFUSALS, await outcome(client.request(of.person, ...play)));
      }
    })).finally(() => working = false),
  );
  for (let round = 0; working && unexpected.size === 0; round++) {
    const move = mover.request(SERVICE, MOVE, ada.person.id, round % 2 ? tenant : elsewhere);
    note("a move", ["accepted"], await outcome(move));
  }
  await work;
  equal([...unexpected], [], "unexpected results and their number");
  for (const { person, chat } of [ada, ben]) {
    await distinctDocuments(stage, person, "after all moves");
    await wholeChat(stage, chat, "after all moves");
  }
  const [{ tenant_id }] = await owner.rows("select tenant_id from chatkeep.memberships where user_id = $1", ada.person.id);
  await allIn(stage, ada.person, tenant_id, "after all moves");
});

test("deletions never deadlock with registrations, tags and attachments of the user and a colleague, and break no key", async (stage) => {
  const tenant = crypto.randomUUID();
  const [own, theirs, also] = await stage.connections(3);
  const administrator = await stage.administrator();
  const owner = await stage.owner();
  const ben = await player(stage, own, tenant);
  const unexpected = new Map<string, number>();
  const note = (what: string, expected: string[], { code, message }: Outcome) => {
    if (!expected.includes(code)) {
      unexpected.set(`${what}: ${code} ${message}`, (unexpected.get(`${what}: ${code} ${message}`) ?? 0) + 1);
    }
  };
  for (const round of numbers(100)) {
    const ada = await player(stage, own, tenant);
    await own.request(ada.person, BATCH, JSON.stringify(shared(0, 4)));
    const documents = await owner.rows(
      "select id from chatkeep.documents where user_id = $1 order by id",
      ada.person.id,
    );
    const play = async (client: Connection, of: Player, from: number, expected: string[]) => {
      for (const place of numbers(4)) {
        const statement = plays(of, documents, round + place)[(from + place) % 4];
        note(statement[0].split(/[.(]/)[1], expected, await outcome(client.request(of.person, ...statement)));
      }
    };
    if (documents.length === 0) {
      // The colleague shares these bytes already, so the sources become aliases of that document.
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
    // The colleague's documents are registered again in the next round.
    await owner.rows("delete from chatkeep.documents where user_id = $1", ben.person.id);
  }
  equal([...unexpected], [], "unexpected results and their number");
  await wholeChat(stage, ben.chat, "the colleague's chat");
  assert(
    (await owner.rows("select from chatkeep.users where id = $1", ben.person.id)).length === 1,
    "the colleague is gone",
  );
});
